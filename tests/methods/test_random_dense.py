"""The floor of correspondences: nothing moves, and statistics are those of both images of each pair."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.testing.examples import batch_of
from selfsup.testing.trials import optimisers, step, views_of
from tests.methods.recipes import build


def test_no_parameter_moves_and_none_is_offered():
    method = build("random_dense").train()
    before = [p.clone() for p in method.parameters()]
    assert method.objectives()["main"].parameters == {}
    for number in range(3):
        assert step(method, views_of(method, number), optimisers(method)) == 0
    assert all(map(torch.equal, method.parameters(), before))


def test_statistics_are_those_of_first_and_second_images():
    method = build("random_dense").train()
    views = views_of(method)
    sides = torch.cat([batch_of(method)[side] for side in ("first", "second")])
    assert torch.equal(views["image"], sides.float() / 255)
    method.loss(views, {})
    assert method.encoder.stages["conv1"][1].num_batches_tracked == 1


def test_an_image_that_upsampling_does_not_fit_is_refused():
    info = build("random_dense").info
    with pytest.raises(InputError, match=r"last map has 32 x 32 places for images of 30 px; .* multiple of 8"):
        build("random_dense", info=type(info)(8, 4, 30, 8, 40))
