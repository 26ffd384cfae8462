"""Captions to text to tokens."""

import pytest
import torch

from selfsup.tables.vocabulary import make
from selfsup.views.tokens import END, PADDING, START, Tokenizer, texts


def array(*said):
    longest = max(len(text) for text in said)
    return torch.tensor([list(text.ljust(longest, b"\0")) for text in said], dtype=torch.uint8)


@pytest.fixture(scope="module")
def vocabulary():
    return make(captions=array(b"a cat on a mat", b"a dog")[:, None], vocabulary_size=300)["vocabulary"]


def test_captions_end_at_the_first_zero():
    assert texts(array("été, a cat".encode(), b"dog", b"")) == ["été, a cat", "dog", ""]


def test_invalid_utf8_is_replaced():
    assert texts(array(b"a \xff cat")) == ["a \N{REPLACEMENT CHARACTER} cat"]


def test_every_text_can_be_read(vocabulary):
    tokens = Tokenizer(vocabulary, 40)(["zebra \N{SNOWMAN}", "a cat", ""])
    assert tokens.dtype == torch.int64
    assert (tokens[:, 0] == START).all()
    assert ((tokens == END).sum(1) == 1).all()
    assert tokens[2].tolist()[:3] == [START, END, PADDING]
    seen = tokens[0][1 : int((tokens[0] == END).int().argmax())]
    assert len(seen) >= 6
    assert (seen > END).all()


def test_a_long_text_is_truncated_with_an_end_token(vocabulary):
    tokens = Tokenizer(vocabulary, 8)(["a cat " * 20, "a cat"])
    assert tokens.shape == (2, 8)
    assert tokens[0, -1] == END
    short = Tokenizer(vocabulary, 30)(["a cat " * 20])
    assert torch.equal(short[0, :7], tokens[0, :7])


def test_marks_in_a_text_are_text(vocabulary):
    tokens = Tokenizer(vocabulary, 40)(["a <end> cat <start>"])
    assert (tokens == END).sum() == 1
    assert (tokens == START).sum() == 1
    assert (tokens == PADDING).sum() == 0


def test_texts_do_not_depend_on_their_neighbours(vocabulary):
    read = Tokenizer(vocabulary, 20)
    alone, among = read(["a dog"])[0], read(["a cat on a mat", "a dog"])[1]
    assert torch.equal(among[: len(alone)], alone)
    assert (among[len(alone) :] == PADDING).all()
