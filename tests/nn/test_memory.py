"""The queue against collections.deque, and the memory bank against a dictionary of vectors."""

from collections import deque

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.nn.memory import MemoryBank, Queue

FEATURES = 3


def oldest_first(queue):
    return queue.entries.roll(-int(queue.pointer), 0)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 17), batches=st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_the_queue_has_the_content_of_a_deque(length, batches):
    queue = Queue(length, FEATURES, torch.Generator().manual_seed(0))
    expected = deque(queue.entries.clone(), maxlen=length)
    for step, count in enumerate(batches):
        keys = torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(step))
        queue.push(keys)
        expected.extend(keys)
        assert torch.equal(oldest_first(queue), torch.stack(list(expected)))


def test_a_queue_starts_with_seeded_unit_vectors():
    first, again, other = (Queue(50, FEATURES, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.entries, again.entries)
    assert not torch.equal(first.entries, other.entries)
    torch.testing.assert_close(first.entries.norm(dim=1), torch.ones(50))


def test_a_checkpoint_restores_the_queue():
    queue = Queue(7, FEATURES, torch.Generator().manual_seed(0))
    queue.push(torch.randn(4, FEATURES))
    restored = Queue(7, FEATURES, torch.Generator().manual_seed(9))
    restored.load_state_dict(queue.state_dict())
    keys = torch.randn(5, FEATURES)
    queue.push(keys)
    restored.push(keys)
    assert torch.equal(restored.entries, queue.entries)
    assert restored.pointer == queue.pointer == 9 % 7


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_entries_of_a_queue_stay_float32_without_gradient(dtype):
    queue = Queue(4, FEATURES, torch.Generator().manual_seed(0))
    queue.push(torch.randn(2, FEATURES, dtype=dtype, requires_grad=True))
    assert queue.entries.dtype == torch.float32
    assert not queue.entries.requires_grad


def bank_of(examples, seed=0):
    return MemoryBank(examples, FEATURES, torch.Generator().manual_seed(seed))


def unit_rows(count, seed):
    rows = torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(seed))
    return rows / rows.norm(dim=1, keepdim=True)


@settings(max_examples=40, deadline=None)
@given(
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    batches=st.lists(st.lists(st.integers(0, 10), unique=True, max_size=11), min_size=1, max_size=6),
)
def test_the_bank_has_the_content_of_a_dictionary(momentum, batches):
    bank = bank_of(11)
    expected = {row: entry.tolist() for row, entry in enumerate(bank.entries)}
    for step, rows in enumerate(batches):
        embeddings = unit_rows(len(rows), step)
        bank.update(torch.tensor(rows, dtype=torch.long), embeddings, momentum)
        for row, new in zip(rows, embeddings.tolist(), strict=True):
            mixed = [momentum * a + (1 - momentum) * b for a, b in zip(expected[row], new, strict=True)]
            length = sum(x * x for x in mixed) ** 0.5
            expected[row] = [x / length for x in mixed]
        torch.testing.assert_close(bank.entries, torch.tensor(list(expected.values())), rtol=1e-4, atol=1e-5)


def test_momentum_is_the_weight_of_the_old_entry():
    bank, kept = bank_of(4), bank_of(4).entries
    embeddings = unit_rows(1, 7)
    bank.update(torch.tensor([2]), embeddings, 0.9)
    assert (bank.entries[2] @ kept[2]) > (bank.entries[2] @ embeddings[0])
    bank.update(torch.tensor([2]), embeddings, 0.0)
    torch.testing.assert_close(bank.entries[2], embeddings[0])
    assert torch.equal(bank.entries[[0, 1, 3]], kept[[0, 1, 3]])


def test_a_bank_starts_with_seeded_unit_vectors():
    first, again, other = (bank_of(50, seed).entries for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(50))


def test_a_checkpoint_restores_the_bank():
    bank, restored = bank_of(6), bank_of(6, seed=9)
    bank.update(torch.tensor([1, 4]), unit_rows(2, 3), 0.5)
    restored.load_state_dict(bank.state_dict())
    assert torch.equal(restored.entries, bank.entries)
    assert not list(bank.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_entries_of_a_bank_stay_float32_without_gradient(dtype):
    bank = bank_of(4)
    bank.update(torch.tensor([0, 3]), unit_rows(2, 0).to(dtype).requires_grad_(), 0.5)
    assert bank.entries.dtype == torch.float32
    assert not bank.entries.requires_grad
