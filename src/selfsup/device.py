"""Threads, determinism and precision of a job: values of the suite, never of the machine."""

import torch

from selfsup.errors import InputError


def prepare_device(device: str, threads: int) -> None:
    """Fix threads and determinism; a device that is asked for and not there is an error, never a silent CPU.

    TF32 is off, so that float32 means float32: a GPU would else round the factors of its products to 10 bits.
    """
    torch.set_num_threads(threads)
    # the same switch as use_deterministic_algorithms, which imports torch's compiler first, for more than a second
    torch.set_deterministic_debug_mode("warn" if device == "cuda" else "error")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "the suite's key device is cuda, but torch finds no GPU here; set device: cpu in params/suites"
        )
