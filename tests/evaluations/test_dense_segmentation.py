"""Segmentation of frozen maps, by nearest patches and by a linear classifier: against the definition, on colours, at chance."""

import json

import h5py
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from selfsup.datasets.content.objects import VOID
from selfsup.datasets.prepared import write_split
from selfsup.errors import NotApplicable
from selfsup.evaluations import dense_knn, fine_tune_segmentation, linear_segmentation
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
TUNED = {
    "train_images": 50,
    "test_images": 30,
    "channels": 16,
    "stride_px": 2,
    "dropout": 0.0,
    "steps": 120,
    "batch_size": 10,
    "learning_rate": 0.01,
    "weight_decay": 0.0,
    "warmup_fraction": 0.1,
    "crop_scale_min": 0.6,
    "flip_probability": 0.5,
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


@pytest.fixture
def trainable_tiles(tiles, write_run):
    """As ``tiles``, of a run whose encoder has parameters."""

    def write(*classes):
        inputs = tiles(*classes)
        write_run(width=8)
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


def test_a_fine_tuned_network_tells_the_class_of_a_pixel_and_the_run_stays(trainable_tiles):
    inputs = trainable_tiles()
    before = {file.name: file.read_bytes() for file in inputs.weights.iterdir()}
    measures = named(fine_tune_segmentation.evaluate(inputs, **TUNED))
    assert measures["miou"].value > 80
    assert measures["miou/most_frequent"].value == pytest.approx(11, abs=1)
    assert {file.name: file.read_bytes() for file in inputs.weights.iterdir()} == before


def test_a_fine_tuned_network_scores_at_chance_on_classes_that_nothing_tells(trainable_tiles):
    random = np.random.default_rng(7)
    shuffled = trainable_tiles(lambda kind: random.integers(0, 3, (len(kind), 4, 4)).repeat(4, 1).repeat(4, 2))
    assert named(fine_tune_segmentation.evaluate(shuffled, **TUNED))["miou"].value < 24


def test_fine_tuning_neither_fits_nor_scores_void(trainable_tiles):
    inputs = trainable_tiles(lambda kind: np.where(kind == 2, VOID, kind))
    measures = named(fine_tune_segmentation.evaluate(inputs, **TUNED))
    assert "iou/blue" not in measures
    assert measures["miou"].value > 85


def test_fine_tuning_is_the_same_for_one_seed(trainable_tiles):
    keys = TUNED | {"steps": 3, "dropout": 0.5}
    torch.manual_seed(1)
    first = fine_tune_segmentation.evaluate(trainable_tiles(), **keys)
    torch.manual_seed(2)
    assert fine_tune_segmentation.evaluate(trainable_tiles(), **keys) == first


def test_an_encoder_without_parameters_is_not_tuned(tiles):
    with pytest.raises(NotApplicable, match="no parameters"):
        fine_tune_segmentation.evaluate(tiles(), **TUNED)


def test_the_loss_is_that_of_the_known_pixels():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 5, 4, generator=random, dtype=torch.float64, requires_grad=True)
    truth = torch.randint(0, 3, (2, 5, 4), generator=random)
    truth[0, 1:3, 2] = VOID
    expected = torch.stack(
        [
            -logits[n, :, y, x].log_softmax(0)[truth[n, y, x]]
            for n in range(2)
            for y in range(5)
            for x in range(4)
            if truth[n, y, x] != VOID
        ]
    ).mean()
    found = fine_tune_segmentation.pixel_cross_entropy(logits, truth.byte())
    assert found.item() == pytest.approx(expected.item(), abs=1e-12)
    gradients = (torch.autograd.grad(loss, logits, retain_graph=True)[0] for loss in (found, expected))
    assert torch.allclose(*gradients, atol=1e-12)
    void = torch.full((2, 5, 4), VOID, dtype=torch.uint8)
    assert fine_tune_segmentation.pixel_cross_entropy(logits, void).item() == 0


def test_the_head_is_torchvisions():
    fcn = pytest.importorskip("torchvision.models.segmentation.fcn")
    ours, theirs = fine_tune_segmentation.fcn_head(16, 3, 0.1), fcn.FCNHead(16, 3)
    theirs.load_state_dict(ours.state_dict())
    maps = torch.randn(2, 16, 6, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(ours.eval()(maps), theirs.eval()(maps))
    assert ours[3].p == theirs[3].p


@pytest.mark.parametrize(("evaluation", "keys"), [*EVALUATIONS, (fine_tune_segmentation, TUNED)])
def test_void_everywhere_is_one_sentence_before_anything_is_fitted(trainable_tiles, evaluation, keys):
    with pytest.raises(NotApplicable, match="every pixel of the train images is void"):
        evaluation.evaluate(trainable_tiles(lambda kind: np.full_like(kind, VOID)), **keys)


def test_pictures_show_the_truth_and_what_is_predicted(trainable_tiles):
    inputs = trainable_tiles()
    for evaluation, keys in [*EVALUATIONS, (fine_tune_segmentation, TUNED)]:
        evaluation.evaluate(inputs, **keys)
        with h5py.File(inputs.pictures / "pictures.h5") as file:
            rows, captions = file["images"][()], json.loads(file.attrs["captions"])
        assert captions == ["image", "truth", "predicted"]
        assert rows.shape == (6, 3, 3, 16, 16)
        assert (rows[:, 1] == rows[:, 2]).mean() > 0.7, evaluation
        assert (rows[:, 1] != rows[:, 0]).mean() > 0.9
