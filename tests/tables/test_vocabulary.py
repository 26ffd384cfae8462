"""The vocabulary: byte pairs of the captions, the same ones every time, in which any text can be read back."""

import json

import pytest
import torch

from selfsup.errors import InputError
from selfsup.tables.vocabulary import make
from selfsup.views.tokens import END, PADDING, START, Tokenizer

SAID = ["a red cup on grass", "the red boat, alone", "a small red tree", "Red cup"]


def array(texts):
    longest = max(len(text.encode()) for text in texts)
    rows = [list(text.encode().ljust(longest, b"\0")) for text in texts]
    return torch.tensor(rows, dtype=torch.uint8)[:, None]


@pytest.fixture(scope="module")
def table():
    return make(captions=array(SAID * 5), vocabulary_size=400)


def test_equal_captions_give_equal_bytes_in_any_order(table):
    again = make(captions=array((SAID * 5)[::-1]), vocabulary_size=400)
    assert torch.equal(table["vocabulary"], again["vocabulary"])
    assert table["vocabulary"].dtype == torch.uint8


def test_frequent_words_become_one_token(table):
    tokens = Tokenizer(table["vocabulary"], 30)(["red", "RED", "red cup"])
    assert tokens[0].tolist()[:3] == tokens[1].tolist()[:3]
    assert tokens[0].tolist()[0] == START
    assert tokens[0].tolist()[2:] == [END, PADDING]
    assert tokens.shape == (3, 4)


def test_facts_are_of_the_vocabulary(table):
    assert table["tokens"].item() == Tokenizer(table["vocabulary"], 9).size
    assert 259 < table["tokens"].item() < 400  # pairs end where each word is one token
    longest = max(len(row) for row in Tokenizer(table["vocabulary"], 99)(SAID).tolist())
    assert table["tokens_of_longest_caption"].item() == longest


def test_pairs_are_learned_from_what_is_frequent(table):
    merges = json.loads(bytes(table["vocabulary"].tolist()))["model"]["merges"]
    assert tuple(merges[0]) in {("r", "e"), ("e", "d"), ("Ġ", "r")}


def test_without_room_for_the_bytes_it_is_refused():
    with pytest.raises(InputError, match=r"^table\.vocabulary_size is 258"):
        make(captions=array(SAID), vocabulary_size=258)
