"""Context encoders: what is hidden, who moves what, and what the three variants share."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from selfsup.errors import InputError
from selfsup.losses.inpainting import discriminator_loss, generator_loss, overlap_reconstruction
from selfsup.seeds import generator
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch, views_of
from tests.methods.recipes import build

VARIANTS = ["context_encoder_reconstruction", "context_encoder_adversarial", "context_encoder"]
ADVERSARIAL = ["context_encoder_adversarial", "context_encoder"]
MASKS = {"center": {"name": "center"}, "blocks": {"name": "blocks", "blocks": 4}}
masks = pytest.mark.parametrize("mask", ["center", "blocks"])


@masks
def test_variants_of_a_seed_have_equal_views_and_initial_generators(mask):
    methods = [build(name, mask=MASKS[mask]) for name in VARIANTS]
    first, *others = [views_of(method) for method in methods]
    assert all(torch.equal(first[key], other[key]) for other in others for key in first)
    states = [{n: p for n, p in m.state_dict().items() if not n.startswith("discriminator.")} for m in methods]
    assert all(torch.equal(states[0][key], state[key]) for state in states[1:] for key in states[0])


@masks
def test_nothing_in_the_hole_reaches_the_network(mask):
    method = build("context_encoder", mask=MASKS[mask], flip_probability=0.0).eval()
    seen = views_of(method)
    hole = seen["mask"]
    changed = torch.where(hole[:, None], 255 - batch()["image"], batch()["image"])
    other = views_of(method, image=changed)
    assert not torch.equal(seen["image"], other["image"])
    assert torch.equal(seen["masked"], other["masked"])
    assert torch.equal(torch.where(hole[:, None], 0, seen["masked"]), torch.where(hole[:, None], 0, seen["image"]))


def test_flip_mirrors_the_image():
    method = build("context_encoder", flip_probability=1.0)
    torch.testing.assert_close(views_of(method)["image"], batch()["image"].flip(3) / 255)


def test_each_image_has_its_own_blocks():
    masks = views_of(build("context_encoder", mask=MASKS["blocks"]))["mask"]
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) == EXAMPLES


def test_no_discriminator_where_it_has_no_weight():
    method = build("context_encoder_reconstruction")
    assert list(method.objectives()) == ["generator"]
    assert not hasattr(method, "discriminator")
    for name in ADVERSARIAL:
        assert list(build(name).objectives()) == ["generator", "discriminator"]


@pytest.mark.parametrize("name", VARIANTS)
def test_objectives_partition_the_parameters(name):
    method = build(name)
    held = [id(p) for objective in method.objectives().values() for p in objective.parameters.values()]
    assert sorted(held) == sorted(id(p) for p in method.parameters())


def signed(image):
    return image * 2 - 1


@masks
@pytest.mark.parametrize("name", VARIANTS)
def test_losses_are_combined_as_in_the_paper(name, mask):
    method = build(name, mask=MASKS[mask]).eval()  # evaluation mode: BatchNorm gives each image the same numbers again
    views = views_of(method)
    terms = method.loss(views, {}, STEP)
    made, image = terms.extras["prediction"], signed(views["image"])
    expected = method.reconstruction_weight * overlap_reconstruction(made, image, views["weight"])
    if method.adversarial_weight:
        shown = torch.where(views["weight"][:, None] > 0, made, image)
        if mask == "center":
            shown, image = shown[:, :, 6:26, 6:26], image[:, :, 6:26, 6:26]  # hole 8 to 24, two pixels more around it
            assert torch.equal(shown, made[:, :, 6:26, 6:26])
        logits = method.discriminator(shown)
        expected = expected + method.adversarial_weight * generator_loss(logits)
        opponent = method.discriminator_loss(views, terms.extras, STEP)
        torch.testing.assert_close(opponent.loss, discriminator_loss(method.discriminator(image), logits))
    torch.testing.assert_close(terms.loss, expected)


def gradients(loss, module: nn.Module):
    parameters = list(module.parameters())
    return torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True, materialize_grads=True)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_no_objective_gets_the_gradient_of_the_other(name):
    method = build(name).train()
    views = views_of(method)
    of_generator, of_discriminator = method.loss(views, {}, STEP), method.discriminator_loss(views, {}, STEP)
    assert all(g.abs().max() == 0 for g in gradients(of_generator.loss, method.discriminator))
    for part in (method.encoder, method.bottleneck, method.decoder):
        assert all(g.abs().max() == 0 for g in gradients(of_discriminator.loss, part))
        assert all(g.abs().max() > 0 for g in gradients(of_generator.loss, part))


def test_discriminator_takes_the_generators_prediction():
    method = build("context_encoder", mask=MASKS["center"]).train()
    views = views_of(method)
    extras = method.loss(views, {}, STEP).extras
    assert not extras["prediction"].requires_grad
    assert torch.equal(
        method.discriminator_loss(views, extras, STEP).loss, method.discriminator_loss(views, {}, STEP).loss
    )
    perfect = {"prediction": signed(views["image"])}
    real = method.discriminator(signed(views["image"])[..., 6:26, 6:26])
    torch.testing.assert_close(method.discriminator_loss(views, perfect, STEP).loss, discriminator_loss(real, real))


@masks
@torch.no_grad()
def test_prediction_changes_the_hole_and_nothing_else(mask):
    method = build("context_encoder", mask=MASKS[mask]).eval()
    views = views_of(method)
    prediction = method.predict(views)
    images, hole = prediction.images, prediction.arrays["mask"].bool()
    assert prediction.kind == "inpainting"
    assert prediction.arrays["mask"].dtype == torch.uint8
    assert torch.equal(hole, views["mask"])
    changed = (images["filled"] != images["original"]).any(1)
    assert not (changed & ~hole).any()
    made = (method.loss(views, {}, STEP).extras["prediction"] + 1) / 2
    assert torch.equal(images["filled"].transpose(0, 1)[:, hole], made.transpose(0, 1)[:, hole])


def test_panel_shows_each_hole_beside_its_content():
    method = build("context_encoder")
    views = views_of(method)
    (panel,) = method.panels(views)
    assert torch.equal(panel.images[0::2], views["masked"][:4])
    assert torch.equal(panel.images[1::2], views["image"][:4])


def test_images_of_another_size_are_decoded():
    info = replace(INFO, size_px=40)
    method = build("context_encoder", info=info).eval()
    views = method.views(batch(size_px=40), method.draw(EXAMPLES, generator(0, "views")))
    assert method.loss(views, {}, STEP).extras["prediction"].shape == (EXAMPLES, 3, 40, 40)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reconstruction_weight": 0.0, "adversarial_weight": 0.0}, "both 0"),
        ({"mask": MASKS["center"], "overlap_px": 9}, r"hyper.overlap_px is 9, .* set 8 or less"),
        ({"mask": {"blocks": 200}}, r"hyper.mask.blocks is 200, .* set fewer"),
    ],
)
def test_impossible_values_are_refused_by_key(changes, told):
    with pytest.raises(InputError, match=told):
        build("context_encoder", **changes)


def test_an_image_of_the_training_size_is_completed_as_it_is_predicted():
    method = build("context_encoder", mask=MASKS["center"], flip_probability=0.0).eval()
    views = views_of(method)
    with torch.no_grad():
        predicted = method.predict(views).images
    for number, image in enumerate(views["image"].split(1)):
        completed = method.complete(image).images
        for name in ("masked", "filled"):
            torch.testing.assert_close(completed[name][0], predicted[name][number], rtol=0, atol=2 / 255)
