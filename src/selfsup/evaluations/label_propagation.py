"""Label propagation: masks and keypoints of a clip's first frame are propagated by the similarity of embeddings."""

from functools import partial
from pathlib import Path

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import NotApplicable
from selfsup.evaluations.baselines.optical_flow import flow_tracker
from selfsup.evaluations.baselines.raw_pixels import grey_patches
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.evaluations.matching import trackers
from selfsup.evaluations.metrics.track_scores import TrackScores
from selfsup.evaluations.reading.clip_file import ClipBatch, first_clips, labelled_clips
from selfsup.hdf5 import write_arrays
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
        "radius": {"title": "radius", "unit": "positions of the map", "better": "none", "decimals": 0},
        "temperature": {"title": "temperature", "unit": "", "better": "none", "decimals": 2},
    },
    "names": {"grey_patches": "raw grey patches"},
    "pictures": "tracks",
    "note": "Labels of the first frame, propagated through each clip; PCK is relative to the object's size. Radius and "
    "temperature are those with which an embedding best propagates the colours of training clips.",
}
PICTURED_CLIPS, MAX_FRAMES, MAX_PX = 3, 16, 128


@torch.no_grad()
def evaluate(
    inputs: Inputs,
    *,
    context_frames: PositiveInt,
    radii: list[PositiveInt],
    top_k: PositiveInt,
    temperatures: list[PositiveFloat],
    chosen_on_clips: PositiveInt,
    grey_patch_px: PositiveInt,
    pck_thresholds: list[PositiveFloat],
    frame_pixels: PositiveInt,
) -> list[Measure]:
    """Return ``j_mean``, ``j_recall``, ``f_mean`` and, at each threshold, ``pck`` of the run's encoder and three baselines.

    ``identity`` copies the first frame's labels, ``grey_patches`` propagates by raw pixels, ``optical_flow`` by a
    classical flow. ``radius`` and ``temperature`` are the pair with which an embedding best propagates the colours of
    ``chosen_on_clips`` training clips, without labels or test clips. NotApplicable where the data set has no clips with
    masks or keypoints, or the encoder's input is not an image.

    Args:
        context_frames: previous frames from which labels are propagated, beside the first.
        radii: largest movements of labels in positions of the map to select from, by propagated colours.
        top_k: number of most similar positions that are averaged.
        temperatures: temperatures to select from, by propagated colours.
        chosen_on_clips: training clips for selecting the radius and the temperature.
        grey_patch_px: side in pixels of the patches of the grey baseline.
        pck_thresholds: distances within which a keypoint is correct, as fractions of the object size.
        frame_pixels: largest number of pixels of a batch's clips in one frame; changes no number.

    Source: Vondrick et al. 2018, sections 3.3 and 4; Perazzi et al. 2016 (DAVIS) for J, recall and F.
    Differs: the first frame stays in the context, and the best positions within a radius count, which each embedding
    chooses with its temperature; J and F are those of frames at the prepared size, where DAVIS scores at 480 rows; a
    keypoint's unit is the longer side of its object in the first frame.
    """
    encoder = load_encoder(inputs.weights).to(inputs.device)
    if encoder.modality != "image":
        raise NotApplicable(f"the encoder takes {encoder.modality}, no frames")
    batches = labelled_clips(inputs.target / "test.h5", frame_pixels)
    train = first_clips(inputs.target / "train.h5", chosen_on_clips).to(inputs.device)
    embed = trackers.encoder_embedding(encoder)
    stride = train.shape[-1] // embed(train[:1, 0]).shape[-1]
    grey: trackers.Embed = partial(grey_patches, stride=stride, patch_px=grey_patch_px)
    by_name: dict[str, trackers.Tracker] = {}
    selected = []
    with frozen(encoder):
        for name, embedding in {"": embed, "grey_patches": grey}.items():
            config = trackers.PropagationConfig(context_frames, radii[0], top_k, temperatures[0])
            config = trackers.select_config(train, embedding, config, radii, temperatures)
            by_name[name] = trackers.attention_tracker(embedding, config)
            for metric, value in (("radius", config.radius), ("temperature", config.temperature)):
                selected.append(Measure(metric, "", value, len(train), split="train", baseline=name))
        by_name |= {"optical_flow": flow_tracker, "identity": trackers.identity_tracker}
        scores = {name: TrackScores() for name in by_name}
        for number, batch in enumerate(batches):
            tracks = {name: _tracks(batch.to(inputs.device), tracker) for name, tracker in by_name.items()}
            for name, track in tracks.items():
                scores[name].add(batch, *track)
            if number == 0:
                write_pictures(inputs.pictures / "pictures.h5", batch, tracks)
    return [m for name, score in scores.items() for m in score.measures(pck_thresholds, name)] + selected


def _tracks(batch: ClipBatch, tracker: trackers.Tracker) -> tuple[Tensor, Tensor]:
    """Return mask uint8 (N, T - 1, H, W) and keypoint (N, T - 1, P, 2) of all frames but the first."""
    frames = tracker(batch.clip, batch.mask[:, 0], batch.keypoint[:, 0], int(batch.mask.max()))
    mask, keypoint = (torch.stack(values, 1).cpu() for values in zip(*frames, strict=True))
    return mask, keypoint


def write_pictures(file: Path, truth: ClipBatch, tracks: dict[str, tuple[Tensor, Tensor]]) -> None:
    """Write the first clips of a batch, with fewer pixels and frames if they are large; tracks start at the second frame.

    ``frames`` uint8 (n, T, 3, H, W), ``length`` (n,), and for ``true`` and each tracker, by its name or ``method``,
    ``<name>/mask`` uint8 (n, T, H, W) and ``<name>/keypoint`` (n, T, P, 2), x y pixels, NaN where it is not visible, for
    trackers also where it is not visible in the first frame.
    """
    frames, step = truth.clip.shape[1], -(-max(truth.clip.shape[-2:]) // MAX_PX)
    shown = torch.arange(0, frames, -(-frames // MAX_FRAMES))
    small = F.avg_pool2d(truth.clip[:PICTURED_CLIPS, shown].flatten(0, 1).float(), step).round().byte()
    arrays = {
        "frames": small.unflatten(0, (-1, len(shown))),
        "length": (shown[None] < truth.length[:PICTURED_CLIPS, None]).sum(1),
    }
    hidden = truth.keypoint[:PICTURED_CLIPS].isnan()
    unknown = hidden | hidden[:, :1]
    for name, (mask, keypoint) in {"true": (truth.mask[:, 1:], truth.keypoint[:, 1:]), **tracks}.items():
        masks = torch.cat([truth.mask[:, :1], mask], 1)[:PICTURED_CLIPS, shown, step // 2 :: step, step // 2 :: step]
        points = torch.cat([truth.keypoint[:, :1], keypoint], 1)[:PICTURED_CLIPS]
        points = points.masked_fill(hidden if name == "true" else unknown, torch.nan)[:, shown] / step
        group = name or "method"
        arrays |= {f"{group}/mask": masks[..., : small.shape[2], : small.shape[3]], f"{group}/keypoint": points}
    write_arrays(file, {name: values.numpy() for name, values in arrays.items()})
