"""The second stage: the class of each proposal, and its box; and both stages as one detector."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.nn.detection.boxes import clip, decode, encode, iou, nms_by_class
from selfsup.nn.detection.proposals import BETA, ProposalNetwork, Truth
from selfsup.nn.detection.sampling import match, sample
from selfsup.nn.roi_align import roi_align

SCALE = torch.tensor([10.0, 10.0, 5.0, 5.0])
FOREGROUND = 0.5
SAMPLED, POSITIVE_SHARE = 64, 0.25
BINS, SAMPLES = 4, 2
MIN_SCORE, MAX_IOU, MAX_DETECTIONS = 0.05, 0.5, 100


@dataclass(frozen=True)
class Detections:
    """What was found in one image: boxes (m, 4) in pixels, scores (m,) and classes (m,), best first."""

    box: Tensor
    score: Tensor
    label: Tensor


class Detector(nn.Module):
    """A body, images (N, 3, H, W) to maps (N, C, h, w), with proposals and a head for their classes and boxes.

    Source: Ren et al. 2015 (Faster R-CNN); He et al. 2017 (Mask R-CNN), section 3, for the alignment. Thresholds, losses and
    defaults are torchvision's.
    Differs: smaller samples, a window of 4 x 4 and a head of ``hidden`` units, for images of 32 to 128 px. It does not use
    torchvision, whose operators have no build for every torch that this project installs; tests compare each step with it.
    """

    def __init__(
        self,
        body: nn.Module,
        channels: int,
        classes: int,
        *,
        scales: list[float],
        ratios: list[float],
        proposals: int,
        hidden: int,
    ) -> None:
        super().__init__()
        self.body = body
        self.proposals = ProposalNetwork(channels, scales, ratios, proposals)
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(channels * BINS**2, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.logits = nn.Linear(hidden, classes + 1)  # the last is the background
        self.deltas = nn.Linear(hidden, 4 * classes)

    def loss(self, x: Tensor, truth: list[Truth], rng: torch.Generator) -> Tensor:
        """Return the sum of the losses of both stages on images and their objects."""
        size = (x.shape[2], x.shape[3])
        maps = self.body(x)
        reference, objectness, deltas = self.proposals(maps, size)
        first = self.proposals.loss(reference, objectness, deltas, truth, rng)
        found = self.proposals.proposals(reference, objectness.detach(), deltas.detach(), size)
        boxes, labels, targets = self._sampled(found, truth, rng)
        logits, predicted = self._second(maps, boxes, size)
        return first + second_loss(logits, predicted, torch.cat(labels), torch.cat(targets))

    def _sampled(
        self, found: list[Tensor], truth: list[Truth], rng: torch.Generator
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Return for each image a sample of its proposals and true boxes, their classes, and the deltas of those of an object."""
        background = self.logits.out_features - 1
        boxes, labels, targets = [], [], []
        for proposals, objects in zip(found, truth, strict=True):
            candidates = torch.cat([proposals, objects.box])
            matched = match(iou(objects.box, candidates), foreground=FOREGROUND, background=FOREGROUND, keep_best=False)
            positive, negative = sample(matched, SAMPLED, POSITIVE_SHARE, rng)
            boxes.append(candidates[torch.cat([positive, negative])])
            labels.append(torch.cat([objects.label[matched[positive]], torch.full_like(negative, background)]))
            of_object = objects.box[matched[positive]]
            targets.append(encode(of_object, candidates[positive], SCALE.to(of_object)))
        return boxes, labels, targets

    def _second(self, maps: Tensor, boxes: list[Tensor], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return logits (M, K + 1) and deltas (M, K, 4) of the boxes of all images, in turn."""
        image = torch.cat([torch.full((len(of_image),), n) for n, of_image in enumerate(boxes)])
        aligned = roi_align(maps, image, torch.cat(boxes), torch.Size(size), bins=BINS, samples=SAMPLES)
        hidden = self.head(aligned)
        return self.logits(hidden), self.deltas(hidden).unflatten(1, (-1, 4))

    @torch.no_grad()
    def detect(self, x: Tensor) -> list[Detections]:
        """Return the objects found in images (N, 3, H, W)."""
        size = (x.shape[2], x.shape[3])
        maps = self.body(x)
        reference, objectness, anchor_deltas = self.proposals(maps, size)
        found = self.proposals.proposals(reference, objectness, anchor_deltas, size)
        logits, deltas = self._second(maps, found, size)
        counts = [len(boxes) for boxes in found]
        by_image = zip(found, logits.softmax(1).split(counts), deltas.split(counts), strict=True)
        return [_best(boxes, score, delta, size) for boxes, score, delta in by_image]


def second_loss(logits: Tensor, deltas: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return the loss of classes (M,), the last of K + 1 being the background, and of the deltas (P, 4) of the others."""
    positive = (labels < logits.shape[1] - 1).nonzero()[:, 0]
    predicted = deltas[positive, labels[positive]]
    boxes = F.smooth_l1_loss(predicted, targets, beta=BETA, reduction="sum")
    return F.cross_entropy(logits, labels) + boxes / len(labels)


def _best(boxes: Tensor, score: Tensor, deltas: Tensor, size: tuple[int, int]) -> Detections:
    """Return the detections of one image, of proposals (m, 4) with scores (m, K + 1) and deltas (m, K, 4)."""
    row, label = (score[:, :-1] > MIN_SCORE).nonzero(as_tuple=True)
    decoded = clip(decode(deltas[row, label], boxes[row], SCALE.to(boxes)), size)
    kept = nms_by_class(decoded, score[row, label], label, MAX_IOU)[:MAX_DETECTIONS]
    return Detections(decoded[kept], score[row, label][kept], label[kept])
