"""Applies a pretrained method to a user's files: colours images, fills holes, propagates labels or colours through a clip."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors import SafetensorError
from torch import Tensor

from selfsup.config import lookup, signature
from selfsup.config.strict import check
from selfsup.datasets.content.decoding import decode, formats
from selfsup.device import prepare_device
from selfsup.errors import InputError
from selfsup.methods.base import Method
from selfsup.pipeline.contact_sheet import Pictures, picture, pixels, shown, write_sheet
from selfsup.pipeline.makers import recipe
from selfsup.pipeline.propagated import propagated
from selfsup.store.graph import graph
from selfsup.store.lineage import place
from selfsup.store.spec import read_spec
from selfsup.training.inspection import trained
from selfsup.training.source import Source

# Formats of which several frames are an animation; those of others are pages or layers.
ANIMATED = ("GIF", "PNG", "WEBP")


def weights(run: Path, suite: str, seed: int | None) -> Path:
    """Return the folder of a run's weights, named by itself or by the run; of several seeds the first."""
    if own := place(run):
        if seed is not None:
            raise InputError(f"--seed: {run} is of one seed; leave it out, or name a run")
        return own
    folder = graph(suite).of_run(str(run), "weights", seed)[0].folder
    found = place(folder)
    if not found:
        raise InputError(f"{folder} is missing; run `snakemake pretrain_{run}` or `dvc pull`")
    return found


def apply(weights: Path, files: list[Path], mask: Path | None, out: Path) -> Iterator[Path]:
    """Write what a pretrained method makes of images, or of one clip, as PNG files and a contact sheet; yield their paths.

    On the CPU. Raises InputError where the run cannot be restored, its method predicts nothing, or a file does not fit.
    """
    method, train = restored(weights)
    name = read_spec(weights)["params"]["method"]
    if method.modality != "clip":
        yield from _written(out, name, len(files), completed(method, name, files, mask))
        return
    if len(files) > 1:
        raise InputError(f"{name} takes one clip, not {len(files)} files; name a video, or the folder of its frames")
    yield from _written(out, name, *propagated(method.encoder, train, files[0], mask))


def restored(weights: Path) -> tuple[Method, Source]:
    """Return the method of a run's weights in evaluation mode, and its training set."""
    spec = read_spec(weights)
    if spec["kind"] != "weights" or not spec["parents"]:
        raise InputError(f"{weights} is not of a pretrained method; name a folder of `selfsup where RUN weights`")
    project = weights.resolve().parents[3]  # of data/weights/<name>/s<seed>
    parents = {role: project / folder for role, folder in spec["parents"].items()}
    for folder in parents.values():
        if not (folder / "spec.json").is_file():
            raise InputError(
                f"{folder} is missing, and {weights} was made from it; restore it with snakemake or `dvc pull`"
            )
    prepare_device("cpu", spec["params"]["threads"])
    keys = _checked(recipe(spec["params"]), str(weights / "spec.json")) | {"device": "cpu", "seed": spec["seed"]}
    try:
        return trained(weights, parents["prepared"], parents.get("table"), **keys)
    except (RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{weights} does not fit the method of its recipe ({reason}); pretrain it again") from error


def _checked(keys: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return a stored recipe with the defaults of today's keys; InputError where a key is no longer one."""
    method = lookup.module_of("methods", keys["method"], origin, "method")
    hyper = check(signature.method_schema(method), keys["hyper"], origin, "hyper")
    return keys | {"hyper": hyper, "encoder": lookup.encoder(keys["encoder"], origin)}


def completed(method: Method, name: str, files: list[Path], mask: Path | None) -> Iterator[tuple[str, Pictures]]:
    """Yield for each image its name and pictures, the last with the method's prediction in it."""
    if repeated := {file.stem for file in files if [other.stem for other in files].count(file.stem) > 1}:
        raise InputError(f"several files are called {min(repeated)}, and so would their results; apply them one by one")
    for file in files:
        image = _image(file)
        prediction = method.complete(image, None if mask is None else _hole(mask, file, image))
        if prediction is None:
            raise InputError(f"{name} predicts neither colours nor missing pixels; apply a run of a method that does")
        if mask is not None and prediction.kind != "inpainting":
            raise InputError(f"--mask: {name} fills no holes, it colours the whole image; leave it out")
        yield file.stem, {title: picture(image) for title, image in prediction.images.items()}


def _image(file: Path) -> Tensor:
    """Return an image file as (1, 3, H, W) in [0, 1]."""
    if not file.is_file():
        raise InputError(f"{file} is {'a folder' if file.is_dir() else 'missing'}; name image files")
    image = decode(file)
    with Image.open(file, formats=formats()) as opened:
        if opened.format in ANIMATED and getattr(opened, "is_animated", False):
            raise InputError(f"{file} is an animation; name an image, or the folder of its frames to a method of clips")
    return pixels(image)


def _hole(mask: Path, file: Path, image: Tensor) -> Tensor:
    """Return (H, W) bool, true where a mask is white."""
    white = _image(mask)[0].mean(0) >= 0.5
    if white.shape != image.shape[2:]:
        (height, width), (rows, columns) = white.shape, image.shape[2:]
        raise InputError(
            f"{mask} has {width}x{height} pixels, {file} {columns}x{rows}; draw the mask at the image's size"
        )
    if white.all() or not white.any():
        raise InputError(
            f"{mask} is all {'white' if white.all() else 'black'}; paint the hole white and the rest black"
        )
    return white


def _written(out: Path, method: str, count: int, results: Iterator[tuple[str, Pictures]]) -> Iterator[Path]:
    """Write the last picture of each of ``count`` results and a sheet of some of them; yield the paths."""
    if out.exists() and not out.is_dir():
        raise InputError(f"--out: {out} is a file; name a folder")
    rows, on_sheet = [], shown(count)
    for number, (name, pictures) in enumerate(results):
        out.mkdir(parents=True, exist_ok=True)
        file = out / f"{name}-{method}.png"
        list(pictures.values())[-1].save(file)
        yield file
        if number in on_sheet:
            rows.append((name, pictures))
    write_sheet(out / f"contact-sheet-{method}.png", rows)
    yield out / f"contact-sheet-{method}.png"
