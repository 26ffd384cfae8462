"""Captions say what is so: of hand-made factors, and of each drawn scene."""

import numpy as np
import pytest

from selfsup.datasets.procedural.captions import TEMPLATES, captions, colour, position_name, relation
from selfsup.datasets.procedural.factors import BACKGROUNDS
from selfsup.datasets.procedural.objects import CLASSES
from selfsup.datasets.procedural.surfaces import MATERIALS

NAMED = {"sky": "sky", "grass": "grass", "sand": "sand", "water": "water"}


def scenes(count: int, **factors: float) -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(0)
    made = {
        "label": drawn.integers(0, len(CLASSES), count),
        "factors/material": drawn.integers(0, len(MATERIALS), count),
        "factors/background": drawn.integers(0, len(BACKGROUNDS), count),
        "factors/hue": drawn.random(count),
        "factors/scale": drawn.uniform(0.62, 1, count),
        "factors/position_x": drawn.uniform(-0.4, 0.4, count),
        "factors/position_y": drawn.uniform(-0.4, 0.4, count),
        "factors/distractors": drawn.integers(0, 3, count),
        "factors/distractors_in_front": np.zeros(count, np.int64),
    }
    return made | {name: np.full(count, value) for name, value in factors.items()}


def test_each_caption_names_its_scene_and_nothing_else() -> None:
    made = scenes(200)
    for row, said in enumerate(captions(made, len(TEMPLATES), np.random.default_rng(1))):
        others = set(CLASSES) - {CLASSES[made["label"][row]]}
        for text in said:
            words = set(text.replace(",", "").split())
            assert CLASSES[made["label"][row]] in words
            assert not words & others
            assert not words & (set(MATERIALS) - {MATERIALS[made["factors/material"][row]]})
            assert not words & (set(NAMED) - {BACKGROUNDS[made["factors/background"][row]]})
        assert any(MATERIALS[made["factors/material"][row]] in text for text in said)
        assert any(BACKGROUNDS[made["factors/background"][row]] in text for text in said)


def test_phrasings_of_a_scene_are_of_templates_of_their_own() -> None:
    said = captions(scenes(100), 4, np.random.default_rng(1))
    assert all(len(set(own)) == 4 for own in said)
    assert len({tuple(sorted(text.split()[0] for text in own)) for own in said}) > 3


def test_a_whole_caption() -> None:
    one = scenes(
        1,
        label=8,
        **{
            "factors/material": 1,
            "factors/background": 0,
            "factors/hue": 0.08,
            "factors/scale": 0.7,
            "factors/position_x": -0.3,
            "factors/position_y": 0.3,
            "factors/distractors": 2,
            "factors/distractors_in_front": 1,
        },
    )
    (said,) = captions(one, len(TEMPLATES), np.random.default_rng(0))
    assert "a small orange striped umbrella against the sky, at the bottom left, behind a spot" in said
    assert "an umbrella against the sky" in said


@pytest.mark.parametrize(
    ("hue", "name"), [(0.0, "red"), (0.08, "orange"), (1 / 3, "green"), (0.6, "blue"), (0.9, "pink"), (0.99, "red")]
)
def test_hues_have_their_names(hue: float, name: str) -> None:
    assert colour(hue) == name


def test_places_are_seen_from_the_front_with_y_downwards() -> None:
    assert position_name(0.0, 0.0) == "in the middle"
    assert position_name(0.2, 0.05) == "on the right"
    assert position_name(0.0, -0.2) == "at the top"
    assert position_name(-0.2, 0.2) == "at the bottom left"


def test_relations_tell_what_is_nearer() -> None:
    assert relation(0, 0) == "alone"
    assert relation(1, 0) == "in front of a spot"
    assert relation(2, 0) == "in front of two spots"
    assert relation(2, 1) == "behind a spot"
    assert relation(2, 2) == "behind two spots"
