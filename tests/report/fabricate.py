"""A fabricated suite on disk: every file that a report reads, with plausible numbers."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from selfsup.config.claims import claims
from selfsup.config.reported import reported
from selfsup.report.content import Content, Group, Member
from selfsup.results import Measure, accuracy, write_measures

PARAMS = Path(__file__).parents[2] / "params"
with contextlib.chdir(PARAMS.parent):
    CLAIMS, REPORTED = claims(), reported()
VARIANTS = {
    "random": ("random", 22.6),
    "supervised": ("supervised", 83.6),
    "rotation": ("rotation", 71.3),
    "simclr": ("simclr", 49.6),
    "simclr-no-colour": ("simclr", 26.0),
    "moco_v1": ("moco", 42.0),
    "moco_v2": ("moco", 44.0),
}
PROTOCOLS = {
    "linear_probe": {"evaluation": "linear_probe", "penalties": [0.01, 0.1, 1.0], "pooling": "mean"},
    "knn": {"evaluation": "knn", "k": 200, "temperature": 0.1},
    "few_labels_frozen": {"evaluation": "few_labels_frozen", "label_fractions": [0.01, 0.1], "draws": 5},
    "fine_tune": {"evaluation": "fine_tune", "label_fractions": [0.01, 0.1], "epochs": 20},
    "pretext": {"evaluation": "pretext"},
}
LAYERS = {"conv1": 0.5, "conv2": 0.75, "conv3": 0.95, "conv4": 1.0}
TEST_EXAMPLES = 2000


def content(folder: Path) -> Content:
    """Return, with its files below ``folder``, two groups of seven variants: three seeds on scenes, one on cifar10-10k."""
    groups = [group(folder, "scenes", [0, 1, 2], 0.0), group(folder, "cifar10-10k", [0], -5.0)]
    applying = {name: claim for name, claim in CLAIMS.items() if claim.applies(groups[0].asked, "scenes")}
    return Content(
        suite="default",
        title="Self-supervised learning, reproduced",
        summary="With all labels a probe reads {scenes/supervised/linear_probe} %; rotation {scenes/rotation/linear_probe} %.",
        device="cpu",
        precision="float32",
        threads=1,
        groups=groups,
        protocols=PROTOCOLS,
        reported=REPORTED,
        claims=applying,
        modules=["selfsup", "selfsup.losses.info_nce", "selfsup.methods", "selfsup.methods.moco"],
        digest="5f1e0c9a",
    )


def group(folder: Path, name: str, seeds: list[int], shift: float) -> Group:
    members = [member(folder, name, variant, seed, shift) for variant in VARIANTS for seed in seeds]
    protocols = {protocol: parameters["evaluation"] for protocol, parameters in PROTOCOLS.items()}
    recipe = {"name": name, "size_px": 32, "train_examples": 10000, "test_examples": TEST_EXAMPLES}
    return Group(name, name.split("-")[0], recipe, seeds, list(VARIANTS), protocols, members)


def member(folder: Path, data: str, variant: str, seed: int, shift: float) -> Member:
    method, level = VARIANTS[variant]
    generator = np.random.default_rng([seed, list(VARIANTS).index(variant), len(data)])
    run = folder / "runs" / f"{variant}-{data[0]}1a2b3c4d" / f"s{seed}"
    run.mkdir(parents=True)
    skill = (level + shift + generator.normal(0, 0.8)) / 100
    write_curves(run / "curves.csv", variant, generator)
    write_views(run / "views.h5", variant, generator)
    facts = {
        "steps": 312,
        "images_through_encoder": 80000,
        "parameters": 221000,
        "encoder": "small_conv",
        "examples": 10000,
    }
    (run / "summary.json").write_text(
        json.dumps({**facts, "images_through_encoder": 0 if method == "random" else 80000})
    )
    (run / "encoder.json").write_text(json.dumps({"description": {"backbone": "small_conv", "width": 24}}))
    recipe = {"method": method, "encoder": {"backbone": "small_conv", "width": 24}, "epochs": 4, "batch_size": 128}
    measures = {
        protocol: write_protocol(
            folder / "results" / f"{variant}-evaluations-{data[0]}5e6f7a8b" / f"s{seed}",
            protocol,
            skill,
            method,
            generator,
        )
        for protocol in PROTOCOLS
        if (variant, protocol) != ("simclr-no-colour", "fine_tune")
    }
    prepared = folder / "prepared" / f"{data}-9f8e7d6c"
    return Member(
        variant, method, seed, recipe, run, folder / "features" / run.parent.name / run.name, prepared, measures
    )


def write_protocol(folder: Path, protocol: str, skill: float, method: str, generator: np.random.Generator) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{protocol}.json"
    if protocol == "pretext" and method in ("random", "supervised"):
        write_measures(path, [], "the method has no pretext task")
    else:
        write_measures(path, measures_of(protocol, skill, generator))
    return path


def measures_of(protocol: str, skill: float, generator: np.random.Generator) -> list[Measure]:
    def score(rate: float, draws: int = 1, **where: object) -> Measure:
        return accuracy(generator.random((draws, TEST_EXAMPLES)) < np.clip(rate, 0.05, 0.97), **where)

    if protocol == "linear_probe":
        layers = [score(skill * factor, metric="top1_by_layer", layer=name) for name, factor in LAYERS.items()]
        best = max(layers, key=lambda measure: measure.value)
        headline = replace(best, metric="top1")
        return [headline, *layers, Measure("gradient_norm", "", 4.2e-6, 10000), Measure("penalty", "", 0.1, 10000)]
    if protocol == "knn":
        return [score(skill * 0.93, layer="conv4")]
    if protocol == "pretext":
        rates = {
            "pretext_accuracy": 0.85,
            "pretext_accuracy_untrained": 0.45,
            "pretext_accuracy_colour_histogram": 0.28,
        }
        return [score(rate, metric=name) for name, rate in rates.items()]
    levels = {0.01: 0.5, 0.1: 0.8}
    return [
        score(skill * factor, 5 if protocol == "few_labels_frozen" else 1, layer="conv4", label_fraction=fraction)
        for fraction, factor in levels.items()
    ]


def write_curves(path: Path, variant: str, generator: np.random.Generator) -> None:
    steps = np.arange(10, 320, 10)
    lines = ["step,epoch,images,loss,learning_rate,pretext_accuracy,embedding_std"]
    for step in steps:
        loss = 0.0 if variant == "random" else 1.4 * np.exp(-step / 150) + 0.4 + generator.normal(0, 0.02)
        spread = f"{0.9 - 0.2 * np.exp(-step / 80):.4f}" if variant.startswith(("simclr", "moco")) else ""
        guess = "" if variant in ("random", "supervised") else f"{0.25 + 0.5 * (1 - np.exp(-step / 120)):.4f}"
        lines.append(f"{step},{step / 78:.3f},{step * 256},{loss:.4f},{0.002 * (1 - step / 320):.6f},{guess},{spread}")
    path.write_text("\n".join(lines) + "\n")


def write_views(path: Path, variant: str, generator: np.random.Generator) -> None:
    panels = {"view 1": [], "view 2": []} if variant.startswith(("simclr", "moco")) else {"what it sees": []}
    rows, columns = np.mgrid[0:32, 0:32]
    with h5py.File(path, "w", track_order=False) as file:
        for index, title in enumerate(panels):
            images = [soft_disc(rows, columns, generator) for _ in range(8)]
            panel = file.create_group(f"panel{index}")
            panel.create_dataset("images", data=np.stack(images), track_times=False)
            panel.attrs["title"] = title
            captions = (
                [f"{90 * (n % 4)}°" for n in range(8)] if variant == "rotation" else [f"image {n}" for n in range(8)]
            )
            panel.attrs["captions"] = json.dumps(captions)


def soft_disc(rows: np.ndarray, columns: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return an image uint8 (3, 32, 32): a disc on a gradient, so that a gallery is worth looking at."""
    y, x, radius = generator.uniform((10, 10, 5), (22, 22, 10))
    disc = np.clip(radius - np.hypot(rows - y, columns - x), 0, 1)
    ground, ink = generator.uniform(60, 200, (3, 1, 1)), generator.uniform(0, 255, (3, 1, 1))
    image = ground * (0.7 + 0.3 * rows / 32) * (1 - disc) + ink * disc
    return np.clip(image, 0, 255).astype(np.uint8)
