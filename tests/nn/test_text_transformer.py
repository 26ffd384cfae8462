"""The text tower: causality, the end token's place, one block by hand, and text read by an encoder from a disk."""

import math

import pytest
import torch

from selfsup.nn.backbones.text_transformer import Block, TextTower
from selfsup.nn.encoder import build, load_encoder, save_encoder
from selfsup.views.tokens import END, PADDING, START

DESCRIPTION = {
    "backbone": "text_transformer",
    "input": "tokens",
    "vocabulary_size": 50,
    "vocabulary_bytes": 7,
    "context_length": 12,
    "width": 8,
    "layers": 2,
    "heads": 2,
}


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return build(DESCRIPTION).eval()


def tokens(*rows):
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PADDING] * (longest - len(row))] for row in rows])


def test_the_feature_is_one_vector_a_text(tower):
    text = tokens([START, 7, 9, END], [START, 5, END])
    (name,) = tower.layers
    assert tower.maps(text)[name].shape == (2, 8, 1)
    assert torch.equal(tower(text), tower.maps(text)[name][:, :, 0])
    assert tower.feature_dim == 8


def test_what_stands_after_the_end_is_not_seen(tower):
    short, padded = tokens([START, 7, 9, END]), tokens([START, 7, 9, END, PADDING, PADDING])
    other = tokens([START, 7, 9, END, 23, END])
    torch.testing.assert_close(tower(short), tower(padded))
    torch.testing.assert_close(tower(short), tower(other))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_stands_before_the_end_is_seen(tower, place):
    text = tokens([START, 7, 9, END])
    changed = text.clone()
    changed[0, place] = 30
    assert not torch.allclose(tower(text), tower(changed), atol=1e-4)


def test_order_matters(tower):
    assert not torch.allclose(tower(tokens([START, 7, 9, END])), tower(tokens([START, 9, 7, END])), atol=1e-4)


def test_no_block_looks_ahead():
    """The gradient of place t with respect to later places is zero, and not with respect to earlier ones."""
    torch.manual_seed(0)
    block = Block(8, 2, 1).double()
    x = torch.randn(1, 5, 8, dtype=torch.float64, requires_grad=True)
    for place in range(5):
        (gradient,) = torch.autograd.grad(block(x)[0, place].sum(), x, retain_graph=True)
        assert (gradient[0, place + 1 :] == 0).all()
        assert (gradient[0, : place + 1].abs().sum(1) > 0).all()


def test_a_block_is_the_papers():
    """Pre-norm, heads of their own, softmax over what came before, scaled by the root of a head's width."""
    torch.manual_seed(1)
    block = Block(6, 2, 1).double()
    x = torch.randn(1, 4, 6, dtype=torch.float64)[0]
    normed = block.attention_norm(x)
    query, key, value = block.query_key_value(normed).chunk(3, dim=1)
    attended = torch.zeros(4, 6, dtype=torch.float64)
    for head in range(2):
        part = slice(3 * head, 3 * head + 3)
        for t in range(4):
            scores = torch.stack([query[t, part] @ key[s, part] / math.sqrt(3) for s in range(t + 1)])
            weights = scores.exp() / scores.exp().sum()
            attended[t, part] = sum(weights[s] * value[s, part] for s in range(t + 1))
    middle = x + block.attended(attended)
    expected = middle + block.narrow(torch.nn.functional.gelu(block.wide(block.place_norm(middle))))
    torch.testing.assert_close(block(x[None])[0], expected, rtol=1e-10, atol=1e-12)


def test_weights_start_as_in_the_published_code():
    torch.manual_seed(0)
    tower = TextTower(2000, 5, 64, 64, 4, 4)
    deviations = {
        tower.token.weight: 0.02,
        tower.position: 0.01,
        tower.blocks[0].query_key_value.weight: 64**-0.5,
        tower.blocks[3].wide.weight: (2 * 64) ** -0.5,
        tower.blocks[1].attended.weight: 64**-0.5 * 8**-0.5,
        tower.blocks[2].narrow.weight: 64**-0.5 * 8**-0.5,
    }
    for weight, expected in deviations.items():
        assert weight.std().item() == pytest.approx(expected, rel=0.05)


def test_the_vocabulary_lies_beside_the_weights(tower, tmp_path):
    tower.stages["end"].vocabulary.copy_(torch.arange(7, dtype=torch.uint8))
    save_encoder(tower, tmp_path)
    loaded = load_encoder(tmp_path)
    assert loaded.stages["end"].vocabulary.tolist() == list(range(7))
    assert loaded.stages["end"].context_length == 12
    text = tokens([START, 7, 9, END])
    with torch.no_grad():
        assert torch.equal(loaded(text), tower(text))
