"""Against chromatic aberration: one colour kept and the others noise, or the green-magenta axis taken away."""

import torch

from selfsup.views.chromatic import dropped, projected


def patches(seed=1):
    return torch.rand(6, 9, 3, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def normal():
    return torch.randn(6, 9, 3, 12, 12, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_dropped_keeps_one_channel_and_fills_the_others_with_faint_noise():
    given = patches() * torch.tensor([1.0, 0.5, 0.2])[:, None, None]
    kept = torch.arange(54).view(6, 9) % 3
    ours = dropped(given, kept, normal())
    for example in range(6):
        for number in range(9):
            channel = int(kept[example, number])
            one = given[example, number, channel]
            assert torch.equal(ours[example, number, channel], one)
            for other in {0, 1, 2} - {channel}:
                noise = ours[example, number, other] - one.mean()
                assert 0.7 < noise.std() / (0.01 * one.std()) < 1.3
                assert noise.mean().abs() < 0.004 * one.std()


def test_dropped_channels_tell_nothing_of_their_colour():
    given, kept, noise = patches(), torch.ones(6, 9, dtype=torch.int64), normal()
    repainted = given.clone()
    repainted[:, :, [0, 2]] = patches(seed=3)[:, :, [0, 2]]
    assert torch.equal(dropped(given, kept, noise), dropped(repainted, kept, noise))


def test_projection_is_the_papers_matrix():
    axis = torch.tensor([[-1.0, 2.0, -1.0]], dtype=torch.float64)
    matrix = torch.eye(3, dtype=torch.float64) - axis.T @ axis / (axis @ axis.T)
    given = patches()
    torch.testing.assert_close(projected(given), torch.einsum("ij,npjhw->npihw", matrix, given))


def test_projection_leaves_greys_and_takes_green_from_magenta():
    grey = patches()[:, :, :1].expand(-1, -1, 3, -1, -1)
    torch.testing.assert_close(projected(grey), grey)
    given = patches()
    magenta = given + 0.3 * torch.tensor([-1.0, 2.0, -1.0], dtype=torch.float64)[:, None, None]
    torch.testing.assert_close(projected(magenta), projected(given))
    torch.testing.assert_close(projected(projected(given)), projected(given))
