"""Adds to the fabricated suite what only some runs have: predictions with their quality, curves over labels, ablations."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from selfsup.config.shown import shown
from selfsup.report.content import Ablation, Content, Experiment
from selfsup.report.group import Group, Member
from selfsup.results import Measure, write_measures
from tests.report.fabricate import content, protocol, soft_disc, with_measures, with_protocols

FILLING = ("moco_v1", "moco_v2")
COLOURING = ("rotation", "simclr")
MAPPED = ("random", "simclr")
MAP_CLASSES = ["apple", "pear & plum", "<b>fig</b>"]
PROTOCOLS = [
    protocol("inpainting"),
    protocol("colorization"),
    protocol("few_labels_blocks", title="blocks frozen", labels_per_class=[20, 100, 400]),
    protocol("few_labels_scratch", title="from scratch", labels_per_class=[20, 100, 400]),
    protocol("embedding_map", title="map"),
]
ASKED = {
    "inpainting": FILLING,
    "colorization": COLOURING,
    "few_labels_blocks": ("rotation",),
    "few_labels_scratch": ("random",),
    "embedding_map": MAPPED,
}
FILLS = {"": 1.0, "nearest_learned": 1.6, "nearest_hog": 1.9, "mean_fill": 1.3}
COLOURS = {"": 0.0, "grey": -4.0, "mean_colour": -2.0}
SOURCE = {"paper": "Chen et al. 2020", "arxiv": "2002.05709", "where": "Figure 8"}
WIDTHS = Ablation(
    name="head-width",
    title="Width of the projection head",
    group="scenes",
    evaluation="linear_probe",
    metric="top1",
    label_fraction=None,
    axis="width of the head",
    scale="log",
    lines={"non-linear": {"simclr": 32, "simclr-no-colour": 128}, "linear": {"moco_v1": 32, "moco_v2": 128}},
    line_evaluations={},
    source=SOURCE,
    published={"non-linear": {32: 63.5, 128: 64.2, 2048: 64.7}, "linear": {32: 60.0, 128: 61.0}, "none": {2048: 50.1}},
)
LOSSES = replace(
    WIDTHS,
    name="before-head",
    title="Before the head and after it",
    axis="loss",
    scale="categories",
    lines={"h": {"simclr": "NT-Xent", "moco_v1": "margin"}, "g(h)": {"simclr": "NT-Xent"}},
    line_evaluations={"g(h)": "knn"},
    published={},
)


def with_images(folder: Path) -> Content:
    """Return the fabricated suite's first group with two runs of inpainting, two of colorization and two with few labels."""
    whole = content(folder)
    group = whole.groups[0]
    members = [_member(folder, member) for member in group.members]
    group = with_protocols(replace(group, members=members), *PROTOCOLS)
    bound = Experiment(
        "infonce_bound", shown("experiments.infonce_bound"), {n: _experiment(folder, n) for n in range(3)}
    )
    return replace(whole, groups=[group, whole.groups[1]], ablations=[WIDTHS, LOSSES], experiments=[bound])


def crowded(whole: Content, count: int) -> Content:
    """Return the suite with its first group's runs under ``count`` names."""
    group = whole.groups[0]
    names = [f"{variant}_{n}" if n else variant for n in range(9) for variant in group.variants][:count]
    copies = {(member.variant, member.seed): member for member in group.members}
    members = [
        replace(copies[name.rpartition("_")[0] if name not in group.variants else name, seed], variant=name)
        for name in names
        for seed in sorted({member.seed for member in group.members})
    ]
    roles = {name: group.roles[first] for name in names if (first := name.rpartition("_")[0] or name) in group.roles}
    changed = {"variants": names, "members": members, "titles": {}, "roles": {**group.roles, **roles}}
    return replace(whole, groups=[Group(**{**vars(group), **changed})])


def _member(folder: Path, member: Member) -> Member:
    generator = np.random.default_rng([member.seed, len(member.variant)])
    if member.variant in FILLING:
        _write_predictions(member.run / "predictions.h5", "inpainting", 0.3 * FILLING.index(member.variant))
    if member.variant in COLOURING:
        _write_predictions(member.run / "predictions.h5", "colorization", 0.3 * COLOURING.index(member.variant))
        facts = json.loads((member.run / "summary.json").read_text())
        facts["table"] = {"bins": 313.0, "mean_distance": 8.125 + (member.variant == "simclr") * member.seed}
        (member.run / "summary.json").write_text(json.dumps(facts))
    wanted = [name for name, variants in ASKED.items() if member.variant in variants]
    place = member.measures["scenes", "knn"].parent
    if "embedding_map" in wanted:
        _write_map(place / "pictures.h5", generator)
    for name in wanted:
        write_measures(place / f"{name}.json", _measures(name, generator))
    return with_measures(member, {name: place / f"{name}.json" for name in wanted}, "scenes")


def _measures(protocol: str, generator: np.random.Generator) -> list[Measure]:
    noise = generator.normal(0, 0.05)
    if protocol == "inpainting":
        levels = {"l1": ("%", 9.4), "l2": ("%", 2.0), "psnr": ("dB", 18.6), "sharpness": ("ratio", 0.4)}
        return [
            Measure(name, unit, level * factor + noise, 500, baseline=baseline)
            for baseline, factor in FILLS.items()
            for name, (unit, level) in levels.items()
        ]
    if protocol == "colorization":
        levels = [("auc", "%", 90.0, None), ("auc_rebalanced", "%", 65.0, 0.0), ("colourfulness", "", 20.0, None)]
        found = [
            Measure(name, unit, level + shift + noise, 2000, baseline=baseline, at=at)
            for baseline, shift in COLOURS.items()
            for name, unit, level, at in levels
        ]
        return [*found, Measure("colourfulness", "", 34.0, 2000, baseline="original")]
    if protocol == "embedding_map":
        return [Measure("trustworthiness", "%", 90 + noise, 30)]
    start = 60.0 if protocol == "few_labels_blocks" else 40.0
    return [Measure("top1", "%", start + 12 * n + noise, 2000, shots=shots) for n, shots in enumerate((20, 100, 400))]


def _write_map(path: Path, generator: np.random.Generator) -> None:
    """Write 30 points, and images whose red is their number."""
    image = np.zeros((30, 3, 8, 8), np.uint8)
    image[:, 0] = 8 * np.arange(30)[:, None, None]
    arrays = {
        "position": generator.normal(size=(30, 2)).astype(np.float32),
        "label": np.arange(30) % 3,
        "images": image,
    }
    with h5py.File(path, "w") as file:
        file.attrs["classes"] = json.dumps(MAP_CLASSES)
        for name, array in arrays.items():
            file.create_dataset(name, data=array, track_times=False)


def _write_predictions(path: Path, kind: str, strength: float) -> None:
    """Write images of 32 px: the same held-out originals in every run, whatever fills or colours them."""
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[0:32, 0:32]
    original = np.stack([soft_disc(rows, columns, generator) for _ in range(10)])
    masked, made = original.copy(), original.copy()
    masked[:, :, 8:24, 8:24] = 127
    made[:, :, 8:24, 8:24] = int(255 * strength)
    images = {"original": original, "masked": masked, "filled": made}
    if kind == "colorization":
        images = {"original": original, "predicted": np.roll(original, 1, 1)}
    with h5py.File(path, "w") as file:
        file.attrs["kind"] = kind
        for name, array in images.items():
            file.create_dataset(f"images/{name}", data=array, track_times=False)


def _experiment(folder: Path, seed: int) -> Path:
    generator = np.random.default_rng(seed)
    found = []
    for information in (2.0, 6.0, 10.0):
        for size in (16, 64, 256):
            bound = min(information, float(np.log(size)))
            values = {
                "optimal_critic": 0.9 * bound + generator.normal(0, 0.02),
                "": 0.8 * bound + generator.normal(0, 0.04),
                "information": information,
                "log_n": float(np.log(size)),
            }
            found += [
                Measure("estimate", "nats", value, size, baseline=name, subset=f"{information:g}_nats", at=size)
                for name, value in values.items()
            ]
    place = folder / "results" / "infonce_bound-experiment-11223344" / f"s{seed}"
    place.mkdir(parents=True)
    write_measures(place / "measures.json", found)
    return place / "measures.json"
