"""The loss of CPC against explicit loops in float64, written from the paper's equations 3 and 4."""

import math

import pytest
import torch

from selfsup.losses import cpc as module
from tests.losses.mutation import mutant


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
        ("logits = predicted", "logits = -predicted"),
        ("candidates.to(compute_dtype).T", "candidates.to(compute_dtype).T / 2"),
        ("predicted[:, : rows - k]", "predicted[:, k:]"),
        ("latents[:, k:]", "latents[:, : rows - k]"),
        (
            "enumerate(predictions, start=1)\n    ]\n    return _stacked(steps)\n\n\ndef cpc_at",
            "enumerate(predictions, start=2)\n    ]\n    return _stacked(steps)\n\n\ndef cpc_at",
        ),
        ("candidates.to(compute_dtype).T", "candidates.detach().to(compute_dtype).T"),
        ("predicted.to(compute_dtype)", "predicted.detach().to(compute_dtype)"),
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


def reference_at(latents, predictions, time):
    """As ``reference`` along time: candidates are the positives of all contexts at another sequence or time."""
    losses, accuracies = [], []
    positions = [(n, int(t)) for n, row in enumerate(time) for t in row]
    asked = [(n, a) for n, row in enumerate(time) for a in range(len(row))]
    for k in range(1, len(predictions) + 1):
        total, right = 0.0, 0
        for number, (n, a) in enumerate(asked):
            prediction = predictions[k - 1, n, a]
            f = {
                other: torch.exp((latents[m, t + k] * prediction).sum())
                for other, (m, t) in enumerate(positions)
                if other == number or (m, t) != positions[number]
            }
            total = total - torch.log(f[number] / sum(f.values()))
            right += max(f, key=lambda other: f[other].item()) == number
        losses.append(total / len(asked))
        accuracies.append(right / len(asked))
    return torch.stack(losses), accuracies


def sequences(steps=3):
    """Three sequences of nine latents, four contexts each; two of one sequence are at the same time."""
    generator = torch.Generator().manual_seed(5)
    latents = torch.randn(3, 9, 5, generator=generator, dtype=torch.float64)
    time = torch.tensor([[0, 2, 3, 5], [1, 1, 4, 5], [0, 3, 4, 5]])
    predictions = 0.7 * torch.randn(steps, 3, 4, 5, generator=generator, dtype=torch.float64)
    for k in range(1, steps + 1):
        predictions[k - 1] += 0.6 * latents[torch.arange(3)[:, None], time + k]
    return latents.requires_grad_(), predictions.requires_grad_(), time


def check_at(cpc_at):
    latents, predictions, time = sequences()
    expected, accuracies = reference_at(latents, predictions, time)
    losses, found = cpc_at(latents, predictions, time)
    torch.testing.assert_close(losses, expected, rtol=1e-10, atol=1e-12)
    assert found.tolist() == pytest.approx(accuracies)
    weights = torch.tensor([1.0, 0.3, 0.6], dtype=torch.float64)
    of = (latents, predictions)
    gradients = torch.autograd.grad((losses * weights).sum(), of, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad((expected * weights).sum(), of), rtol=1e-9, atol=1e-11)


def test_along_time_equals_the_paper():
    check_at(module.cpc_at)
    assert all(0.2 < accuracy < 0.95 for accuracy in reference_at(*sequences())[1])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("every[position + k]", "every[position]"),
        ("position[:, None] == position", "position[:, None] != position[:, None]"),
        (".fill_diagonal_(False)", ""),
        ("latents.shape[1] * torch", "1 * torch"),
        (
            "enumerate(predictions, start=1)\n    ]\n    return _stacked(steps)\n\n\ndef _step",
            "enumerate(predictions, start=2)\n    ]\n    return _stacked(steps)\n\n\ndef _step",
        ),
        ("latents.flatten(0, 1)", "latents.detach().flatten(0, 1)"),
    ],
    ids=["time", "twins", "answer", "sequence", "step", "stopped"],
)
def test_a_planted_error_along_time_is_noticed(before, after):
    with pytest.raises((AssertionError, RuntimeError, IndexError)):
        check_at(mutant(module, before, after).cpc_at)


def test_along_time_order_of_the_batch_does_not_matter():
    latents, predictions, time = sequences()
    order = torch.tensor([2, 0, 1])
    losses, accuracies = module.cpc_at(latents, predictions, time)
    shuffled = module.cpc_at(latents[order], predictions[:, order], time[order])
    torch.testing.assert_close(shuffled, (losses, accuracies))


def test_negatives_are_of_the_same_and_of_other_sequences():
    """Two sequences of one context each are two candidates; of two contexts each, four."""
    latents = torch.zeros(2, 6, 3)
    for times, candidates in ((1, 2), (2, 4)):
        time = torch.arange(times).repeat(2, 1)
        losses, _ = module.cpc_at(latents, torch.zeros(1, 2, times, 3), time)
        assert losses.item() == pytest.approx(math.log(candidates))
