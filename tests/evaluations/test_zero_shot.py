"""Zero-shot classification: a hand-made case, chance, held-out subsets, and a trained CLIP with true and shuffled captions."""

import math

import numpy as np
import pytest
import torch

from selfsup.datasets.prepared import caption_array, write_split
from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import zero_shot
from selfsup.evaluations.features import FrozenEncoderError
from selfsup.evaluations.reading.common_space import common_space
from selfsup.methods.base import DataInfo
from selfsup.methods.clip import CLIP
from selfsup.nn.encoder import build, save_encoder
from selfsup.optim.optimisers import optimiser
from selfsup.seeds import generator
from selfsup.specs.networks import TextTower
from selfsup.tables.vocabulary import make
from selfsup.testing.trials import STEP
from tests.evaluations.named import named

TEMPLATES = ["a {}", "one {} alone"]
DIRECTIONS = {"cup": 0.0, "car": 90.0, "boat": 180.0, "lamp": 0.0, "pawn": 90.0}


def at(angle_deg):
    return [math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))]


def direction(text):
    """The second template turns every name by 100 degrees; the first alone is right."""
    return at(next(angle for name, angle in DIRECTIONS.items() if name in text) + 100.0 * text.startswith("one"))


def evaluated(inputs, templates=TEMPLATES):
    measures = zero_shot.evaluate(inputs, templates=templates, batch_size=4)
    return {name: m.value for name, m in named(measures).items()}


def test_the_nearest_name_is_predicted_and_templates_are_averaged(write_captioned, by_hand):
    """Means lie at 50, 140 and 230 degrees: an image at 60 is a cup; by the first template alone, at 0, 90, 180, a car."""
    by_hand(zero_shot, lambda number: at(number), direction)
    found = evaluated(write_captioned([60, 150, 240, 60], ["cup", "car", "boat"], label=[0, 1, 2, 1]))
    assert found["top1"] == 75.0
    assert found["top1/one_phrase"] == 50.0  # 60 is nearest to 90, a car; 150 and 240 to 180, a boat
    assert found["top1/name_alone"] == found["top1/one_phrase"]
    assert found["top1/chance"] == pytest.approx(100 / 3)
    assert "top1/thrice_chance" not in found
    assert not any("combination" in metric or "class" in metric for metric in found)


def test_held_out_combinations_and_classes_are_subsets(write_captioned, by_hand):
    by_hand(zero_shot, lambda number: at(number), direction)
    write_captioned([50, 50, 140, 230], ["cup", "car", "boat"], label=[0, 1, 1, 2], novelty=[0, 1, 1, 0])
    inputs = write_captioned([60, 130, 150, 255], ["lamp", "pawn"], "held_out_classes", label=[0, 1, 0, 0])
    found = evaluated(inputs)
    assert found["top1"] == 75.0
    assert found["top1/seen_combination"] == 100.0
    assert found["top1/held_out_combination"] == 50.0
    assert found["top1/held_out_class"] == 50.0
    assert found["top1/held_out_class/chance"] == 50.0
    assert found["top1/held_out_class_among_all/chance"] == 20.0
    assert found["top1/held_out_class_among_all/thrice_chance"] == pytest.approx(60.0)
    assert found["top1/held_out_class_among_all"] <= 50.0


def test_random_embeddings_score_at_chance(write_captioned, by_hand):
    random = np.random.default_rng(0)
    vectors = {name: random.standard_normal(8) for name in DIRECTIONS}
    images = random.standard_normal((256, 8))
    by_hand(zero_shot, lambda number: images[number], lambda text: next(vectors[n] for n in vectors if n in text))
    label = random.integers(0, 5, 1000)
    found = evaluated(write_captioned(random.integers(0, 256, 1000), list(DIRECTIONS), label=label))
    assert found["top1"] == pytest.approx(20.0, abs=5.0)


@pytest.mark.parametrize("templates", [["a {}", "a cat"], ["{} and {}"], []])
def test_a_template_without_a_place_for_the_name_is_refused(inputs, templates):
    with pytest.raises(InputError, match=r"^key templates"):
        evaluated(inputs, templates)


def test_what_does_not_apply_says_why(write_captioned, by_hand, inputs):
    with pytest.raises(NotApplicable, match="reads no text"):
        evaluated(write_captioned([1, 2], ["cup", "car"], label=[0, 1]))
    by_hand(zero_shot, lambda number: at(number), direction)
    with pytest.raises(NotApplicable, match="no labels"):
        evaluated(write_captioned([1, 2]))


NAMES = ["cup", "car", "boat", "lamp", "pawn", "tree"]


def pictures(seed, examples=300):
    """Return noisy images of six patterns, uint8 (N, 3, 16, 16), and which pattern each has."""
    draws = torch.Generator().manual_seed(seed)
    label = torch.randint(0, len(NAMES), (examples,), generator=draws)
    pattern = torch.rand(len(NAMES), 3, 16, 16, generator=torch.Generator().manual_seed(99))
    image = pattern[label] + 0.3 * torch.randn(examples, 3, 16, 16, generator=draws)
    return (image.clamp(0, 1) * 255).to(torch.uint8), label


def train(run, order):
    """Train CLIP for a second on pictures whose captions are put into ``order``, and save its towers into ``run``."""
    image, label = pictures(seed=0)
    said = [[f"a {NAMES[row]} on {ground}" for ground in ("grass", "sand")] for row in label[order].tolist()]
    caption = torch.from_numpy(caption_array(said).copy())
    info = DataInfo(300, 6, 16, 64, 100, table=make(captions=caption, vocabulary_size=300))
    tower = TextTower(width=16, layers=1, heads=2, context_length=16)
    keys = {"temperature": 0.07, "max_logit_scale": 100.0, "out_dim": 16, "text_tower": tower, "crop_scale_min": 0.9}
    torch.manual_seed(0)
    method = CLIP(build({"backbone": "small_conv", "width": 8}), info, **keys).train()
    moves = optimiser(dict(method.named_parameters()), name="adamw", learning_rate=5e-3, weight_decay=0.01)
    for step in range(60):
        rows = torch.randperm(300, generator=generator(0, "rows", step))[:64]
        draws = method.draw(64, generator(0, "views", step))
        loss = method.loss(method.views({"image": image[rows], "caption": caption[rows]}, draws), {}, STEP).loss
        moves.zero_grad()
        loss.backward()
        moves.step()
        method.after_step({}, STEP)
    for name, kept in method.eval().encoders().items():
        folder = run if name == "image" else run / name
        folder.mkdir(exist_ok=True)
        save_encoder(kept, folder)


def write_test(inputs):
    image, label = pictures(seed=1)
    arrays = {"image": image.numpy(), "label": label.numpy(), "key": np.arange(300).astype("S4")}
    write_split(inputs.target / "test.h5", arrays, dataset="hand", classes=NAMES, size_px=16)


def test_true_captions_beat_chance(inputs):
    train(inputs.weights, torch.arange(300))
    write_test(inputs)
    assert evaluated(inputs, ["a {} on grass", "a {} on sand"])["top1"] > 80
    with common_space(inputs, 2) as space:
        named = space.texts(["a cup on grass", "a cup on sand", "a car on grass"])
    assert named[0] @ named[1] > named[0] @ named[2]


def test_shuffled_captions_score_at_chance(inputs):
    train(inputs.weights, torch.randperm(300, generator=torch.Generator().manual_seed(1)))
    write_test(inputs)
    assert evaluated(inputs, ["a {} on grass", "a {} on sand"])["top1"] < 2 * 100 / len(NAMES)


def test_a_changed_tower_is_an_error(inputs):
    train(inputs.weights, torch.arange(300))

    def disturb():
        with common_space(inputs, 2) as space, torch.no_grad():
            next(space.text.parameters()).add_(1)

    with pytest.raises(FrozenEncoderError):
        disturb()
