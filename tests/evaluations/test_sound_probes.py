"""Probes of frames and of utterances: informative features, chance, and no use of test labels."""

import json

import h5py
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from selfsup.errors import NotApplicable
from selfsup.evaluations import frame_probe, utterance_probe

KEYS = {"penalties": [0.01, 0.001], "held_out_fraction": 0.25, "tolerance": 1e-6}
CHANCE = {"content": 20, "speaker": 25}
every_target = pytest.mark.parametrize("target", ["content", "speaker"])
FRAME = np.array([1, 4, 7])
CONTENTS, SPEAKERS, WIDTH = 5, 4, 8


def utterances(count, seed):
    """Return content (N, 9), speaker (N,), and features (N, 3, D) of the frames 1, 4 and 7 that tell both."""
    rng = np.random.default_rng(seed)
    content, speaker = rng.integers(0, CONTENTS, (count, 9)), np.arange(count) % SPEAKERS
    of_content = np.random.default_rng(90).normal(0, 1.2, (CONTENTS, WIDTH))
    of_speaker = np.random.default_rng(91).normal(0, 0.8, (SPEAKERS, WIDTH))
    features = of_content[content[:, FRAME]] + of_speaker[speaker][:, None]
    return content, speaker, features + rng.normal(0, 1, features.shape)


@pytest.fixture
def write_sound(inputs):
    """Writes features of sound: a layer ``noise`` and a layer ``good``, of 120 and 60 utterances."""

    def write(change=lambda split, columns: columns, names=("noise", "good")):
        for number, (split, count) in enumerate((("train", 120), ("test", 60))):
            content, speaker, good = utterances(count, number)
            noise = np.random.default_rng(50 + number).normal(size=good.shape)
            columns = {"content": content, "speaker": speaker, "frame": FRAME}
            for name, frames in (("noise", noise), ("good", good)):
                columns |= {
                    f"{name}.frames": frames.astype(np.float16),
                    f"{name}.mean": frames.mean(1, dtype=np.float32),
                }
            with h5py.File(inputs.features / f"{split}.h5", "w") as file:
                file.attrs["layers"] = json.dumps(list(names))
                for name, column in change(split, columns).items():
                    file[name] = column
        return inputs

    return write


def by_metric(measures):
    return {m.metric: m for m in measures if m.metric != "top1" or not m.layer}


@every_target
def test_frame_probe_agrees_with_scikit_learn(write_sound, target):
    found = by_metric(frame_probe.evaluate(write_sound(), target=target, **KEYS))
    measure, penalty = found["top1"], found["penalty"].value
    (x, y), (test_x, test_y) = (
        (
            features.astype(np.float16).reshape(-1, WIDTH).astype(float),
            content[:, FRAME].ravel() if target == "content" else speaker.repeat(3),
        )
        for content, speaker, features in (utterances(120, 0), utterances(60, 1))
    )
    scale = StandardScaler().fit(x)
    peer = LogisticRegression(C=1 / (len(x) * penalty), tol=1e-10, max_iter=5000).fit(scale.transform(x), y)
    assert measure.value == pytest.approx(100 * peer.score(scale.transform(test_x), test_y))
    assert (found["penalty"].layer, measure.layer, measure.n) == ("good", "", 60)
    assert measure.boot_low < measure.value < measure.boot_high
    assert measure.value > 2 * CHANCE[target]
    assert found["gradient_norm"].value <= 1e-6


@every_target
def test_every_layer_is_reported(write_sound, target):
    measures = frame_probe.evaluate(write_sound(), target=target, **KEYS)
    by_layer = {m.layer: m.value for m in measures if m.metric == "top1" and m.layer}
    assert list(by_layer) == ["noise", "good"]
    assert by_layer["noise"] == pytest.approx(CHANCE[target], abs=10)
    assert by_layer["good"] == by_metric(measures)["top1"].value


@pytest.mark.parametrize(
    ("probe", "target"), [(frame_probe, "content"), (frame_probe, "speaker"), (utterance_probe, "speaker")]
)
def test_shuffled_training_labels_end_at_chance(write_sound, probe, target):
    def shuffled(split, columns):
        order = np.random.default_rng(3).permutation(len(columns["speaker"])) if split == "train" else slice(None)
        return {**columns, "content": columns["content"][order], "speaker": columns["speaker"][order]}

    found = by_metric(probe.evaluate(write_sound(shuffled), target=target, **KEYS))
    assert found["top1"].value == pytest.approx(CHANCE[target], abs=15 if probe is utterance_probe else 10)


@pytest.mark.parametrize(("probe", "target"), [(frame_probe, "content"), (utterance_probe, "speaker")])
def test_test_labels_select_nothing(write_sound, probe, target):
    def other(split, columns):
        if split == "train":
            return columns
        return {
            **columns,
            "content": (columns["content"] + 1) % CONTENTS,
            "speaker": (columns["speaker"] + 1) % SPEAKERS,
        }

    plain, changed = (by_metric(probe.evaluate(write_sound(*how), target=target, **KEYS)) for how in ((), (other,)))
    assert changed["penalty"] == plain["penalty"]
    assert changed["gradient_norm"] == plain["gradient_norm"]
    assert changed["penalty"].layer == plain["penalty"].layer
    assert changed["top1"].value < 40 < plain["top1"].value


def test_held_out_frames_are_whole_utterances(write_sound, monkeypatch):
    masks = []
    kept = frame_probe.probe
    monkeypatch.setattr(frame_probe, "probe", lambda *given, **keys: masks.append(given[4][0]) or kept(*given, **keys))
    frame_probe.evaluate(write_sound(), target="content", **KEYS)
    assert len(masks) == 2
    for mask in masks:
        by_utterance = mask.view(120, 3)
        assert (by_utterance.all(1) | ~by_utterance.any(1)).all()
        assert by_utterance.all(1).sum() == 32  # a quarter of thirty each, rounded


@every_target
def test_frames_without_content_are_ignored(write_sound, target):
    """Where the last kept frame is silent, its features may be anything."""

    def silent(split, columns, spoilt=0.0):
        content = columns["content"].copy()
        content[::2, 7] = -1
        good = columns["good.frames"].copy()
        good[::2, 2] += spoilt
        return {**columns, "content": content, "good.frames": good}

    plain = frame_probe.evaluate(write_sound(silent), target=target, **KEYS)
    spoilt = frame_probe.evaluate(write_sound(lambda *given: silent(*given, spoilt=500)), target=target, **KEYS)
    assert plain == spoilt


def test_an_utterance_of_one_word_has_a_content(write_sound):
    def words(split, columns):
        word = columns["content"][:, :1].repeat(9, 1)
        word[:, 8] = -1
        informative = columns["good.mean"] + 3 * np.eye(CONTENTS, WIDTH)[word[:, 0]]
        return {**columns, "content": word, "good.mean": informative.astype(np.float32)}

    found = by_metric(utterance_probe.evaluate(write_sound(words), target="content", **KEYS))
    assert found["top1"].value > 80
    assert found["penalty"].layer == "good"


def test_an_utterance_of_many_words_has_a_speaker_but_no_content(write_sound):
    with pytest.raises(NotApplicable, match="more than one content"):
        utterance_probe.evaluate(write_sound(), target="content", **KEYS)
    found = by_metric(utterance_probe.evaluate(write_sound(), target="speaker", **KEYS))
    assert found["top1"].value > 70
    assert found["penalty"].layer == "good"


@pytest.mark.parametrize("probe", [frame_probe, utterance_probe])
def test_data_without_labelled_sound_do_not_apply(write_features, mixture, probe):
    features, labels = mixture(40)
    with pytest.raises(NotApplicable, match="the data set has no"):
        probe.evaluate(write_features({"conv1": (features, features)}, (labels, labels)), target="speaker", **KEYS)


def test_no_content_in_any_frame_does_not_apply(write_sound):
    def silent(split, columns):
        return {**columns, "content": -np.ones_like(columns["content"])}

    with pytest.raises(NotApplicable, match="no kept frame"):
        frame_probe.evaluate(write_sound(silent), target="content", **KEYS)
