"""Captions of a scene: its object, material, colour, position and relations, in several phrasings.

Source: Radford et al. 2021 (CLIP), section 3.1.4, for captions that name more than a class; the templates are ours.
"""

import re

import numpy as np

from selfsup.datasets.procedural.factors import BACKGROUNDS
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.surfaces import MATERIALS

TEMPLATES = (
    "a {size} {colour} {material} {object} {ground}, {place}, {relation}",
    "a {object} {ground}",
    "a {material} {object} {place}",
    "a picture of a {colour} {object}, {ground}",
    "there is a {colour} {material} {object} {relation}",
    "{ground} {place} stands a {material} {object}",
    "the {object} is {size} and {relation}, {ground}",
    "one {object}, {material} and {colour}, {ground}",
)
GROUNDS = {"sky": "against the sky", "grass": "on grass", "sand": "on sand", "water": "on water"}
# Names of hues by their upper limit, a fraction of a turn.
HUES = {0.04: "red", 0.11: "orange", 0.19: "yellow", 0.44: "green", 0.53: "turquoise", 0.7: "blue", 0.84: "purple"}
LAST_HUES = {0.95: "pink", 1.0: "red"}
MIDDLE = 0.1  # an object within this many half images of the centre is in the middle
SMALL, LARGE = 0.74, 0.88
_ARTICLE = re.compile(r"\ba (?=[aeiou])")
_COUNTED_SPOTS = ["no spots", "a spot", "two spots"]


def captions(scenes: dict[str, np.ndarray], phrasings: int, rng: np.random.Generator) -> list[list[str]]:
    """Return N lists of ``phrasings`` captions, each from another template, of ``label`` and ``factors/<name>`` (N,)."""
    words = [_words(scenes, row) for row in range(len(scenes["label"]))]
    templates = [rng.permutation(len(TEMPLATES))[:phrasings] for _ in words]
    return [
        [_ARTICLE.sub("an ", TEMPLATES[template].format(**scene)) for template in order]
        for scene, order in zip(words, templates, strict=True)
    ]


def _words(scenes: dict[str, np.ndarray], row: int) -> dict[str, str]:
    """Return the words of one scene, by the names in TEMPLATES."""
    factors = {
        name.removeprefix("factors/"): values[row] for name, values in scenes.items() if name.startswith("factors/")
    }
    return {
        "object": CLASSES[scenes["label"][row]],
        "material": MATERIALS[factors["material"]],
        "ground": GROUNDS[BACKGROUNDS[factors["background"]]],
        "colour": colour(float(factors["hue"])),
        "size": "small" if factors["scale"] < SMALL else "large" if factors["scale"] > LARGE else "medium",
        "place": position_name(float(factors["position_x"]), float(factors["position_y"])),
        "relation": relation(int(factors["distractors"]), int(factors["distractors_in_front"])),
    }


def colour(hue: float) -> str:
    """Return the name of a hue, a fraction of a turn."""
    return next(name for limit, name in (HUES | LAST_HUES).items() if hue <= limit)


def position_name(x: float, y: float) -> str:
    """Return the name of a position in half images, y downwards."""
    down = "" if abs(y) < MIDDLE else "bottom" if y > 0 else "top"
    across = "" if abs(x) < MIDDLE else "right" if x > 0 else "left"
    if not down:
        return f"on the {across}" if across else "in the middle"
    return f"at the {down} {across}".rstrip()


def relation(distractors: int, in_front: int) -> str:
    """Return the relation of the object to the distractors in front of it or behind it."""
    if not distractors:
        return "alone"
    return f"behind {_COUNTED_SPOTS[in_front]}" if in_front else f"in front of {_COUNTED_SPOTS[distractors]}"
