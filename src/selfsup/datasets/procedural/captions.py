"""What a scene says about itself: its object, material, colour, place and relations, in several phrasings.

Source: the templates are ours; that captions name more than a class, in a whole sentence, is what Radford et al. 2021
(CLIP), section 3.1.4, say of theirs.
"""

import re

import numpy as np

from selfsup.datasets.procedural.factors import BACKGROUNDS, MATERIALS
from selfsup.datasets.procedural.objects import CLASSES

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
# Up to which fraction of a turn a hue has which name.
HUES = {0.04: "red", 0.11: "orange", 0.19: "yellow", 0.44: "green", 0.53: "turquoise", 0.7: "blue", 0.84: "purple"}
LAST_HUES = {0.95: "pink", 1.0: "red"}
MIDDLE = 0.1  # half images from the centre within which an object is in the middle
SMALL, LARGE = 0.74, 0.88
_ARTICLE = re.compile(r"\ba (?=[aeiou])")


def captions(scenes: dict[str, np.ndarray], phrasings: int, rng: np.random.Generator) -> list[list[str]]:
    """Return N lists of ``phrasings`` captions, each after a template of its own, of ``label`` and ``factors/<name>`` (N,)."""
    words = [_words(scenes, row) for row in range(len(scenes["label"]))]
    chosen = [rng.permutation(len(TEMPLATES))[:phrasings] for _ in words]
    return [
        [_ARTICLE.sub("an ", TEMPLATES[template].format(**said)) for template in templates]
        for said, templates in zip(words, chosen, strict=True)
    ]


def _words(scenes: dict[str, np.ndarray], row: int) -> dict[str, str]:
    """Return what one scene says, by the names in TEMPLATES."""
    of = {name.removeprefix("factors/"): values[row] for name, values in scenes.items() if name.startswith("factors/")}
    return {
        "object": CLASSES[scenes["label"][row]],
        "material": MATERIALS[of["material"]],
        "ground": GROUNDS[BACKGROUNDS[of["background"]]],
        "colour": colour(float(of["hue"])),
        "size": "small" if of["scale"] < SMALL else "large" if of["scale"] > LARGE else "medium",
        "place": place(float(of["position_x"]), float(of["position_y"])),
        "relation": relation(int(of["distractors"]), int(of["distractors_in_front"])),
    }


def colour(hue: float) -> str:
    """Return the name of a hue, a fraction of a turn."""
    return next(name for limit, name in (HUES | LAST_HUES).items() if hue <= limit)


def place(x: float, y: float) -> str:
    """Return where a position in half images lies, y downwards."""
    down = "" if abs(y) < MIDDLE else "bottom" if y > 0 else "top"
    across = "" if abs(x) < MIDDLE else "right" if x > 0 else "left"
    if not down:
        return f"on the {across}" if across else "in the middle"
    return f"at the {down} {across}".rstrip()


def relation(distractors: int, in_front: int) -> str:
    """Return how the object stands to what else is there: spots nearer to the camera, or farther from it."""
    if not distractors:
        return "alone"
    if in_front:
        return "behind a spot" if in_front == 1 else f"behind {_NUMBERS[in_front]} spots"
    return "in front of a spot" if distractors == 1 else f"in front of {_NUMBERS[distractors]} spots"


_NUMBERS = ["no", "one", "two"]
