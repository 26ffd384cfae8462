"""Optical flow as a tracker, on textures that move by whole pixels."""

import torch
from torch.nn import functional as F

from selfsup.evaluations.baselines.optical_flow import flow_tracker, warped
from selfsup.seeds import generator


def test_warped_samples_at_the_flow():
    maps = torch.arange(48.0).view(1, 1, 6, 8)
    flow = torch.zeros(1, 6, 8, 2)
    flow[..., 0] = 2.0
    torch.testing.assert_close(warped(maps, flow)[..., :6], maps[..., 2:])
    flow = torch.zeros(1, 6, 8, 2)
    flow[..., 1] = -1.0
    torch.testing.assert_close(warped(maps, flow)[..., 1:, :], maps[..., :-1, :])


def moving(frames=4, size=64):
    """A smooth random texture that moves 2 pixels to the right and 1 down each frame."""
    coarse = torch.rand(1, 3, 24, 24, generator=generator(0, "texture"))
    wide = F.interpolate(coarse, size=96, mode="bicubic").clamp(0, 1)
    shown = [wide[..., 16 - t : 16 - t + size, 16 - 2 * t : 16 - 2 * t + size] for t in range(frames)]
    return torch.stack(shown, 1).mul(255).byte()


def test_masks_and_keypoints_follow_the_texture():
    mask = torch.zeros(1, 64, 64, dtype=torch.uint8)
    mask[:, 20:40, 20:36] = 1
    keypoint = torch.tensor([[[28.0, 30.0], [float("nan")] * 2]])
    for frame, (found, point) in enumerate(flow_tracker(moving(), mask, keypoint, 1), start=1):
        expected = mask.roll((frame, 2 * frame), (1, 2))
        assert (found != expected).sum() < 0.1 * expected.sum()
        torch.testing.assert_close(point[0, 0], keypoint[0, 0] + frame * torch.tensor([2.0, 1.0]), rtol=0, atol=0.5)
        assert point[0, 1].isnan().all()
    assert frame == 3


def test_a_small_object_is_followed_at_full_resolution():
    """Seven pixels that move by one each frame over a still ground: at half of the resolution J ends at 0.17."""
    draws = generator(0, "object")
    ground = F.interpolate(torch.rand(1, 3, 16, 16, generator=draws), size=64, mode="bicubic").clamp(0, 1)
    small = F.interpolate(torch.rand(1, 3, 4, 4, generator=draws), size=7, mode="bicubic").clamp(0, 1)
    clip, mask = ground[:, None].repeat(1, 6, 1, 1, 1), torch.zeros(1, 6, 64, 64, dtype=torch.bool)
    for frame in range(6):
        place = (slice(28, 35), slice(20 + frame, 27 + frame))
        clip[:, frame, :, *place], mask[:, frame, *place] = small, True
    *_, (found, _) = flow_tracker(clip.mul(255).byte(), mask[:, 0].byte(), torch.zeros(1, 0, 2), 1)
    assert ((found > 0) & mask[:, -1]).sum() > 0.5 * ((found > 0) | mask[:, -1]).sum()
