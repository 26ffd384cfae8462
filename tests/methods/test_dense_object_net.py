"""Dense Object Nets: which pixels must agree and which must differ, by the sampling of the recipe."""

import pytest
import torch

from selfsup.datasets.procedural.pairs import SAME_CLASS, SAME_OBJECT, TWO_OBJECTS
from selfsup.datasets.scene_pairs import generate
from selfsup.errors import InputError
from selfsup.losses.pixelwise_contrastive import match_loss
from selfsup.methods.base import ARRAYS
from selfsup.methods.dense_object_net import DenseObjectNet
from selfsup.nn.encoder import build as build_encoder
from selfsup.seeds import generator
from selfsup.testing.trials import INFO, STEP, batch_of, views_of
from selfsup.views.correspondences import distance_px
from tests.methods.recipes import build

SIZE_PX = 32
PIXELS = SIZE_PX**2
SAMPLINGS = ("single_object", "class_consistent", "multi_object_distinct")
NAME = "dense_object_net"


@pytest.fixture(scope="module")
def scenes():
    """Eight pairs: four of one object, two of one class, two of two objects."""
    arrays = generate("train", 8, size_px=SIZE_PX, seed=0)
    return {name: torch.from_numpy(arrays[name]) for name in (*ARRAYS["image_pair"], "kind")}


def seen(scenes, sampling, **changes):
    method = build(NAME, sampling=sampling, matches=50, non_matches=9, least_distance_px=2.0, **changes)
    return method.views(scenes, method.draw(8, generator(0, "views")))


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_queries_and_matches_are_known_correspondences(scenes, sampling):
    views = seen(scenes, sampling)
    place = scenes["match"].flatten(0, 2)[views["query"]]
    counts = views["match_counts"]
    assert counts[scenes["kind"] == SAME_OBJECT].all()
    assert counts[scenes["kind"] == SAME_CLASS].all() == (sampling == "class_consistent")
    assert counts[scenes["kind"] == SAME_CLASS].any() == (sampling == "class_consistent")
    column, row = place.nan_to_num().long().unbind(-1)
    expected = row * SIZE_PX + column + torch.arange(8)[:, None] * PIXELS
    assert torch.equal(views["match"][counts], expected[counts])
    assert not place[counts].isnan().any()
    if sampling != "class_consistent":
        numbers = [scenes[f"{s}_mask"].flatten()[views[k]] for s, k in (("first", "query"), ("second", "match"))]
        assert torch.equal(numbers[0][counts], numbers[1][counts])


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_non_matches_are_in_the_right_regions(scenes, sampling):
    views, mask = seen(scenes, sampling), scenes["second_mask"].flatten()
    of_match = mask[views["match"]][..., None]
    counts = views["object_counts"]
    number = mask[views["object"]]
    assert counts.float().mean() > 0.4
    assert (number[counts] > 0).all()
    same = (number == of_match)[counts]
    assert same.all() == (sampling != "multi_object_distinct")
    assert same.any()
    far = distance_px(views["object"], views["match"][..., None], SIZE_PX) >= 2
    assert far[counts].all()
    assert not far.all()
    assert (mask[views["background"]][views["background_counts"]] == 0).all()
    own = torch.arange(8)[:, None, None]
    assert (views["object"] // PIXELS == own).all()
    assert (views["background"] // PIXELS == own).all()


def test_distinct_objects_are_those_of_the_same_image_and_of_the_next_pair(scenes):
    views, mask = seen(scenes, "multi_object_distinct"), scenes["second_mask"].flatten()
    two = scenes["kind"] == TWO_OBJECTS
    other = mask[views["object"]] != mask[views["match"]][..., None]
    assert (other & views["object_counts"])[two].any((1, 2)).all()
    counts = views["across_counts"]
    assert (views["across"] // PIXELS == torch.arange(8).roll(-1)[:, None, None]).all()
    assert (mask[views["across"]][counts] > 0).all()
    assert torch.equal(counts.any((1, 2)), scenes["kind"] != SAME_CLASS)
    assert "across" not in seen(scenes, "single_object")


def test_one_pair_alone_has_no_other_object():
    method = build(NAME, sampling="multi_object_distinct")
    batch = {key: rows[:1] for key, rows in batch_of(method).items()}
    views = method.views(batch, method.draw(1, generator(0, "views")))
    assert not views["across_counts"].any()
    assert method.loss(views, {}, STEP).loss.isfinite()


def test_the_loss_without_matches_is_zero(scenes):
    method = build(NAME, sampling="single_object")
    unknown = {**scenes, "match": torch.full_like(scenes["match"], torch.nan)}
    terms = method.loss(method.views(unknown, method.draw(8, generator(0, "views"))), {}, STEP)
    assert terms.loss.item() == 0
    gradients = torch.autograd.grad(terms.loss, list(method.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("scaled", [True, False])
def test_non_matches_of_all_kinds_have_one_divisor(scenes, scaled):
    """The joint number of hard ones, or of all, as in the authors' code; and the kinds' losses are parts of the whole."""
    method = build(
        NAME, sampling="multi_object_distinct", margin=0.7, background_margin=1.1, hard_negative_scaling=scaled
    )
    method.eval()
    views = method.views(scenes, method.draw(8, generator(0, "views")))
    flat = [
        method.encoder.maps(views[s])["descriptor"].permute(0, 2, 3, 1).reshape(8 * PIXELS, -1).double()
        for s in ("first", "second")
    ]
    query = flat[0][views["query"]]
    matched = match_loss(query, flat[1][views["match"]], views["match_counts"])
    short = {}
    for kind, margin in (("object", 0.7), ("background", 1.1), ("across", 0.7)):
        distance = (query[:, :, None] - flat[1][views[kind]]).square().sum(-1).sqrt()
        short[kind] = (margin - distance)[views[f"{kind}_counts"]]
    joint = torch.cat(list(short.values()))
    divisor = (joint > 0).sum() if scaled else len(joint)
    assert divisor > 100
    terms = method.loss(views, {}, STEP)
    expected = matched + joint.clamp(min=0).square().sum() / divisor
    torch.testing.assert_close(terms.loss.double(), expected, rtol=1e-5, atol=1e-6)
    for kind, values in short.items():
        part = values.clamp(min=0).square().sum() / divisor
        torch.testing.assert_close(terms.metrics[f"{kind}_loss"].double(), part, rtol=1e-5, atol=1e-6)
        assert terms.metrics[f"{kind}_hard_share"].item() == pytest.approx((values > 0).double().mean().item())


def test_both_images_have_gradients():
    method = build(NAME).train()
    views = views_of(method)
    sides = {side: views[side].requires_grad_() for side in ("first", "second")}
    gradients = torch.autograd.grad(method.loss(views | sides, {}, STEP).loss, list(sides.values()))
    assert all(gradient.abs().max() > 0 for gradient in gradients)


def test_descriptors_are_pixel_by_pixel_in_the_order_of_the_views(scenes):
    """A match's descriptors are those at its two places."""
    method = build(NAME).eval()
    images = scenes["second"].float() / 255
    maps, rows = method.encoder.maps(images)["descriptor"], method._descriptors(images)
    place = 3 * PIXELS + 17 * SIZE_PX + 5
    assert torch.equal(rows[place], maps[3, :, 17, 5])


def test_an_encoder_without_a_position_for_each_pixel_is_refused():
    hyper = {
        **dict.fromkeys(("matches", "non_matches"), 4),
        **{"sampling": "single_object", "least_distance_px": 2.0, "hard_negative_scaling": True},
        **dict.fromkeys(("margin", "background_margin"), 0.5),
    }
    with pytest.raises(InputError, match=r"small_conv, whose last map is 2 x 2 for images of 32 px; .* dense_conv"):
        DenseObjectNet(build_encoder({"backbone": "small_conv", "width": 4}), INFO, **hyper)


def test_marks_are_painted_at_matches(scenes):
    method = build(NAME, sampling="single_object")
    views = method.views(scenes, method.draw(8, generator(0, "views")))
    (panel,) = method.panels(views)
    assert panel.captions[:2] == ["pair 1, first", "pair 1, second"]
    for number, name in enumerate(("query", "match")):
        pixel = int(views[name][0, 0])
        colour = panel.images[number, :, pixel // SIZE_PX, pixel % SIZE_PX]
        plain = views[("first", "second")[number]][0, :, pixel // SIZE_PX, pixel % SIZE_PX]
        assert not torch.equal(colour, plain)
    assert torch.equal(views["first"], scenes["first"].float() / 255)
