"""Jigsaw puzzles: what is shown, what is asked, what the loss is, and what a recipe may not ask for."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.methods.jigsaw import POSITIONS
from selfsup.nn import encoder
from selfsup.testing.trials import EXAMPLES, PATCH_INFO, STEP, batch, views_of
from selfsup.views.patches import normalised
from tests.methods.recipes import build, info_of, method_class, recipe, table_of

NAME = "jigsaw"


def test_tile_i_of_the_puzzle_is_tile_permutation_i_of_the_image():
    method = build(NAME, gray_probability=0.0)
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    views = method.views(batch(size_px=64), draws)
    image = batch(size_px=64)["image"].float() / 255
    orders = table_of(NAME, PATCH_INFO)["permutations"][views["permutation"]]
    for example in range(EXAMPLES):
        for position, source in enumerate(orders[example].tolist()):
            top, left = draws["corner"][example, source].tolist()
            assert top // 21 in (source // 3, source // 3 + 1)
            tile = image[example, :, top : top + 18, left : left + 18]
            torch.testing.assert_close(views["tile"][example, position], normalised(tile[None, None])[0, 0])


def test_each_tile_is_normalised_by_itself():
    bright = batch(size_px=64)
    bright["image"] = bright["image"] // 2
    shaded = {**bright, "image": bright["image"].clone()}
    shaded["image"][:, :, :21, :21] += 100  # brighter in the place of one tile alone
    method = build(NAME, gray_probability=0.0)
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    draws["corner"] = torch.cartesian_prod(torch.tensor([0, 22, 44]), torch.tensor([0, 22, 44])).expand(EXAMPLES, 9, 2)
    plain, ours = (method.views(given, draws)["tile"] for given in (bright, shaded))
    torch.testing.assert_close(ours, plain, rtol=0, atol=1e-4)


def test_some_puzzles_are_grey():
    method = build(NAME)
    grey = method.draw(4000, torch.Generator().manual_seed(0))["gray"].float().mean()
    assert 0.27 < grey < 0.33
    tiles = views_of(build(NAME, gray_probability=1.0))["tile"]
    assert torch.equal(tiles[:, :, 0], tiles[:, :, 2])


def test_every_permutation_occurs():
    method = build(NAME)
    asked = method.draw(4000, torch.Generator().manual_seed(0))["permutation"]
    assert set(asked.tolist()) == set(range(100))


def test_loss_is_the_mean_over_puzzles_with_its_gradient():
    """Features concatenated tile by tile in the puzzle's order, the head's layers written out, in float64."""
    method = build(NAME).double().train()
    views = views_of(method)
    views["tile"] = views["tile"].double()
    loss = method.loss(views, {}, STEP).loss
    first, _, last = method.classifier
    features = method.encoder(views["tile"].flatten(0, 1)).view(EXAMPLES, 9, -1)
    total = 0.0
    for example, permutation in enumerate(views["permutation"].tolist()):
        fused = torch.cat([features[example, position] for position in range(9)])
        logits = last.weight @ (first.weight @ fused + first.bias).clamp(min=0) + last.bias
        total = total + logits.logsumexp(0) - logits[permutation]
    expected = total / EXAMPLES
    torch.testing.assert_close(loss, expected)
    parameters = list(method.parameters())
    ours, theirs = torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


def test_tiles_are_embedded_independently():
    """Context-free: the feature of a tile does not change with the other eight, in evaluation mode."""
    method = build(NAME).eval()
    tile = views_of(method)["tile"]
    changed = tile.clone()
    changed[:, 1:] = changed[:, 1:].flip(1)
    with torch.no_grad():
        before, after = (method.encoder(x.flatten(0, 1)).view(EXAMPLES, 9, -1)[:, 0] for x in (tile, changed))
    torch.testing.assert_close(after, before)


def test_pretext_and_panels_state_the_positions():
    method = build(NAME).eval()
    views = views_of(method)
    pretext = method.pretext(views)
    assert pretext.images.shape == (EXAMPLES, 9, 3, 18, 18)
    assert torch.equal(pretext.target, views["permutation"])
    panels = method.panels(views)
    assert len(panels) == 2
    orders = table_of(NAME, PATCH_INFO)["permutations"]
    for panel, tile, permutation in zip(panels, views["tile"], views["permutation"], strict=False):
        assert torch.equal(panel.images, tile.clamp(0, 1))
        assert [POSITIONS.index(caption) for caption in panel.captions] == orders[permutation].tolist()
    assert (POSITIONS[0], POSITIONS[5], POSITIONS[7]) == ("top left", "middle right", "bottom centre")


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"hyper.cell_px is 21.*need images of 63 px.*have 62.*cell_px to 20 or less"):
        build(NAME, info=replace(PATCH_INFO, size_px=62))
    with pytest.raises(InputError, match=r"hyper.tile_px is 22, more than hyper.cell_px 21; set 21 or less"):
        build(NAME, tile_px=22)


def test_a_missing_table_is_an_error():
    with pytest.raises(InputError, match=r"table is missing in the recipe of jigsaw; set \{table: permutations"):
        method_class(NAME).from_recipe(encoder.build(recipe(NAME)["encoder"]), info_of(NAME), recipe(NAME)["hyper"])
