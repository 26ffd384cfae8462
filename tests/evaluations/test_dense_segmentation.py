"""Segmentation of frozen maps, by nearest patches and by a linear classifier: against the definition, on colours, at chance."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from selfsup.datasets.content.objects import VOID
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import dense_knn, linear_segmentation
from selfsup.nn.encoder import build, save_encoder
from tests.evaluations.named import named

KNN = {
    "train_images": 50,
    "test_images": 30,
    "side": 8,
    "k": 5,
    "temperature": 0.02,
    "held_out_fraction": 0.2,
    "batch_size": 11,
}
LINEAR = {
    "train_images": 50,
    "test_images": 30,
    "pixels_per_image": 30,
    "penalties": [0.1, 0.001, 0.00001],
    "held_out_fraction": 0.2,
    "tolerance": 1e-4,
    "batch_size": 11,
}
COLOURS = np.array([[230, 40, 40], [40, 230, 40], [40, 40, 230]])
EVALUATIONS = [(dense_knn, KNN), (linear_segmentation, LINEAR)]


@pytest.fixture
def tiles(inputs):
    """Writes images of 4 x 4 tiles in three colours, whose class is that of their colour, with the pixels' ``classes``."""

    def write(classes=lambda tiles: tiles):
        random = np.random.default_rng(0)
        for split, count in (("train", 60), ("test", 40)):
            kind = random.integers(0, 3, (count, 4, 4)).repeat(4, 1).repeat(4, 2)  # (N, 16, 16)
            image = (COLOURS[kind] + random.integers(-20, 20, (*kind.shape, 3))).transpose(0, 3, 1, 2).astype(np.uint8)
            key = np.array([f"{split}{n}".encode() for n in range(count)])
            arrays = {"image": image, "key": key, "segments": classes(kind).astype(np.uint8)}
            names = ["red", "green", "blue"]
            path = inputs.target / f"{split}.h5"
            write_split(path, arrays, dataset="hand", classes=[], size_px=16, segment_classes=names)
        save_encoder(build({"backbone": "pixels"}), inputs.weights)
        return inputs

    return write


def test_votes_are_those_of_the_definition():
    random = torch.Generator().manual_seed(0)
    queries, bank = torch.randn(40, 6, generator=random), torch.randn(70, 6, generator=random)
    votes = torch.rand(70, 3, generator=random)
    expected = []
    for query in queries:
        cosine = F.cosine_similarity(query[None], bank)
        nearest = cosine.argsort(descending=True)[:9]
        weight = (cosine[nearest] / 0.1).exp()
        expected.append((weight[:, None] * votes[nearest]).sum(0) / weight.sum())
    found = dense_knn.nearest_votes(queries, bank, votes, k=9, temperature=0.1)
    assert torch.allclose(found, torch.stack(expected), atol=1e-5)


def test_shares_of_classes_in_cells_leave_out_void():
    truth = torch.tensor([[[0, 0, 1, 1], [0, 2, VOID, 1], [VOID, VOID, 2, 2], [VOID, VOID, 2, 2]]])
    shares = dense_knn.class_shares(truth, (2, 2), 3)
    assert shares[0, :, 0, 0].tolist() == pytest.approx([0.75, 0, 0.25])
    assert shares[0, :, 0, 1].tolist() == pytest.approx([0, 1, 0])
    assert shares[0, :, 1, 0].tolist() == [0, 0, 0]


@pytest.mark.parametrize(("evaluation", "keys"), EVALUATIONS)
def test_colours_tell_the_class_of_a_pixel(tiles, evaluation, keys):
    measures = named(evaluation.evaluate(tiles(), **keys))
    assert measures["miou"].value > 75  # bilinear maps blur the tiles' edges
    assert measures["miou"].value == pytest.approx(
        measures[next(n for n in measures if n.startswith("miou/pix"))].value
    )
    assert {"iou/red", "iou/green", "iou/blue"} <= measures.keys()
    assert measures["miou/most_frequent"].value == pytest.approx(11, abs=1)
    assert measures["miou"].n == 30


@pytest.mark.parametrize(("evaluation", "keys"), EVALUATIONS)
def test_classes_that_no_feature_tells_score_at_chance(tiles, evaluation, keys):
    """Classes drawn anew for every tile, of equal frequency: a guess has an IoU of 1 / 5."""
    random = np.random.default_rng(7)
    shuffled = tiles(lambda kind: random.integers(0, 3, (len(kind), 4, 4)).repeat(4, 1).repeat(4, 2))
    assert named(evaluation.evaluate(shuffled, **keys))["miou"].value < 24


@pytest.mark.parametrize(("evaluation", "keys"), EVALUATIONS)
def test_void_pixels_are_neither_fitted_nor_scored(tiles, evaluation, keys):
    """A third of the pixels is void where the colour is blue: the other two classes are told apart as before."""
    measures = named(evaluation.evaluate(tiles(lambda kind: np.where(kind == 2, VOID, kind)), **keys))
    assert "iou/blue" not in measures
    assert measures["miou"].value > 85


def test_a_linear_model_is_the_same_on_maps_and_on_pixels():
    """Logits of maps, enlarged, are the logits of the enlarged maps: the sampled pixels are what is predicted."""
    random = torch.Generator().manual_seed(0)
    maps = torch.rand(2, 5, 4, 3, generator=random)
    enlarged = linear_segmentation.enlarged(maps, (8, 9))
    pixels = torch.arange(72).expand(2, -1)
    assert torch.allclose(
        linear_segmentation.at_pixels(maps, pixels, (8, 9)), enlarged.flatten(2).transpose(1, 2), atol=1e-6
    )


def test_too_few_patches_do_not_apply(tiles):
    with pytest.raises(NotApplicable, match="99999 nearest patches were asked for"):
        dense_knn.evaluate(tiles(), **KNN | {"k": 99999})


@pytest.mark.parametrize(("evaluation", "keys"), EVALUATIONS)
def test_test_images_select_nothing(tiles, evaluation, keys, monkeypatch):
    """With the test set's classes exchanged the same layer is chosen, and the score falls to that of a wrong answer."""
    inputs = tiles()
    real = evaluation.segments

    def exchanged(path):
        classes = real(path)
        return (classes + 1) % 3 if path.name == "test.h5" else classes

    monkeypatch.setattr(evaluation, "segments", exchanged)
    assert named(evaluation.evaluate(inputs, **keys))["miou"].value < 10
