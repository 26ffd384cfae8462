"""Retrieval: ranks by hand, equal captions, ties, chance by simulation, and a collapsed space."""

import json

import h5py
import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import caption_array
from selfsup.errors import NotApplicable
from selfsup.evaluations import retrieval
from selfsup.evaluations.retrieval import chance, first_correct_rank
from tests.evaluations.named import named

KEYS = {"candidates": 1000, "ranks": [1, 2], "batch_size": 4}


def evaluated(inputs, **keys):
    return {name: m.value for name, m in named(retrieval.evaluate(inputs, **{**KEYS, **keys})).items()}


def test_recalls_in_both_directions(write_captioned, by_hand):
    """Numbers on a line bent to a quarter circle: nearness is that of numbers. Captions say 10, 11, 28 of images 10, 20, 30."""

    def at(number):
        return [np.cos(number / 100), np.sin(number / 100)]

    by_hand(retrieval, at, lambda text: at(int(text)))
    inputs = write_captioned([10, 20, 30], caption=caption_array([["10"], ["11"], ["28"]]))
    found = evaluated(inputs)
    assert found["image_to_text@1"] == pytest.approx(200 / 3)  # 20 is nearer to 28 than to 11
    assert found["text_to_image@1"] == pytest.approx(200 / 3)  # but 11 is nearest to image 10
    assert found["text_to_image@2"] == 100.0
    assert found["text_to_image@1/chance"] == pytest.approx(100 / 3)


def test_equal_captions_are_correct_for_all_their_images(write_captioned, by_hand):
    vectors = {"a cup": [1.0, 0.0, 0.0], "a red cup": [0.9, 0.1, 0.0], "a car": [0.0, 1.0, 0.0]}
    by_hand(retrieval, lambda number: list(vectors.values())[number], vectors.__getitem__)
    said = caption_array([["a cup", "a red cup"], ["a cup", "a cup"], ["a car", "a car"]])
    found = evaluated(write_captioned([0, 1, 2], caption=said))
    assert found["image_to_text@1"] == pytest.approx(
        200 / 3
    )  # the second is nearest to "a red cup", which is not its own
    assert found["text_to_image@1"] == pytest.approx(200 / 3)
    # of three distinct captions an image has 2, 1, 1; of three images a caption has 2, 1, 1
    assert found["image_to_text@1/chance"] == pytest.approx(100 * (2 + 1 + 1) / 9)
    assert found["text_to_image@2/chance"] == pytest.approx(100 * (1 + 2 / 3 + 2 / 3) / 3)


def test_a_collapsed_space_has_the_worst_ranks():
    same = torch.ones(6, 4, dtype=torch.float64) / 2
    assert first_correct_rank(same, same, torch.eye(6, dtype=torch.bool)).tolist() == [5] * 6


def test_ranks_equal_sorting(monkeypatch):
    monkeypatch.setattr(retrieval, "CHUNK", 7)
    draws = torch.Generator().manual_seed(0)
    query, candidate = (torch.randn(n, 5, generator=draws, dtype=torch.float64) for n in (20, 30))
    query, candidate = (torch.nn.functional.normalize(rows, dim=1) for rows in (query, candidate))
    right = torch.rand(20, 30, generator=draws) < 0.1
    right[:, 0] = True
    places = first_correct_rank(query, candidate, right)
    for row in range(20):
        order = (query[row] @ candidate.T).argsort(descending=True)
        assert places[row] == right[row][order].int().argmax()


def test_chance_is_that_of_a_random_order():
    draws = torch.Generator().manual_seed(0)
    right = torch.rand(400, 50, generator=draws) < 0.06
    right[:, 3] = True
    hits = [(torch.rand(400, 50, generator=draws).argsort(1)[:, :5].unsqueeze(2)) for _ in range(20)]
    found = [right.gather(1, order[:, :, 0]).any(1).double().mean().item() for order in hits]
    assert chance(right, 5) == pytest.approx(100 * np.mean(found), abs=1.5)
    assert chance(torch.eye(3, dtype=torch.bool), 5) == 100.0


def test_random_embeddings_recall_at_chance(write_captioned, by_hand):
    random = np.random.default_rng(0)
    images, said = random.standard_normal((250, 12)), {}
    by_hand(retrieval, lambda number: images[number], lambda text: said.setdefault(text, random.standard_normal(12)))
    inputs = write_captioned(range(250), caption=caption_array([[f"scene {n}", f"a scene {n}"] for n in range(250)]))
    found = evaluated(inputs, ranks=[10])
    for way in ("image_to_text", "text_to_image"):
        assert found[f"{way}@10"] == pytest.approx(found[f"{way}@10/chance"], abs=5.0)


def test_a_few_captions_are_kept_with_their_nearest_images(write_captioned, by_hand):
    by_hand(retrieval, lambda number: [1.0, number], lambda text: [1.0, float(text)])
    inputs = write_captioned(range(1, 10), caption=caption_array([[f"{n}", f"{n}.1"] for n in range(1, 10)]))
    evaluated(inputs)
    with h5py.File(inputs.pictures / "pictures.h5") as file:
        assert json.loads(file.attrs["captions"]) == ["1", "2", "3", "4", "5", "6"]
        assert file["images"].shape == (3, 6, 3, 4, 4)
        assert file["images"][0, :, 0, 0, 0].tolist() == [1, 2, 3, 4, 5, 6]
        assert set(file["images"][:, 4, 0, 0, 0].tolist()) == {4, 5, 6}


def test_only_the_first_images_are_candidates(write_captioned, by_hand):
    by_hand(retrieval, lambda number: [1.0, number], lambda text: [1.0, float(text)])
    inputs = write_captioned([1, 2, 3, 4], caption=caption_array([["1"], ["2"], ["3"], ["4"]]))
    assert evaluated(inputs, candidates=2)["text_to_image@1/chance"] == 50.0


def test_what_does_not_apply_says_why(write_captioned):
    with pytest.raises(NotApplicable, match="no captions"):
        evaluated(write_captioned([1, 2]))
    with pytest.raises(NotApplicable, match="reads no text"):
        evaluated(write_captioned([1, 2], caption=caption_array([["a"], ["b"]])))
