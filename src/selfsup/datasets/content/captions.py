"""Captions as an array: UTF-8 padded with zeros, stored in the prepared file beside the images."""

from collections.abc import Sequence

import numpy as np


def caption_array(captions: Sequence[Sequence[str]], length_bytes: int | None = None) -> np.ndarray:
    """Return uint8 (N, V, L): V captions of each of N images, L the length of the longest or ``length_bytes``.

    An image with fewer than V captions repeats them in turn, so that each is sampled about equally often. Raises
    ValueError where a caption is longer than ``length_bytes``.
    """
    phrasings = max(map(len, captions))
    encoded = [[own[n % len(own)].encode() for n in range(phrasings)] for own in captions]
    longest = max(len(text) for own in encoded for text in own)
    length = longest if length_bytes is None else length_bytes
    if longest > length:
        raise ValueError(f"a caption has {longest} bytes, more than {length}")
    padded = b"".join(text.ljust(length, b"\0") for own in encoded for text in own)
    return np.frombuffer(padded, np.uint8).reshape(len(captions), phrasings, length)
