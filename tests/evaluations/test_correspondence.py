"""Correspondence on hand-made pairs: known matches, known errors, and noise at chance."""

import math

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import correspondence, features
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named
from tests.evaluations.pairs import MOVE, SIZE_PX, write_pairs

KEYS = {"queries": 20, "thresholds": [1, 3, 5, 10], "patch_px": 5, "memory_mb": 1.0, "batch_size": 4}
DIAGONAL = math.hypot(SIZE_PX, SIZE_PX)


@pytest.fixture
def run(inputs):
    """A run that holds an untrained network of descriptors."""
    torch.manual_seed(0)
    save_encoder(build({"backbone": "dense_conv", "width": 4, "dimension": 5}), inputs.weights)
    return inputs


def by_metric(measures):
    return named(measures)


def noise(seed):
    return torch.randn(8, SIZE_PX, SIZE_PX, generator=torch.Generator().manual_seed(seed))


def patch_maps(monkeypatch, second_of):
    """Let every pair's first map be noise, and its second what ``second_of`` makes of it."""

    def maps(encoder, first, second, **keys):
        for row in range(len(first)):
            yield {"descriptors": (noise(row), second_of(noise(row)))}

    monkeypatch.setattr(correspondence, "pair_maps", maps)


def test_each_metric_has_its_name(run):
    write_pairs(run.target)
    found = by_metric(correspondence.evaluate(run, **KEYS))
    names = ("error", "error_median", *(f"within@{t:g}" for t in KEYS["thresholds"]))
    assert set(found) == {f"{n}{s}" for n in names for s in ("", "/maps", "/colours", "/same_pixel", "/chance")}
    assert {(m.n, m.unit) for m in found.values()} == {(6, "%")}


def test_colours_match_a_shifted_image(run):
    """Patches of one pixel of noise are alike nowhere else, but for queries whose place another took."""
    write_pairs(run.target)
    found = by_metric(correspondence.evaluate(run, **{**KEYS, "patch_px": 1}))
    assert found["error/colours"].value == 0
    assert found["within@1/colours"].value == 100


def test_the_same_pixel_is_as_far_as_the_object_moved(run):
    write_pairs(run.target)
    found = by_metric(correspondence.evaluate(run, **KEYS))
    assert found["error/same_pixel"].value == pytest.approx(100 * math.hypot(*MOVE) / DIAGONAL)


def test_the_error_is_the_distance_of_the_matches(run, monkeypatch):
    """Descriptors that moved 4 pixels less to the right than the object did."""
    write_pairs(run.target)
    patch_maps(monkeypatch, lambda first: first.roll((MOVE[1], MOVE[0] - 4), (1, 2)))
    found = by_metric(correspondence.evaluate(run, **KEYS))
    assert found["error"].value == pytest.approx(100 * 4 / DIAGONAL, abs=1e-4)
    assert found["error_median"].value == pytest.approx(100 * 4 / DIAGONAL, abs=1e-4)
    assert found["within@10"].value == 0
    patch_maps(monkeypatch, lambda first: first.roll((MOVE[1], MOVE[0]), (1, 2)))
    found = by_metric(correspondence.evaluate(run, **KEYS))
    assert found["error"].value == pytest.approx(0, abs=1e-4)


def test_random_descriptors_score_at_chance(run, monkeypatch):
    write_pairs(run.target, count=60)
    patch_maps(monkeypatch, lambda first: torch.randn(first.shape, generator=torch.Generator().manual_seed(7)))
    found = by_metric(correspondence.evaluate(run, **{**KEYS, "queries": 64}))
    chance = found["error/chance"]
    assert found["error"].value == pytest.approx(chance.value, abs=2.0)
    truth = np.stack(np.meshgrid(np.arange(4, 12) + MOVE[0], np.arange(4, 12) + MOVE[1]), -1).reshape(-1, 2)
    anywhere = np.stack(np.meshgrid(np.arange(SIZE_PX), np.arange(SIZE_PX)), -1).reshape(-1, 2)
    expected = 100 * np.linalg.norm(truth[:, None] - anywhere, axis=2).mean() / DIAGONAL
    assert chance.value == pytest.approx(expected, abs=0.6)


def test_two_objects_are_distinguished(run, monkeypatch):
    """Answers 6 pixels too far left are on the object's left half, which has another number there."""
    masks = np.zeros((4, SIZE_PX, SIZE_PX), np.uint8)
    masks[:, 4:12, 4:8], masks[:, 4:12, 8:12] = 2, 1
    moved = np.roll(masks, MOVE[::-1], (1, 2))
    write_pairs(run.target, count=4, first_mask=masks, second_mask=moved, kind=np.array([0, 2, 2, 1], np.uint8))
    patch_maps(monkeypatch, lambda first: first.roll((MOVE[1], MOVE[0] - 4), (1, 2)))
    found = by_metric(correspondence.evaluate(run, **KEYS))
    assert found["error/two_objects"].n == 2
    assert found["error/two_objects"].value == pytest.approx(100 * 4 / DIAGONAL, abs=1e-4)
    assert found["right_object/two_objects"].value == 0
    patch_maps(monkeypatch, lambda first: first.roll((MOVE[1], MOVE[0] - 1), (1, 2)))
    found = by_metric(correspondence.evaluate(run, **KEYS))
    assert 60 < found["right_object/two_objects"].value < 90  # all but a column of each


def test_a_match_on_another_object_is_no_query(run):
    other = np.zeros((6, SIZE_PX, SIZE_PX), np.uint8)
    other[:, 4:] = 2
    write_pairs(run.target, second_mask=other)
    with pytest.raises(NotApplicable, match="no pair of the test set has a pixel whose place"):
        correspondence.evaluate(run, **KEYS)


def test_queries_are_the_same_in_every_run_and_distinct(run):
    write_pairs(run.target)
    pairs = correspondence.read_pairs(run.target / "test.h5")
    pair = {name: values[2] for name, values in pairs.items()}
    query = correspondence.sample_queries(pair, 20)
    assert torch.equal(query.position, correspondence.sample_queries(pair, 20).position)
    assert len(set(map(tuple, query.position.tolist()))) == 20
    assert torch.equal(query.truth - query.position, torch.tensor(MOVE).expand(20, 2))
    assert len(correspondence.sample_queries(pair, 100).position) == 64
    other = {name: values[3] for name, values in pairs.items()}
    assert not torch.equal(query.position, correspondence.sample_queries(other, 20).position)


def test_pictures_are_written(run, monkeypatch):
    write_pairs(run.target)
    patch_maps(monkeypatch, lambda first: first.roll((MOVE[1], MOVE[0] - 4), (1, 2)))
    correspondence.evaluate(run, **KEYS)
    with h5py.File(run.pictures / "pictures.h5") as file:
        assert file["first_descriptors"].shape == (3, 3, SIZE_PX, SIZE_PX)
        assert np.allclose(file["truth"][()] - file["query"], MOVE)
        assert np.allclose(file["found"][()] - file["truth"], (-4, 0))
        assert np.allclose(file["errors/descriptors"], 100 * 4 / DIAGONAL)
        assert set(file["errors"]) == {"descriptors", "same_pixel", "chance"}
        moved = np.roll(file["first_descriptors"][()], (MOVE[1], MOVE[0] - 4), (2, 3))
        assert np.array_equal(moved, file["second_descriptors"])  # equal descriptors, equal colours


def test_batches_do_not_matter_and_a_changed_encoder_is_an_error(run, monkeypatch):
    write_pairs(run.target)
    one = by_metric(correspondence.evaluate(run, **KEYS))
    other = by_metric(correspondence.evaluate(run, **{**KEYS, "batch_size": 1, "memory_mb": 0.01}))
    assert one["error"].value == pytest.approx(other["error"].value, abs=0.5)
    assert one["error/colours"].value == other["error/colours"].value

    def training(encoder, *sides, **keys):
        encoder.train()(sides[0])
        yield from ()

    monkeypatch.setattr(correspondence, "pair_maps", training)
    with pytest.raises(features.FrozenEncoderError):
        correspondence.evaluate(run, **KEYS)


def test_other_data_do_not_apply(run, write_prepared):
    images = np.zeros((3, 3, 16, 16), np.uint8)
    write_prepared((images, images))
    with pytest.raises(NotApplicable, match="no pairs of images with correspondences"):
        correspondence.evaluate(run, **KEYS)
