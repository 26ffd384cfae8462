"""Trackers: on a clip whose every place can be told apart, and the temperature that colours choose."""

import torch

from selfsup.evaluations.tracking.propagation import Law
from selfsup.evaluations.tracking.trackers import best_temperature, by_encoder, pointing, standing
from selfsup.nn.encoder import build
from selfsup.seeds import generator


def still(frames=3, size=16):
    image = torch.randint(0, 256, (1, 1, 3, size, size), dtype=torch.uint8, generator=generator(0, "still"))
    return image.expand(-1, frames, -1, -1, -1)


def by_pixel(frames):
    """Every pixel is a place; places of other pixels are nearly orthogonal."""
    weight = torch.randn(64, 3, generator=generator(0, "weight"))
    code = torch.einsum("dc,nchw->ndhw", weight, frames.float() / 32).cos()
    return torch.nn.functional.normalize(code, dim=1)


def test_pointing_carries_masks_and_keypoints():
    mask = torch.zeros(1, 16, 16, dtype=torch.uint8)
    mask[:, 4:10, 6:12] = 2
    keypoint = torch.tensor([[[7.5, 5.5]]])
    tracker = pointing(by_pixel, Law(1, 4, 1, 0.05))
    tracks = list(tracker(still(), mask, keypoint, 2))
    assert len(tracks) == 2
    for found, point in tracks:
        assert torch.equal(found, mask)
        assert torch.equal(point, keypoint)


def test_standing_repeats_the_first_frame():
    mask, keypoint = torch.ones(1, 16, 16, dtype=torch.uint8), torch.zeros(1, 3, 2)
    tracks = list(standing(still(4), mask, keypoint, 1))
    assert len(tracks) == 3
    assert all(found is mask and point is keypoint for found, point in tracks)


def test_an_encoder_gives_unit_vectors_of_its_last_map():
    encoder = build({"backbone": "place_conv", "width": 4, "embedding": 6}).eval()
    with torch.no_grad():
        found = by_encoder(encoder)(still()[:, 0])
    assert found.shape == (1, 6, 4, 4)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(1, 4, 4))


def test_colours_choose_the_temperature():
    """Where nothing moves and every place is known, the sharpest copies best; noise is best averaged."""
    law = Law(1, 16, 50, 1.0)
    assert best_temperature(still(), by_pixel, law, [5.0, 0.01, 0.5]) == 0.01
    draws = generator(1, "noise")

    def noise(frames):
        return torch.nn.functional.normalize(torch.randn(len(frames), 8, 16, 16, generator=draws), dim=1)

    assert best_temperature(still(), noise, law, [0.001, 5.0]) == 5.0
