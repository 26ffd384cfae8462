"""Few labels on frozen blocks: what is frozen stays, what is learned is new, and only labelled images teach."""

import numpy as np
import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import few_labels_blocks, few_labels_scratch
from selfsup.evaluations.features import FrozenEncoderError
from selfsup.nn.encoder import build, digest, save_encoder
from selfsup.results import Measure

TRAINING = {
    "batch_size": 16,
    "learning_rate": 0.01,
    "weight_decay": 0.05,
    "warmup_fraction": 0.1,
    "crop_scale_min": 0.5,
    "flip_probability": 0.5,
}
SCRATCH = {"learned_up_to": "conv3", "labels_per_class": [8], "steps": [16], **TRAINING}
BLOCKS = {"frozen_up_to": "conv2", **SCRATCH}


def colours(examples, seed):
    """Noise whose class is its colour cast: (images uint8 (N, 3, 32, 32), labels)."""
    random = np.random.default_rng(seed)
    labels = np.arange(examples) % 3
    images = random.integers(0, 156, (examples, 3, 32, 32))
    images[np.arange(examples), labels] += 100
    return images.astype(np.uint8), labels


@pytest.fixture
def separable(write_prepared, write_run):
    (train, labels), (test, test_labels) = colours(240, 0), colours(300, 1)
    write_run()
    return write_prepared((train, test), (labels, test_labels))


@pytest.fixture
def kept_networks(monkeypatch):
    """Every network that an evaluation makes, in order, with its state when it was new."""
    made, network = [], few_labels_blocks.network

    def keep(*arguments):
        model = network(*arguments)
        made.append((model, {name: value.clone() for name, value in model.encoder.state_dict().items()}))
        return model

    monkeypatch.setattr(few_labels_blocks, "network", keep)
    return made


def stage_of(name):
    return name.split(".")[1]


@pytest.mark.parametrize(("evaluation", "keys"), [(few_labels_blocks, BLOCKS), (few_labels_scratch, SCRATCH)])
def test_learns_a_separable_set_and_changes_nothing_in_the_run(separable, evaluation, keys):
    before = {file.name: file.read_bytes() for file in separable.weights.iterdir()}
    [measure] = evaluation.evaluate(separable, **keys)
    assert isinstance(measure, Measure)
    assert measure.value > 90
    assert (measure.metric, measure.layer, measure.shots, measure.n) == ("top1", "", 8, 300)
    assert {file.name: file.read_bytes() for file in separable.weights.iterdir()} == before
    assert evaluation.evaluate(separable, **keys) == [measure]


@pytest.mark.parametrize(("evaluation", "keys"), [(few_labels_blocks, BLOCKS), (few_labels_scratch, SCRATCH)])
def test_shuffled_labels_score_at_chance(write_prepared, write_run, evaluation, keys):
    """Within four standard errors of a third on 3,000 images: nothing but the labels tells the classes."""
    (train, labels), (test, test_labels) = colours(240, 0), colours(3000, 1)
    write_run()
    random = np.random.default_rng(0)
    images = random.integers(0, 256, train.shape), random.integers(0, 256, test.shape)
    inputs = write_prepared(images, (random.permutation(labels), random.permutation(test_labels)))
    [measure] = evaluation.evaluate(inputs, **keys)
    assert measure.value == pytest.approx(100 / 3, abs=4 * 100 * (2 / 9 / 3000) ** 0.5)


def test_frozen_blocks_are_those_of_the_run_to_the_end(separable, kept_networks):
    """Weights and BatchNorm's buffers of conv1 and conv2 stay; every tensor of conv3 is new, and then moves."""
    pretrained = few_labels_blocks.load_encoder(separable.weights)
    few_labels_blocks.evaluate(separable, **BLOCKS)
    [(model, new)] = kept_networks
    after = model.encoder.state_dict()
    for name, value in pretrained.state_dict().items():
        if stage_of(name) in ("conv1", "conv2"):
            assert torch.equal(after[name], value)
        elif stage_of(name) == "conv3":
            assert value.ndim < 4 or not torch.equal(new[name], value)
            assert not torch.equal(after[name], new[name])
    assert {stage_of(name) for name in after} == {"conv1", "conv2", "conv3"}


def test_from_scratch_everything_is_new_and_moves(separable, kept_networks):
    few_labels_scratch.evaluate(separable, **SCRATCH)
    pretrained = few_labels_blocks.load_encoder(separable.weights).state_dict()
    [(model, new)] = kept_networks
    after = model.encoder.state_dict()
    assert not any(torch.equal(new[name], pretrained[name]) for name in after if after[name].ndim == 4)
    assert not any(torch.equal(after[name], new[name]) for name in after)


def test_from_scratch_the_run_lends_its_shape_alone(separable, write_run):
    """Other weights of the same shape: the same number, so any run with that encoder gives the supervised curve."""
    first = few_labels_scratch.evaluate(separable, **SCRATCH | {"steps": [4]})
    encoder = build({"backbone": "small_conv", "width": 4})
    assert digest(encoder) != digest(few_labels_blocks.load_encoder(separable.weights))
    save_encoder(encoder, separable.weights)
    assert few_labels_scratch.evaluate(separable, **SCRATCH | {"steps": [4]}) == first


def test_a_frozen_block_that_moves_is_noticed(separable, monkeypatch):
    def leaks(model, *_, **keys):
        model.encoder.stages["conv2"][1].running_mean += 1

    monkeypatch.setattr(few_labels_blocks, "train_on", leaks)
    with pytest.raises(FrozenEncoderError):
        few_labels_blocks.evaluate(separable, **BLOCKS)


def test_each_count_is_balanced_and_the_smaller_lies_in_the_larger(separable, monkeypatch):
    seen = []
    monkeypatch.setattr(
        few_labels_blocks, "train_on", lambda model, images, labels, *_, **keys: seen.append((images, labels))
    )
    measures = few_labels_blocks.evaluate(separable, **BLOCKS | {"labels_per_class": [2, 8, 81], "steps": [1, 1, 1]})
    assert [(measure.shots, measure.label_fraction) for measure in measures] == [(2, None), (8, None)]
    assert [labels.bincount().tolist() for _, labels in seen] == [[2, 2, 2], [8, 8, 8]]
    few, many = ({image.numpy().tobytes() for image in images} for images, _ in seen)
    assert few < many


def test_keys_that_do_not_fit(separable):
    with pytest.raises(InputError, match=r"^key steps has 1 entries and labels_per_class 2"):
        few_labels_blocks.evaluate(separable, **BLOCKS | {"labels_per_class": [2, 4]})
    with pytest.raises(InputError, match=r"^key learned_up_to is conv2, and nothing is left"):
        few_labels_blocks.evaluate(separable, **BLOCKS | {"learned_up_to": "conv2"})


def test_where_it_does_not_apply(separable, write_prepared):
    with pytest.raises(NotApplicable, match="has the layers conv1, conv2, conv3, conv4, and not block7"):
        few_labels_blocks.evaluate(separable, **BLOCKS | {"frozen_up_to": "block7"})
    with pytest.raises(NotApplicable, match="the smallest class has 80 examples, fewer than 81"):
        few_labels_blocks.evaluate(separable, **BLOCKS | {"labels_per_class": [81]})
    save_encoder(build({"parts": [{"backbone": "small_conv", "width": 4}] * 2}), separable.weights)
    with pytest.raises(NotApplicable, match="not one chain"):
        few_labels_blocks.evaluate(separable, **BLOCKS)
    unlabelled = write_prepared((colours(6, 0)[0], colours(6, 1)[0]))
    with pytest.raises(NotApplicable, match="no labels"):
        few_labels_blocks.evaluate(unlabelled, **BLOCKS)
