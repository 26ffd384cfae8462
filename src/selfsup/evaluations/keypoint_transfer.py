"""Keypoint transfer: a point marked on one object is looked for on another of its class."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read
from selfsup.datasets.procedural.pair_factors import SAME_CLASS
from selfsup.errors import NotApplicable
from selfsup.evaluations.correspondence import Query, column_of, match
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics import match_error
from selfsup.evaluations.reading.pair_maps import pair_maps
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Keypoints found on another object of the class",
    "metrics": {
        "error": {
            "title": "mean error",
            "unit": "% of the diagonal",
            "better": "lower",
            "over": ["layer"],
        },
        "error_median": {"title": "median error", "unit": "% of the diagonal", "better": "lower"},
        "within": {"title": "within {at} %", "unit": "% of keypoints", "better": "higher", "over": ["at"]},
    },
    "names": {
        "maps": "layer before the descriptors",
        "object_middle": "the object's centroid (oracle)",
        "colours": "plain colours, 5 x 5 pixels",
        "chance": "any pixel",
    },
    "note": "A part's centre on one object is looked for in a whole image of another of its class.",
}
ARRAYS = ("kind", "first", "second", "second_mask", "first_keypoint", "second_keypoint")


def evaluate(
    inputs: Inputs,
    *,
    thresholds: list[PositiveFloat],
    patch_px: PositiveInt,
    memory_mb: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``error``, ``error_median`` and, at each threshold, ``within``, in percent of the image's diagonal.

    Of pairs of one class: the descriptor at each keypoint of the first object is looked for in the whole second image,
    which shows another object of its class. Beside the descriptors ``maps``, ``colours`` and ``chance`` as in
    ``correspondence``, and ``object_middle``, the mean of the second object's visible pixels, which must be told where
    the object is. A keypoint that is hidden or missing in either image is not asked for. NotApplicable where the data
    have no such pairs.

    Args:
        thresholds: distances in percent of the image's diagonal within which a match counts.
        patch_px: side in pixels of the colour patches of the baseline.
        memory_mb: memory in MB that matching may take beside the maps; changes no number.
        batch_size: examples that pass through the encoder at once.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: class-general descriptors.
    Differs: the paper shows pictures and grasps; the numbers, and the keypoints they are of, are this project's.
    """
    file = inputs.target / "test.h5"
    if not has(file, "first_keypoint"):
        raise NotApplicable("the data have no keypoints of two objects of a class")
    arrays = {name: torch.from_numpy(read(file, name)) for name in ARRAYS}
    chosen = _asked(arrays)
    arrays = {name: values[chosen] for name, values in arrays.items()}
    if not len(chosen):
        raise NotApplicable("no pair of the test set shows a keypoint of two objects of a class")
    encoder = load_encoder(inputs.weights).to(inputs.device)
    first, second = (arrays[side].to(inputs.device) for side in ("first", "second"))
    size = (first.shape[2], first.shape[3])
    errors: dict[str, list[Tensor]] = {}
    with frozen(encoder):
        for row, maps in enumerate(pair_maps(encoder, first, second, patch_px=patch_px, batch_size=batch_size)):
            query = _query(arrays["first_keypoint"][row], arrays["second_keypoint"][row])
            found = match(maps, query, size, memory_mb, row)
            found["object_middle"] = object_middle(arrays["second_mask"][row]).expand_as(query.truth)
            for compared, places in found.items():
                errors.setdefault(compared, []).append(match_error.match_error(places, query.truth, size))
    return [m for compared, of in errors.items() for m in match_error.measures(of, thresholds, **column_of(compared))]


def object_middle(mask: Tensor) -> Tensor:
    """Return the mean place (2,), x y in pixels, of the pixels of a mask (H, W) that are an object's."""
    row, column = mask.nonzero().double().unbind(1)
    return torch.stack([column.mean(), row.mean()]) + 0.5


def _asked(arrays: dict[str, Tensor]) -> Tensor:
    """Return the rows of pairs of one class that share a keypoint."""
    shared = ~(arrays["first_keypoint"] + arrays["second_keypoint"]).isnan().any(-1)
    return ((arrays["kind"] == SAME_CLASS) & shared.any(1)).nonzero()[:, 0]


def _query(first: Tensor, second: Tensor) -> Query:
    shared = ~(first + second).isnan().any(-1)
    return Query(first[shared], second[shared], torch.ones(int(shared.sum())))
