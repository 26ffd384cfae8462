"""Supervised training on sound: the labels of a window's frames, and what has too few."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.testing.trials import EXAMPLES, STEP, batch_of, views_of
from tests.methods.recipes import build, info_of

SHORT = {"window_seconds": 0.5, "gain_db": 0.0}


def batch_with_content(method):
    """Return a batch whose content is the number of the frame, modulo four, and silent in the last fifth."""
    batch = batch_of(method)
    batch["content"] = (torch.arange(100) % 4).repeat(EXAMPLES, 1)
    batch["content"][:, 80:] = -1
    return batch


def test_frames_have_the_content_of_their_position_and_silence_none():
    method = build("supervised_content", **SHORT)
    draws = {**method.draw(EXAMPLES, generator(0, "views")), "start": 80 * torch.arange(0, 48, 6) / 4001 + 1e-4}
    label = method.views(batch_with_content(method), draws)["label"]
    assert label.shape == (EXAMPLES, 50)
    for n in range(EXAMPLES):
        frame = torch.arange(6 * n, 6 * n + 50)
        assert torch.equal(label[n], torch.where(frame < 80, frame % 4, -1))


def test_speakers_are_those_of_the_utterance_in_labelled_frames():
    method = build("supervised_speaker", **SHORT)
    batch = batch_with_content(method)
    draws = {**method.draw(EXAMPLES, generator(0, "views")), "start": torch.full((EXAMPLES,), 0.99999)}
    label = method.views(batch, draws)["label"]
    assert torch.equal(label[:, :30], batch["speaker"][:, None].expand(-1, 30))
    assert (label[:, 30:] == -1).all()


def test_loss_is_the_cross_entropy_of_frames_with_a_label():
    method = build("supervised_content", **SHORT).train()
    views = views_of(method)
    views["label"][:, 20:] = -1
    terms = method.loss(views, {}, STEP)
    logits = method.classifier(method.encoder.maps(views["waveform"])["context"].transpose(1, 2))[:, :20]
    expected = F.cross_entropy(logits.flatten(0, 1), views["label"][:, :20].flatten())
    torch.testing.assert_close(terms.loss, expected)
    right = logits.argmax(2) == views["label"][:, :20]
    torch.testing.assert_close(terms.metrics["pretext_accuracy"], right.float().mean())


@pytest.mark.parametrize(
    ("name", "info", "sentence"),
    [
        ("supervised_content", {"classes": 1}, "hyper.target is content, but the data set has 1 of these classes"),
        ("supervised_speaker", {"speakers": 1}, "hyper.target is speaker, but the data set has 1 of these classes"),
    ],
)
def test_a_single_class_is_refused(name, info, sentence):
    with pytest.raises(InputError, match=sentence):
        build(name, info=replace(info_of(name), **info))
