"""Random initialisation: no weight moves, and BatchNorm's statistics are those of the training images."""

import torch

from selfsup.nn.inputs import preprocess
from selfsup.testing.examples import batch
from selfsup.testing.trials import optimisers, step
from tests.methods.recipes import build


def test_no_parameter_moves_and_none_is_offered():
    method = build("random").train()
    before = [p.clone() for p in method.parameters()]
    assert method.objectives()["main"].parameters == {}
    for number in range(3):
        assert step(method, method.views(batch(seed=number), {}), optimisers(method)) == 0
    assert all(map(torch.equal, method.parameters(), before))


def test_statistics_are_the_plain_average_over_all_batches():
    """Of the first layer by hand: mean over batches of each batch's mean and unbiased variance."""
    method = build("random").train()
    convolution, norm, _ = method.encoder.stages["conv1"]
    means, variances = [], []
    for number in range(5):
        views = method.views(batch(seed=number), {})
        method.loss(views, {})
        with torch.no_grad():
            maps = convolution(preprocess(views["image"], "rgb")).transpose(0, 1).flatten(1)
        means.append(maps.mean(1))
        variances.append(maps.var(1))
    torch.testing.assert_close(norm.running_mean, torch.stack(means).mean(0), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, torch.stack(variances).mean(0), rtol=1e-4, atol=1e-6)


def test_images_are_untouched():
    method = build("random")
    assert torch.equal(method.views(batch(), {})["image"], batch()["image"].float() / 255)
    assert method.pretext(method.views(batch(), {})) is None
