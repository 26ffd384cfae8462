import torch

from selfsup.evaluations.correspondence import as_colours


def maps(dimension, count=2):
    return list(torch.randn(count, dimension, 6, 7, generator=torch.Generator().manual_seed(0)))


def test_three_dimensions_are_red_green_and_blue():
    shown = as_colours(maps(3))
    assert shown.shape == (2, 3, 6, 7)
    assert shown.dtype == torch.uint8
    values = torch.stack(maps(3))
    for channel in range(3):
        order = values[:, channel].flatten().argsort()
        assert (shown[:, channel].flatten()[order].int().diff() >= 0).all()


def test_equal_maps_have_equal_colours():
    first, second = maps(5)
    both = as_colours([first, second, first])
    assert torch.equal(both[0], both[2])


def test_more_dimensions_are_projected_on_principal_components():
    quiet = torch.cat([maps(2)[0] * 50, maps(4)[0] * 0.001])
    shown = as_colours([quiet, quiet])
    low = torch.cat([maps(2)[0] * 50, maps(4)[1] * 0.001])
    assert (shown[0, :2].int() - as_colours([low, low])[0, :2].int()).abs().max() <= 1


def test_fewer_dimensions_are_filled_with_grey_and_constant_maps_are_valid():
    assert (as_colours(maps(2))[:, 2] == 128).all()
    assert (as_colours([torch.ones(3, 4, 4)]) == 0).all()
