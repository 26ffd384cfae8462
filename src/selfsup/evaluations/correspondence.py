"""Dense correspondences: the error of nearest-descriptor matches in pairs of images with known correspondences."""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.datasets.prepared import has, read
from selfsup.datasets.procedural.pairs import SAME_OBJECT, TWO_OBJECTS
from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.matching.dense_matching import Query, column_of, match, pair_maps, pixel_centres
from selfsup.evaluations.metrics import match_error
from selfsup.hdf5 import write_arrays
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure
from selfsup.seeds import generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Dense correspondences",
    "metrics": {
        "error": {"title": "mean error", "unit": "% of the diagonal", "better": "lower", "over": ["subset", "layer"]},
        "error_median": {"title": "median error", "unit": "% of the diagonal", "better": "lower"},
        "within": {"title": "within {at} %", "unit": "% of matches", "better": "higher", "over": ["at"]},
        "right_object": {
            "title": "on the right object",
            "unit": "% of matches",
            "better": "higher",
            "over": ["subset"],
        },
    },
    "names": {
        "maps": "layer before the descriptors",
        "colours": "plain colours, 5 x 5 pixels",
        "same_pixel": "the same pixel",
        "chance": "any pixel",
    },
    "figures": [{"kind": "curve", "metric": "error", "curves": "errors", "method": "descriptors", "end": 40.0}],
    "pictures": "matches",
    "note": "Each query of the first image is matched to the pixel of the second with the nearest descriptor; pairs show one "
    "object unless two are named.",
}
ARRAYS = ("first", "second", "match", "first_mask", "second_mask")
SHOWN_MATCHES = 4
PICTURES = {SAME_OBJECT: 3, TWO_OBJECTS: 2}  # of each kind of pair that is evaluated


@dataclass
class Scores:
    """Of the pairs of one kind, by what was compared: the errors (Q,) of each pair's matches, and whether each is on the
    right object (Q,)."""

    errors: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    right: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))

    def add(self, query: Query, matches: dict[str, Tensor], second_mask: Tensor) -> None:
        """Score the matches of one pair."""
        for compared, positions in matches.items():
            self.errors[compared].append(match_error.match_error(positions, query.truth, second_mask.shape))
            column, row = positions.long().unbind(1)
            self.right[compared].append((second_mask[row, column] == query.object_number).double())


def evaluate(
    inputs: Inputs,
    *,
    queries: PositiveInt,
    thresholds: list[PositiveFloat],
    patch_px: PositiveInt,
    memory_mb: PositiveFloat,
    batch_size: PositiveInt,
) -> list[Measure]:
    """Return ``error``, ``error_median`` and, at each threshold, ``within``, in percent of the image's diagonal.

    Each of ``queries`` random pixels of an object in the first image is matched to the pixel of the second with the
    nearest descriptor. The scores are over pairs that show one object; those of the subset ``two_objects``, pairs that
    show two, are ``error`` and ``right_object``, the share of matches on the right object. The layer ``maps`` is the
    encoder's last features before the descriptors; the baselines are ``colours`` of ``patch_px`` x ``patch_px`` pixels,
    ``same_pixel``, the query's own position, and ``chance``, any pixel. All runs have the same queries. NotApplicable
    where the data have no correspondences.

    Args:
        queries: pixels of the object that are matched in each pair.
        thresholds: distances in percent of the image diagonal within which a match is correct.
        patch_px: side in pixels of the colour patches of the baseline.
        memory_mb: memory limit in MB of the matching, beside the maps; changes no number.
        batch_size: examples that pass through the encoder at once.

    Source: Florence et al. 2018 (Dense Object Nets), section 5.
    Differs: correspondences are those of rendered scenes or homographies, where the paper's are clicked or reconstructed.
    """
    arrays = read_pairs(inputs.target / "test.h5")
    encoder = load_encoder(inputs.weights).to(inputs.device)
    sides = [arrays[side].to(inputs.device) for side in ("first", "second")]
    scores, pictures = {kind: Scores() for kind in PICTURES}, []
    with frozen(encoder):
        for row, maps in enumerate(pair_maps(encoder, *sides, patch_px=patch_px, batch_size=batch_size)):
            pair = {name: values[row] for name, values in arrays.items()}
            query = sample_queries(pair, queries)
            if query is None:
                continue
            matches = match(maps, query, pair["second_mask"].shape, memory_mb, int(pair["number"]))
            kind = int(pair["kind"])
            scores[kind].add(query, matches, pair["second_mask"])
            if len(scores[kind].errors["descriptors"]) <= PICTURES[kind]:
                positions = {"query": query.position, "truth": query.truth, "found": matches["descriptors"]}
                first, second = (side.cpu() for side in maps["descriptors"])
                pictures.append({**pair, "first_descriptors": first, "second_descriptors": second, **positions})
    same, two = scores.values()
    if not same.errors:
        raise NotApplicable("no pair of the test set has a pixel whose place in the other image is known")
    curves = {compared: match_error.quantiles(errors) for compared, errors in same.errors.items()}
    write_pictures(inputs.pictures / "pictures.h5", pictures, curves)
    measures = [
        measure
        for compared, errors in same.errors.items()
        for measure in match_error.measures(errors, thresholds, **column_of(compared))
    ]
    for metric, values, scale in (("error", two.errors, 1.0), ("right_object", two.right, 100.0)):
        for compared, pairs in values.items():
            means = [scale * pair.mean() for pair in pairs]
            columns = {"subset": "two_objects", **column_of(compared)}
            measures.append(match_error.mean_over_pairs(metric, "%", means, **columns))
    return measures


def read_pairs(file: Path) -> dict[str, Tensor]:
    """Return the evaluated pairs of a split, each with its ``kind``, SAME_OBJECT by default, and its ``number``."""
    if not has(file, "match"):
        raise NotApplicable("the data are no pairs of images with correspondences")
    arrays = {name: torch.from_numpy(read(file, name)) for name in ARRAYS}
    number = torch.arange(len(arrays["first"]))
    arrays["kind"] = torch.from_numpy(read(file, "kind")) if has(file, "kind") else torch.full_like(number, SAME_OBJECT)
    rows = torch.isin(arrays["kind"], torch.tensor(list(PICTURES))).nonzero()[:, 0]
    return {name: values[rows] for name, values in (arrays | {"number": number}).items()}


def sample_queries(pair: dict[str, Tensor], queries: int) -> Query | None:
    """Return up to ``queries`` random pixels of one pair whose match is on the same object, the same in all runs; None
    where there is none."""
    match, width = pair["match"], pair["match"].shape[1]
    known = (~match.isnan().any(-1)).flatten().nonzero()[:, 0]
    truth = match.flatten(0, 1)[known]
    column, row = truth.long().unbind(1)
    number = pair["first_mask"].flatten()[known]
    same = number == pair["second_mask"][row, column]
    known, truth, number = known[same], truth[same], number[same]
    sampled = torch.randperm(len(known), generator=generator(0, "correspondence", int(pair["number"])))[:queries]
    return Query(pixel_centres(known[sampled], width), truth[sampled], number[sampled]) if len(known) else None


def write_pictures(file: Path, pictures: list[dict[str, Tensor]], curves: dict[str, np.ndarray]) -> None:
    """Write ``first``, ``second`` and their ``_descriptors`` uint8 (P, 3, H, W), ``query``, ``truth`` and ``found`` float32
    (P, 4, 2), NaN where a pair has fewer, and the ``curves`` as ``errors/<name>``.

    A picture has images (3, H, W), descriptors (D, h, w), and positions (Q, 2), x y, by these names.
    """
    images = {name: torch.stack([picture[name] for picture in pictures]) for name in ("first", "second")}
    maps = [picture[f"{name}_descriptors"] for picture in pictures for name in images]
    colours = as_colours([F.interpolate(m[None], images["first"].shape[2:], mode="bilinear")[0] for m in maps])
    columns = {name: values.numpy() for name, values in images.items()}
    columns |= {"first_descriptors": colours[::2].numpy(), "second_descriptors": colours[1::2].numpy()}
    for name in ("query", "truth", "found"):
        columns[name] = np.full((len(pictures), SHOWN_MATCHES, 2), np.nan, np.float32)
        for row, picture in zip(columns[name], pictures, strict=True):
            row[: len(picture[name])] = picture[name][:SHOWN_MATCHES].numpy()
    columns |= {f"errors/{name}": curve for name, curve in curves.items()}
    write_arrays(file, dict(sorted(columns.items())))


def as_colours(maps: list[Tensor]) -> Tensor:
    """Return maps (D, H, W) as colours uint8 (P, 3, H, W), the same for all: equal descriptors have equal colours.

    Three dimensions are red, green and blue; more are projected on three principal components, fewer are filled up with
    grey. Each is stretched so that all but its lowest and highest 2 % span the range.
    """
    values = torch.stack(maps).movedim(1, -1).double()
    if values.shape[-1] > 3:
        values = (values - values.mean((0, 1, 2))) @ _principal(values.flatten(0, 2))
    low, high = (values.flatten(0, 2).quantile(share, 0) for share in (0.02, 0.98))
    scaled = ((values - low) / (high - low).clamp(min=1e-12)).clamp(0, 1)
    filled = F.pad(scaled, (0, 3 - scaled.shape[-1]), value=0.5)
    return (filled * 255).round().to(torch.uint8).movedim(-1, 1)


def _principal(rows: Tensor) -> Tensor:
    """Return the three directions (D, 3) of most variance of rows (M, D), each with its largest entry positive."""
    _, vectors = torch.linalg.eigh(rows.T.cov())
    first = vectors[:, -3:].flip(1)
    return first * first.gather(0, first.abs().argmax(0, keepdim=True)).sign()
