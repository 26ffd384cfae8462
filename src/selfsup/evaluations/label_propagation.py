"""Label propagation: masks and keypoints of a clip's first frame, carried through the clip by an embedding's likeness."""

from dataclasses import replace
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import NotApplicable
from selfsup.evaluations.baselines.grey_patches import grey_patches
from selfsup.evaluations.baselines.optical_flow import flow_tracks
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.metrics.track_scores import TrackScores
from selfsup.evaluations.pictures.clip_pictures import write_pictures
from selfsup.evaluations.reading.clip_file import ClipBatch, first_clips, labelled_clips
from selfsup.evaluations.tracking.propagation import Embed, Law
from selfsup.evaluations.tracking.trackers import Tracker, best_temperature, by_encoder, pointing, standing
from selfsup.nn.encoder import load_encoder
from selfsup.results import Measure

NEEDS = ("target", "weights")
SHOWN = {
    "title": "Label propagation",
    "metrics": {
        "j_mean": {"title": "J mean", "unit": "%", "better": "higher", "note": "region similarity"},
        "j_recall": {"title": "J recall", "unit": "% of frames above a half", "better": "higher"},
        "f_mean": {"title": "F mean", "unit": "%", "better": "higher", "note": "contour accuracy"},
        "pck": {"title": "PCK@{at}", "unit": "% of keypoints", "better": "higher", "over": ["at"]},
    },
    "names": {"grey_patches": "raw grey patches"},
    "pictures": "tracks",
    "note": "Labels of the first frame, carried through each clip; a keypoint is right within its share of the object's size.",
}


@torch.no_grad()
def evaluate(
    inputs: Inputs,
    *,
    context_frames: PositiveInt,
    radius: PositiveInt,
    top_k: PositiveInt,
    temperatures: list[PositiveFloat],
    chosen_on_clips: PositiveInt,
    grey_patch_px: PositiveInt,
    pck_thresholds: list[PositiveFloat],
    frame_pixels: PositiveInt,
) -> list[Measure]:
    """Return ``j_mean``, ``j_recall``, ``f_mean`` and, at each threshold, ``pck`` of the run's encoder and three baselines.

    ``identity`` copies the first frame's labels, ``grey_patches`` propagates by raw pixels,
    ``optical_flow`` by a classical flow. ``temperature`` is the one, of ``temperatures``, by which an embedding
    propagates the colours of ``chosen_on_clips`` training clips best: no label and no test clip has a part in it.
    NotApplicable where the data set has no clips with masks or keypoints, or the encoder takes no frames.

    Args:
        context_frames: frames before the target from which labels are copied, beside the first.
        radius: how far in positions of the map labels may move between frames.
        top_k: nearest positions that are copied from.
        temperatures: temperatures from which one is chosen, on colours alone.
        chosen_on_clips: training clips on which it is chosen.
        grey_patch_px: side in pixels of the patches of the grey baseline.
        pck_thresholds: distances within which a keypoint counts, as a share of the object's size.
        frame_pixels: pixels of a frame above which it is made smaller.

    Source: Vondrick et al. 2018, sections 3.3 and 4; Perazzi et al. 2016 (DAVIS) for J, recall and F.
    Differs: the first frame stays in the context, and the best places within a radius count; J and F are those of frames
    at the prepared size, where DAVIS scores at 480 rows; a keypoint's unit is the longer side of its object in the first
    frame.
    """
    encoder = load_encoder(inputs.weights).to(inputs.device)
    if encoder.modality != "image":
        raise NotApplicable(f"the encoder takes {encoder.modality}, no frames")
    batches = labelled_clips(inputs.target / "test.h5", frame_pixels)
    train = first_clips(inputs.target / "train.h5", chosen_on_clips).to(inputs.device)
    embed = by_encoder(encoder)
    stride = train.shape[-1] // embed(train[:1, 0]).shape[-1]
    embeds: dict[str, Embed] = {
        "": embed,
        "grey_patches": partial(grey_patches, stride=stride, patch_px=grey_patch_px),
    }
    law = Law(context_frames, radius, top_k, temperatures[0])
    with frozen(encoder):
        laws = {k: replace(law, temperature=best_temperature(train, e, law, temperatures)) for k, e in embeds.items()}
        trackers = {k: pointing(embed, laws[k]) for k, embed in embeds.items()}
        trackers |= {"optical_flow": flow_tracks, "identity": standing}
        scores = {name: TrackScores() for name in trackers}
        for number, batch in enumerate(batches):
            tracks = {name: _tracks(batch.to(inputs.device), tracker) for name, tracker in trackers.items()}
            for name, track in tracks.items():
                scores[name].add(batch, *track)
            if number == 0:
                write_pictures(inputs.pictures / "pictures.h5", batch, tracks)
    chosen = [
        Measure("temperature", "", found.temperature, len(train), split="train", baseline=name)
        for name, found in laws.items()
    ]
    return [m for name, found in scores.items() for m in found.measures(pck_thresholds, name)] + chosen


def _tracks(batch: ClipBatch, tracker: Tracker) -> tuple[Tensor, Tensor]:
    """Return mask uint8 (N, T - 1, H, W) and keypoint (N, T - 1, P, 2) of all frames but the first."""
    found = tracker(batch.clip, batch.mask[:, 0], batch.keypoint[:, 0], int(batch.mask.max()))
    mask, keypoint = (torch.stack(frames, 1).cpu() for frames in zip(*found, strict=True))
    return mask, keypoint
