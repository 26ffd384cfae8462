"""The loss of CPC against explicit loops in float64, written from the paper's equations 3 and 4."""

import math

import pytest
import torch
from mutation import mutant

from selfsup.losses import cpc as module


def reference(latents, predictions):
    """-log f(z+, c) / sum_z f(z, c) of each prediction, f = exp(z . W_k c), its mean for each k, and the accuracy."""
    images, rows, columns, _ = latents.shape
    losses, accuracies = [], []
    for k in range(1, len(predictions) + 1):
        total, right, count = 0.0, 0, 0
        for n in range(images):
            for r in range(rows - k):
                for j in range(columns):
                    prediction = predictions[k - 1, n, r, j]
                    f = {
                        (m, s, i): torch.exp((latents[m, s, i] * prediction).sum())
                        for m in range(images)
                        for s in range(k, rows)
                        for i in range(columns)
                    }
                    total = total - torch.log(f[n, r + k, j] / sum(f.values()))
                    right += max(f, key=lambda place: f[place].item()) == (n, r + k, j)
                    count += 1
        losses.append(total / count)
        accuracies.append(right / count)
    return torch.stack(losses), accuracies


def grids(images=2, rows=4, columns=3, features=5, steps=2):
    """Unrelated latents and predictions: nothing symmetric that could hide an error."""
    generator = torch.Generator().manual_seed(4)
    latents = torch.randn(images, rows, columns, features, generator=generator, dtype=torch.float64)
    predictions = 0.7 * torch.randn(steps, *latents.shape, generator=generator, dtype=torch.float64)
    for k in range(1, steps + 1):  # half right, so that an accuracy is neither 0 nor 1
        predictions[k - 1, :, : rows - k] += 0.8 * latents[:, k:]
    return latents.requires_grad_(), predictions.requires_grad_()


def check(cpc):
    """Compare values, accuracies and the gradients of both inputs with the reference."""
    latents, predictions = grids()
    expected, accuracies = reference(latents, predictions)
    losses, found = cpc(latents, predictions)
    torch.testing.assert_close(losses, expected, rtol=1e-10, atol=1e-12)
    assert found.tolist() == pytest.approx(accuracies)
    weights = torch.tensor([1.0, 0.3], dtype=torch.float64)
    of = (latents, predictions)
    gradients = torch.autograd.grad((losses * weights).sum(), of, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad((expected * weights).sum(), of), rtol=1e-9, atol=1e-11)


def test_equals_the_paper():
    check(module.cpc)


def test_the_accuracies_of_the_check_tell_right_from_wrong():
    assert all(0.2 < accuracy < 0.95 for accuracy in reference(*grids())[1])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("asked @ candidates.T", "-asked @ candidates.T"),
        ("asked @ candidates.T", "asked @ candidates.T / 2"),
        ("predicted[:, : rows - k]", "predicted[:, k:]"),
        ("latents[:, k:]", "latents[:, : rows - k]"),
        ("start=1", "start=2"),
        ("latents[:, k:].flatten", "latents[:, k:].detach().flatten"),
        ("predictions.to(precise)", "predictions.detach().to(precise)"),
        ("logits.detach().argmax(1)", "logits.detach().argmax(0)"),
    ],
    ids=["sign", "temperature", "rows-asked", "rows-wanted", "step", "stopped-latents", "stopped-context", "accuracy"],
)
def test_a_planted_error_is_noticed(before, after):
    with pytest.raises((AssertionError, RuntimeError)):
        check(mutant(module, before, after).cpc)


def test_value_by_hand():
    """Two rows, one column, two images: two candidates. Orthonormal latents, perfect predictions: -log(e / (e + 1))."""
    below = torch.eye(2)[:, None, None]
    latents = torch.cat([torch.zeros_like(below), below], 1)
    predictions = torch.cat([below, torch.full_like(below, 9.0)], 1)[None]
    losses, accuracies = module.cpc(latents, predictions)
    assert losses.item() == pytest.approx(-math.log(math.e / (math.e + 1)), abs=1e-6)
    assert accuracies.tolist() == [1.0]


def test_autocast_does_not_round_the_logits():
    latents, predictions = (x.detach().bfloat16() for x in grids())
    expected, _ = module.cpc(latents.float(), predictions.float())
    with torch.autocast("cpu", torch.bfloat16):
        losses, _ = module.cpc(latents, predictions)
    assert losses.dtype == torch.float32
    assert torch.equal(losses, expected)
