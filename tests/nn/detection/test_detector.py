"""The whole detector: what is trained, on which encoders, and what it finds."""

import pytest
import torch

from selfsup.nn.detection.detector import Detector
from selfsup.nn.detection.proposals import ProposalNetwork, Truth
from selfsup.nn.encoder import build
from selfsup.nn.fusion import FusedMaps

KEYS = {"scales": [0.2, 0.5], "ratios": [1.0], "proposals": 20, "hidden": 16}
ENCODERS = {
    "stride 2 to 16": {"backbone": "small_conv", "width": 4},
    "tokens of stride 16": {"backbone": "vit", "size_px": 64, "patch_px": 16, "width": 8, "depth": 2, "heads": 2},
}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def truth(*boxes):
    return Truth(torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4), torch.arange(len(boxes)) % 2)


def detector(description, stride_px=4):
    torch.manual_seed(0)
    return Detector(FusedMaps(build(description), 8, stride_px), 8, 2, **KEYS)


@pytest.mark.parametrize("stride_px", [4, 8])
@pytest.mark.parametrize("name", ENCODERS)
def test_every_part_of_any_encoder_is_trained(name, stride_px):
    model = detector(ENCODERS[name], stride_px)
    x = torch.rand(3, 3, 64, 64, generator=seeded())
    loss = model.loss(x, [truth([4, 4, 20, 24]), truth(), truth([30, 8, 60, 40], [2, 30, 18, 50])], seeded())
    loss.backward()
    without = {key for key, parameter in model.named_parameters() if parameter.grad is None}
    assert not without
    assert loss.isfinite()


def test_images_without_objects_have_a_loss_and_detections_lie_inside():
    model = detector(ENCODERS["stride 2 to 16"])
    x = torch.rand(2, 3, 48, 64, generator=seeded())
    assert model.loss(x, [truth(), truth()], seeded()).isfinite()
    for of in model.eval().detect(x):
        assert (of.box >= 0).all()
        assert (of.box <= torch.tensor([64, 48, 64, 48])).all()
        assert (of.score.diff() <= 0).all()
        assert len(of.box) == len(of.score) == len(of.label) <= 100


def test_proposals_are_the_decoded_anchors_of_the_highest_logits():
    network = ProposalNetwork(4, [0.25], [1.0], kept=3)
    reference, _logits, _deltas = network(torch.zeros(1, 4, 4, 4), (32, 32))
    logits = torch.arange(16.0)[None]
    (found,) = network.proposals(reference, logits, torch.zeros(1, 16, 4), (32, 32))
    assert torch.allclose(found, reference[[15, 14, 13]].clamp(0, 32))


def test_maps_become_logits_in_the_order_of_the_anchors():
    """A map that is high at one cell makes the anchors of that cell the best."""
    network = ProposalNetwork(1, [0.25, 0.5], [1.0], kept=3)
    for name, parameter in network.named_parameters():
        torch.nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    network.conv.weight.data = torch.zeros(1, 1, 3, 3).index_put(
        (*(torch.tensor(i) for i in (0, 0, 1, 1)),), torch.tensor(1.0)
    )
    network.objectness.weight.data = torch.tensor([1.0, 2.0])[:, None, None, None]
    maps = torch.zeros(1, 1, 4, 5)
    maps[0, 0, 1, 3] = 1
    reference, logits, _ = network(maps, (32, 40))
    best = reference[logits[0].argmax()]
    assert best.tolist() == pytest.approx([28 - 10, 12 - 10, 28 + 10, 12 + 10])


def test_the_loss_of_proposals_is_that_of_the_definition():
    """All anchors are sampled: binary cross-entropy, and the errors of the boxes with an object, over their number."""
    network = ProposalNetwork(2, [0.25, 0.5], [1.0], kept=3)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, generator=seeded(3))
    reference, logits, deltas = network(torch.rand(1, 2, 4, 4, generator=seeded(4)), (32, 32))
    box = [7.0, 7.5, 17.0, 17.5]
    found = network.loss(reference, logits, deltas, [truth(box)], seeded())
    total, boxes, counted = 0.0, 0.0, 0
    overlaps = [overlap(box, anchor) for anchor in reference.tolist()]
    for anchor, share, logit, delta in zip(reference.tolist(), overlaps, logits[0], deltas[0], strict=True):
        positive = share >= 0.7 or share == max(overlaps)
        if not positive and share >= 0.3:
            continue
        counted += 1
        probability = logit.double().sigmoid()
        total -= (probability if positive else 1 - probability).log()
        if positive:
            (ax, ay, aw, ah), (bx, by, bw, bh) = centred(anchor), centred(box)
            target = torch.tensor([(bx - ax) / aw, (by - ay) / ah, bw / aw, bh / ah])
            target[2:] = target[2:].log()
            error = (delta - target).abs()
            boxes += torch.where(error < 1 / 9, 4.5 * error**2, error - 1 / 18).sum()
    assert counted < len(reference)
    assert found.item() == pytest.approx(((total + boxes) / counted).item(), rel=1e-4)


def overlap(a, b):
    wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)


def centred(box):
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box[2] - box[0], box[3] - box[1]
