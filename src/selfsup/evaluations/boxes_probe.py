"""Objects in given boxes: a linear classifier of the frozen features inside each object's box, detection without a detector."""

from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.reading.dense import layer_maps
from selfsup.evaluations.reading.objects import Objects, images, objects
from selfsup.evaluations.solvers.probes import FLOOR, measures, probe, standardise
from selfsup.evaluations.solvers.splits import held_out
from selfsup.nn.encoder import load_encoder
from selfsup.nn.roi_align import roi_align
from selfsup.results import Measure, accuracy

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Objects in given boxes",
    "headline": "top1",
    "metrics": {"top1": {"title": "top-1 accuracy", "unit": "% of objects", "better": "higher", "over": ["layer"]}},
    "names": {"whole_image": "the whole image as the box", "most_frequent": "the most frequent class"},
    "figures": [{"kind": "bars", "metric": "top1"}],
    "flags": {"penalty_at_floor": "penalty at its floor"},
    "note": "Of the layer with the best accuracy on objects of held-out training images; difficult objects are left out.",
}


def evaluate(
    inputs: Inputs,
    *,
    bins: PositiveInt,
    samples: PositiveInt,
    penalties: list[PositiveFloat],
    penalty_floor: PositiveFloat = FLOOR,
    held_out_fraction: PositiveFloat,
    tolerance: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``top1`` over objects of the best layer and of each ``layer``, and the ``penalty``, as ``linear_probe`` does.

    The baselines are ``whole_image``, the best layer's features of the whole image as the box of each of its objects, and
    ``most_frequent``, the class of most training objects. NotApplicable where the data have no boxes.

    Args:
        bins: rows and columns that a box is divided into; the features are the mean of each.
        samples: rows and columns of points of a bin whose features are averaged.
        penalties: L2 penalties to select from, and weaker ones while the weakest is the best.
        penalty_floor: weakest penalty that is tried.
        held_out_fraction: share of the training objects for selecting the penalty and the layer.
        tolerance: gradient norm at which a fit has converged.
        batch_size: images that pass through the encoder at once.

    Source: He et al. 2017 (Mask R-CNN), section 3, for the alignment; Girshick et al. 2014 (R-CNN), section 2.3, for a linear
    classifier of the features in a box.
    """
    train, test = (_counted(objects(inputs.target / f"{split}.h5")) for split in ("train", "test"))
    held = [held_out(train.label, held_out_fraction, inputs.seed, "boxes_probe")]
    align = partial(box_features, inputs, bins=bins, samples=samples, batch_size=batch_size)
    fitted = partial(probe, penalties=penalties, penalty_floor=penalty_floor, tolerance=tolerance)
    (boxed, whole), (test_boxed, test_whole) = align("train", train), align("test", test)
    probes = {
        layer: fitted(*standardise(vectors, test_boxed[layer]), train.label, test.label, held)
        for layer, vectors in boxed.items()
    }
    result = measures(probes, accuracy)
    best = next(measure.layer for measure in result if measure.metric == "penalty")
    blind = fitted(*standardise(whole[best], test_whole[best]), train.label, test.label, held)
    most_frequent = train.label.bincount().argmax()
    return [
        *result,
        accuracy(blind.correct.numpy(), baseline="whole_image"),
        accuracy((test.label == most_frequent).numpy(), baseline="most_frequent"),
    ]


def _counted(all_objects: Objects) -> Objects:
    counted = all_objects.where(~all_objects.difficult)
    if not len(counted.label):
        raise NotApplicable("every object of the data set is difficult")
    return counted


@torch.no_grad()
def box_features(
    inputs: Inputs, split: str, instances: Objects, *, bins: int, samples: int, batch_size: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return {layer: (M, D bins bins) float32} of the boxes of objects of a split, and of their whole images as boxes."""
    encoder = load_encoder(inputs.weights).to(inputs.device)
    pixels = images(inputs.target / f"{split}.h5")
    height, width = pixels.shape[2:]
    whole_box = torch.tensor([[0.0, 0.0, width, height]])
    batches = layer_maps(encoder, pixels, batch_size=batch_size, device=inputs.device)
    rows: list[Tensor] = []
    parts: tuple[dict[str, list[Tensor]], ...] = ({}, {})
    with frozen(encoder):
        for number, batch in enumerate(batches):
            here = (instances.image // batch_size == number).nonzero()[:, 0]
            rows.append(here)
            image = instances.image[here] - number * batch_size
            for layer, maps in batch.items():
                for part, box in zip(parts, (instances.box[here], whole_box.expand(len(here), -1)), strict=True):
                    aligned = roi_align(maps, image, box, pixels.shape[2:], bins=bins, samples=samples)
                    part.setdefault(layer, []).append(aligned.flatten(1).cpu())
    position = torch.cat(rows).argsort()
    boxed, whole = ({layer: torch.cat(of)[position] for layer, of in part.items()} for part in parts)
    return boxed, whole
