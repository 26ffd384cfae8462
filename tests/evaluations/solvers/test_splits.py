"""Held-out parts, folds and labelled subsets: balanced, nested, seeded."""

import pytest
import torch

from selfsup.evaluations.solvers.splits import balanced_subset, folds, held_out, ranks

LABELS = torch.tensor([0] * 40 + [1] * 40 + [2] * 40)[torch.randperm(120, generator=torch.Generator().manual_seed(1))]


def test_ranks_order_each_class_at_random():
    place = ranks(LABELS, 0, "test")
    for label in range(3):
        of_class = place[label == LABELS]
        assert of_class.sort().values.tolist() == list(range(40))
        assert of_class.tolist() != list(range(40))


def test_ranks_depend_on_the_seed_and_the_purpose():
    assert torch.equal(ranks(LABELS, 0, "a"), ranks(LABELS, 0, "a"))
    assert not torch.equal(ranks(LABELS, 0, "a"), ranks(LABELS, 0, "b"))
    assert not torch.equal(ranks(LABELS, 0, "a"), ranks(LABELS, 1, "a"))


def test_held_out_takes_the_same_fraction_of_each_class():
    assert LABELS[held_out(LABELS, 0.2, 0, "test")].bincount().tolist() == [8, 8, 8]


def test_held_out_keeps_small_classes_on_both_sides():
    labels = torch.tensor([0, 0, 1, 1, 1, 2])
    assert labels[held_out(labels, 0.01, 0, "test")].bincount(minlength=3).tolist() == [1, 1, 0]
    assert labels[held_out(labels, 0.99, 0, "test")].bincount(minlength=3).tolist() == [1, 2, 0]


def test_folds_are_disjoint_and_have_every_class():
    parts = folds(LABELS, 5, 0, "test")
    assert torch.stack(parts).sum(0).tolist() == [1] * 120
    assert [LABELS[part].bincount().tolist() for part in parts] == [[8, 8, 8]] * 5


@pytest.mark.parametrize(("of_each", "count"), [(1, 0), (2, 2), (3, 3), (9, 5)])
def test_no_more_folds_than_examples_of_a_class(of_each, count):
    assert len(folds(torch.arange(4).repeat(of_each), 5, 0, "test")) == count


def test_subsets_are_balanced_and_nested():
    small, large = (balanced_subset(LABELS, fraction, 0, "labelled", 3) for fraction in (0.1, 0.5))
    assert LABELS[small].bincount().tolist() == [4, 4, 4]
    assert LABELS[large].bincount().tolist() == [20, 20, 20]
    assert set(small.tolist()) < set(large.tolist())
    assert small.tolist() == sorted(small.tolist())


def test_draws_are_independent():
    drawn = [balanced_subset(LABELS, 0.5, 0, "labelled", draw) for draw in range(2)]
    assert not torch.equal(*drawn)


def test_small_classes_give_all_their_examples():
    labels = torch.tensor([0] * 80 + [1] * 18 + [2] * 2)
    assert labels[balanced_subset(labels, 0.3, 0, "labelled", 0)].bincount().tolist() == [10, 10, 2]


def test_less_than_half_an_example_per_class_is_empty():
    assert len(balanced_subset(LABELS, 0.01, 0, "labelled", 0)) == 0
