"""Fine-tuning: learns a separable set from labelled images alone, and does not change the run."""

from functools import partial

import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import fine_tune
from selfsup.nn.encoder import build, save_encoder
from selfsup.seeds import generator
from tests.evaluations.colour_casts import colours

KEYS = {
    "label_fractions": [0.1],
    "steps": [12],
    "batch_size": 16,
    "learning_rate": 0.01,
    "weight_decay": 0.05,
    "warmup_fraction": 0.1,
    "crop_scale_min": 0.5,
    "flip_probability": 0.5,
}


@pytest.fixture
def separable(write_prepared, write_run):
    (train, labels), (test, test_labels) = colours(240, 0), colours(60, 1)
    write_run()
    return write_prepared((train, test), (labels, test_labels))


def test_learns_a_separable_set_and_changes_nothing_in_the_run(separable):
    before = {file.name: file.read_bytes() for file in separable.weights.iterdir()}
    [measure] = fine_tune.evaluate(separable, **KEYS)
    assert measure.value > 95
    assert (measure.label_fraction, measure.n) == (0.1, 60)
    assert {file.name: file.read_bytes() for file in separable.weights.iterdir()} == before


def test_the_same_seed_gives_the_same_number(separable):
    keys = KEYS | {"steps": [3], "learning_rate": 0.001}
    assert fine_tune.evaluate(separable, **keys) == fine_tune.evaluate(separable, **keys)


def test_only_the_labelled_subset_is_learned(separable, monkeypatch):
    subsets = []
    monkeypatch.setattr(fine_tune, "train_on", lambda model, draw, labels, *_: subsets.append((draw.args[0], labels)))
    fine_tune.evaluate(separable, **KEYS)
    [(images, labels)] = subsets
    assert images.shape == (24, 3, 32, 32)
    assert labels.bincount().tolist() == [8, 8, 8]


def test_every_parameter_and_every_statistic_is_trained(write_run, inputs):
    write_run()
    model = fine_tune.classifier(inputs.weights, 3)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    images, labels = (torch.from_numpy(x) for x in colours(24, 0))
    training = fine_tune.Training(**{key: KEYS[key] for key in KEYS if key not in ("label_fractions", "steps")})
    draw = partial(fine_tune.random_crops, images, training=training)
    fine_tune.train_on(model, draw, labels, generator(0, "test"), 4, training)
    assert [name for name, value in model.state_dict().items() if torch.equal(value, before[name])] == []


def test_predictions_do_not_depend_on_other_test_images(write_run, inputs):
    write_run()
    model = fine_tune.classifier(inputs.weights, 3)
    torch.nn.init.normal_(model[1].weight, generator=generator(0, "test"))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.from_numpy(colours(30, 0)[0])
    together = fine_tune.predict(model.train(), images, "cpu")
    alone = torch.cat([fine_tune.predict(model.train(), image[None], "cpu") for image in images])
    assert torch.equal(together, alone)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_each_fraction_needs_its_steps(separable):
    with pytest.raises(InputError, match=r"^key steps has 1 entries and label_fractions 2"):
        fine_tune.evaluate(separable, **KEYS | {"label_fractions": [0.1, 0.5]})


def test_without_labels_or_with_too_few_it_does_not_apply(separable, write_prepared):
    with pytest.raises(NotApplicable, match=r"0.001 of 240 labels"):
        fine_tune.evaluate(separable, **KEYS | {"label_fractions": [0.001]})
    unlabelled = write_prepared((colours(6, 0)[0], colours(6, 1)[0]))
    with pytest.raises(NotApplicable, match="no labels"):
        fine_tune.evaluate(unlabelled, **KEYS)


def test_an_encoder_without_parameters_is_not_tuned(separable):
    save_encoder(build({"backbone": "pixels"}), separable.weights)
    with pytest.raises(NotApplicable, match=r"^the encoder has no parameters to tune$"):
        fine_tune.evaluate(separable, **KEYS)
