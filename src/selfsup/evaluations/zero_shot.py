"""Zero-shot classification: the class whose name, in a set of phrases, is nearest to the image; no label is used."""

from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read, read_split
from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.probes.common_space import CommonSpace, common_space
from selfsup.results import Measure, accuracy

NEEDS = "run"
SEEN, HELD_OUT_COMBINATION = 0, 1  # of the array ``novelty`` of captioned scenes
TIMES_CHANCE = 3


def evaluate(inputs: Inputs, *, templates: list[str], batch_size: PositiveInt) -> list[Measure]:
    """Return ``top1`` of the test set, and of its parts where the data set marks what training has not seen.

    ``top1_seen_combination`` and ``top1_held_out_combination`` are of objects whose material and background were, and were
    not, seen together; ``top1_held_out_class`` of classes never shown nor named, told apart among themselves, and
    ``top1_held_out_class_among_all`` among all classes. Beside each, ``_one_phrase`` is of the first of ``templates``
    alone, ``_name_alone`` of the bare name, ``_chance`` guessing, and ``_thrice_chance`` three times that. A class's
    embedding is the mean of its unit embeddings in all templates, ``{}`` standing for its name.
    NotApplicable where the run reads no text or the data has no classes.

    Source: Radford et al. 2021 (CLIP), sections 3.1.2 to 3.1.4.
    """
    if wrong := [template for template in templates if template.count("{}") != 1] or [""] * (not templates):
        raise InputError(f"params/evaluations/zero_shot.yaml: key templates has {wrong[0]!r}; put {{}} once into each")
    with common_space(inputs, batch_size) as space:
        return [measure for suffix, used in _sets(templates).items() for measure in _of(inputs, space, used, suffix)]


def _sets(templates: list[str]) -> dict[str, list[str]]:
    return {"": templates, "_one_phrase": templates[:1], "_name_alone": ["{}"]}


def _of(inputs: Inputs, space: CommonSpace, templates: list[str], suffix: str) -> list[Measure]:
    """Return the measures of one set of templates; with all of them also what guessing has."""
    test = inputs.prepared / "test.h5"
    image, label, names = _split(space, test)
    seen = class_embeddings(space, names, templates)
    correct = {"top1": (image @ seen.T).argmax(1) == label}
    ways = {"top1": len(names)}
    if has(test, "novelty"):
        novelty = torch.from_numpy(read(test, "novelty"))
        for name, kind in (("seen_combination", SEEN), ("held_out_combination", HELD_OUT_COMBINATION)):
            correct[f"top1_{name}"], ways[f"top1_{name}"] = correct["top1"][novelty == kind], len(names)
    if (held_out := inputs.prepared / "held_out_classes.h5").exists():
        image, label, others = _split(space, held_out)
        unseen = class_embeddings(space, others, templates)
        correct["top1_held_out_class"] = (image @ unseen.T).argmax(1) == label
        correct["top1_held_out_class_among_all"] = (image @ torch.cat([unseen, seen]).T).argmax(1) == label
        ways |= {"top1_held_out_class": len(others), "top1_held_out_class_among_all": len(others) + len(names)}
    found = [accuracy(_bool(right), f"{metric}{suffix}") for metric, right in correct.items() if len(right)]
    if suffix:
        return found
    return [
        *found,
        *(guess for metric, right in correct.items() for guess in _guesses(metric, ways[metric], len(right))),
    ]


def class_embeddings(space: CommonSpace, names: list[str], templates: list[str]) -> Tensor:
    """Return unit vectors (K, D): of each name the mean over the templates of unit embeddings."""
    embedded = space.texts([template.replace("{}", name) for name in names for template in templates])
    return torch.nn.functional.normalize(embedded.view(len(names), len(templates), -1).mean(1), dim=1)


def _split(space: CommonSpace, file: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Return the embeddings (N, D) of a split's images, their labels (N,) and the names of its classes."""
    if not has(file, "label"):
        raise NotApplicable("the data set has no labels to check the answers with")
    split = read_split(file, ["image", "label"])
    image = space.images(torch.from_numpy(split.arrays["image"]))
    return image, torch.from_numpy(split.arrays["label"]), split.classes


def _guesses(metric: str, ways: int, n: int) -> list[Measure]:
    chance = 100 / ways
    return [
        Measure(f"{metric}_chance", "%", chance, n),
        Measure(f"{metric}_thrice_chance", "%", TIMES_CHANCE * chance, n),
    ]


def _bool(correct: Tensor) -> np.ndarray:
    return correct.numpy()
