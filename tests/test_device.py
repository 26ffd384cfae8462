"""What a job fixes before it computes: the device that was asked for, threads, and what float32 means."""

import pytest
import torch

from selfsup.device import prepare_device
from selfsup.errors import InputError


def test_float32_is_float32_and_results_repeat():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.use_deterministic_algorithms(False)
    prepare_device("cpu", threads=1)
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 1


def test_a_missing_device_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="device is cuda, but torch finds no GPU"):
        prepare_device("cuda", threads=1)
