"""The parts of the detector by hand, and against torchvision's where that is installed."""

import pytest
import torch

from selfsup.nn.detection.anchors import anchors
from selfsup.nn.detection.boxes import clip, decode, encode, iou, nms, nms_by_class
from selfsup.nn.detection.detector import SCALE, second_loss
from selfsup.nn.detection.sampling import BACKGROUND, BETWEEN, match, sample


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_boxes(count, seed=0, size=64.0):
    low = size * torch.rand(count, 2, generator=seeded(seed))
    return torch.cat([low, low + 1 + 20 * torch.rand(count, 2, generator=seeded(seed + 100))], 1)


def test_overlap_by_hand():
    first = torch.tensor([[0.0, 0, 4, 4], [0, 0, 0, 0]])
    second = torch.tensor([[2.0, 0, 6, 4], [5, 5, 6, 6], [0, 0, 4, 4], [0, 0, 0, 0]])
    assert iou(first, second).tolist() == [pytest.approx([1 / 3, 0, 1, 0]), [0, 0, 0, 0]]


def test_a_box_is_decoded_from_its_code():
    boxes, reference = some_boxes(30), some_boxes(30, seed=1)
    assert torch.allclose(decode(encode(boxes, reference, SCALE), reference, SCALE), boxes, atol=1e-3)
    assert encode(reference, reference, SCALE).abs().max() < 1e-4


def test_a_box_is_cut_at_the_image():
    assert clip(torch.tensor([[-3.0, 2, 70, 9]]), (8, 64)).tolist() == [[0, 2, 64, 8]]


def test_suppression_keeps_the_best_of_overlapping_boxes():
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 20, 30, 30], [0, 0, 10, 9]])
    score = torch.tensor([0.5, 0.9, 0.1, 0.7])
    assert nms(boxes, score, 0.5).tolist() == [1, 2]
    labels = torch.tensor([0, 1, 0, 0])
    assert nms_by_class(boxes, score, labels, 0.5).tolist() == [1, 3, 2]
    assert nms_by_class(boxes[:0], score[:0], labels[:0], 0.5).tolist() == []


def test_anchors_are_centred_on_their_cells():
    found = anchors((2, 4), (32, 64), [0.25, 0.5], [0.5, 2.0]).unflatten(0, (8, 4))
    centre = (found[..., :2] + found[..., 2:]) / 2
    assert torch.allclose(
        centre[:, 0], torch.tensor([[8.0 + 16 * x, 8.0 + 16 * y] for y in range(2) for x in range(4)])
    )
    assert torch.allclose(centre, centre[:, :1].expand_as(centre))
    width, height = (found[0, :, 2:] - found[0, :, :2]).unbind(1)
    assert (height / width).tolist() == pytest.approx([0.5, 2, 0.5, 2])
    assert (width * height).sqrt().tolist() == pytest.approx([16, 16, 32, 32])


def test_matching_by_hand():
    overlap = torch.tensor([[0.9, 0.1, 0.5, 0.0, 0.2], [0.3, 0.2, 0.6, 0.0, 0.25]])
    keys = {"foreground": 0.7, "background": 0.3}
    assert match(overlap, **keys, keep_best=False).tolist() == [0, BACKGROUND, BETWEEN, BACKGROUND, BACKGROUND]
    assert match(overlap, **keys, keep_best=True).tolist() == [0, BACKGROUND, 1, BACKGROUND, BACKGROUND]
    assert match(overlap[:0], **keys, keep_best=True).tolist() == [BACKGROUND] * 5


def test_an_object_that_nothing_overlaps_keeps_no_box():
    assert match(torch.zeros(1, 3), foreground=0.7, background=0.3, keep_best=True).tolist() == [BACKGROUND] * 3


def test_samples_are_random_and_bounded():
    matched = torch.tensor([0] * 10 + [BETWEEN] * 5 + [BACKGROUND] * 20)
    draws = [sample(matched, 12, 0.25, seeded(n)) for n in range(200)]
    assert {(len(positive), len(negative)) for positive, negative in draws} == {(3, 9)}
    assert set(torch.cat([positive for positive, _ in draws]).tolist()) == set(range(10))
    assert set(torch.cat([negative for _, negative in draws]).tolist()) == set(range(15, 35))
    assert [len(of) for of in sample(matched[10:], 12, 0.25, seeded())] == [0, 12]


@pytest.mark.parametrize("seed", range(5))
def test_parts_are_torchvisions(seed):
    ops = pytest.importorskip("torchvision.ops")
    utils = pytest.importorskip("torchvision.models.detection._utils")
    boxes, others = some_boxes(40, seed), some_boxes(40, seed + 50)
    assert torch.allclose(iou(boxes, others), ops.box_iou(boxes, others), atol=1e-6)
    assert torch.allclose(clip(boxes, (40, 50)), ops.clip_boxes_to_image(boxes, (40, 50)))
    coder = utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
    assert torch.allclose(encode(boxes, others, SCALE), coder.encode_single(boxes, others), atol=1e-4)
    deltas = torch.randn(40, 4, generator=seeded(seed)) * 10
    assert torch.allclose(decode(deltas, others, SCALE), coder.decode_single(deltas, others), rtol=1e-4, atol=1e-3)
    score, label = torch.rand(40, generator=seeded(seed)), torch.arange(40) % 3
    assert torch.equal(nms(boxes, score, 0.3), ops.nms(boxes, score, 0.3))
    assert torch.equal(nms_by_class(boxes, score, label, 0.3), ops.batched_nms(boxes, score, label, 0.3))
    overlap = iou(boxes, others)
    overlap = overlap[overlap.amax(1) > 0]  # an object that nothing overlaps would keep every box
    for keep_best in (False, True):
        theirs = utils.Matcher(0.4, 0.2, allow_low_quality_matches=keep_best)(overlap)
        assert torch.equal(match(overlap, foreground=0.4, background=0.2, keep_best=keep_best), theirs)


def test_the_second_loss_is_torchvisions_and_the_definitions():
    logits, deltas = torch.randn(9, 4, generator=seeded(1)), torch.randn(9, 3, 4, generator=seeded(2))
    labels = torch.tensor([3, 0, 2, 3, 1, 3, 3, 2, 3])
    targets = torch.randn(4, 4, generator=seeded(3))
    error = torch.cat([(deltas[n, labels[n]] - target).abs() for n, target in zip((1, 2, 4, 7), targets, strict=True)])
    boxes = torch.where(error < 1 / 9, 4.5 * error**2, error - 1 / 18).sum()
    classes = -torch.stack([of.log_softmax(0)[label] for of, label in zip(logits, labels, strict=True)]).mean()
    assert second_loss(logits, deltas, labels, targets).item() == pytest.approx((classes + boxes / 9).item(), rel=1e-5)
    heads = pytest.importorskip("torchvision.models.detection.roi_heads")
    # torchvision's background is class 0, and has deltas too.
    theirs_labels = torch.where(labels == 3, 0, labels + 1)
    theirs_logits = torch.cat([logits[:, 3:], logits[:, :3]], 1)
    theirs_deltas = torch.cat([torch.zeros(9, 1, 4), deltas], 1).flatten(1)
    all_targets = torch.zeros(9, 4).index_put((torch.tensor([1, 2, 4, 7]),), targets)
    theirs = sum(heads.fastrcnn_loss(theirs_logits, theirs_deltas, [theirs_labels], [all_targets]))
    assert second_loss(logits, deltas, labels, targets).item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize("most", [0, 1, 7, 500])
def test_the_first_of_what_suppression_keeps_are_the_same_without_the_rest(most):
    rng = torch.Generator().manual_seed(2)
    corner = torch.rand(60, 2, generator=rng) * 20
    boxes = torch.cat([corner, corner + torch.rand(60, 2, generator=rng) * 10], 1)
    boxes[5:9] = 3.0  # empty ones overlap nothing
    score = torch.rand(60, generator=rng)
    assert torch.equal(nms(boxes, score, 0.3, most), nms(boxes, score, 0.3)[:most])
    assert {5, 6, 7, 8} <= set(nms(boxes, score, 0.3).tolist())
