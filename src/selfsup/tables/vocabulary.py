"""The vocabulary of a text tower: byte pairs learned from the training captions."""

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.views.tokens import SPECIAL, texts

BYTES = 256


def make(*, captions: Tensor, vocabulary_size: PositiveInt) -> dict[str, Tensor]:
    """Return ``vocabulary``, a tokenizer's JSON as uint8 (B,), learned from captions uint8 (M, V, L).

    DataInfo: ``tokens``, how many it has, at most ``vocabulary_size``: pairs end where each word is one token; and
    ``tokens_of_longest_caption`` with its start and end. Every byte is a token, so any text can be read. Equal captions
    give equal bytes, whatever their order. Raises InputError where there is no room for the bytes.

    Args:
        vocabulary_size: tokens that are learned from the captions.

    Source: Sennrich et al. 2016 for byte pairs; Radford et al. 2021 (CLIP), section 2.4: lower case, 49,152 pairs.
    Differs: a word is marked by the space before it, as in GPT-2, not by a sign at its end.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    smallest = BYTES + len(SPECIAL)
    if vocabulary_size < smallest:
        raise InputError(f"table.vocabulary_size is {vocabulary_size}; bytes and marks alone are {smallest}, set more")
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
    said = texts(captions.flatten(0, 1))
    tokenizer.train_from_iterator(said, trainer)
    longest = max(len(tokenizer.encode(text).ids) for text in set(said))
    return {
        "vocabulary": torch.frombuffer(bytearray(tokenizer.to_str().encode()), dtype=torch.uint8),
        "tokens": torch.tensor(tokenizer.get_vocab_size()),
        "tokens_of_longest_caption": torch.tensor(longest + 2),
    }
