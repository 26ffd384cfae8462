"""Which frames of a clip are seen, and how."""

from collections import Counter

import pytest
import torch

from selfsup.seeds import generator
from selfsup.views.clips import draw_exposure, draw_frames, exposed, take_frames


@pytest.mark.parametrize(("frames", "seen", "longest_step"), [(8, 4, 2), (4, 4, 3), (9, 3, 4), (2, 2, 1)])
def test_frames_are_equally_far_apart_and_inside(frames, seen, longest_step):
    frame = draw_frames(2000, generator(0, "t"), frames=frames, count=seen, longest_step=longest_step)
    step = frame.diff(dim=1)
    assert (step == step[:, :1]).all()
    assert frame.min() == 0
    assert frame.max() == frames - 1
    fitting = min(longest_step, (frames - 1) // (seen - 1))
    assert set(step[:, 0].tolist()) == set(range(1, fitting + 1))


def test_every_run_of_one_step_is_equally_likely():
    frame = draw_frames(6000, generator(1, "t"), frames=6, count=4, longest_step=1)
    counts = Counter(frame[:, 0].tolist())
    assert sorted(counts) == [0, 1, 2]
    assert all(abs(count - 2000) < 150 for count in counts.values())


def test_takes_the_frames_of_each_clip_and_mirrors_some():
    clip = torch.randint(0, 256, (3, 5, 3, 4, 6), dtype=torch.uint8, generator=generator(0, "clip"))
    frame = torch.tensor([[0, 1], [2, 4], [3, 4]])
    taken = take_frames(clip, frame, torch.tensor([False, True, False]))
    for n in range(3):
        for i in range(2):
            expected = clip[n, frame[n, i]].float() / 255
            assert torch.equal(taken[n, i], expected.flip(-1) if n == 1 else expected)


def test_exposure_is_a_gain_and_an_offset_of_each_frame():
    draw = draw_exposure(500, 4, generator(0, "e"), 0.2)
    assert draw.shape == (500, 4, 2)
    assert (draw - torch.tensor([1.0, 0.0])).abs().max() <= 0.2
    assert draw.std(0).min() > 0.1
    images = torch.rand(500, 4, 3, 2, 2, generator=generator(0, "i"))
    found = exposed(images, draw)
    expected = (images[7, 2] * draw[7, 2, 0] + draw[7, 2, 1]).clamp(0, 1)
    assert torch.equal(found[7, 2], expected)
    assert torch.equal(exposed(images, draw_exposure(500, 4, generator(0, "e"), 0.0)), images)
