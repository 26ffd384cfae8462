import math

import numpy as np
import pytest
import torch

from selfsup.datasets.procedural import fields, geometry
from selfsup.datasets.procedural.factors import Pose, Scenes, sample_scenes
from selfsup.datasets.procedural.objects import TYPICAL_MATERIALS, UNCUT, Primitive
from selfsup.datasets.procedural.surfaces import MATERIALS, rgb


def shape(**changes: float) -> Primitive[torch.Tensor]:
    unit = {"x": 0, "y": 0, "half_width": 0.5, "half_height": 0.5, "taper": 0, "squareness": 0, "cut": UNCUT, "role": 0}
    return Primitive(**{name: torch.full((1, 1, 1), float(value)) for name, value in (unit | changes).items()})


@pytest.mark.parametrize(
    ("changes", "area"),
    [
        ({}, math.pi / 4),
        ({"squareness": 1}, 1.0),
        ({"squareness": 1, "taper": 0.95}, 1.0),  # a trapezium keeps its mean width
        ({"cut": 0}, math.pi / 8),
        ({"half_width": 0.25, "x": 0.1, "y": -0.2}, math.pi / 8),
    ],
)
def test_coverage_sums_to_the_area(changes: dict[str, float], area: float) -> None:
    size_px = 256
    u, v = geometry.pixel_centres(size_px)
    primitive = shape(**changes)
    covered = geometry.coverage(primitive, u, v, geometry.level(primitive, u, v), torch.tensor(size_px / 2))
    assert covered.sum().item() * (2 / size_px) ** 2 == pytest.approx(area, rel=0.02)


def test_object_and_image_coordinates_are_inverse() -> None:
    scenes = sample_scenes(np.random.default_rng(0), 100)
    x, y = (torch.rand(100, 5, 7, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    back = geometry.to_image(*geometry.to_object(x, y, scenes.pose), scenes.pose)
    assert torch.allclose(back[0], x, atol=1e-5)
    assert torch.allclose(back[1], y, atol=1e-5)


def test_a_quarter_turn_takes_the_objects_right_side_down() -> None:
    one = torch.ones(1)
    pose = Pose(torch.tensor([[0.1, 0.2]]), one * math.pi / 2, 0.5 * one, one, one)
    x, y = geometry.to_image(torch.ones(1, 1, 1), torch.zeros(1, 1, 1), pose)
    assert x.item() == pytest.approx(0.1)
    assert y.item() == pytest.approx(0.7)


def test_the_centre_of_a_half_disc_is_the_middle_of_what_is_left() -> None:
    one = torch.ones(1)
    pose = Pose(torch.zeros(1, 2), 0 * one, one, one, one)
    disc = torch.tensor([[[0.3, 0.1, 0.8, 0.8, 0, 0, 0.0, 0]]])
    x, y = geometry.part_centres(disc, pose)
    assert x.item() == pytest.approx(0.3)
    assert y.item() == pytest.approx(-0.3)


def test_rgb_of_known_hues() -> None:
    hues = np.array([0, 1 / 3, 2 / 3, 1.0, 1 / 6])
    colours = rgb(hues, np.array([1, 1, 1, 1, 0.5]), np.array([1, 1, 0.5, 1, 1]))
    assert np.allclose(colours, [[1, 0, 0], [0, 1, 0], [0, 0, 0.5], [1, 0, 0], [1, 1, 0.5]])


@pytest.mark.parametrize("beta", [1.0, 2.0, 3.0])
def test_fields_have_the_spectrum_that_was_asked_for(beta: float) -> None:
    ones = torch.ones(200)
    field = fields.fractal_field(np.random.default_rng(0), 64, beta=beta * ones, anisotropy=ones, angle_rad=0 * ones)
    assert field.mean((1, 2)).abs().max() < 1e-5
    assert torch.allclose(field.std((1, 2)), ones, atol=1e-4)
    window = torch.hann_window(64, periodic=False)  # a cut field is not periodic: its edges would add 1/f^2
    power = torch.fft.rfft2(field * window * window[:, None]).abs().square().mean(0)[0, 2:24]  # along one axis
    slope = np.polyfit(np.log(np.arange(2, 24)), power.log().numpy(), 1)[0]
    assert slope == pytest.approx(-beta, abs=0.15)


def test_anisotropy_draws_fields_out_along_their_angle() -> None:
    ones = torch.ones(100)
    field = fields.fractal_field(np.random.default_rng(0), 32, beta=2 * ones, anisotropy=4 * ones, angle_rad=0 * ones)
    steps_along, steps_across = field.diff(dim=2).abs().mean(), field.diff(dim=1).abs().mean()
    assert steps_along < 0.7 * steps_across


@pytest.mark.parametrize(("beta", "anisotropy"), [(3.2, 1.0), (1.6, 0.25), (1.2, 1.0), (2.2, 4.0)])
def test_opposite_edges_of_a_field_are_no_neighbours(
    beta: float, anisotropy: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the four backgrounds: edges are no more alike than pixels that far apart in a field of six times the side."""
    ones = torch.ones(200)
    correlations = []
    for outer in (fields.OUTER, 6):
        monkeypatch.setattr(fields, "OUTER", outer)
        keys = {"beta": beta * ones, "anisotropy": anisotropy * ones, "angle_rad": 0 * ones}
        field = fields.fractal_field(np.random.default_rng(0), 32, **keys)
        edges = (field[:, :, 0], field[:, :, -1]), (field[:, 0], field[:, -1])
        correlations.append([_correlation(*both) for both in edges])
    assert np.max(np.subtract(*correlations)) < 0.1


def _correlation(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def test_factors_have_their_stated_laws() -> None:
    recorded = [sample_scenes(np.random.default_rng(seed), 1000).recorded() for seed in range(2)]
    scale, rotation, front = (
        np.concatenate([found[name] for found in recorded])
        for name in ("scale", "rotation_deg", "distractors_in_front")
    )
    assert (scale.min(), scale.max()) == (pytest.approx(0.62, abs=0.01), pytest.approx(1.0, abs=0.01))
    assert rotation.std() == pytest.approx(8, rel=0.08)
    assert front.mean() == pytest.approx(0.35, abs=0.04)  # one distractor on average, 35 % in front
    for name, kinds in (("material", 5), ("background", 4), ("distractors", 3)):
        counts = np.bincount(np.concatenate([found[name] for found in recorded]))
        assert len(counts) == kinds
        assert counts.min() > 0.8 * 2000 / kinds


def test_background_and_material_do_not_depend_on_the_class() -> None:
    scenes = [sample_scenes(np.random.default_rng(seed), 1000) for seed in range(4)]
    label = np.concatenate([scene.label.numpy() for scene in scenes])
    for name, kinds in (("background", 4), ("material", 5)):
        factor = np.concatenate([scene.recorded()[name] for scene in scenes])
        table = np.histogram2d(label, factor, bins=(10, kinds))[0]
        expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
        assert ((table - expected) ** 2 / expected).sum() < 2 * 9 * (kinds - 1)


def _drawn(**variant: bool) -> Scenes:
    return sample_scenes(np.random.default_rng(0), 1000, **variant)


def _differing(one: Scenes, other: Scenes) -> set[str]:
    pairs = zip(one.recorded().items(), other.recorded().values(), strict=True)
    return {name for (name, values), others in pairs if not np.array_equal(values, others)}


def test_turned_scenes_differ_in_nothing_but_the_angle_which_is_uniform() -> None:
    upright, turned = _drawn(), _drawn(turned=True)
    assert _differing(upright, turned) == {"rotation_deg"}
    assert torch.equal(upright.label, turned.label)
    assert torch.equal(upright.primitives, turned.primitives)
    angle_deg = turned.recorded()["rotation_deg"]
    assert -180 <= angle_deg.min() < angle_deg.max() <= 180
    quarters = np.bincount(((angle_deg + 180) // 90).astype(int).clip(0, 3))
    assert quarters.min() > 200
    for kind in range(10):  # of each class: none has an angle of its own
        radians = np.deg2rad(angle_deg[turned.label.numpy() == kind])
        assert abs(np.exp(1j * radians).mean()) < 0.25


def test_typical_surfaces_change_material_and_hue_alone_and_decide_no_class() -> None:
    plain, natural = _drawn(), _drawn(typical_surfaces=True)
    assert _differing(plain, natural) == {"material", "hue"}
    assert torch.equal(plain.label, natural.label)
    typical = torch.tensor([MATERIALS.index(name) for name in TYPICAL_MATERIALS])[natural.label]
    assert (natural.surface.material == typical).float().mean() == pytest.approx(0.6, abs=0.04)  # half, and one in five
    table = np.histogram2d(natural.label, natural.surface.hue, bins=(10, 12), range=((0, 10), (0, 1)))[0]
    best_guess = table.max(0).sum() / table.sum()
    assert 0.25 < best_guess < 0.6
