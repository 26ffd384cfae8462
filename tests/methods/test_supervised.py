"""Supervised training: labels arrive where they belong, and a data set without any is refused."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.testing.trials import INFO, STEP, batch, views_of
from tests.methods.recipes import build

PLAIN = {"crop_scale_min": 1.0, "flip_probability": 0.0, "color_strength": 0.0, "gray_probability": 0.0}


def test_labels_stay_with_their_images():
    method = build("supervised", augmentation=PLAIN)
    views = views_of(method)
    torch.testing.assert_close(views["image"], batch()["image"].float() / 255, rtol=0, atol=1e-5)
    assert torch.equal(views["label"], batch()["label"])
    terms = method.train().loss(views, {}, STEP)
    logits = method.classifier(method.encoder(views["image"]))
    torch.testing.assert_close(terms.loss, -logits.log_softmax(1)[torch.arange(8), views["label"]].mean())
    assert terms.metrics["pretext_accuracy"] == (logits.argmax(1) == views["label"]).float().mean()


def test_augmentation_is_simclrs():
    """Equal draws and equal keys: the views of the ablation of colour strength are SimCLR's."""
    keys = {
        "crop_scale_min": 0.2,
        "color_strength": 1.0,
        "jitter_probability": 0.8,
        "gray_probability": 0.2,
        "blur_probability": 0.5,
        "color": "exact",
    }
    supervised, simclr = (build(name, augmentation=keys) for name in ("supervised", "simclr"))
    draws = supervised.draw(8, generator(3, "views"))
    both = simclr.draw(8, generator(3, "views"))
    assert all(torch.equal(rows, both[f"view 1.{what}"]) for what, rows in draws.items())
    assert torch.equal(supervised.views(batch(), draws)["image"], simclr.views(batch(), both)["view 1"])


def test_panel_names_the_class():
    method = build("supervised")
    (panel,) = method.panels(views_of(method))
    assert panel.captions == [f"class {label}" for label in batch()["label"].tolist()]


@pytest.mark.parametrize("classes", [0, 1])
def test_a_data_set_without_classes_is_refused(classes):
    with pytest.raises(InputError, match=r"^method is supervised"):
        build("supervised", info=replace(INFO, classes=classes))
