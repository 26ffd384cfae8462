"""Dense correspondences: how far from the truth the nearest descriptor is, in image pairs whose correspondences are known."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.datasets.prepared import has, read
from selfsup.datasets.procedural.pair_factors import SAME_OBJECT, TWO_OBJECTS
from selfsup.errors import NotApplicable
from selfsup.evaluations.baselines.colour_patches import random_places
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics import match_error
from selfsup.evaluations.pictures.pair_pictures import Picture, write_pictures
from selfsup.evaluations.reading.pair_maps import Maps, pair_maps
from selfsup.evaluations.tracking.dense_matching import nearest_places, pixel_centres, sample
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure
from selfsup.seeds import generator

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Dense correspondences",
    "metrics": {
        "error": {
            "title": "mean error",
            "unit": "% of the diagonal",
            "better": "lower",
            "over": ["subset", "layer"],
        },
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
        "chance": "any pixel",
    },
    "figures": [{"kind": "curve", "metric": "error", "curves": "errors", "method": "descriptors", "end": 40.0}],
    "pictures": "matches",
    "note": "Each query of the first image is matched to the pixel of the second with the nearest descriptor; pairs show one "
    "object unless two are named.",
}
ARRAYS = ("first", "second", "match", "first_mask", "second_mask")
PICTURED = {SAME_OBJECT: 3, TWO_OBJECTS: 2}


@dataclass(frozen=True)
class Query:
    """What is asked of one pair: places of the first image and their true places in the second (Q, 2), x y in pixels, and
    the number of the object that each is on (Q,)."""

    place: Tensor
    truth: Tensor
    number: Tensor


@dataclass
class Answers:
    """Of the pairs of one kind, by what was compared: the errors of each pair (Q,), and whether each place found is on
    the right object (Q,)."""

    errors: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    right: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))

    def add(self, query: Query, found: dict[str, Tensor], second_mask: Tensor) -> None:
        """Compare the places found in one pair with the truth."""
        for compared, places in found.items():
            self.errors[compared].append(match_error.match_error(places, query.truth, second_mask.shape))
            column, line = places.long().unbind(1)
            self.right[compared].append((second_mask[line, column] == query.number).double())


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

    Each of ``queries`` random pixels of an object in the first image is matched to the pixel of the second whose
    descriptor is nearest. These are over pairs of one object; over the subset ``two_objects``, pairs that show two, there
    are ``error`` and ``right_object``, the share of matches that are on the right one. The layer ``maps`` is the
    encoder's last features before the descriptors; the baselines are ``colours`` of ``patch_px`` x ``patch_px`` pixels
    and ``chance``, any pixel. All are asked the same queries, in all runs. Matching holds at most ``memory_mb`` beside the
    maps. NotApplicable where the data have no correspondences.

    Args:
        queries: pixels of the object that are asked for in each pair.
        thresholds: distances in percent of the image's diagonal within which a match counts.
        patch_px: side in pixels of the colour patches of the baseline.
        memory_mb: memory in MB that matching may take beside the maps; changes no number.
        batch_size: examples that pass through the encoder at once.

    Source: Florence et al. 2018 (Dense Object Nets), section 5.
    Differs: correspondences are those of rendered scenes or homographies, where the paper's are clicked or reconstructed.
    """
    arrays = read_pairs(inputs.target / "test.h5")
    encoder = load_encoder(inputs.weights).to(inputs.device)
    sides = [arrays[side].to(inputs.device) for side in ("first", "second")]
    answers, pictures = {kind: Answers() for kind in PICTURED}, []
    with frozen(encoder):
        for row, maps in enumerate(pair_maps(encoder, *sides, patch_px=patch_px, batch_size=batch_size)):
            pair = {name: values[row] for name, values in arrays.items()}
            query = ask(pair, queries)
            if query is None:
                continue
            found = match(maps, query, pair["second_mask"].shape, memory_mb, int(pair["number"]))
            answer = answers[int(pair["kind"])]
            answer.add(query, found, pair["second_mask"])
            if len(answer.errors["descriptors"]) <= PICTURED[int(pair["kind"])]:
                pictures.append(_picture(pair, maps, query, found["descriptors"]))
    one, two = answers.values()
    if not one.errors:
        raise NotApplicable("no pair of the test set has a pixel whose place in the other image is known")
    curves = {compared: match_error.quantiles(errors) for compared, errors in one.errors.items()}
    write_pictures(inputs.pictures / "pictures.h5", pictures, curves)
    of_one = [
        measure
        for compared, errors in one.errors.items()
        for measure in match_error.measures(errors, thresholds, **column_of(compared))
    ]
    return of_one + _of_two_objects(two)


def read_pairs(file: Path) -> dict[str, Tensor]:
    """Return the pairs of a split that show the same objects twice, each with its ``kind``, that of one object where the
    data tell none, and its ``number`` in the split."""
    if not has(file, "match"):
        raise NotApplicable("the data are no pairs of images with correspondences")
    arrays = {name: torch.from_numpy(read(file, name)) for name in ARRAYS}
    number = torch.arange(len(arrays["first"]))
    arrays["kind"] = torch.from_numpy(read(file, "kind")) if has(file, "kind") else torch.full_like(number, SAME_OBJECT)
    chosen = torch.isin(arrays["kind"], torch.tensor(list(PICTURED))).nonzero()[:, 0]
    return {name: values[chosen] for name, values in (arrays | {"number": number}).items()}


def ask(pair: dict[str, Tensor], queries: int) -> Query | None:
    """Return up to ``queries`` random pixels of one pair whose match is on the same object; None where there is none.

    What is asked depends on the pair's number and on nothing else, so that every run answers the same.
    """
    match, width = pair["match"], pair["match"].shape[1]
    known = (~match.isnan().any(-1)).flatten().nonzero()[:, 0]
    truth = match.flatten(0, 1)[known]
    column, line = truth.long().unbind(1)
    number = pair["first_mask"].flatten()[known]
    same = number == pair["second_mask"][line, column]
    known, truth, number = known[same], truth[same], number[same]
    chosen = torch.randperm(len(known), generator=generator(0, "correspondence", int(pair["number"])))[:queries]
    return Query(pixel_centres(known[chosen], width), truth[chosen], number[chosen]) if len(known) else None


def match(maps: Maps, query: Query, size: Sequence[int], memory_mb: float, number: int) -> dict[str, Tensor]:
    """Return the places (Q, 2) found for a pair's queries, by what was compared; ``number`` is the pair's in its split."""
    found = {
        compared: nearest_places(sample(first, query.place, size), second, size, memory_mb).cpu()
        for compared, (first, second) in maps.items()
    }
    return found | {"chance": random_places(len(query.place), size, generator(0, "chance", number))}


def column_of(compared: str) -> dict[str, str]:
    """Return the column of a measure that says what was compared, none for the descriptors."""
    if compared == "descriptors":
        return {}
    return {"layer": compared} if compared == "maps" else {"baseline": compared}


def _picture(pair: dict[str, Tensor], maps: Maps, query: Query, found: Tensor) -> Picture:
    first, second = (of.cpu() for of in maps["descriptors"])
    return Picture(pair["first"], pair["second"], first, second, query.place, query.truth, found)


def _of_two_objects(answers: Answers) -> list[Measure]:
    of_each = [
        ("error", answers.errors, 1.0),
        ("right_object", answers.right, 100.0),
    ]
    return [
        match_error.mean_over_pairs(
            metric, "%", [scale * of.mean() for of in pairs], subset="two_objects", **column_of(compared)
        )
        for metric, values, scale in of_each
        for compared, pairs in values.items()
    ]
