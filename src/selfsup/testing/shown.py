"""Checks that a method's pretext task, panels, predictions and completed images are well formed."""

import torch
from torch import Tensor

from selfsup.methods.base import Method
from selfsup.testing.trials import EXAMPLES, Recipe, build, trained, views_of
from selfsup.training.pretrain import method_class


def pretext_is_well_formed(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    pretext = method.eval().pretext(views_of(method, 7))
    if pretext is None:
        return
    count = len(pretext.images)
    assert pretext.images.ndim in (4, 5), f"images have shape {tuple(pretext.images.shape)}"
    assert pretext.images.shape[-3] in (3, 4), f"images have shape {tuple(pretext.images.shape)}"
    _in_unit_range(pretext.images, "pretext images")
    assert pretext.target.dtype == torch.int64, "targets are int64"
    for score in (pretext.score, *pretext.baselines.values()):
        assert pretext.target.shape == score.shape == (count,), "not one row per image"
        _is_score(score, pretext.kind)
    if pretext.kind == "matching":
        rows = torch.arange(count)
        assert torch.equal(pretext.target[pretext.target], rows), "matches are not mutual"
        assert (pretext.target != rows).all(), "a row matches itself"


def _is_score(score: Tensor, kind: str) -> None:
    if kind == "distribution":
        assert score.is_floating_point(), "the scores of a distribution are probabilities"
        _in_unit_range(score, "scores")
    else:
        assert score.dtype == torch.bool, "scores are bool, whether answers are right"


def panels_are_well_formed(recipe: Recipe) -> None:
    method = build(recipe)
    panels = method.panels(views_of(method))
    assert panels, "there are no panels"
    for panel in panels:
        assert panel.title, "a panel has no title"
        assert 0 < len(panel.images) <= 9, f"{panel.title}: {len(panel.images)} images"
        assert panel.images.shape[1] == 3, f"{panel.title}: images have {panel.images.shape[1]} channels"
        assert len(panel.captions) == len(panel.images), f"{panel.title}: not one caption per image"
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


def completion_is_well_formed(recipe: Recipe) -> None:
    if method_class(recipe["method"]).complete is Method.complete:
        return
    method, _ = trained(recipe)
    image = torch.rand(1, 3, 37, 50, generator=torch.Generator().manual_seed(0))
    prediction = method.eval().complete(image)
    assert prediction is not None, "complete() is defined and returns None"
    for name, pixels in prediction.images.items():
        assert pixels.shape == image.shape, f"{name} has shape {tuple(pixels.shape)}, the image {tuple(image.shape)}"
        assert not pixels.requires_grad, f"{name} is not detached"
        _in_unit_range(pixels, name)


def _in_unit_range(images: Tensor, name: str) -> None:
    low, high = images.min().item(), images.max().item()
    assert low >= 0 and high <= 1, f"{name}: values from {low} to {high}, not in [0, 1]"  # noqa: PT018
