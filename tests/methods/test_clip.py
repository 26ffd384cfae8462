"""CLIP: whole captions and unmirrored images, the clamp, the order of a batch, the towers that it keeps, refused recipes."""

import math
from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.losses.info_nce import clip
from selfsup.methods.clip import CLIP
from selfsup.nn import encoder
from selfsup.nn.encoder import load_encoder, save_encoder
from selfsup.seeds import generator
from selfsup.specs.networks import TextTower
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch_of, every_array, optimisers, step, views_of
from selfsup.views.tokens import END, Tokenizer, texts
from tests.methods.recipes import build, table_of


def test_an_image_stays_with_one_of_its_own_captions():
    method = build("clip")
    views = views_of(method)
    phrasings = every_array(INFO)["caption"]
    for row in range(EXAMPLES):
        assert any(torch.equal(views["caption"][row], phrasing) for phrasing in phrasings[row])
    read = Tokenizer(method.info.table["vocabulary"], 32)
    assert torch.equal(views["tokens"], read(texts(views["caption"])))


def test_every_phrasing_is_drawn_about_as_often():
    method = build("clip")
    chosen = method.draw(4000, generator(0, "views"))["phrasing"].mul(4).long()
    assert chosen.bincount(minlength=4).tolist() == pytest.approx([1000] * 4, abs=120)


def test_images_are_cropped_to_squares_and_never_mirrored():
    method = build("clip", crop_scale_min=1.0)
    image = batch_of(method)["image"]
    torch.testing.assert_close(views_of(method)["image"], image / 255, rtol=1e-5, atol=1e-5)
    box = build("clip", crop_scale_min=0.3).draw(500, generator(0, "views"))["box"]
    assert torch.equal(box[:, 2], box[:, 3])
    assert 15 <= box[:, 2].min() < box[:, 2].max() <= 32


def test_the_loss_is_of_the_projections_and_the_learned_scale():
    method = build("clip").train()
    views = views_of(method)
    image = method.image_projection(method.encoder(views["image"]))
    text = method.text_projection(method.text(views["tokens"]))
    assert torch.equal(method.loss(views, {}, STEP).loss, clip(image, text, method.log_scale)[0])
    assert method.log_scale.exp().item() == pytest.approx(1 / 0.07)


def test_the_scale_is_learned_and_clamped():
    method = build("clip", max_logit_scale=14.4).train()
    assert any(p is method.log_scale for p in method.objectives()["main"].parameters.values())
    of = optimisers(method, learning_rate=0.1)
    for number in range(10):
        step(method, views_of(method, number), of)
        assert method.log_scale.item() <= math.log(14.4) + 1e-6
    with torch.no_grad():
        method.log_scale.fill_(math.log(3.0))
    method.after_step({}, STEP)
    assert method.log_scale.item() == pytest.approx(math.log(3.0))


def test_the_order_of_the_batch_changes_nothing():
    method = build("clip").train()
    views = views_of(method)
    order = torch.randperm(EXAMPLES, generator=torch.Generator().manual_seed(1))
    loss = method.loss(views, {}, STEP).loss
    permuted = method.loss({name: rows[order] for name, rows in views.items()}, {}, STEP).loss
    torch.testing.assert_close(permuted, loss, rtol=1e-5, atol=1e-6)
    mismatched = method.loss({**views, "tokens": views["tokens"][order]}, {}, STEP).loss
    assert not torch.allclose(mismatched, loss, rtol=1e-3)


def test_both_towers_are_saved_with_their_projections(tmp_path):
    method = build("clip").train()
    of = optimisers(method)
    for number in range(2):
        step(method, views_of(method, number), of)
    method.eval()
    kept = method.encoders()
    assert list(kept) == ["image", "projection", "text"]
    views = views_of(method)
    save_encoder(kept["text"], tmp_path)
    loaded = load_encoder(tmp_path)
    with torch.no_grad():
        assert torch.equal(kept["projection"](views["image"]), method.image_projection(method.encoder(views["image"])))
        assert torch.equal(loaded(views["tokens"]), method.text_projection(method.text(views["tokens"])))
    read = Tokenizer(loaded.encoder.stages["end"].vocabulary, 32)
    assert torch.equal(read(texts(views["caption"])), views["tokens"])


def test_a_caption_that_is_too_long_is_truncated_with_an_end_token():
    tokens = views_of(build("clip", text_tower={"context_length": 4}))["tokens"]
    assert tokens.shape[1] == 4
    assert ((tokens == END).sum(1) == 1).all()


def test_the_panel_shows_images_above_their_captions():
    method = build("clip")
    views = views_of(method)
    (panel,) = method.panels(views)
    assert panel.captions == texts(views["caption"][: len(panel.images)])


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"text_tower": {"width": 30}}, "hyper.text_tower.width"),
        ({"text_tower": {"context_length": 2}}, "hyper.text_tower.context_length"),
        ({"temperature": 0.005}, "hyper.temperature"),
    ],
)
def test_invalid_values_are_refused_by_key(changes, key):
    with pytest.raises(InputError, match=f"^{key} is"):
        build("clip", **changes)


def test_a_missing_vocabulary_and_a_batch_of_one_are_refused():
    with pytest.raises(InputError, match=r"^batch_size is 1"):
        build("clip", info=replace(INFO, batch_size=1))
    tower = TextTower(width=8, layers=1, heads=2, context_length=8)
    hyper = {"out_dim": 8, "text_tower": tower, "temperature": 0.07, "max_logit_scale": 100.0, "crop_scale_min": 0.8}
    network = encoder.build({"backbone": "small_conv", "width": 4})
    with pytest.raises(InputError, match=r"^table is missing"):
        CLIP(network, INFO, **hyper)
    assert CLIP(network, replace(INFO, table=table_of("clip", INFO)), **hyper)
