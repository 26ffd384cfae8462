"""Evaluations of features and of the run on a Vision Transformer: its maps, and its class token where a layer has one."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import NotApplicable
from selfsup.evaluations import few_labels_frozen, few_shot, fine_tune, knn, linear_probe
from selfsup.evaluations.features import extract
from selfsup.evaluations.matching.trackers import encoder_embedding
from selfsup.evaluations.reading.files import features
from selfsup.nn.encoder import build, load_encoder, save_encoder

VIT = {"backbone": "vit", "size_px": 32, "patch_px": 8, "width": 8, "depth": 2, "heads": 2}
PENALTIES = {"penalties": [1.0, 10.0], "tolerance": 1e-4}
LEARNING = {
    "batch_size": 8,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "warmup_fraction": 0.1,
    "crop_scale_min": 0.5,
    "flip_probability": 0.5,
}


@pytest.fixture
def on_vit(write_prepared):
    """Features of a Vision Transformer, of images of two classes."""
    random = np.random.default_rng(0)
    labels = [np.arange(count) % 2 for count in (24, 12)]
    images = [random.integers(0, 128, (len(of), 3, 32, 32)) + 100 * of[:, None, None, None] for of in labels]
    inputs = write_prepared(images, labels)
    torch.manual_seed(0)
    save_encoder(build(VIT), inputs.weights)
    extract(inputs.weights, inputs.target, inputs.features, pooling=["mean", "max"], batch_size=5)
    return inputs


def test_features_are_pooled_patches_and_the_class_token(on_vit):
    with h5py.File(on_vit.target / "train.h5") as file:
        images = torch.from_numpy(file["image"][()])
    with torch.no_grad():
        tokens = load_encoder(on_vit.weights).tokens(images)
    for layer, found in tokens.items():
        for pooling, expected in {
            "mean": found.patches.mean(1),
            "max": found.patches.amax(1),
            "class_token": found.class_token,
        }.items():
            torch.testing.assert_close(features(on_vit.features, layer, pooling)[0], expected)


@pytest.mark.parametrize("pooling", ["mean", "class_token"])
@pytest.mark.parametrize(
    ("evaluation", "keys"),
    [
        (knn, {"k": 3, "temperature": 0.1}),
        (linear_probe, {"held_out_fraction": 0.25, **PENALTIES}),
        (few_shot, {"shots": [2], "draws": 2, "fold_count": 2, "layer": "last", **PENALTIES}),
        (few_labels_frozen, {"label_fractions": [0.5], "draws": 2, "fold_count": 2, **PENALTIES}),
    ],
)
def test_patches_and_class_token_are_informative(on_vit, evaluation, keys, pooling):
    measures = evaluation.evaluate(on_vit, pooling=pooling, **keys)
    assert measures[0].metric.startswith("top1")
    assert measures[0].value > 60


def test_a_run_can_be_fine_tuned(on_vit):
    (top1,) = fine_tune.evaluate(on_vit, label_fractions=[0.5], steps=[3], **LEARNING)
    assert 0 <= top1.value <= 100


def test_dense_evaluations_get_a_map(on_vit):
    found = encoder_embedding(load_encoder(on_vit.weights))(torch.zeros(2, 3, 32, 32, dtype=torch.uint8))
    assert found.shape == (2, 8, 4, 4)


def test_the_class_token_of_convolutions_does_not_apply(write_prepared, write_run):
    inputs = write_prepared([np.zeros((4, 3, 32, 32)), np.zeros((2, 3, 32, 32))], ([0, 1, 0, 1], [0, 1]))
    write_run()
    extract(inputs.weights, inputs.target, inputs.features, pooling=["mean", "class_token"], batch_size=2)
    with pytest.raises(NotApplicable, match="conv1 has no class token"):
        knn.evaluate(inputs, k=1, temperature=0.1, pooling="class_token")
