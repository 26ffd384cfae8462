"""Text as tokens: captions read from their bytes, and cut into byte pairs of a vocabulary that was learned."""

from collections.abc import Sequence

import torch
from torch import Tensor

PADDING, START, END = 0, 1, 2
SPECIAL = ["<padding>", "<start>", "<end>"]  # by their numbers


def texts(captions: Tensor) -> list[str]:
    """Return the text of each caption, uint8 (N, L), UTF-8 up to the first 0; bytes that are none become a mark."""
    return [bytes(row).partition(b"\0")[0].decode(errors="replace") for row in captions.cpu().numpy()]


class Tokenizer:
    """Texts to tokens int64 (N, T): start, the pairs of their bytes, end, then padding up to the longest.

    ``vocabulary`` uint8 (B,) is the JSON that tables/vocabulary.py learned; a text of more than ``context_length`` tokens
    is cut, and ends all the same.
    """

    def __init__(self, vocabulary: Tensor, context_length: int) -> None:
        from tokenizers import Tokenizer as BytePairs

        self._pairs = BytePairs.from_str(bytes(vocabulary.cpu().numpy()).decode())
        self._pairs.encode_special_tokens = True  # a caption that says "<end>" ends no sooner
        self._most = context_length - 2
        self.size: int = self._pairs.get_vocab_size()

    def __call__(self, texts: Sequence[str]) -> Tensor:
        rows = [[START, *self._pairs.encode(text).ids[: self._most], END] for text in texts]
        longest = max(map(len, rows))
        return torch.tensor([[*row, *[PADDING] * (longest - len(row))] for row in rows])
