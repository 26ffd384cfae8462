"""Zero-shot classification: the class whose name, in a set of phrases, is nearest to the image; no label is used."""

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
    "note": "Combinations of object, material and background that training never showed; classes that it neither showed nor "
    "named.",
}
NOVELTY = {"seen_combination": 0, "held_out_combination": 1}  # of the array ``novelty`` of captioned scenes
TIMES_CHANCE = 3


@dataclass(frozen=True)
class Question:
    """Embeddings of images (N, D), the right of the classes ``names`` for each (N,), and which ``subset`` of images they are."""

    subset: str
    image: Tensor
    label: Tensor
    names: list[str]


def evaluate(inputs: Inputs, *, templates: list[str], batch_size: PositiveInt) -> list[Measure]:
    """Return ``top1`` of the test set, and of its parts where the data set marks what training has not seen.

    The subsets ``seen_combination`` and ``held_out_combination`` are of objects whose material and background were, and
    were not, seen together; ``held_out_class`` of classes never shown nor named, told apart among themselves, and
    ``held_out_class_among_all`` among all classes. The baselines of each: ``one_phrase`` is of the first of ``templates``
    alone, ``name_alone`` of the bare name, ``chance`` guessing, and ``thrice_chance`` three times that, where more than
    three classes are told apart. A class's embedding is the mean of its unit embeddings in all templates, ``{}`` standing
    for its name. NotApplicable where the run reads no text or the data has no classes.

    Args:
        templates: phrases with {} for the name of a class, whose embeddings are averaged.
        batch_size: examples that pass through the encoder at once.

    Source: Radford et al. 2021 (CLIP), sections 3.1.2 to 3.1.4.
    """
    if wrong := [template for template in templates if template.count("{}") != 1] or [""] * (not templates):
        raise InputError(f"key templates has {wrong[0]!r}; put {{}} once into each")
    measures = []
    with common_space(inputs, batch_size) as space:
        for asked in _questions(inputs, space):
            for baseline, used in {"": templates, "one_phrase": templates[:1], "name_alone": ["{}"]}.items():
                answer = (asked.image @ class_embeddings(space, asked.names, used).T).argmax(1)
                measures.append(accuracy((answer == asked.label).numpy(), subset=asked.subset, baseline=baseline))
            measures += _guesses(asked)
    return measures


def class_embeddings(space: CommonSpace, names: list[str], templates: list[str]) -> Tensor:
    """Return unit vectors (K, D): of each name the mean over the templates of unit embeddings."""
    embedded = space.texts([template.replace("{}", name) for name in names for template in templates])
    return F.normalize(embedded.view(len(names), len(templates), -1).mean(1), dim=1)


def _questions(inputs: Inputs, space: CommonSpace) -> Iterator[Question]:
    test, unseen = inputs.target / "test.h5", inputs.target / "held_out_classes.h5"
    every = _question("", test, space)
    yield every
    if has(test, "novelty"):
        novelty = torch.from_numpy(read(test, "novelty"))
        for name, kind in NOVELTY.items():
            if (part := novelty == kind).any():
                yield Question(name, every.image[part], every.label[part], every.names)
    if unseen.exists():
        others = _question("held_out_class", unseen, space)
        yield others
        yield Question(f"{others.subset}_among_all", others.image, others.label, others.names + every.names)


def _question(subset: str, file: Path, space: CommonSpace) -> Question:
    if not has(file, "label"):
        raise NotApplicable("the data set has no labels to check the answers with")
    split = read_split(file, ["image", "label"])
    image = space.images(torch.from_numpy(split.arrays["image"]))
    return Question(subset, image, torch.from_numpy(split.arrays["label"]), split.classes)


def _guesses(asked: Question) -> list[Measure]:
    ways, n = len(asked.names), len(asked.label)
    chance = Measure("top1", "%", 100 / ways, n, subset=asked.subset, baseline="chance")
    if ways <= TIMES_CHANCE:
        return [chance]
    return [chance, replace(chance, value=TIMES_CHANCE * chance.value, baseline="thrice_chance")]
