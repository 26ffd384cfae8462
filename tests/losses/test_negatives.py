"""Which pairs are negatives, and which of them is semi-hard: by loops over rows, and planted errors."""

import pytest
import torch

from selfsup.losses import negatives as module
from tests.losses.mutation import mutant
from tests.losses.view_pairs import cosine, pairs

COUNT = 5


def expected_weights(positive, similarity, kind, margin):
    rows = 2 * COUNT
    found = torch.zeros(rows, rows, dtype=torch.float64)
    for i in range(rows):
        own = (i, (i + COUNT) % rows)
        if kind == "all":
            found[i] = torch.tensor([0.0 if k in own else 1 / (rows - 2) for k in range(rows)])
            continue
        limit = positive[i].item()
        mined = [k for k in range(rows) if k not in own and limit - margin < similarity[i, k].item() < limit]
        if mined:
            found[i, max(mined, key=lambda k, i=i: similarity[i, k].item())] = 1
    return found


def check(tested, kind, margin=torch.inf):
    positive, similarity = tested.cosines(*pairs(COUNT))
    weights = tested.weights(positive, similarity, kind, margin)
    assert not weights.requires_grad
    torch.testing.assert_close(weights, expected_weights(positive, similarity, kind, margin))


@pytest.mark.parametrize("margin", [0.02, 0.2, 0.4, torch.inf])
def test_weights_are_those_of_a_loop(margin):
    check(module, "all", margin)
    check(module, "semi_hard", margin)


def test_some_rows_have_a_semi_hard_negative_and_others_none():
    counted = module.weights(*module.cosines(*pairs(COUNT)), "semi_hard", 0.2).sum(1)
    assert set(counted.tolist()) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("distance != 0", "rows[:, None] != rows"),
        ("similarity < positive", "similarity > positive"),
        ("similarity > positive - margin", "similarity > positive + margin"),
        ("~semi_hard, -torch.inf).argmax(1)", "~semi_hard, torch.inf).argmin(1)"),
        ("semi_hard & (rows == nearest[:, None])", "(rows == nearest[:, None])"),
    ],
    ids=["positive-as-negative", "nearer", "margin", "farthest", "none-is-one"],
)
def test_a_planted_error_is_noticed(before, after):
    wrong = mutant(module, before, after)
    with pytest.raises(AssertionError):
        check(wrong, "all" if "distance" in before else "semi_hard", 0.2)


def test_cosines_are_those_of_all_rows():
    first, second = pairs(COUNT)
    z = [*first, *second]
    positive, similarity = module.cosines(first, second)
    for i in range(len(z)):
        assert positive[i].item() == pytest.approx(cosine(z[i], z[(i + COUNT) % len(z)]).item(), abs=1e-12)
        for k in range(len(z)):
            assert similarity[i, k].item() == pytest.approx(cosine(z[i], z[k]).item(), abs=1e-12)


def test_nearest_is_per_row_and_collapse_is_not_success():
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[-1.0, 0.0], [0.1, 1.0]])
    assert module.nearest_is_positive(*module.cosines(first, second)).tolist() == [False, True, False, True]
    same = torch.ones(3, 2)
    assert module.nearest_is_positive(*module.cosines(same, same)).sum() == 0
