"""The queue against collections.deque, whatever the batch and the length."""

from collections import deque

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from selfsup.nn.queue import Queue

FEATURES = 3


def oldest_first(queue):
    return queue.entries.roll(-int(queue.pointer), 0)


@settings(max_examples=60, deadline=None)
@given(length=st.integers(1, 17), batches=st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_content_is_a_deques(length, batches):
    queue = Queue(length, FEATURES, torch.Generator().manual_seed(0))
    expected = deque(queue.entries.clone(), maxlen=length)
    for step, count in enumerate(batches):
        keys = torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(step))
        queue.push(keys)
        expected.extend(keys)
        assert torch.equal(oldest_first(queue), torch.stack(list(expected)))


def test_starts_with_seeded_unit_vectors():
    first, again, other = (Queue(50, FEATURES, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.entries, again.entries)
    assert not torch.equal(first.entries, other.entries)
    torch.testing.assert_close(first.entries.norm(dim=1), torch.ones(50))


def test_checkpoint_holds_entries_and_place():
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
def test_entries_stay_float32_without_gradient(dtype):
    queue = Queue(4, FEATURES, torch.Generator().manual_seed(0))
    queue.push(torch.randn(2, FEATURES, dtype=dtype, requires_grad=True))
    assert queue.entries.dtype == torch.float32
    assert not queue.entries.requires_grad
