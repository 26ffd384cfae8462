"""What a method shows must be well formed: its pretext task, its panels and its predictions."""

import torch
from torch import Tensor

from selfsup.methods.base import Method
from selfsup.testing.examples import EXAMPLES
from selfsup.testing.trials import Recipe, build, trained, views_of


def pretext_is_well_formed(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    pretext = method.eval().pretext(views_of(method, 7))
    assert (type(method).pretext is not Method.pretext) == (pretext is not None), (
        "pretext() is defined and returns None"
    )
    if pretext is None:
        return
    count = len(pretext.images)
    assert pretext.images.ndim in (4, 5), f"images have shape {tuple(pretext.images.shape)}"
    assert pretext.images.shape[-3] in (3, 4), f"images have shape {tuple(pretext.images.shape)}"
    _in_unit_range(pretext.images, "pretext images")
    assert pretext.target.shape == pretext.group.shape == pretext.correct.shape == (count,), "not one row an image"
    assert pretext.target.dtype == torch.int64, "targets are int64"
    assert pretext.correct.dtype == torch.bool, "correct is bool"
    if pretext.kind == "matching":
        rows = torch.arange(count)
        assert torch.equal(pretext.target[pretext.target], rows), "a match's match is not itself"
        assert torch.equal(pretext.group[pretext.target], pretext.group), "a match is in another group"
        assert (pretext.target != rows).all(), "a row matches itself"


def panels_are_well_formed(recipe: Recipe) -> None:
    method = build(recipe)
    panels = method.panels(views_of(method))
    assert panels, "there are no panels"
    for panel in panels:
        assert panel.title, "a panel has no title"
        assert 0 < len(panel.images) <= 9, f"{panel.title}: {len(panel.images)} images"
        assert panel.images.shape[1] == 3, f"{panel.title}: images have {panel.images.shape[1]} channels"
        assert len(panel.captions) == len(panel.images), f"{panel.title}: not one caption an image"
        _in_unit_range(panel.images, panel.title)


def prediction_is_well_formed(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    with torch.no_grad():
        prediction = method.eval().predict(views_of(method, 7))
    assert (type(method).predict is not Method.predict) == (prediction is not None), (
        "predict() is defined, returns None"
    )
    if prediction is None:
        return
    assert "original" in prediction.images, "the original is missing"
    for name, images in prediction.images.items():
        assert images.shape[:2] == (EXAMPLES, 3), f"{name} has shape {tuple(images.shape)}"
        _in_unit_range(images, name)
    for name, array in prediction.arrays.items():
        assert len(array) == EXAMPLES, f"{name} has {len(array)} rows for {EXAMPLES} examples"
        assert not array.requires_grad, f"{name} is not detached"


def _in_unit_range(images: Tensor, name: str) -> None:
    low, high = images.min().item(), images.max().item()
    assert low >= 0 and high <= 1, f"{name}: values from {low} to {high}, not in [0, 1]"  # noqa: PT018
