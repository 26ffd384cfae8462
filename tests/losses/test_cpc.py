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
        ("candidates.to(compute_dtype).T", "candidates.detach().to(compute_dtype).T"),
        ("predicted.to(compute_dtype)", "predicted.detach().to(compute_dtype)"),
        ("logits.detach().argmax(1)", "logits.detach().argmax(0)"),
    ],
    ids=["sign", "temperature", "rows-asked", "rows-wanted", "stopped-latents", "stopped-context", "accuracy"],
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


SOURCES = {  # rows: three sequences; columns: those that their negatives are from
    "all": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "others": [[0, 1, 1], [1, 0, 1], [1, 1, 0]],
    "own": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "unequal": [[1, 1, 0], [0, 1, 1], [1, 0, 0]],
}


def reference_at(latents, predictions, time, sources):
    """As ``reference`` along time: candidates are the answer, and the positives of the named sequences at another place."""
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
                if other == number or (sources[n][m] and (m, t) != positions[number])
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


def check_at(cpc_at, sources=SOURCES["all"]):
    latents, predictions, time = sequences()
    expected, accuracies = reference_at(latents, predictions, time, sources)
    losses, found = cpc_at(latents, predictions, time, torch.tensor(sources).bool())
    torch.testing.assert_close(losses, expected, rtol=1e-10, atol=1e-12)
    assert found.tolist() == pytest.approx(accuracies)
    weights = torch.tensor([1.0, 0.3, 0.6], dtype=torch.float64)
    of = (latents, predictions)
    gradients = torch.autograd.grad((losses * weights).sum(), of, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(gradients, torch.autograd.grad((expected * weights).sum(), of), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("sources", SOURCES.values(), ids=SOURCES)
def test_along_time_equals_the_paper(sources):
    check_at(module.cpc_at, sources)
    assert all(0.2 < accuracy < 0.95 for accuracy in reference_at(*sequences(), sources)[1])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("every[position + k]", "every[position]"),
        (" & ~(same_sequence & same_time)", ""),
        ("same_sequence & same_time", "same_time"),
        (".fill_diagonal_(True)", ""),
        ("sources[sequence][:, sequence]", "sources.T[sequence][:, sequence]"),
        ("latents.shape[1] * torch", "1 * torch"),
        ("latents.flatten(0, 1)", "latents.detach().flatten(0, 1)"),
    ],
    ids=["time", "twins", "moments", "answer", "transposed", "sequence", "stopped"],
)
def test_a_planted_error_along_time_is_noticed(before, after):
    with pytest.raises((AssertionError, RuntimeError, IndexError)):
        check_at(mutant(module, before, after).cpc_at, SOURCES["unequal"])


def test_along_time_order_of_the_batch_does_not_matter():
    latents, predictions, time = sequences()
    order, sources = torch.tensor([2, 0, 1]), torch.tensor(SOURCES["unequal"]).bool()
    losses, accuracies = module.cpc_at(latents, predictions, time, sources)
    shuffled = module.cpc_at(latents[order], predictions[:, order], time[order], sources[order][:, order])
    torch.testing.assert_close(shuffled, (losses, accuracies))


@pytest.mark.parametrize(("sources", "candidates"), [("all", 6), ("others", 5), ("own", 2)])
def test_how_many_candidates_there_are(sources, candidates):
    """Of three sequences of two contexts each."""
    time = torch.arange(2).repeat(3, 1)
    losses, _ = module.cpc_at(
        torch.zeros(3, 6, 3), torch.zeros(1, 3, 2, 3), time, torch.tensor(SOURCES[sources]).bool()
    )
    assert losses.item() == pytest.approx(math.log(candidates))


def test_a_prediction_without_negatives_adds_nothing():
    """Twins have no other, and a sequence without sources none."""
    latents, predictions = torch.randn(2, 6, 3), torch.randn(1, 2, 2, 3)
    sources = torch.tensor([[True, False], [False, False]])
    losses, accuracies = module.cpc_at(latents, predictions, torch.tensor([[1, 1], [0, 2]]), sources)
    assert (losses.item(), accuracies.item()) == (0, 1)


@pytest.mark.parametrize(("name", "check_"), [("cpc", check), ("cpc_at", check_at)])
def test_a_wrong_first_step_is_noticed(name, check_):
    wrong = mutant(module, "enumerate(predictions, start=1)", "enumerate(predictions, start=2)", name)
    with pytest.raises((AssertionError, RuntimeError, IndexError)):
        check_(getattr(wrong, name))
