"""A fabricated suite on disk: every file that a report reads, with plausible numbers."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from selfsup.config.claims import claims
from selfsup.config.reported import reported
from selfsup.config.shown import shown
from selfsup.report.content import Content
from selfsup.report.group import Data, Group, Member, Protocol, Target
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
TITLES = {
    "random": "Random initialization",
    "supervised": "Supervised",
    "rotation": "Rotation",
    "simclr": "SimCLR",
    "simclr-no-colour": "SimCLR, no colour",
    "moco_v1": "MoCo v1",
    "moco_v2": "MoCo v2",
}
ROLES = {"random": "floor", "supervised": "labels"}


def protocol(name: str, evaluation: str = "", title: str = "", **arguments: object) -> Protocol:
    """Return a protocol of an evaluation of the project, by default the one of its name."""
    module = evaluation or name
    return Protocol(name, title or name.replace("_", " "), module, arguments, shown(f"evaluations.{module}"))


def group_of(
    name: str, members: list[Member], protocols: list[Protocol], roles: dict | None = None, data: str = ""
) -> Group:
    """Return a group of these members, scored on what they were pretrained on."""
    recipe = {"size_px": 32, "train_examples": 10000, "test_examples": TEST_EXAMPLES}
    source = Data(data or name, name.split("-")[0], recipe, Path("data") / "prepared" / f"{name}-9f8e7d6c")
    variants = list(dict.fromkeys(member.variant for member in members))
    titles = {variant: TITLES.get(variant, variant) for variant in variants}
    return Group(name, source, [Target(**vars(source), protocols=protocols)], variants, members, titles, roles or {})


def with_protocols(group: Group, *protocols: Protocol) -> Group:
    """Return the group with further protocols."""
    (target,) = group.targets
    return replace(group, targets=[replace(target, protocols=[*target.protocols, *protocols])])


def with_measures(member: Member, files: dict[str, Path], data: str) -> Member:
    """Return the member with the measures of further protocols."""
    return replace(member, measures={**member.measures, **{(data, name): file for name, file in files.items()}})


PROTOCOLS = [
    protocol("linear_probe", penalties=[0.01, 0.1, 1.0], pooling="mean"),
    protocol("knn", title="kNN", k=200, temperature=0.1),
    protocol("few_labels_frozen", title="few-label probe", label_fractions=[0.01, 0.1], draws=5),
    protocol("fine_tune", title="fine-tuned", label_fractions=[0.01, 0.1], epochs=20),
    protocol("pretext", title="pretext task"),
]
LAYERS = {"conv1": 0.5, "conv2": 0.75, "conv3": 0.95, "conv4": 1.0}
TEST_EXAMPLES = 2000


def content(folder: Path) -> Content:
    """Return, with its files below ``folder``, two groups of seven variants: three seeds on scenes, one on cifar10-10k."""
    groups = [group(folder, "scenes", [0, 1, 2], 0.0), group(folder, "cifar10-10k", [0], -5.0)]
    protocols = groups[0].protocols_on(groups[0].pretrain_data)
    applying = {name: claim for name, claim in CLAIMS.items() if claim.applies(protocols, "scenes")}
    return Content(
        suite="default",
        title="Self-supervised learning, reproduced",
        summary="With all labels a probe reads {scenes/supervised/linear_probe} %; rotation {scenes/rotation/linear_probe} %.",
        device="cpu",
        precision="float32",
        threads=1,
        features={"pooling": ["mean"]},
        groups=groups,
        reported=REPORTED,
        claims=applying,
        modules=["selfsup", "selfsup.evaluations.baselines.optical_flow", "selfsup.methods", "selfsup.methods.moco"],
        digest="5f1e0c9a",
    )


def group(folder: Path, name: str, seeds: list[int], shift: float) -> Group:
    members = [member(folder, name, variant, seed, shift) for variant in VARIANTS for seed in seeds]
    return group_of(name, members, PROTOCOLS, ROLES)


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
        json.dumps({**facts, **({"images_through_encoder": 0, "steps": 0} if method == "random" else {})})
    )
    (run / "encoder.json").write_text(json.dumps({"description": {"backbone": "small_conv", "width": 24}}))
    recipe = {"method": method, "encoder": {"backbone": "small_conv", "width": 24}, "epochs": 4, "batch_size": 128}
    place = folder / "results" / f"{variant}-evaluations-{data[0]}5e6f7a8b" / f"s{seed}"
    measures = {
        (data, protocol.name): write_protocol(place, protocol.name, skill, method, generator)
        for protocol in PROTOCOLS
        if (variant, protocol.name) != ("simclr-no-colour", "fine_tune")
    }
    features = folder / "features" / run.parent.name / run.name
    return Member(variant, method, seed, recipe, run, {data: features}, measures, gallery=run, predictions=run)


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
        layers = [score(skill * factor, layer=name) for name, factor in LAYERS.items()]
        best = max(layers, key=lambda measure: measure.value)
        headline = replace(best, layer="")
        penalty = Measure("penalty", "", 0.1, 10000, layer=best.layer)
        return [headline, *layers, Measure("gradient_norm", "", 4.2e-6, 10000), penalty]
    if protocol == "knn":
        return [score(skill * 0.93)]
    if protocol == "pretext":
        rates = {"": 0.85, "untrained": 0.45, "colour_histogram": 0.28}
        measured = [score(rate, metric="pretext_accuracy", baseline=name) for name, rate in rates.items()]
        return [*measured, score(rates[""] / 2, metric="pretext_skill")]
    levels = {0.01: 0.5, 0.1: 0.8}
    return [
        score(skill * factor, 5 if protocol == "few_labels_frozen" else 1, label_fraction=fraction)
        for fraction, factor in levels.items()
    ]


def write_curves(path: Path, variant: str, generator: np.random.Generator) -> None:
    steps = np.arange(10, 320, 10) if variant != "random" else []
    lines = ["step,epoch,images,loss,learning_rate,pretext_accuracy,embedding_std"]
    for step in steps:
        loss = 1.4 * np.exp(-step / 150) + 0.4 + generator.normal(0, 0.02)
        spread = f"{0.9 - 0.2 * np.exp(-step / 80):.4f}" if variant.startswith(("simclr", "moco")) else ""
        guess = "" if variant == "supervised" else f"{0.25 + 0.5 * (1 - np.exp(-step / 120)):.4f}"
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
