"""Dense nearest neighbours: segmentation by the votes of the nearest patches of training images, without training."""

from collections.abc import Sequence
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.segmentation import mean_iou, miou, most_frequent, pixel_counts, scores
from selfsup.evaluations.pictures.rows import EXAMPLES, write_segments
from selfsup.evaluations.reading.dense import at_most, enlarged, layer_maps
from selfsup.evaluations.reading.objects import images, segment_names, segments
from selfsup.evaluations.solvers.probes import deepest_best
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Segmentation by nearest patches",
    "headline": "miou",
    "metrics": {
        "miou": {"title": "mIoU", "unit": "%", "better": "higher", "over": ["layer"]},
        "iou": {"title": "{subset}", "unit": "%", "note": "IoU", "better": "higher", "over": ["subset"]},
    },
    "names": {"most_frequent": "the most frequent class everywhere"},
    "figures": [{"kind": "lines", "metric": "miou", "over": "layer"}],
    "pictures": "grid",
    "pictures_title": "held-out images, the classes of their pixels, and the predicted ones",
    "note": "Of the layer with the best mIoU on held-out training images; every layer is scored on the test set. The mean is "
    "over all classes of pixels, backgrounds too.",
}
CHUNK = 500  # patches whose similarities to a bank of 20,000 fit into 40 MB


def evaluate(
    inputs: Inputs,
    *,
    train_images: PositiveInt,
    test_images: PositiveInt,
    side: PositiveInt,
    k: PositiveInt,
    temperature: PositiveFloat,
    held_out_fraction: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``miou`` of the best layer and of each ``layer``, and ``iou`` of each class, as ``subset``.

    Every patch of the bank, a position of a layer's map, has the shares of the classes inside it; a patch of a test image gets
    the mean of its k nearest by cosine, weighted by exp(cosine / temperature). The shares are enlarged bilinearly, and each
    pixel has the class of the largest. The best layer is that with the best mIoU on a held-out part of the training images (ties
    go to the deeper). The baseline ``most_frequent`` is the most frequent class of the training pixels everywhere.
    NotApplicable where the data have no segments, or the bank has fewer than k patches.

    Args:
        train_images: training images of the bank, the first ones.
        test_images: test images, the first ones.
        side: most rows and columns of patches of an image; larger maps are averaged.
        k: nearest patches that vote.
        temperature: of the weight of a vote, exp(cosine / temperature).
        held_out_fraction: share of the training images for choosing the layer.
        batch_size: images that pass through the encoder at once.

    Source: Balazevic et al. 2023 (Towards in-context scene understanding), section 3.2.
    Differs: the search is exact, and maps are averaged to ``side``, where the paper samples a bank of patches.
    """
    names = segment_names(inputs.target / "train.h5")
    truth, test_truth = (
        segments(inputs.target / f"{split}.h5")[:count]
        for split, count in (("train", train_images), ("test", test_images))
    )
    train = _maps(inputs, "train", len(truth), side, batch_size)
    test = _maps(inputs, "test", len(test_truth), side, batch_size)
    held = held_out(torch.zeros(len(truth), dtype=torch.int64), held_out_fraction, inputs.seed, "dense_knn")
    vote = partial(segment, classes=len(names), k=k, temperature=temperature)
    selected: dict[str, float] = {}
    by_layer: dict[str, Tensor] = {}
    for layer, maps in train.items():
        predicted = vote(maps[held], maps[~held], truth[~held])
        selected[layer] = mean_iou(pixel_counts(predicted, truth[held], len(names)))
        by_layer[layer] = pixel_counts(vote(test[layer], maps, truth), test_truth, len(names))
    best = deepest_best(selected)
    predicted = vote(test[best][:EXAMPLES], train[best], truth)
    write_segments(inputs, images(inputs.target / "test.h5")[:EXAMPLES], test_truth, predicted)
    return [
        *scores(by_layer[best], names),
        *(miou(counts, layer=layer) for layer, counts in by_layer.items()),
        most_frequent(truth, test_truth, len(names)),
    ]


def _maps(inputs: Inputs, split: str, count: int, side: int, batch_size: int) -> dict[str, Tensor]:
    """Return {layer: maps (N, D, h, w)} of the first images of a split, at most ``side`` high and wide."""
    encoder = load_encoder(inputs.weights).to(inputs.device)
    pixels = images(inputs.target / f"{split}.h5")[:count]
    with frozen(encoder):
        batches = [
            {layer: at_most(maps, side).cpu() for layer, maps in batch.items()}
            for batch in layer_maps(encoder, pixels, batch_size=batch_size, device=inputs.device)
        ]
    return {layer: torch.cat([batch[layer] for batch in batches]) for layer in encoder.layers}


def segment(maps: Tensor, bank: Tensor, truth: Tensor, *, classes: int, k: int, temperature: float) -> Tensor:
    """Return the class (N, H, W) of each pixel of images with maps (N, D, h, w), by a bank of maps (M, D, h, w) of images whose
    pixels are of the classes ``truth`` (M, H, W)."""
    shares = class_shares(truth, bank.shape[2:], classes)  # (M, K, h, w)
    patches, votes = (values.movedim(1, -1).flatten(0, 2) for values in (bank, shares))
    known = votes.sum(1) > 0  # elsewhere all pixels are void
    if int(known.sum()) < k:
        raise NotApplicable(f"{k} nearest patches were asked for, and the training images have {int(known.sum())}")
    queries = maps.movedim(1, -1)
    voted = nearest_votes(queries.flatten(0, 2), patches[known], votes[known], k=k, temperature=temperature)
    by_position = voted.unflatten(0, queries.shape[:3]).movedim(-1, 1)
    size = (truth.shape[1], truth.shape[2])
    return torch.cat([enlarged(rows, size).argmax(1) for rows in by_position.split(CHUNK)])


def class_shares(truth: Tensor, grid: Sequence[int], classes: int) -> Tensor:
    """Return float32 (N, K, h, w): the share of each class among the pixels of each cell of a ``grid`` h, w over images
    ``truth`` (N, H, W), 0 for all where every pixel is void."""
    one_hot = torch.stack([(truth == number).float() for number in range(classes)], 1)
    pixels = F.adaptive_avg_pool2d(one_hot, (grid[0], grid[1]))
    return pixels / pixels.sum(1, keepdim=True).clamp(min=1e-12)


def nearest_votes(queries: Tensor, bank: Tensor, votes: Tensor, *, k: int, temperature: float) -> Tensor:
    """Return (N, K): the mean of the votes (M, K) of the k nearest by cosine of a bank (M, D) to queries (N, D), each weighted
    by exp(cosine / temperature)."""
    queries, bank = (F.normalize(rows, dim=1) for rows in (queries, bank))
    voted = []
    for chunk in queries.split(CHUNK):
        cosine, nearest = (chunk @ bank.T).topk(k, dim=1)
        weight = ((cosine - cosine[:, :1]) / temperature).exp()
        voted.append((weight[:, :, None] * votes[nearest]).sum(1) / weight.sum(1, keepdim=True))
    return torch.cat(voted)
