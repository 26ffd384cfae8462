import torch

from selfsup.evaluations.pictures.pair_pictures import painted


def maps(dimension, count=2):
    return list(torch.randn(count, dimension, 6, 7, generator=torch.Generator().manual_seed(0)))


def test_three_dimensions_are_the_colours_themselves_in_their_order():
    shown = painted(maps(3))
    assert shown.shape == (2, 3, 6, 7)
    assert shown.dtype == torch.uint8
    values = torch.stack(maps(3))
    for channel in range(3):
        order = values[:, channel].flatten().argsort()
        assert (shown[:, channel].flatten()[order].int().diff() >= 0).all()


def test_one_law_for_all_pictures():
    first, second = maps(5)
    both = painted([first, second, first])
    assert torch.equal(both[0], both[2])


def test_more_dimensions_show_those_that_vary_most():
    quiet = torch.cat([maps(2)[0] * 50, maps(4)[0] * 0.001])
    shown = painted([quiet, quiet])
    low = torch.cat([maps(2)[0] * 50, maps(4)[1] * 0.001])
    assert (shown[0, :2].int() - painted([low, low])[0, :2].int()).abs().max() <= 1


def test_fewer_dimensions_are_filled_with_grey_and_flat_ones_stay_whole():
    assert (painted(maps(2))[:, 2] == 128).all()
    assert (painted([torch.ones(3, 4, 4)]) == 0).all()
