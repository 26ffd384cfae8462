"""Retrieval: images find their captions among those of many images, and captions their images."""

import json
import math
from pathlib import Path

import torch
from pydantic import PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read
from selfsup.errors import NotApplicable
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.common_space import common_space
from selfsup.hdf5 import write_arrays
from selfsup.results import Measure, accuracy
from selfsup.views.tokens import texts

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Retrieval of captions and images",
    "metrics": {
        "image_to_text": {"title": "image to text, R@{at}", "unit": "%", "better": "higher", "over": ["at"]},
        "text_to_image": {"title": "text to image, R@{at}", "unit": "%", "better": "higher", "over": ["at"]},
    },
    "pictures": "grid",
    "note": "A caption is right for every image that has an equal one; equal captions are one candidate.",
}
SHOWN_CAPTIONS, SHOWN_RANKS = 6, 3
CHUNK = 1000  # queries whose similarities with all candidates are in memory at once


def evaluate(
    inputs: Inputs, *, candidates: PositiveInt, ranks: list[PositiveInt], batch_size: PositiveInt
) -> list[Measure]:
    """Return ``image_to_text`` and ``text_to_image`` at each rank k: queries with a right answer among the k nearest, %.

    Candidates are the first ``candidates`` test images and all their captions. Equal captions are one candidate, and right
    for every image that has it; a caption has found its image if the image has an equal one. ``chance`` is what a
    random order gives. A wrong answer as near as the right one stands before it.
    NotApplicable where the run reads no text or the data has no captions. For the report, ``pictures.h5`` keeps the
    captions of a few images and the images that are nearest to them.

    Args:
        candidates: test images that are searched.
        ranks: how many nearest may hold the answer.
        batch_size: examples that pass through the encoder at once.

    Source: Radford et al. 2021 (CLIP), table 13; the protocol of five captions an image is that of Karpathy and Fei-Fei 2015.
    Differs: captions of procedural scenes repeat; there they would be wrong answers.
    """
    if not has(inputs.target / "test.h5", "caption"):
        raise NotApplicable("the data set has no captions")
    image = torch.from_numpy(read(inputs.target / "test.h5", "image")[:candidates])
    caption = torch.from_numpy(read(inputs.target / "test.h5", "caption")[:candidates])
    said = texts(caption.flatten(0, 1))
    distinct = {text: row for row, text in enumerate(dict.fromkeys(said))}
    right = torch.zeros(len(image), len(distinct), dtype=torch.bool)
    right[torch.arange(len(image)).repeat_interleave(caption.shape[1]), [distinct[text] for text in said]] = True
    with common_space(inputs, batch_size) as space:
        one, other = space.images(image), space.texts(list(distinct))
    shown = list(dict.fromkeys(said[:: caption.shape[1]]))[:SHOWN_CAPTIONS]
    _keep_pictures(inputs.pictures / "pictures.h5", image, shown, one, other[[distinct[text] for text in shown]])
    found = {"image_to_text": (one, other, right), "text_to_image": (other, one, right.T)}
    return [measure for name, asked in found.items() for measure in _recalls(name, *asked, ranks)]


def _recalls(name: str, query: Tensor, candidate: Tensor, right: Tensor, ranks: list[int]) -> list[Measure]:
    place = first_right(query, candidate, right)
    measures = [accuracy((place < k).numpy(), name, at=k) for k in ranks]
    return measures + [Measure(name, "%", chance(right, k), len(query), at=k, baseline="chance") for k in ranks]


def _keep_pictures(file: Path, image: Tensor, captions: list[str], one: Tensor, other: Tensor) -> None:
    """Write ``images`` uint8 (rank, caption, 3, H, W) and the attribute ``captions``, a JSON list."""
    nearest = (other @ one.T).topk(min(SHOWN_RANKS, len(image)), dim=1).indices
    write_arrays(file, {"images": image[nearest.T].numpy()}, captions=json.dumps(captions))


def first_right(query: Tensor, candidate: Tensor, right: Tensor) -> Tensor:
    """Return how many wrong candidates (M, D) are as near to each query (N, D) as its nearest right one, or nearer: (N,).

    ``right`` (N, M) bool has one in each row; rows of queries and candidates are unit vectors.
    """
    places = []
    for rows, answers in zip(query.split(CHUNK), right.split(CHUNK), strict=True):
        similarity = torch.round(rows @ candidate.T, decimals=10)  # equal embeddings are equally near
        best = similarity.masked_fill(~answers, -torch.inf).amax(1, keepdim=True)
        places.append(((similarity >= best) & ~answers).sum(1))
    return torch.cat(places)


def chance(right: Tensor, k: int) -> float:
    """Return the recall in percent of a random order: 1 - C(M - r, k) / C(M, k), over queries with r of M right."""
    candidates = right.shape[1]
    counts, queries = right.sum(1).unique(return_counts=True)
    missed = [math.comb(candidates - int(r), k) / math.comb(candidates, min(k, candidates)) for r in counts]
    return 100 * float(((1 - torch.tensor(missed, dtype=torch.float64)) * queries).sum() / len(right))
