"""SimCLR: two forwards, its losses and heads, h and g(h), the pretext answer by brute force, and refused recipes."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.negatives import margin_triplet, nt_logistic
from selfsup.nn.encoder import load_encoder, save_encoder
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch, move, optimisers, step, views_of
from tests.methods.recipes import build

CRITERIA = [
    {"name": "nt_xent", "temperature": 0.2},
    *({"name": "nt_logistic", "temperature": 0.37, "negatives": negatives} for negatives in ("all", "semi_hard")),
    *({"name": "margin", "margin": 0.4, "negatives": negatives} for negatives in ("all", "semi_hard")),
]
HEADS = [
    {"kind": "none"},
    {"kind": "linear", "out_dim": 64},
    {"kind": "nonlinear", "hidden_dim": 256, "out_dim": 64},
]
every_criterion = pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: "-".join(map(str, c.values())))
every_head = pytest.mark.parametrize("head", HEADS, ids=lambda head: head["kind"])


def test_batch_norm_statistics_are_per_view():
    """The loss is that of two forwards; one forward on both views together gives another."""
    method = build("simclr").train()
    views = views_of(method)
    first, second = views["view 1"], views["view 2"]
    loss = method.loss(views, {}, STEP).loss

    def by_hand(z):
        z = F.normalize(z, dim=1)
        logits = (z @ z.T / 0.2).fill_diagonal_(-torch.inf)
        return F.cross_entropy(logits, torch.arange(2 * EXAMPLES).roll(EXAMPLES))

    def project(x):
        return method.projection(method.encoder(x))

    torch.testing.assert_close(loss, by_hand(torch.cat([project(first), project(second)])), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(loss, by_hand(project(torch.cat([first, second]))), rtol=1e-4)


def test_views_differ_and_are_of_the_same_image():
    method = build("simclr", augmentation={"crop_scale_min": 1.0, "color_strength": 0.0, "gray_probability": 0.0})
    views = views_of(method)
    straight = views["view 1"][0]
    assert any(torch.allclose(straight, other, atol=1e-5) for other in (views["view 2"][0], views["view 2"][0].flip(2)))
    jittered = views_of(build("simclr"))
    assert not torch.allclose(jittered["view 1"], jittered["view 2"], atol=0.05)


def test_pretext_is_the_nearest_of_all_other_rows():
    method = build("simclr").train()
    of = optimisers(method)
    for number in range(5):
        step(method, views_of(method, number), of)
    views = views_of(method, 7)
    pretext = method.eval().pretext(views)
    with torch.no_grad():
        z = method.projection(method.encoder(torch.cat([views["view 1"], views["view 2"]])))
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        nearest = max(others, key=lambda j: F.cosine_similarity(z[i], z[j], dim=0).item())
        assert pretext.score[i] == (nearest == (i + EXAMPLES) % len(z))
        assert torch.equal(pretext.images[pretext.target[i]], torch.cat([views["view 2"], views["view 1"]])[i])


def test_panel_shows_both_views_of_an_image_side_by_side():
    method = build("simclr")
    views = views_of(method)
    (panel,) = method.panels(views)
    assert panel.captions[:3] == ["image 1, view 1", "image 1, view 2", "image 2, view 1"]
    assert torch.equal(panel.images[3], views["view 2"][1])


@every_criterion
@every_head
def test_every_loss_and_head_is_pure_and_moves_all_parameters(criterion, head):
    method = build("simclr", criterion=criterion, head=head).train()
    views = views_of(method)
    terms = method.loss(views, {}, STEP)
    assert torch.equal(terms.loss, method.loss(views, {}, STEP).loss)
    assert terms.loss.isfinite()
    assert 0 <= terms.metrics["pretext_accuracy"] <= 1
    gradients = torch.autograd.grad(terms.loss, list(method.objectives()["main"].parameters.values()))
    assert all(gradient.isfinite().all() for gradient in gradients)
    assert sum(gradient.abs().sum() for gradient in gradients) > 0


@every_criterion
def test_every_loss_overfits_eight_examples(criterion):
    """What semi-hard mining leaves out is small from the start: there the answers say that it learned."""
    method = build("simclr", criterion=criterion).train()
    views, of = views_of(method), optimisers(method)
    losses = [move(method, views, of)[0] for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0] or criterion.get("negatives") == "semi_hard"
    assert method.loss(views, {}, STEP).metrics["pretext_accuracy"] > 0.8


def test_the_losses_get_the_recipes_values():
    for criterion in CRITERIA[1:]:
        method = build("simclr", criterion=criterion).train()
        views, negatives = views_of(method), criterion["negatives"]
        first, second = (method.projection(method.encoder(views[name])) for name in ("view 1", "view 2"))
        expected = nt_logistic(first, second, 0.37, negatives) if "temperature" in criterion else None
        expected = expected or margin_triplet(first, second, 0.4, negatives)
        assert torch.equal(method.loss(views, {}, STEP).loss, expected[0])


@every_head
def test_encoders_are_h_and_its_projection(head, tmp_path):
    method = build("simclr", head=head).train()
    of = optimisers(method)
    for number in range(2):
        step(method, views_of(method, number), of)
    image = batch()["image"]
    kept = method.eval().encoders()
    assert list(kept) == ["image", "projection"]
    with torch.no_grad():
        h = method.encoder(image)
        assert torch.equal(kept["image"](image), h)
        assert torch.equal(kept["projection"](image), method.projection(h))
        save_encoder(kept["projection"], tmp_path)
        assert torch.equal(load_encoder(tmp_path)(image), method.projection(h))
    assert kept["projection"].feature_dim == (h.shape[1] if head["kind"] == "none" else 64)


def test_keeping_the_projection_adds_no_state():
    method = build("simclr")
    before = list(method.state_dict())
    method.encoders()
    assert list(method.state_dict()) == before
    assert len(before) == len({tensor.data_ptr() for tensor in method.state_dict().values()})


def test_a_batch_of_one_is_refused():
    with pytest.raises(InputError, match=r"^batch_size is 1"):
        build("simclr", info=replace(INFO, batch_size=1))
