"""Average precision of detections on cases made by hand."""

import pytest
import torch

from selfsup.evaluations.metrics.detection import by_class, coco_precision, measures, voc_eleven_points
from selfsup.evaluations.reading.objects import Objects
from selfsup.nn.detection.detector import Detections
from tests.evaluations.named import named

BOX = [10.0, 10, 30, 30]
AWAY = [40.0, 40, 60, 60]
HALF = [10.0, 10, 30, 24]  # an IoU of 0.7 with BOX


def truth(*objects):
    """Objects (image, box, label, difficult)."""
    image, box, label, difficult = zip(*objects, strict=True)
    return Objects(torch.tensor(image), torch.tensor(box), torch.tensor(label), torch.tensor(difficult))


def found(*answers):
    """Detections (box, score, label) of one image."""
    if not answers:
        return Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    box, score, label = zip(*answers, strict=True)
    return Detections(torch.tensor(box), torch.tensor(score), torch.tensor(label))


TWO = truth((0, BOX, 0, False), (1, BOX, 0, False))


def scores(detections, objects=TWO, names=("cell",)):
    precision = coco_precision(detections, objects, names)
    found_measures = named(measures(precision, detections, objects, names))
    return {name: measure.value for name, measure in found_measures.items()}


def test_all_found_exactly():
    assert scores([found((BOX, 0.9, 0)), found((BOX, 0.8, 0))]) == pytest.approx(
        {"ap": 100, "ap50": 100, "ap75": 100, "ap50_voc07": 100}
    )


def test_nothing_found():
    assert scores([found(), found()]) == {"ap": 0, "ap50": 0, "ap75": 0, "ap50_voc07": 0}


def test_an_overlap_of_seven_tenths_counts_at_five_of_ten_thresholds():
    result = scores([found((HALF, 0.9, 0)), found((HALF, 0.8, 0))])
    assert result == pytest.approx({"ap": 50, "ap50": 100, "ap75": 0, "ap50_voc07": 100})


def test_a_wrong_answer_above_the_right_ones():
    """Precisions 0, 1/2, 2/3: the best at or after every recall is 2/3."""
    result = scores([found((AWAY, 0.95, 0), (BOX, 0.9, 0)), found((BOX, 0.8, 0))])
    assert result["ap50"] == pytest.approx(100 * 2 / 3, abs=0.01)
    assert result["ap50_voc07"] == pytest.approx(100 * 2 / 3)


def test_one_of_two_found_reaches_half_the_recalls():
    """51 of COCO's 101 recalls, 6 of VOC's 11."""
    result = scores([found((BOX, 0.9, 0)), found()])
    assert result["ap50"] == pytest.approx(100 * 51 / 101)
    assert result["ap50_voc07"] == pytest.approx(100 * 6 / 11)


def test_a_second_answer_on_one_object_is_wrong():
    result = scores([found((BOX, 0.9, 0), (BOX, 0.85, 0)), found((BOX, 0.8, 0))])
    assert result["ap50_voc07"] == pytest.approx((6 * 100 + 5 * 200 / 3) / 11)
    assert result["ap50"] == pytest.approx((51 * 100 + 50 * 200 / 3) / 101, abs=0.01)


def test_answers_on_difficult_objects_do_not_count():
    objects = truth((0, BOX, 0, False), (0, AWAY, 0, True), (1, BOX, 0, False))
    result = scores([found((AWAY, 0.95, 0), (BOX, 0.9, 0)), found((BOX, 0.8, 0))], objects)
    assert result == pytest.approx({"ap": 100, "ap50": 100, "ap75": 100, "ap50_voc07": 100})


def test_the_mean_is_over_classes_that_have_an_object():
    """The second class is never found, the third has no object: its answers count nowhere."""
    objects = truth((0, BOX, 0, False), (1, BOX, 1, False))
    detections = [found((BOX, 0.9, 0), (AWAY, 0.8, 2)), found((BOX, 0.9, 0))]
    result = scores(detections, objects, ("a", "b", "c"))
    assert result["ap50"] == pytest.approx(50)
    assert result["ap50_voc07"] == pytest.approx(50)
    precision = coco_precision(detections, objects, ("a", "b", "c"))
    classes = {measure.subset: measure.value for measure in by_class(precision, 2, ("a", "b", "c"))}
    assert classes == pytest.approx({"a": 100, "b": 0})


@pytest.mark.parametrize("seed", range(3))
def test_eleven_points_are_those_of_a_plain_loop(seed):
    random = torch.Generator().manual_seed(seed)
    objects, detections = [], []
    for image in range(12):
        boxes = [[x, y, x + 12, y + 12] for x, y in (50 * torch.rand(3, 2, generator=random)).tolist()]
        objects += [(image, box, 0, bool(torch.rand(1, generator=random) < 0.2)) for box in boxes]
        moved = [
            (
                [v + 6 * (torch.rand(1, generator=random).item() - 0.5) for v in box],
                torch.rand(1, generator=random).item(),
                0,
            )
            for box in [*boxes, [5.0, 5, 17, 17]]
        ]
        detections.append(found(*moved))
    assert voc_eleven_points(detections, truth(*objects), 0) == pytest.approx(plain(detections, objects))


def plain(detections, objects):
    """As VOC's development kit: all answers by falling score, each against the object that it overlaps most."""
    answers = sorted(
        (
            (score, image, box)
            for image, of in enumerate(detections)
            for box, score in zip(of.box.tolist(), of.score.tolist(), strict=True)
        ),
        reverse=True,
    )
    taken, right, wrong, curve = set(), 0, 0, []
    total = sum(not difficult for *_, difficult in objects)
    for _, image, box in answers:
        here = [n for n, of in enumerate(objects) if of[0] == image]
        best = max(here, key=lambda n: overlap(box, objects[n][1]))
        if overlap(box, objects[best][1]) >= 0.5:
            if objects[best][3]:
                continue
            if best in taken:
                wrong += 1
            else:
                taken.add(best)
                right += 1
        else:
            wrong += 1
        curve.append((right / total, right / (right + wrong)))
    points = [max([p for r, p in curve if r >= n / 10 - 1e-9], default=0) for n in range(11)]
    return 100 * sum(points) / 11


def overlap(a, b):
    wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    high = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)
