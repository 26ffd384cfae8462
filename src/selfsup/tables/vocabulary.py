"""A text tower's vocabulary: byte pairs learned from the training captions."""

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.views.tokens import SPECIAL, texts

BYTES = 256


def make(*, captions: Tensor, vocabulary_size: PositiveInt) -> dict[str, Tensor]:
    """Return ``vocabulary``, a tokenizer's JSON as uint8 (B,), learned from captions uint8 (M, V, L).

    Scalars for the report: ``tokens``, its size, at most ``vocabulary_size`` (merging stops when every word is one token),
    and ``tokens_of_longest_caption`` with start and end. Every byte is a token, so that any text can be encoded. Equal
    captions give equal bytes in any order. Raises InputError where ``vocabulary_size`` is too small for the bytes.

    Args:
        vocabulary_size: tokens that are learned from the captions.

    Source: Sennrich et al. 2016 for byte pairs; Radford et al. 2021 (CLIP), section 2.4: lower case, 49,152 pairs.
    Differs: a word is marked by the space before it, as in GPT-2, not by a mark at its end.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    smallest = BYTES + len(SPECIAL)
    if vocabulary_size < smallest:
        raise InputError(
            f"table.vocabulary_size is {vocabulary_size}, but bytes and special tokens are {smallest}; set more"
        )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=SPECIAL,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    corpus = texts(captions.flatten(0, 1))
    tokenizer.train_from_iterator(corpus, trainer)
    longest = max(len(tokenizer.encode(text).ids) for text in set(corpus))
    return {
        "vocabulary": torch.frombuffer(bytearray(tokenizer.to_str().encode()), dtype=torch.uint8),
        "tokens": torch.tensor(tokenizer.get_vocab_size()),
        "tokens_of_longest_caption": torch.tensor(longest + 2),
    }
