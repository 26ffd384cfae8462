"""Keypoint transfer: a keypoint of one object is matched in an image of another object of its class."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read
from selfsup.datasets.procedural.pairs import SAME_CLASS
from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.matching.dense_matching import Query, column_of, match, pair_maps
from selfsup.evaluations.metrics import match_error
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Keypoints found on another object of the class",
    "metrics": {
        "error": {"title": "mean error", "unit": "% of the diagonal", "better": "lower", "over": ["layer"]},
        "error_median": {"title": "median error", "unit": "% of the diagonal", "better": "lower"},
        "within": {"title": "within {at} %", "unit": "% of keypoints", "better": "higher", "over": ["at"]},
    },
    "names": {
        "maps": "layer before the descriptors",
        "object_middle": "the object's centroid (oracle)",
        "colours": "plain colours, 5 x 5 pixels",
        "same_pixel": "the same pixel",
        "chance": "any pixel",
    },
    "note": "The centre of a part of one object is matched in the whole image of another object of its class.",
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

    The descriptor at each keypoint of the first object is matched in the whole second image, which shows another object
    of its class. ``maps``, ``colours``, ``same_pixel`` and ``chance`` are as in ``correspondence``; ``object_middle``, the
    mean of the second object's visible pixels, is an oracle. Keypoints that are hidden or missing in either image are left
    out. NotApplicable where the data have no such pairs.

    Args:
        thresholds: distances in percent of the image diagonal within which a match is correct.
        patch_px: side in pixels of the colour patches of the baseline.
        memory_mb: memory limit in MB of the matching, beside the maps; changes no number.
        batch_size: examples that pass through the encoder at once.

    Source: Florence et al. 2018 (Dense Object Nets), section 5: class-general descriptors.
    Differs: the paper shows pictures and grasps; the measures and the keypoints are this project's.
    """
    file = inputs.target / "test.h5"
    if not has(file, "first_keypoint"):
        raise NotApplicable("the data have no keypoints of two objects of a class")
    arrays = {name: torch.from_numpy(read(file, name)) for name in ARRAYS}
    shared = ~(arrays["first_keypoint"] + arrays["second_keypoint"]).isnan().any(-1)
    rows = ((arrays["kind"] == SAME_CLASS) & shared.any(1)).nonzero()[:, 0]
    if not len(rows):
        raise NotApplicable("no pair of the test set shows a keypoint of two objects of a class")
    encoder = load_encoder(inputs.weights).to(inputs.device)
    first, second = (arrays[side][rows].to(inputs.device) for side in ("first", "second"))
    size = (first.shape[2], first.shape[3])
    errors: dict[str, list[Tensor]] = {}
    with frozen(encoder):
        pairs = pair_maps(encoder, first, second, patch_px=patch_px, batch_size=batch_size)
        for pair_number, (row, maps) in enumerate(zip(rows.tolist(), pairs, strict=True)):
            positions, truth = (arrays[f"{side}_keypoint"][row][shared[row]] for side in ("first", "second"))
            query = Query(positions, truth, torch.ones(len(truth)))
            matches = match(maps, query, size, memory_mb, pair_number)
            matches["object_middle"] = centroid(arrays["second_mask"][row]).expand_as(truth)
            for compared, found in matches.items():
                errors.setdefault(compared, []).append(match_error.match_error(found, truth, size))
    return [m for compared, of in errors.items() for m in match_error.measures(of, thresholds, **column_of(compared))]


def centroid(mask: Tensor) -> Tensor:
    """Return the mean position (2,), x y in pixels, of the nonzero pixels of a mask (H, W)."""
    row, column = mask.nonzero().double().unbind(1)
    return torch.stack([column.mean(), row.mean()]) + 0.5
