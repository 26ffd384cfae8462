"""The permutations of jigsaw: valid, distinct, chosen greedily, and farther from each other than random ones."""

import itertools

import pytest
import torch

from selfsup.errors import InputError
from selfsup.tables import permutations as module
from selfsup.tables.permutations import make, pairwise_distances


@pytest.fixture(scope="module")
def hundred():
    return make(permutations=100, seed=0)


def distance(first, second):
    return sum(a != b for a, b in zip(first, second, strict=True))


def test_are_distinct_permutations(hundred):
    chosen = hundred["permutations"]
    assert chosen.dtype == torch.int64
    assert torch.equal(chosen.sort(1).values, torch.arange(9).expand(100, 9))
    assert len(set(map(tuple, chosen.tolist()))) == 100


def test_distances_equal_brute_force(hundred):
    pairs = itertools.combinations(hundred["permutations"].tolist(), 2)
    distances = [distance(first, second) for first, second in pairs]
    assert pairwise_distances(hundred["permutations"]).tolist() == distances
    assert hundred["mean_hamming_distance"].item() == pytest.approx(sum(distances) / len(distances))
    assert hundred["min_hamming_distance"].item() == min(distances)
    assert all(hundred[name].ndim == 0 for name in ("mean_hamming_distance", "min_hamming_distance"))


def test_all_candidates_are_there_in_lexicographic_order():
    candidates = module._all_permutations().T
    assert candidates.shape == (362880, 9)
    start = [list(order) for order in itertools.islice(itertools.permutations(range(9)), 1000)]
    assert candidates[:1000].tolist() == start
    assert len((candidates.long() * 9 ** torch.arange(9)).sum(1).unique()) == 362880


@pytest.mark.parametrize(("tiles", "count"), [(4, 24), (5, 40)])
def test_each_choice_is_the_greedy_one(tiles, count):
    """Against loops: all orders of four tiles, and many of five, in which sums are often equal."""
    orders = list(itertools.permutations(range(tiles)))
    chosen = module._greedy(torch.tensor(orders, dtype=torch.uint8).T.contiguous(), 5, count)
    assert chosen[0] == 5
    assert len(set(chosen)) == count
    for number in range(1, count):
        before = [orders[i] for i in chosen[:number]]
        distances = {i: [distance(order, other) for other in before] for i, order in enumerate(orders)}
        worth = {i: (sum(found), min(found)) for i, found in distances.items() if i not in chosen[:number]}
        assert chosen[number] == max(worth, key=worth.__getitem__)


def test_are_farther_apart_than_random_ones(hundred):
    draws = torch.Generator().manual_seed(1)
    random = torch.stack([torch.randperm(9, generator=draws) for _ in range(100)])
    assert hundred["mean_hamming_distance"] > pairwise_distances(random).double().mean() + 0.05
    few = make(permutations=9, seed=0)
    assert few["mean_hamming_distance"] == few["min_hamming_distance"] == 9


def test_the_seed_decides(hundred):
    again, other = (make(permutations=100, seed=seed)["permutations"] for seed in (0, 1))
    assert torch.equal(again, hundred["permutations"])
    assert not torch.equal(other, again)


def test_fewer_are_the_first_of_more(hundred):
    assert torch.equal(make(permutations=10, seed=0)["permutations"], hundred["permutations"][:10])


def test_one_has_no_distance():
    one = make(permutations=1, seed=0)
    assert one["permutations"].shape == (1, 9)
    assert one["mean_hamming_distance"] == one["min_hamming_distance"] == 0


def test_more_than_there_are_is_an_error():
    with pytest.raises(InputError, match=r"table.permutations is 362881.*362880 orders; set fewer"):
        make(permutations=362881, seed=0)
