"""Threads and determinism of a job: set by the suite, never by the machine."""

import torch

from selfsup.errors import InputError


def prepare_device(device: str, threads: int) -> None:
    """Set threads and determinism. A missing device is an error: there is no fallback to the CPU.

    TF32 is off, so that float32 means float32: a GPU would otherwise round the factors of a product to 10 bits.
    """
    torch.set_num_threads(threads)
    # use_deterministic_algorithms sets the same switch, but imports torch's compiler, which takes more than a second
    torch.set_deterministic_debug_mode("warn" if device == "cuda" else "error")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "the suite's key device is cuda, but torch finds no GPU here; set device: cpu in params/suites"
        )
