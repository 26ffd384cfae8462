"""Rotation prediction: what is shown and what is asked."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.testing.trials import EXAMPLES, STEP, batch, views_of
from tests.methods.recipes import build

PLAIN = {"crop_scale_min": 1.0, "flip_probability": 0.0, "color_strength": 0.0, "gray_probability": 0.0}


def test_every_image_occurs_in_all_four_rotations():
    method = build("rotation", augmentation=PLAIN)
    views = views_of(method)
    assert views["image"].shape == (4 * EXAMPLES, 3, 32, 32)
    for row, label in enumerate(views["rotation"].tolist()):
        upright = batch()["image"][row // 4].float() / 255
        torch.testing.assert_close(views["image"][row], torch.rot90(upright, label, (1, 2)), rtol=0, atol=1e-5)
    assert views["rotation"].view(EXAMPLES, 4).sort(1).values.tolist() == [[0, 1, 2, 3]] * EXAMPLES


def test_loss_is_the_mean_over_all_copies():
    method = build("rotation").train()
    views = views_of(method)
    terms = method.loss(views, {}, STEP)
    logits = method.classifier(method.encoder(views["image"]))
    chosen = logits.log_softmax(1)[torch.arange(4 * EXAMPLES), views["rotation"]]
    torch.testing.assert_close(terms.loss, -chosen.mean())
    accuracy = (logits.argmax(1) == views["rotation"]).float().mean()
    assert terms.metrics["pretext_accuracy"] == accuracy


def test_pretext_and_panel_state_the_angle():
    method = build("rotation").eval()
    views = views_of(method)
    pretext = method.pretext(views)
    answers = method.classifier(method.encoder(views["image"])).argmax(1)
    assert torch.equal(pretext.score, answers == views["rotation"])
    assert torch.equal(pretext.target, views["rotation"])
    (panel,) = method.panels(views)
    assert panel.captions == ["0°", "90°", "180°", "270°"] * 2
    torch.testing.assert_close(panel.images[5], torch.rot90(panel.images[4], 1, (1, 2)))


@pytest.mark.parametrize(
    ("directions", "view", "angles"),
    [
        (2, "whole", [0, 180] * 4),
        (2, "center", [0, 180] * 4),
        (4, "whole", [0, 90, 180, 270] * 2),
        (4, "center", [0, 90, 180, 270] * 2),
        (8, "center", range(0, 360, 45)),
    ],
)
def test_directions_part_the_circle(directions, view, angles):
    method = build("rotation", directions=directions, view=view).eval()
    views = views_of(method)
    assert views["image"].shape == (directions * EXAMPLES, 3, 32, 32)
    assert views["rotation"].tolist() == list(range(directions)) * EXAMPLES
    (panel,) = method.panels(views)
    assert panel.captions == [f"{angle}°" for angle in angles]
    for angle in (0, 180):
        rows = [panel.captions.index(f"{turned}°") for turned in (angle, (angle + 180) % 360)]
        first, second = panel.images[rows]
        assert torch.equal(second, torch.rot90(first, 2, (1, 2)))


def test_four_directions_are_exact_turns_of_the_augmented_image():
    """Nothing is resampled at four directions: the views are those of the augmentation, moved pixel by pixel."""
    method = build("rotation")
    copies = views_of(method)["image"].unflatten(0, (EXAMPLES, 4))
    for quarters in range(4):
        assert torch.equal(copies[:, quarters], torch.rot90(copies[:, 0], quarters, (2, 3)))


@pytest.mark.parametrize("directions", [2, 4])
def test_the_central_square_at_fewer_directions_is_that_of_eight(directions):
    eight, fewer = (build("rotation", directions=k, view="center") for k in (8, directions))
    copies = views_of(eight)["image"].unflatten(0, (EXAMPLES, 8))[:, :: 8 // directions]
    torch.testing.assert_close(views_of(fewer)["image"], copies.flatten(0, 1))


def test_eight_directions_of_the_whole_image_are_refused():
    with pytest.raises(InputError, match=r"^hyper\.view is whole, but corners"):
        build("rotation", directions=8, view="whole")
