"""SimCLR: two forwards, the pretext answer by brute force, and refused recipes."""

from dataclasses import replace

import pytest
import torch
from recipes import EXAMPLES, FACTS, build, optimisers, step, views_of
from torch.nn import functional as F

from selfsup.errors import InputError


def test_batch_norm_statistics_are_per_view():
    """The loss is that of two forwards; one forward on both views together gives another."""
    method = build("simclr").train()
    views = views_of(method)
    first, second = views["view 1"], views["view 2"]
    loss = method.loss(views, {}).loss

    def by_hand(z):
        z = F.normalize(z, dim=1)
        logits = (z @ z.T / 0.2).fill_diagonal_(-torch.inf)
        return F.cross_entropy(logits, torch.arange(2 * EXAMPLES).roll(EXAMPLES))

    def project(x):
        return method.projection(method.encoder(x))

    torch.testing.assert_close(loss, by_hand(torch.cat([project(first), project(second)])), rtol=1e-5, atol=1e-6)
    assert not torch.allclose(loss, by_hand(project(torch.cat([first, second]))), rtol=1e-4)


def test_views_differ_and_are_of_the_same_image():
    method = build("simclr", crop_scale_min=1.0, color_strength=0.0, gray_probability=0.0)
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
        assert pretext.correct[i] == (nearest == (i + EXAMPLES) % len(z))
        assert torch.equal(pretext.images[pretext.target[i]], torch.cat([views["view 2"], views["view 1"]])[i])


def test_panel_shows_both_views_of_an_image_side_by_side():
    method = build("simclr")
    views = views_of(method)
    (panel,) = method.panels(views)
    assert panel.captions[:3] == ["image 1, view 1", "image 1, view 2", "image 2, view 1"]
    assert torch.equal(panel.images[3], views["view 2"][1])


def test_a_batch_of_one_is_refused():
    with pytest.raises(InputError, match=r"^batch_size is 1"):
        build("simclr", facts=replace(FACTS, batch_size=1))
