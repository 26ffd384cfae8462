"""Relative position: what is shown, what is asked, what the loss is, and which images are too small."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.methods.relative_patch import DIRECTIONS, directions, draw_pairs, of_pairs
from selfsup.testing.trials import EXAMPLES, PATCH_INFO, STEP, batch, views_of
from selfsup.views.patches import normalised
from tests.methods.recipes import build

NAME = "relative_patch"


def place(number):
    return divmod(number, 3)


def test_the_second_patch_is_in_the_labelled_direction():
    pairs = draw_pairs(500, torch.Generator().manual_seed(0))
    for direction, step in enumerate(DIRECTIONS.values()):
        found = {tuple(pair) for pair in pairs[:, direction].tolist()}
        neighbours = {
            (3 * row + column, 3 * (row + step[0]) + column + step[1])
            for row in range(3)
            for column in range(3)
            if 0 <= row + step[0] < 3 and 0 <= column + step[1] < 3
        }
        assert found == neighbours


def test_directions_have_the_names_of_image_axes():
    for name, (down, right) in DIRECTIONS.items():
        assert ("above" in name, "below" in name, "left" in name, "right" in name) == (
            down == -1,
            down == 1,
            right == -1,
            right == 1,
        )
    assert len(set(DIRECTIONS.values())) == 8


def test_patches_are_at_their_corners():
    """On an image that holds its own coordinates, the second patch really is where the direction says."""
    method = build(NAME, chromatic="none")
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    image = torch.stack([rows, columns, torch.zeros_like(rows)]).to(torch.uint8).expand(EXAMPLES, 3, 64, 64)
    corner = draws["corner"][torch.arange(EXAMPLES)[:, None, None], draws["pair"]]
    step = (corner[:, :, 1] - corner[:, :, 0]).double()
    expected = torch.tensor(list(DIRECTIONS.values()), dtype=torch.float64)
    pitch_px, room_px = 15 + 7, 2
    assert ((step - pitch_px * expected).abs() <= room_px).all()
    raw = torch.stack(
        [
            torch.stack([picture[:, top : top + 15, left : left + 15] for top, left in places])
            for picture, places in zip(image, draws["corner"].tolist(), strict=True)
        ]
    )
    ours = method.views({"image": image}, draws)["patch"]
    torch.testing.assert_close(ours, normalised(raw.float() / 255))


def test_pairs_pick_their_patches():
    values = torch.arange(18.0).view(2, 9)
    pair = torch.tensor([[[0, 4], [8, 7]], [[3, 0], [1, 2]]])
    assert of_pairs(values, pair).tolist() == [[0, 4], [8, 7], [12, 9], [10, 11]]


def test_loss_is_the_mean_over_all_pairs_with_its_gradient():
    """Each pair by itself, in float64: concatenated features, the head's layers written out, log-softmax."""
    method = build(NAME).double().train()
    views = views_of(method)
    views["patch"] = views["patch"].double()
    loss = method.loss(views, {}, STEP).loss
    first, norm, _, second, _, last = method.classifier
    features = method.encoder(views["patch"].flatten(0, 1)).view(EXAMPLES, 9, -1)
    fused = []
    for example in range(EXAMPLES):
        for one, other in views["pair"][example].tolist():
            fused.append(torch.cat([features[example, one], features[example, other]]))
    hidden = torch.stack(fused) @ first.weight.T + first.bias
    hidden = (hidden - hidden.mean(0)) / (hidden.var(0, correction=0) + norm.eps).sqrt() * norm.weight + norm.bias
    hidden = (hidden.clamp(min=0) @ second.weight.T + second.bias).clamp(min=0)
    logits = hidden @ last.weight.T + last.bias
    total = sum(logits[row].logsumexp(0) - logits[row, row % 8] for row in range(8 * EXAMPLES))
    expected = total / (8 * EXAMPLES)
    torch.testing.assert_close(loss, expected)
    parameters = list(method.parameters())
    ours, theirs = torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters)
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-9)


def test_colours_are_dropped_projected_or_kept():
    dropped = views_of(build(NAME, chromatic="drop"))["patch"]
    spread = dropped.std((-2, -1)).sort(2).values
    assert (spread[..., :2] < 0.05 * spread[..., 2:]).all()
    projected = views_of(build(NAME, chromatic="project"))["patch"]
    green = 2 * projected[:, :, 1] - projected[:, :, 0] - projected[:, :, 2]
    assert green.abs().max() < 1e-5
    kept = views_of(build(NAME, chromatic="none"))["patch"]
    assert (kept.std((-2, -1)).min(2).values > 0.01).any()


def test_a_kept_colour_is_the_images_up_to_scale_and_brightness():
    """Nothing is cut off: with two colours dropped, the kept one goes beyond [0, 1]."""
    method = build(NAME, chromatic="drop")
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    ours, image = method.views(batch(size_px=64), draws)["patch"], batch(size_px=64)["image"].double() / 255
    assert ours.min() < 0
    assert ours.max() > 1
    for example in range(EXAMPLES):
        for number, (top, left) in enumerate(draws["corner"][example].tolist()):
            kept = draws["kept"][example, number]
            given, shown = image[example, kept, top : top + 15, left : left + 15], ours[example, number, kept].double()
            z, expected = ((x - x.mean()) / x.std() for x in (shown, given))
            torch.testing.assert_close(z, expected, rtol=0, atol=1e-4)


def test_pretext_and_panels_state_the_direction():
    method = build(NAME).eval()
    views = views_of(method)
    pretext = method.pretext(views)
    assert pretext.images.shape == (8 * EXAMPLES, 2, 3, 15, 15)
    assert pretext.target.tolist() == list(range(8)) * EXAMPLES
    first, second = views["pair"][2, 5].tolist()
    assert torch.equal(pretext.images[2 * 8 + 5], views["patch"][2, [first, second]].clamp(0, 1))
    panels = method.panels(views)
    assert [caption for panel in panels for caption in panel.captions if caption != "from"] == list(DIRECTIONS)
    shown = torch.cat([panel.images for panel in panels])
    for direction in range(8):
        assert torch.equal(shown[2 * direction : 2 * direction + 2], pretext.images[9 * direction])
    assert torch.equal(directions(views), pretext.target)


def test_too_small_an_image_is_an_error():
    with pytest.raises(InputError, match=r"hyper.patch_px is 15.*need images of 61 px, but the images have 60"):
        build(NAME, info=replace(PATCH_INFO, size_px=60))
    method = build(NAME, info=replace(PATCH_INFO, size_px=61))
    method.views(batch(size_px=61), method.draw(EXAMPLES, torch.Generator()))


def test_patches_that_overlap_are_an_error():
    with pytest.raises(InputError, match=r"hyper.jitter_px is 4.*7 px apart could overlap; set 3 or less"):
        build(NAME, jitter_px=4)
