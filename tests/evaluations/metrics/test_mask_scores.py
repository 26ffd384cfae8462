"""J and F on masks made by hand, and F against the published definition written out pixel by pixel."""

import math

import pytest
import torch

from selfsup.evaluations.metrics.track_scores import contour, contour_accuracy, dilated, region_similarity


def square(top, left, size=8, height=20, width=24):
    mask = torch.zeros(1, height, width, dtype=torch.bool)
    mask[:, top : top + size, left : left + size] = True
    return mask


def test_j_is_intersection_over_union():
    one, moved = square(4, 4), square(4, 8)
    assert region_similarity(one, moved).item() == pytest.approx(32 / 96)
    assert region_similarity(one, one).item() == 1
    assert region_similarity(one, square(4, 12)).item() == 0


def test_an_absent_object_needs_an_empty_prediction():
    nothing = torch.zeros_like(square(0, 0))
    both = region_similarity(torch.cat([nothing, square(2, 2), nothing]), torch.cat([nothing, nothing, square(2, 2)]))
    assert both.tolist() == [1, 0, 0]
    pairs = (torch.cat([nothing, square(2, 2), nothing]), torch.cat([nothing, nothing, square(2, 2)]))
    assert contour_accuracy(*pairs).tolist() == [1, 0, 0]


def test_a_contour_is_half_a_pixel_towards_the_origin():
    found = contour(square(4, 4, size=2, height=8, width=8))[0].nonzero().tolist()
    assert found == [[3, 3], [3, 4], [3, 5], [4, 3], [4, 5], [5, 3], [5, 4], [5, 5]]


def test_the_contour_at_the_border_follows_it():
    mask = torch.zeros(1, 4, 4, dtype=torch.bool)
    mask[0, 2:, 2:] = True
    assert contour(mask)[0].nonzero().tolist() == [[1, 1], [1, 2], [1, 3], [2, 1], [3, 1]]


@pytest.mark.parametrize("radius_px", [1, 2, 4])
def test_dilation_uses_a_disk(radius_px):
    point = torch.zeros(1, 15, 15, dtype=torch.bool)
    point[0, 7, 7] = True
    found = dilated(point, radius_px)[0]
    inside = [[(r - 7) ** 2 + (c - 7) ** 2 <= radius_px**2 for c in range(15)] for r in range(15)]
    assert found.tolist() == inside


def published_f(predicted, true):
    """The published code's definition: seg2bmap, a disk of 0.008 diagonals, precision and recall."""

    def contour_of(mask):
        height, width = mask.shape
        found = []
        for r in range(height):
            for c in range(width):
                right = mask[r, c + 1] if c + 1 < width else mask[r, c]
                below = mask[r + 1, c] if r + 1 < height else mask[r, c]
                inside = r + 1 < height and c + 1 < width
                across = mask[r + 1, c + 1] if inside else mask[r, c]
                if mask[r, c] != right or mask[r, c] != below or mask[r, c] != across:
                    found.append((r, c))
        return found

    radius = math.ceil(0.008 * math.hypot(*true.shape))
    ours, theirs = contour_of(predicted), contour_of(true)

    def share(of, other):
        near = [min(math.dist(a, b) for b in other) <= radius for a in of]
        return sum(near) / len(near)

    precision, recall = share(ours, theirs), share(theirs, ours)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def test_f_equals_the_published_code():
    draws = torch.Generator().manual_seed(0)
    coarse = torch.rand(6, 1, 5, 6, generator=draws)
    masks = torch.nn.functional.interpolate(coarse, size=(30, 36), mode="bilinear")[:, 0] > 0.5
    shifted = masks.roll((1, 2), (1, 2))
    expected = [published_f(a, b) for a, b in zip(shifted, masks, strict=True)]
    assert contour_accuracy(shifted, masks).tolist() == pytest.approx(expected)
    assert 0.2 < min(expected) < 0.99
    assert contour_accuracy(masks, masks).tolist() == [1] * 6
