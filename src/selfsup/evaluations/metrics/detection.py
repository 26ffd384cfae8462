"""Average precision of detections: COCO's by pycocotools, and VOC 2007's by eleven points."""

import contextlib
import io
from collections.abc import Sequence

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor

from selfsup.evaluations.metrics.average_precision import eleven_points
from selfsup.evaluations.reading.objects import Objects
from selfsup.nn.detection.boxes import iou
from selfsup.nn.detection.detector import Detections
from selfsup.results import Measure

VOC_IOU = 0.5


def measures(
    precision: np.ndarray, found: Sequence[Detections], truth: Objects, names: Sequence[str], baseline: str = ""
) -> list[Measure]:
    """Return of the detections in each image ``ap``, the mean over IoU of 0.5 to 0.95, ``ap50``, ``ap75``, and ``ap50_voc07``;
    ``precision`` is that of ``coco_precision``."""
    by_iou = np.nanmean(np.where(precision < 0, np.nan, precision).mean(1), 1)  # (T,), over classes with an object
    values = {"ap": by_iou.mean(), "ap50": by_iou[0], "ap75": by_iou[5]}
    eleven = [voc_eleven_points(found, truth, label) for label in range(len(names))]
    values = {name: 100 * float(value) for name, value in values.items()} | {"ap50_voc07": float(np.nanmean(eleven))}
    return [Measure(name, "%", value, len(found), baseline=baseline) for name, value in values.items()]


def by_class(precision: np.ndarray, images: int, names: Sequence[str]) -> list[Measure]:
    """Return ``ap_of_class`` of each class that has an object, as ``subset``: COCO's AP."""
    return [
        Measure("ap_of_class", "%", 100 * float(value), images, subset=name)
        for name, value in zip(names, precision.mean((0, 1)), strict=True)
        if value >= 0
    ]


def coco_precision(found: Sequence[Detections], truth: Objects, names: Sequence[str]) -> np.ndarray:
    """Return (T, R, K): precision at 10 thresholds of IoU, 0.5 to 0.95, and 101 recalls, for K classes; -1 without an object.

    A difficult object is a crowd for pycocotools: what is found on it counts neither for nor against.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        coco = COCO()
        coco.dataset = _dataset(truth, len(found), len(names))
        coco.createIndex()
        results = coco.loadRes(_results(found)) if any(len(of.score) for of in found) else COCO()
        evaluation = COCOeval(coco, results, "bbox")
        evaluation.params.imgIds = list(range(len(found)))
        evaluation.params.catIds = list(range(1, len(names) + 1))
        evaluation.evaluate()
        evaluation.accumulate()
    precision: np.ndarray = evaluation.eval["precision"][..., 0, -1]  # all areas, 100 detections an image
    return precision


def _dataset(truth: Objects, images: int, classes: int) -> dict[str, list[dict[str, object]]]:
    objects = zip(*(column.tolist() for column in (truth.image, truth.box, truth.label, truth.difficult)), strict=True)
    annotations: list[dict[str, object]] = [
        {
            "id": number,
            "image_id": image,
            "category_id": label + 1,
            "bbox": _corner_and_sides(box),
            "area": (box[2] - box[0]) * (box[3] - box[1]),
            "iscrowd": int(difficult),
        }
        for number, (image, box, label, difficult) in enumerate(objects, 1)
    ]
    return {
        "images": [{"id": image} for image in range(images)],
        "categories": [{"id": label} for label in range(1, classes + 1)],
        "annotations": annotations,
    }


def _results(found: Sequence[Detections]) -> list[dict[str, object]]:
    return [
        {"image_id": image, "category_id": label + 1, "bbox": _corner_and_sides(box), "score": score}
        for image, of in enumerate(found)
        for box, score, label in zip(of.box.tolist(), of.score.tolist(), of.label.tolist(), strict=True)
    ]


def _corner_and_sides(box: list[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def voc_eleven_points(found: Sequence[Detections], truth: Objects, label: int) -> float:
    """Return in percent VOC 2007's average precision of one class at an IoU of 0.5; NaN where it has no object.

    Source: Everingham et al. 2010 (PASCAL VOC), sections 4.2.2 and 3.4.1 of its development kit: a second answer on one object
    is wrong, and an answer on a difficult object does not count.
    """
    objects = truth.where(truth.label == label)
    total = int((~objects.difficult).sum())
    shown = set(objects.image.tolist())
    nothing = objects.where(torch.zeros_like(objects.difficult))
    answers = [
        _judged(of, objects.where(objects.image == image) if image in shown else nothing, label)
        for image, of in enumerate(found)
    ]
    if total == 0:
        return float("nan")
    score, right = torch.cat([score for score, _ in answers]), torch.cat([right for _, right in answers])
    hits = right[score.argsort(descending=True, stable=True)].double().cumsum(0)
    if not len(hits):
        return 0.0
    return eleven_points(hits / torch.arange(1, len(hits) + 1), hits / total)


def _judged(of: Detections, objects: Objects, label: int) -> tuple[Tensor, Tensor]:
    """Return scores (m,) and whether each answer is right (m,), of one image and class, without those on difficult objects."""
    chosen = of.label == label
    score, box = of.score[chosen].double(), of.box[chosen]
    order = score.argsort(descending=True, stable=True)
    score, overlap = score[order], iou(box[order], objects.box.to(box))
    right, counted = torch.zeros(len(score), dtype=torch.bool), torch.ones(len(score), dtype=torch.bool)
    taken: set[int] = set()
    for answer, of_answer in enumerate(overlap if overlap.shape[1] else []):
        best = int(of_answer.argmax())
        if of_answer[best] >= VOC_IOU:
            counted[answer] = not objects.difficult[best]
            right[answer] = best not in taken
            taken.add(best)
    return score[counted], right[counted]
