"""Draws docs/methods/<method>.png: views and targets of each method, by its own code. Run: python docs/draw_methods.py"""

import importlib
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from selfsup import extensions
from selfsup.config.lookup import table_reads
from selfsup.config.recipe import PARAMS, Run, run
from selfsup.config.signature import TABLE_READS
from selfsup.datasets import captioned_scenes, moving_scenes, scene_pairs, scenes, voice
from selfsup.methods.base import ARRAYS, DataInfo, Panel
from selfsup.nn.encoder import build
from selfsup.seeds import generator
from selfsup.training.pretrain import method_class
from selfsup.training.source import SEQUENCES

EXAMPLES = 8
SIZE_PX = 64
SOUND = {"seconds": 1.28, "rate_hz": 8000, "speakers": 10}
CELL_INCHES = 1.0
CAPTION_LETTERS = 19  # per line below an image


def recipe_of(method: str) -> Run:
    """Return the recipe with the name of a method, or the first recipe of that method."""
    names = sorted(file.stem for file in (PARAMS / "methods").glob("*.yaml"))
    own = [name for name in names if run(name, name, {}, Path()).method == method]
    return run(method, method if method in own else own[0], {}, Path())


def batch_of(modality: str) -> dict[str, Tensor]:
    """Return eight examples of a modality: scenes of 64 px, clips, captioned scenes, pairs, or voices."""
    image = {"size_px": SIZE_PX, "seed": 0}
    generators = {
        "clip": lambda: moving_scenes.generate("train", EXAMPLES, frames=8, **image),
        "image_text": lambda: captioned_scenes.generate("train", EXAMPLES, phrasings=4, **image),
        "image_pair": lambda: scene_pairs.generate("train", EXAMPLES, **image),
        "waveform": lambda: voice.generate("train", EXAMPLES, seed=0, **SOUND),
        "labelled_waveform": lambda: voice.generate("train", EXAMPLES, seed=0, **SOUND),
    }
    arrays = generators.get(modality, lambda: scenes.generate("train", EXAMPLES, **image))()
    batch = {name: torch.from_numpy(arrays[name]) for name in ARRAYS[modality]}
    if modality == "image_depth":
        depth = torch.from_numpy(arrays["depth"])[:, None].mul(255).round().to(torch.uint8)
        batch["image"] = torch.cat([batch["image"], depth], 1)
    return {"index": torch.arange(EXAMPLES), **batch}


def table_of(recipe: dict[str, Any], batch: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the table of a recipe, made from these examples if it is made from examples."""
    keys = dict(recipe.get("table", {}))
    if not keys:
        return {}
    name = keys.pop("table")
    read = {key: batch[TABLE_READS[key]] for key in table_reads(name)}
    table: Mapping[str, Tensor] = importlib.import_module(f"selfsup.tables.{name}").make(**keys, **read)
    return table


def panels(method: str) -> list[Panel]:
    """Return the gallery's panels of a method on eight examples."""
    recipe, kind = recipe_of(method).recipe, method_class(method)
    modality = kind.modality_of(recipe["hyper"])
    batch, first = batch_of(modality), ARRAYS[modality][0]
    info = DataInfo(
        examples=1000,
        classes=10,
        size_px=0 if modality.endswith("waveform") else SIZE_PX,
        batch_size=EXAMPLES,
        total_steps=100,
        length=batch[first].shape[1] if first in SEQUENCES else 0,
        rate_hz=int(SOUND["rate_hz"]),
        speakers=int(SOUND["speakers"]),
        table=table_of(recipe, batch),
    )
    hyper = recipe["hyper"]
    if "batch_norm_splits" in hyper:
        hyper = {**hyper, "batch_norm_splits": 1}  # eight images, not a batch
    torch.manual_seed(0)
    built = kind.from_recipe(build(recipe["encoder"]), info, hyper)
    with torch.no_grad():
        return built.panels(built.views(batch, built.draw(EXAMPLES, generator(0, "gallery"))))


def draw(panels: list[Panel], file: Path) -> None:
    """Draw one row per panel, with captions below the images."""
    widest = max(len(panel.images) for panel in panels)
    figure = Figure(figsize=(CELL_INCHES * widest, 1.45 * CELL_INCHES * len(panels)), dpi=100, layout="constrained")
    rows = figure.subfigures(len(panels), 1, squeeze=False)[:, 0]
    for row, panel in zip(rows, panels, strict=True):
        row.suptitle(panel.title, fontsize=9, x=0.01, ha="left")
        cells = row.subplots(1, widest, squeeze=False)[0]
        for cell in cells:
            cell.axis("off")
        for cell, image, caption in zip(cells, panel.images, panel.captions, strict=False):
            cell.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="nearest")
            lines = textwrap.fill(caption, CAPTION_LETTERS)
            cell.set_title(
                lines, fontsize=7, **({"y": -0.12, "verticalalignment": "top"} if "\n" in lines else {"y": -0.28})
            )
    figure.savefig(file, metadata={"Software": None})


def main() -> None:
    """Draw every method's picture."""
    for method in [name for name in extensions.names("methods") if name != "base"]:
        draw(panels(method), Path("docs/methods") / f"{method}.png")


if __name__ == "__main__":
    main()
