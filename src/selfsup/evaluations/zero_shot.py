"""Zero-shot classification: the class whose name, in a set of templates, is nearest to the image; no label is used."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from pydantic import PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.datasets.prepared import has, read, read_split
from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.common_space import CommonSpace, common_space
from selfsup.results import Measure, accuracy

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Zero-shot classification",
    "headline": "top1",
    "labels": "no labels",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "%", "better": "higher", "over": ["subset"]}},
    "names": {
        "": "all test images",
        "seen_combination": "seen combinations",
        "held_out_combination": "held-out combinations",
        "held_out_class": "held-out classes, among themselves",
        "held_out_class_among_all": "held-out classes, among all",
        "one_phrase": "first phrase alone",
        "thrice_chance": "three times chance",
    },
    "note": "Held-out combinations of object, material and background, and held-out classes, occur in no training image or "
    "caption.",
}
NOVELTY = {"seen_combination": 0, "held_out_combination": 1}  # of the array ``novelty`` of captioned scenes
TIMES_CHANCE = 3


@dataclass(frozen=True)
class Task:
    """Embeddings of images (N, D) of a ``subset``, and their ``label`` (N,) among the classes ``names``."""

    subset: str
    image: Tensor
    label: Tensor
    names: list[str]


def evaluate(inputs: Inputs, *, templates: list[str], batch_size: PositiveInt) -> list[Measure]:
    """Return ``top1`` of the test set, and of its subsets where the data set marks what is not in the training set.

    The subsets ``seen_combination`` and ``held_out_combination`` are of objects whose combination of material and
    background is in the training set or not; ``held_out_class`` of classes that are neither shown nor named there,
    classified among themselves, and ``held_out_class_among_all`` among all classes. Baselines: ``one_phrase`` uses the
    first of ``templates``, ``name_alone`` the name, ``chance`` guesses, and ``thrice_chance`` is three times that, for
    more than three classes. A class's embedding is the mean of its unit embeddings in all templates, ``{}`` standing for
    its name. NotApplicable where the run has no text tower or the data have no classes.

    Args:
        templates: phrases with {} for the name of a class, whose embeddings are averaged.
        batch_size: examples that pass through the encoder at once.

    Source: Radford et al. 2021 (CLIP), sections 3.1.2 to 3.1.4.
    """
    if wrong := [template for template in templates if template.count("{}") != 1] or [""] * (not templates):
        raise InputError(f"key templates has {wrong[0]!r}; put {{}} once into each")
    measures = []
    with common_space(inputs, batch_size) as space:
        for task in _tasks(inputs, space):
            for baseline, phrases in {"": templates, "one_phrase": templates[:1], "name_alone": ["{}"]}.items():
                predicted = (task.image @ class_embeddings(space, task.names, phrases).T).argmax(1)
                measures.append(accuracy((predicted == task.label).numpy(), subset=task.subset, baseline=baseline))
            measures += _guesses(task)
    return measures


def class_embeddings(space: CommonSpace, names: list[str], templates: list[str]) -> Tensor:
    """Return unit vectors (K, D): for each name the mean over the templates of unit embeddings."""
    embedded = space.texts([template.replace("{}", name) for name in names for template in templates])
    return F.normalize(embedded.view(len(names), len(templates), -1).mean(1), dim=1)


def _tasks(inputs: Inputs, space: CommonSpace) -> Iterator[Task]:
    test, held_out = inputs.target / "test.h5", inputs.target / "held_out_classes.h5"
    every = _task("", test, space)
    yield every
    if has(test, "novelty"):
        novelty = torch.from_numpy(read(test, "novelty"))
        for name, kind in NOVELTY.items():
            if (subset := novelty == kind).any():
                yield Task(name, every.image[subset], every.label[subset], every.names)
    if held_out.exists():
        others = _task("held_out_class", held_out, space)
        yield others
        yield Task(f"{others.subset}_among_all", others.image, others.label, others.names + every.names)


def _task(subset: str, file: Path, space: CommonSpace) -> Task:
    if not has(file, "label"):
        raise NotApplicable("the data set has no labels to check the answers with")
    split = read_split(file, ["image", "label"])
    image = space.images(torch.from_numpy(split.arrays["image"]))
    return Task(subset, image, torch.from_numpy(split.arrays["label"]), split.classes)


def _guesses(task: Task) -> list[Measure]:
    ways, n = len(task.names), len(task.label)
    chance = Measure("top1", "%", 100 / ways, n, subset=task.subset, baseline="chance")
    if ways <= TIMES_CHANCE:
        return [chance]
    return [chance, replace(chance, value=TIMES_CHANCE * chance.value, baseline="thrice_chance")]
