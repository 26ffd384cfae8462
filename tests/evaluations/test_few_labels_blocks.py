"""Few labels on frozen blocks: frozen blocks stay, trained blocks are new, and only labelled images are used."""

import numpy as np
import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import few_labels_blocks, few_labels_scratch
from selfsup.evaluations.features import FrozenEncoderError
from selfsup.nn.encoder import build, digest, save_encoder
from selfsup.results import Measure
from tests.evaluations.colour_casts import colours

TRAINING = {
    "batch_size": 16,
    "learning_rate": 0.01,
    "weight_decay": 0.05,
    "warmup_fraction": 0.1,
    "crop_scale_min": 0.5,
    "flip_probability": 0.5,
}
SCRATCH = {"learned_up_to": "conv3", "labels_per_class": [8], "steps": [32], **TRAINING}
BLOCKS = {"frozen_up_to": "conv2", "views": 4, **SCRATCH}


@pytest.fixture
def separable(write_prepared, write_run):
    (train, labels), (test, test_labels) = colours(240, 0), colours(300, 1)
    write_run()
    return write_prepared((train, test), (labels, test_labels))


@pytest.fixture
def kept_networks(monkeypatch):
    """Every pair of frozen and of learned blocks that an evaluation makes, with the learned ones' state when they were new."""
    made, network = [], few_labels_blocks.network

    def keep(*arguments):
        frozen_blocks, learned = network(*arguments)
        made.append((frozen_blocks, learned, state(learned)))
        return frozen_blocks, learned

    monkeypatch.setattr(few_labels_blocks, "network", keep)
    return made


def state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def stages(inputs, *names):
    """Return the state of a run's stages, numbered from 0."""
    pretrained = few_labels_blocks.load_encoder(inputs.weights)
    return state(torch.nn.Sequential(*(pretrained.stages[name] for name in names)))


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


def test_frozen_blocks_stay_those_of_the_run(separable, kept_networks):
    """Weights and BatchNorm's buffers of conv1 and conv2 stay; every tensor of conv3 is new, and then moves."""
    few_labels_blocks.evaluate(separable, **BLOCKS)
    [(frozen_blocks, learned, new)] = kept_networks
    for name, value in stages(separable, "conv1", "conv2").items():
        assert torch.equal(frozen_blocks.stages.state_dict()[name], value)
    after = learned.state_dict()
    for name, value in stages(separable, "conv3").items():
        assert value.ndim < 4 or not torch.equal(new[name], value)
        assert not torch.equal(after[name], new[name])


def test_from_scratch_everything_is_new_and_trained(separable, kept_networks):
    few_labels_scratch.evaluate(separable, **SCRATCH)
    [(entrance, learned, new)] = kept_networks
    assert not list(entrance.parameters())
    after, pretrained = learned.state_dict(), stages(separable, "conv1", "conv2", "conv3")
    assert not any(torch.equal(new[name], value) for name, value in pretrained.items() if value.ndim == 4)
    assert not any(torch.equal(after[name], value) for name, value in new.items())


def test_kept_maps_are_those_of_crops_and_every_step_draws_one_of_them(separable, monkeypatch):
    """Each image has its own maps, of different crops, and the same ones in every step; all views are drawn."""
    drawn = []
    monkeypatch.setattr(
        few_labels_blocks,
        "train_on",
        lambda model, draw, labels, rng, *_: drawn.extend(draw(torch.tensor([5, 9]), rng) for _ in range(100)),
    )
    few_labels_blocks.evaluate(separable, **BLOCKS | {"crop_scale_min": 0.3})
    maps = torch.stack(drawn)  # (100, 2, C, H, W)
    views = [{image.numpy().tobytes() for image in of_image} for of_image in maps.unbind(1)]
    assert [len(of_image) for of_image in views] == [4, 4]
    assert views[0].isdisjoint(views[1])


def test_without_crops_the_kept_maps_are_those_of_the_images(separable, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        few_labels_blocks, "train_on", lambda model, draw, labels, rng, *_: drawn.append(draw(torch.arange(24), rng))
    )
    images = torch.from_numpy(colours(240, 0)[0])
    few_labels_blocks.evaluate(separable, **BLOCKS | {"crop_scale_min": 1.0, "flip_probability": 0.0})
    whole = few_labels_blocks.load_encoder(separable.weights).eval().maps(images)["conv2"]
    nearest = torch.cdist(drawn[0].flatten(1), whole.flatten(1)).min(1)
    assert nearest.values.max() < 1e-2 * whole.flatten(1).norm(dim=1).mean()
    assert len(set(nearest.indices.tolist())) == 24


def test_from_scratch_only_the_architecture_matters(separable, write_run):
    """Other weights of the same shape: the same number, so any run with that encoder gives the supervised curve."""
    first = few_labels_scratch.evaluate(separable, **SCRATCH | {"steps": [4]})
    encoder = build({"backbone": "small_conv", "width": 4})
    assert digest(encoder) != digest(few_labels_blocks.load_encoder(separable.weights))
    save_encoder(encoder, separable.weights)
    assert few_labels_scratch.evaluate(separable, **SCRATCH | {"steps": [4]}) == first


def test_a_changed_frozen_block_is_an_error(separable, kept_networks, monkeypatch):
    def leaks(*_):
        kept_networks[-1][0].stages[1][1].running_mean += 1

    monkeypatch.setattr(few_labels_blocks, "train_on", leaks)
    with pytest.raises(FrozenEncoderError):
        few_labels_blocks.evaluate(separable, **BLOCKS)


@pytest.mark.parametrize(("evaluation", "keys"), [(few_labels_blocks, BLOCKS), (few_labels_scratch, SCRATCH)])
def test_subsets_are_balanced_and_nested(separable, monkeypatch, evaluation, keys):
    subsets = []

    def keep(first, learned, images, labels, *_, **__):
        subsets.append((images, labels))

    monkeypatch.setattr(evaluation, "learn_on_kept_maps" if evaluation is few_labels_blocks else "learn_on_crops", keep)
    measures = evaluation.evaluate(separable, **keys | {"labels_per_class": [2, 8, 81], "steps": [1, 1, 1]})
    assert [(measure.shots, measure.label_fraction) for measure in measures] == [(2, None), (8, None)]
    assert [labels.bincount().tolist() for _, labels in subsets] == [[2, 2, 2], [8, 8, 8]]
    few, many = ({image.numpy().tobytes() for image in images} for images, _ in subsets)
    assert few < many


def test_invalid_keys_are_input_errors(separable):
    with pytest.raises(InputError, match=r"^key steps has 1 entries and labels_per_class 2"):
        few_labels_blocks.evaluate(separable, **BLOCKS | {"labels_per_class": [2, 4]})
    with pytest.raises(InputError, match=r"^key learned_up_to is conv2, and no layer between"):
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
