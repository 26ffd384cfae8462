"""Memory of the three mechanisms: what grows with the negatives, and by how much."""

import pytest

from selfsup.errors import InputError
from selfsup.experiments.negatives_memory import measure

SMALL = {
    "size_px": 16,
    "width": 4,
    "hidden_dim": 8,
    "out_dim": 6,
    "batch_size": 16,
    "negatives": [16, 32, 64],
    "bank_examples": 100,
    "temperature": 0.2,
}


@pytest.fixture(scope="module")
def memory():
    return {(m.subset, int(m.at)): m.value for m in measure(0, **SMALL)}


def test_end_to_end_grows_with_the_batch(memory):
    """Activations grow with the batch, the logits with its square."""
    first, second, third = (memory["end_to_end", n] for n in (16, 32, 64))
    assert second == pytest.approx(2 * first, rel=0.05)
    assert third == pytest.approx(2 * second, rel=0.05)
    assert third > 2 * second - 1e-9


def test_a_queue_grows_by_its_entries_and_logits(memory):
    """Each further key has an entry of six numbers, kept once; of each of 16 queries a logit and what cross entropy keeps."""
    grown = 1e6 * (memory["queue", 64] - memory["queue", 32])
    assert 32 * 6 * 4 <= grown <= 32 * (2 * 6 + 4 * 16) * 4


def test_a_bank_stores_all_examples_whatever_the_negatives(memory):
    without_bank = memory["memory_bank", 16] - 100 * 6 * 4 / 1e6
    assert 0 < without_bank < memory["end_to_end", 16]
    assert memory["memory_bank", 64] < memory["end_to_end", 64]


def test_at_one_batch_a_queue_needs_less_than_two_encoders_with_gradients(memory):
    """Without the copy of the weights it is half: keys keep no activations."""
    assert memory["queue", 16] < 0.75 * memory["end_to_end", 16]


def test_counts_do_not_depend_on_the_seed(memory):
    assert {(m.subset, int(m.at)): m.value for m in measure(1, **SMALL)} == memory


def test_a_bank_with_too_few_examples_is_refused():
    with pytest.raises(InputError, match="bank_examples is 50, less than 64 negatives"):
        measure(0, **SMALL | {"bank_examples": 50})
