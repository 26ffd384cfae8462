"""Pages about embedded images: each image's nearest ones, and all of them on a map; one HTML file without a network."""

import base64
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from selfsup.datasets.content.decoding import cover_square, decode
from selfsup.errors import InputError
from selfsup.pipeline.embedding.embed import Embeddings

THUMBNAIL_PX = 96
COLUMNS = 20  # of the sheet of thumbnails
SHOWN = 24  # images whose neighbours are shown, where none are named
NAMED = 12  # folders that a legend can name
PERPLEXITY, MIN_MAPPED = 30, 5


def neighbours(embeddings: Embeddings, queries: list[Path], count: int) -> list[list[tuple[int, float]]]:
    """Return for each query its own index with cosine 1, then its ``count`` nearest other images with their cosines.

    Without queries, images at even distances in the list are queries.
    """
    if not 0 < count < len(embeddings.files):
        raise InputError(f"-k: {count} neighbours of {len(embeddings.files)} images; name fewer than there are images")
    index = {Path(file).resolve(): n for n, file in enumerate(embeddings.files)}
    if unknown := [query for query in queries if query.resolve() not in index]:
        raise InputError(f"{unknown[0]} is not among the embedded images; embed it with them")
    chosen = [index[query.resolve()] for query in queries] or _spread(len(embeddings.files), SHOWN)
    features = normalised(embeddings.features)
    found = []
    for query in chosen:
        cosines = features @ features[query]
        order = np.argsort(-cosines, kind="stable")
        nearest = [int(n) for n in order if n != query][:count]
        found.append([(query, 1.0), *((n, float(cosines[n])) for n in nearest)])
    return found


def positions(embeddings: Embeddings, seed: int = 0) -> np.ndarray:
    """Return (N, 2) in [0, 1]: the images by t-SNE of their features of length 1, so that distances follow cosines.

    Source: van der Maaten and Hinton 2008, by scikit-learn.
    """
    from sklearn.manifold import TSNE

    if len(embeddings.files) < MIN_MAPPED:
        raise InputError(f"{len(embeddings.files)} images make no map; embed at least {MIN_MAPPED}")
    perplexity = min(PERPLEXITY, (len(embeddings.files) - 1) / 3)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(normalised(embeddings.features))
    span = np.maximum(found.max(0) - found.min(0), 1e-12)
    return (found - found.min(0)) / span


def normalised(features: np.ndarray) -> np.ndarray:
    """Return float64 features of length 1."""
    wide = features.astype(np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)


def _spread(total: int, count: int) -> list[int]:
    return sorted({round(n) for n in np.linspace(0, total - 1, min(count, total))})


def write_neighbours(embeddings: Embeddings, rows: list[list[tuple[int, float]]], out: Path) -> None:
    """Write the page of neighbours, an image and its nearest ones a row."""
    used = sorted({n for row in rows for n, _ in row})
    place, names = {n: at for at, n in enumerate(used)}, _names(embeddings.files)
    shown = [[{"at": place[n], "file": names[n], "cosine": f"{cosine:.3f}"} for n, cosine in row] for row in rows]
    _write(out, "neighbours.html", embeddings, used, rows=shown)


def write_map(embeddings: Embeddings, at: np.ndarray, out: Path) -> None:
    """Write the page of the map: a point per image in the colour of its folder, and the image where the pointer is."""
    folders = [Path(file).parent.name for file in embeddings.files]
    names = sorted(set(folders))
    named = names if 1 < len(names) <= NAMED else []
    points = [
        {
            "x": round(float(x), 4),
            "y": round(float(1 - y), 4),
            "file": file,
            "hue": round(360 * named.index(folder) / len(named)) if named else None,
        }
        for (x, y), file, folder in zip(at, _names(embeddings.files), folders, strict=True)
    ]
    legend = [{"name": name, "hue": round(360 * n / len(named))} for n, name in enumerate(named)]
    _write(out, "map.html", embeddings, range(len(embeddings.files)), points=points, legend=legend)


def _names(files: list[str]) -> list[str]:
    """Return the files as seen from the deepest folder that holds all of them."""
    common = os.path.commonpath([Path(file).absolute().parent for file in files])
    return [os.path.relpath(file, common) for file in files]


def _write(out: Path, template: str, embeddings: Embeddings, images: Iterable[int], **values: Any) -> None:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if out.suffix != ".html":
        raise InputError(f"--out: {out} is no .html; the page is one HTML file")
    sheet = _sheet([embeddings.files[n] for n in images])
    environment = Environment(
        loader=PackageLoader("selfsup.pipeline.embedding", "templates"), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template(template).render(
        sheet=sheet, side=THUMBNAIL_PX, columns=COLUMNS, count=len(embeddings.files), **values
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")


def _sheet(files: list[str]) -> str:
    """Return thumbnails in rows of COLUMNS as the address of one JPEG."""
    sheet = Image.new("RGB", (COLUMNS * THUMBNAIL_PX, -(-len(files) // COLUMNS) * THUMBNAIL_PX))
    for n, file in enumerate(files):
        square = cover_square(decode(Path(file)), THUMBNAIL_PX, file).transpose(1, 2, 0)
        sheet.paste(Image.fromarray(square), (n % COLUMNS * THUMBNAIL_PX, n // COLUMNS * THUMBNAIL_PX))
    stream = io.BytesIO()
    sheet.save(stream, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
