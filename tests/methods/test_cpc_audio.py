"""CPC on sound: which times are asked, what the context may know, what is predicted, and sizes that do not fit."""

from dataclasses import replace

import pytest
import torch

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.testing.trials import EXAMPLES, STEP, batch_of, views_of
from selfsup.views.waveforms import first_sample
from tests.methods.recipes import build, info_of

SHORT = {"window_seconds": 0.5, "gain_db": 0.0}


def test_windows_are_cut_at_the_drawn_positions():
    method = build("cpc_audio", **SHORT)
    batch = batch_of(method)
    draws = method.draw(EXAMPLES, generator(0, "views"))
    views = method.views(batch, draws)
    assert views["waveform"].shape == (EXAMPLES, 4000)
    firsts = first_sample(batch["waveform"], draws["start"], 4000).tolist()
    assert len(set(firsts)) > 1
    for n, first in enumerate(firsts):
        assert torch.equal(views["waveform"][n], batch["waveform"][n, first : first + 4000].float() / 32768)


def test_times_are_spread_over_those_that_have_all_steps_after_them():
    method = build("cpc_audio", **SHORT, times=8)
    times = torch.cat([views_of(method, seed)["time"] for seed in range(200)])
    assert times.min() == 0
    assert times.max() == 50 - 8 - 1
    count = times.flatten().bincount().float()
    assert count.min() > 0.6 * count.mean()
    assert (times.diff(dim=1) >= 0).all()
    assert (times.diff(dim=1) == 0).float().mean() < 0.02  # of 42 frames each of eight times has its own part


def test_no_time_is_in_the_padding_of_a_recording():
    method = build("cpc_audio", **SHORT)
    waveform = batch_of(method)["waveform"]
    sound = torch.tensor([400, 640, 800, 1600, 3000, 4000, 6000, 8000])
    waveform[torch.arange(8000) >= sound[:, None]] = 0
    waveform[torch.arange(EXAMPLES), sound - 1] = 7
    last = (sound.clamp(max=4000) // 80 - 8 - 1).clamp(min=0)
    found = torch.stack(
        [
            method.views({"waveform": waveform}, method.draw(EXAMPLES, generator(seed, "views")))["time"].amax(1)
            for seed in range(40)
        ]
    ).amax(0)
    assert torch.equal(found, last)


@pytest.mark.parametrize("time", [0, 11, 60])
def test_predictions_depend_on_no_later_sample(time):
    method = build("cpc_audio").eval()
    views = views_of(method)
    views["time"] = torch.full_like(views["time"], time)
    waveform = views["waveform"].requires_grad_()
    _, predictions = method._predict({**views, "waveform": waveform})
    (gradient,) = torch.autograd.grad(predictions.sum(), waveform)
    end = (time + 1) * 80
    assert torch.equal(gradient[:, end:], torch.zeros_like(gradient[:, end:]))
    assert (gradient[:, :end].abs().sum(1) > 0).all()


def test_in_training_only_batch_norms_statistics_reach_back_in_time():
    method = build("cpc_audio").train()
    norms = [m for m in method.encoder.modules() if isinstance(m, torch.nn.BatchNorm1d)]
    views = views_of(method)
    waveform = views["waveform"].requires_grad_()

    def later():
        contexts = method.encoder.maps(waveform)["context"]
        (gradient,) = torch.autograd.grad(contexts[:, :, 20].square().sum(), waveform)
        return gradient[:, 21 * 80 :].abs().sum()

    assert later() > 0
    for norm in norms:
        norm.eval()
    assert later() == 0


def test_loss_is_the_mean_over_steps_each_with_its_own_matrix():
    method = build("cpc_audio", **SHORT, times=8).train()
    views = views_of(method)
    terms = method.loss(views, {}, STEP)
    assert list(terms.metrics) == [*(f"accuracy_step_{k}" for k in range(1, 9)), "own_window_share"]
    maps = method.encoder.maps(views["waveform"])
    row = torch.arange(EXAMPLES)[:, None]
    z, c = (maps[layer].transpose(1, 2) for layer in ("conv3", "context"))
    losses = []
    for k, matrix in enumerate(method.predict_steps, start=1):
        asked = (c[row, views["time"]] @ matrix.weight.T).flatten(0, 1)
        scores = asked @ z[row, views["time"] + k].flatten(0, 1).T
        losses.append(-scores.log_softmax(1).diagonal().mean())
    torch.testing.assert_close(terms.loss, sum(losses) / 8)


def test_the_loss_has_gradients_in_encoder_context_and_every_matrix():
    method = build("cpc_audio").train()
    method.loss(views_of(method), {}, STEP).loss.backward()
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("negatives", "expected"),
    [
        ({"windows": 8, "own_window": True}, [1, 1, 1, 1, 1, 1, 1, 1]),
        ({"windows": 8, "own_window": False}, [1, 1, 0, 1, 1, 1, 1, 1]),
        ({"windows": 4, "own_window": True}, [1, 1, 1, 1, 0, 0, 0, 0]),
        ({"windows": 2, "own_window": False}, [0, 0, 0, 1, 0, 0, 0, 0]),
        ({"windows": 1, "own_window": True}, [0, 0, 1, 0, 0, 0, 0, 0]),
    ],
)
def test_which_windows_the_third_windows_negatives_are_from(negatives, expected):
    assert views_of(build("cpc_audio", negatives=negatives))["sources"][2].int().tolist() == expected


def test_negatives_of_the_same_speaker():
    speaker = torch.tensor([0, 1, 0, 2, 1, 0, 0, 2])
    for own_window in (True, False):
        method = build("cpc_audio", modality="labelled_waveform", negatives={"windows": 4, "own_window": own_window})
        sources = views_of(method, speaker=speaker)["sources"]
        expected = [
            [m // 4 == n // 4 and speaker[m] == speaker[n] and (own_window or m != n) for m in range(8)]
            for n in range(8)
        ]
        assert torch.equal(sources, torch.tensor(expected))
        assert method.loss(views_of(method, speaker=speaker), {}, STEP).loss.isfinite()


@pytest.mark.parametrize(
    ("negatives", "share"),
    [((8, True), 7 / 63), ((8, False), 0), ((1, True), 1), ((2, True), 7 / 15)],
)
def test_the_share_of_negatives_that_are_the_windows_own(negatives, share):
    """Of eight times a window, none of them twice."""
    method = build("cpc_audio", times=8, negatives=dict(zip(("windows", "own_window"), negatives, strict=True)))
    views = views_of(method) | {"time": torch.arange(8).repeat(EXAMPLES, 1)}
    assert method.loss(views, {}, STEP).metrics["own_window_share"].item() == pytest.approx(share)


@pytest.mark.parametrize("steps", [2, 4, 8, 12, 16])
def test_every_horizon_of_the_ablation_fits(steps):
    method = build("cpc_audio", steps_predicted=steps).train()
    assert method.loss(views_of(method), {}, STEP).loss.isfinite()
    assert len(method.predict_steps) == steps


def test_panels_show_the_past_before_the_answer():
    method = build("cpc_audio")
    panels = method.panels(views_of(method))
    assert len(panels) == 2
    assert panels[0].captions == ["past", "the answer", "another time", "another voice"]
    assert not torch.equal(panels[0].images[1], panels[0].images[2])


@pytest.mark.parametrize(
    ("info", "changes", "key"),
    [
        ({"length": 6000}, {}, "hyper.window_seconds"),
        ({}, {"window_seconds": 0.08}, "hyper.steps_predicted"),
        ({}, {"steps_predicted": 100}, "hyper.steps_predicted"),
        ({}, {"negatives": {"windows": 3, "own_window": True}}, "hyper.negatives.windows is 3"),
        ({"rate_hz": 16000, "length": 16000}, {}, "encoder.strides"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_by_key(info, changes, key):
    with pytest.raises(InputError, match=key):
        build("cpc_audio", info=replace(info_of("cpc_audio"), **info), **changes)
