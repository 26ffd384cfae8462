"""Text as tokens: captions decoded from bytes and tokenized by byte pairs of a learned vocabulary."""

from collections.abc import Sequence

import torch
from torch import Tensor

PADDING, START, END = 0, 1, 2
SPECIAL = ["<padding>", "<start>", "<end>"]  # their index is their token


def texts(captions: Tensor) -> list[str]:
    """Return the text of each caption, uint8 (N, L), UTF-8 up to the first 0; invalid bytes become a replacement character."""
    return [bytes(row).partition(b"\0")[0].decode(errors="replace") for row in captions.cpu().numpy()]


class Tokenizer:
    """Texts to tokens int64 (N, T): start, byte pairs, end, then padding to the longest.

    ``vocabulary`` uint8 (B,) is the JSON of tables/vocabulary.py; a text of more than ``context_length`` tokens is
    truncated and still ends with the end token.
    """

    def __init__(self, vocabulary: Tensor, context_length: int) -> None:
        from tokenizers import Tokenizer as BytePairs

        self._pairs = BytePairs.from_str(bytes(vocabulary.cpu().numpy()).decode())
        self._pairs.encode_special_tokens = True  # "<end>" in a caption is text, not the end token
        self._max_pairs = context_length - 2
        self.size: int = self._pairs.get_vocab_size()

    def __call__(self, texts: Sequence[str]) -> Tensor:
        rows = [[START, *self._pairs.encode(text).ids[: self._max_pairs], END] for text in texts]
        longest = max(map(len, rows))
        return torch.tensor([[*row, *[PADDING] * (longest - len(row))] for row in rows])
