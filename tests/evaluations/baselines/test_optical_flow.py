"""Optical flow as a tracker: on textures that move by whole pixels it must find where they went."""

import torch

from selfsup.evaluations.baselines.optical_flow import flow_tracks, warped
from selfsup.seeds import generator


def test_warped_takes_what_the_flow_points_at():
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
    wide = torch.nn.functional.interpolate(coarse, size=96, mode="bicubic").clamp(0, 1)
    shown = [wide[..., 16 - t : 16 - t + size, 16 - 2 * t : 16 - 2 * t + size] for t in range(frames)]
    return torch.stack(shown, 1).mul(255).byte()


def test_masks_and_keypoints_follow_the_texture():
    mask = torch.zeros(1, 64, 64, dtype=torch.uint8)
    mask[:, 20:40, 20:36] = 1
    keypoint = torch.tensor([[[28.0, 30.0], [float("nan")] * 2]])
    for frame, (found, point) in enumerate(flow_tracks(moving(), mask, keypoint, 1), start=1):
        expected = mask.roll((frame, 2 * frame), (1, 2))
        assert (found != expected).sum() < 0.1 * expected.sum()
        torch.testing.assert_close(point[0, 0], keypoint[0, 0] + frame * torch.tensor([2.0, 1.0]), rtol=0, atol=0.5)
        assert point[0, 1].isnan().all()
    assert frame == 3
