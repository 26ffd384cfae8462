"""Retrieval of captions by images and of images by captions."""

import json
import math

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
    "pictures_title": "held-out examples, and below each its matches",
    "note": "Equal captions are one candidate, and correct for all their images.",
}
SHOWN_CAPTIONS, SHOWN_RANKS = 6, 3
CHUNK = 1000  # queries whose similarities with all candidates are in memory at once


def evaluate(
    inputs: Inputs, *, candidates: PositiveInt, ranks: list[PositiveInt], batch_size: PositiveInt
) -> list[Measure]:
    """Return ``image_to_text`` and ``text_to_image`` at each rank k: the recall at k in percent.

    Candidates are the first ``candidates`` test images and all their captions. Equal captions are one candidate, and
    correct for all their images. ``chance`` is the recall of a random order. In a tie the wrong candidate is first.
    NotApplicable where the run has no text tower or the data have no captions. ``pictures.h5`` has the captions of a few
    images and the images nearest to them.

    Args:
        candidates: test images that are searched.
        ranks: values of k of the recall at k.
        batch_size: examples that pass through the encoder at once.

    Source: Radford et al. 2021 (CLIP), table 13; the protocol of five captions an image is that of Karpathy and Fei-Fei 2015.
    Differs: captions of procedural scenes repeat, and equal captions are not counted as wrong.
    """
    if not has(inputs.target / "test.h5", "caption"):
        raise NotApplicable("the data set has no captions")
    image = torch.from_numpy(read(inputs.target / "test.h5", "image")[:candidates])
    caption = torch.from_numpy(read(inputs.target / "test.h5", "caption")[:candidates])
    captions = texts(caption.flatten(0, 1))
    distinct = {text: row for row, text in enumerate(dict.fromkeys(captions))}
    correct = torch.zeros(len(image), len(distinct), dtype=torch.bool)
    correct[torch.arange(len(image)).repeat_interleave(caption.shape[1]), [distinct[text] for text in captions]] = True
    with common_space(inputs, batch_size) as space:
        images, phrases = space.images(image), space.texts(list(distinct))
    shown = list(dict.fromkeys(captions[:: caption.shape[1]]))[:SHOWN_CAPTIONS]
    nearest = (phrases[[distinct[text] for text in shown]] @ images.T).topk(min(SHOWN_RANKS, len(image)), dim=1).indices
    pictures = {"images": image[nearest.T].numpy()}  # (rank, caption, 3, H, W)
    write_arrays(inputs.pictures / "pictures.h5", pictures, captions=json.dumps(shown))
    return [
        *_recalls("image_to_text", images, phrases, correct, ranks),
        *_recalls("text_to_image", phrases, images, correct.T, ranks),
    ]


def _recalls(name: str, queries: Tensor, candidates: Tensor, correct: Tensor, ranks: list[int]) -> list[Measure]:
    rank = first_correct_rank(queries, candidates, correct)
    measures = [accuracy((rank < k).numpy(), name, at=k) for k in ranks]
    return measures + [Measure(name, "%", chance(correct, k), len(queries), at=k, baseline="chance") for k in ranks]


def first_correct_rank(queries: Tensor, candidates: Tensor, correct: Tensor) -> Tensor:
    """Return (N,) the rank, from 0, of the first correct candidate (M, D) of each query (N, D), after wrong ones in a tie.

    ``correct`` (N, M) bool has at least one in each row; rows of queries and candidates are unit vectors.
    """
    ranks = []
    for rows, chunk in zip(queries.split(CHUNK), correct.split(CHUNK), strict=True):
        similarity = torch.round(rows @ candidates.T, decimals=10)  # equal embeddings are equally near
        best = similarity.masked_fill(~chunk, -torch.inf).amax(1, keepdim=True)
        ranks.append(((similarity >= best) & ~chunk).sum(1))
    return torch.cat(ranks)


def chance(correct: Tensor, k: int) -> float:
    """Return the recall in percent of a random order: 1 - C(M - r, k) / C(M, k), over queries with r of M correct."""
    candidates = correct.shape[1]
    counts, queries = correct.sum(1).unique(return_counts=True)
    missed = [math.comb(candidates - int(r), k) / math.comb(candidates, min(k, candidates)) for r in counts]
    return 100 * float(((1 - torch.tensor(missed, dtype=torch.float64)) * queries).sum() / len(correct))
