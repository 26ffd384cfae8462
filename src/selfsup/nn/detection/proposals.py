"""The first stage: which anchors show an object, and where it is."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.nn.detection.anchors import anchors
from selfsup.nn.detection.boxes import area, clip, decode, encode, iou, nms
from selfsup.nn.detection.sampling import match, sample

SCALE = torch.ones(4)
BETA = 1 / 9  # from a square to an absolute error, as in torchvision
FOREGROUND, BACKGROUND = 0.7, 0.3
SAMPLED, POSITIVE_SHARE = 256, 0.5
BEFORE_NMS, MAX_IOU = 200, 0.7


@dataclass(frozen=True)
class Truth:
    """The objects of one image: boxes (G, 4) in pixels and classes (G,)."""

    box: Tensor
    label: Tensor


class ProposalNetwork(nn.Module):
    """Maps (N, C, h, w) to proposals, boxes without a class.

    Source: Ren et al. 2015 (Faster R-CNN), section 3.1; thresholds and losses are torchvision's.
    Differs: the 200 best anchors of an image are kept before suppression, where torchvision keeps 2,000 of a larger image.
    """

    def __init__(self, channels: int, scales: list[float], ratios: list[float], kept: int) -> None:
        super().__init__()
        self.scales, self.ratios, self.kept = scales, ratios, kept
        count = len(scales) * len(ratios)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.objectness = nn.Conv2d(channels, count, 1)
        self.deltas = nn.Conv2d(channels, 4 * count, 1)
        for name, parameter in self.named_parameters():
            nn.init.normal_(parameter, std=0.01 * name.endswith("weight"))

    def forward(self, maps: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Return the anchors (M, 4) of an image of ``size`` H, W, logits (N, M) and deltas (N, M, 4)."""
        hidden = self.conv(maps).relu()
        logits = self.objectness(hidden).permute(0, 2, 3, 1).flatten(1)
        deltas = self.deltas(hidden).permute(0, 2, 3, 1).reshape(len(maps), -1, 4)
        grid = (maps.shape[2], maps.shape[3])
        return anchors(grid, size, self.scales, self.ratios).to(maps), logits, deltas

    @torch.no_grad()
    def proposals(self, reference: Tensor, logits: Tensor, deltas: Tensor, size: tuple[int, int]) -> list[Tensor]:
        """Return for each image the boxes (m, 4) of the best anchors inside it, at most ``kept``, without near duplicates."""
        found = []
        for score, delta in zip(logits, deltas, strict=True):
            best = score.topk(min(BEFORE_NMS, len(score))).indices
            boxes = clip(decode(delta[best], reference[best], SCALE.to(delta)), size)
            there = area(boxes) > 1e-3
            boxes, score_of = boxes[there], score[best][there]
            found.append(boxes[nms(boxes, score_of, MAX_IOU, self.kept)])
        return found

    def loss(
        self, reference: Tensor, logits: Tensor, deltas: Tensor, truth: list[Truth], rng: torch.Generator
    ) -> Tensor:
        """Return the loss of objectness and boxes on a sample of the anchors of each image."""
        chosen, is_object, of_object, target = [], [], [], []
        for row, objects in enumerate(truth):
            overlap = iou(objects.box, reference)
            matched = match(overlap, foreground=FOREGROUND, background=BACKGROUND, keep_best=True)
            positive, negative = sample(matched, SAMPLED, POSITIVE_SHARE, rng)
            sampled = torch.cat([positive, negative])
            chosen.append(sampled + row * len(reference))
            is_object.append(matched[sampled] >= 0)
            of_object.append(positive + row * len(reference))
            target.append(encode(objects.box[matched[positive]], reference[positive], SCALE.to(reference)))
        labels = torch.cat(is_object).float()
        objectness = F.binary_cross_entropy_with_logits(logits.flatten()[torch.cat(chosen)], labels)
        predicted = deltas.flatten(0, 1)[torch.cat(of_object)]
        boxes = F.smooth_l1_loss(predicted, torch.cat(target), beta=BETA, reduction="sum")
        return objectness + boxes / len(labels)
