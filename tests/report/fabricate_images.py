"""Adds to the fabricated suite what only some runs have: predictions with their quality, curves over labels, ablations."""

import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from selfsup.report.content import Ablation, Content, ExperimentMember, Group, Member
from selfsup.results import Measure, write_measures
from tests.report.fabricate import content, soft_disc

FILLING = ("moco_v1", "moco_v2")
COLOURING = ("rotation", "simclr")
PROTOCOLS = {
    "inpainting": {"evaluation": "inpainting"},
    "colorization": {"evaluation": "colorization"},
    "few_labels_blocks": {"evaluation": "few_labels_blocks", "labels_per_class": [20, 100, 400]},
    "few_labels_scratch": {"evaluation": "few_labels_scratch", "labels_per_class": [20, 100, 400]},
}
ASKED = {
    "inpainting": FILLING,
    "colorization": COLOURING,
    "few_labels_blocks": ("rotation",),
    "few_labels_scratch": ("random",),
}
FILLS = {"": 1.0, "_nearest_learned": 1.6, "_nearest_hog": 1.9, "_mean_fill": 1.3}
COLOURS = {"": 0.0, "_grey": -4.0, "_mean_colour": -2.0}
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
    """Return the fabricated suite's first group with two runs that fill holes, two that colour and two that know labels."""
    whole = content(folder)
    group = whole.groups[0]
    members = [_member(folder, member) for member in group.members]
    group = replace(group, members=members, protocols={**group.protocols, **_evaluations(PROTOCOLS)})
    return replace(
        whole,
        groups=[group, whole.groups[1]],
        protocols={**whole.protocols, **PROTOCOLS},
        ablations=[WIDTHS, LOSSES],
        experiments={"infonce_bound": [_experiment(folder, seed) for seed in range(3)]},
    )


def crowded(whole: Content, count: int) -> Content:
    """Return the suite with its first group's runs under ``count`` names."""
    group = whole.groups[0]
    names = [f"{variant}_{n}" if n else variant for n in range(9) for variant in group.variants][:count]
    copies = {(member.variant, member.seed): member for member in group.members}
    members = [
        replace(copies[name.rpartition("_")[0] if name not in group.variants else name, seed], variant=name)
        for name in names
        for seed in group.seeds
    ]
    return replace(whole, groups=[Group(**{**vars(group), "variants": names, "members": members})])


def _evaluations(protocols: dict) -> dict[str, str]:
    return {protocol: parameters["evaluation"] for protocol, parameters in protocols.items()}


def _member(folder: Path, member: Member) -> Member:
    generator = np.random.default_rng([member.seed, len(member.variant)])
    if member.variant in FILLING:
        _write_predictions(member.run / "predictions.h5", "inpainting", 0.3 * FILLING.index(member.variant))
    if member.variant in COLOURING:
        _write_predictions(member.run / "predictions.h5", "colorization", 0.3 * COLOURING.index(member.variant))
        facts = json.loads((member.run / "summary.json").read_text())
        facts["table"] = {"bins": 313.0, "mean_distance": 8.125 + (member.variant == "simclr") * member.seed}
        (member.run / "summary.json").write_text(json.dumps(facts))
    asked = [protocol for protocol, variants in ASKED.items() if member.variant in variants]
    place = member.measures["knn"].parent
    for protocol in asked:
        write_measures(place / f"{protocol}.json", _measures(protocol, generator))
    return replace(member, measures={**member.measures, **{p: place / f"{p}.json" for p in asked}})


def _measures(protocol: str, generator: np.random.Generator) -> list[Measure]:
    noise = generator.normal(0, 0.05)
    if protocol == "inpainting":
        levels = {"l1": ("%", 9.4), "l2": ("%", 2.0), "psnr": ("dB", 18.6), "sharpness": ("ratio", 0.4)}
        return [
            Measure(f"{name}{suffix}", unit, level * factor + noise, 500)
            for suffix, factor in FILLS.items()
            for name, (unit, level) in levels.items()
        ]
    if protocol == "colorization":
        levels = {"auc": ("%", 90.0), "auc_rebalanced": ("%", 65.0), "colourfulness": ("", 20.0)}
        found = [
            Measure(f"{name}{suffix}", unit, level + shift + noise, 500)
            for suffix, shift in COLOURS.items()
            for name, (unit, level) in levels.items()
        ]
        return [*found, Measure("colourfulness_original", "", 34.0, 500)]
    start = 60.0 if protocol == "few_labels_blocks" else 40.0
    return [
        Measure("top1", "%", start + 12 * n + noise, 2000, label_fraction=fraction)
        for n, fraction in enumerate((0.02, 0.1, 0.4))
    ]


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


def _experiment(folder: Path, seed: int) -> ExperimentMember:
    generator = np.random.default_rng(seed)
    found = []
    for information in (2.0, 6.0, 10.0):
        for size in (16, 64, 256):
            bound = min(information, float(np.log(size)))
            values = {
                "estimate_optimal": 0.9 * bound + generator.normal(0, 0.02),
                "estimate_learned": 0.8 * bound + generator.normal(0, 0.04),
                "information": information,
                "log_n": float(np.log(size)),
            }
            found += [
                Measure(name, "nats", value, size, layer=f"{information:g}/{size}") for name, value in values.items()
            ]
    place = folder / "results" / "infonce_bound-experiment-11223344" / f"s{seed}"
    place.mkdir(parents=True)
    write_measures(place / "measures.json", found)
    return ExperimentMember(seed, place / "measures.json")
