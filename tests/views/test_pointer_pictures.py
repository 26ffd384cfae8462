"""Marks and heat: where they lie."""

import torch

from selfsup.views.pictures.pointers import HEAT, MARK, heat_over, marked, most_colourful_position


def test_the_most_colourful_position_is_where_the_colour_is():
    image = torch.full((2, 3, 16, 16), 0.5)
    image[0, :, 4:8, 8:12] = torch.tensor([0.9, 0.1, 0.1])[:, None, None]
    image[1, :, 12:, :4] = torch.tensor([0.1, 0.1, 0.9])[:, None, None]
    assert most_colourful_position(image, (4, 4)).tolist() == [1 * 4 + 2, 3 * 4]


def test_a_place_is_framed_and_not_covered():
    image = torch.full((1, 3, 16, 16), 0.5)
    found = marked(image, torch.tensor([5]), (4, 4))
    assert torch.equal(found[0, :, 4:8, 4:8], image[0, :, 4:8, 4:8])
    assert torch.equal(found[0, :, 3, 3], torch.tensor(MARK))
    assert torch.equal(found[0, :, 0], image[0, :, 0])


def test_heat_is_brightest_where_it_is_highest():
    heat = torch.zeros(1, 4, 4)
    heat[0, 1, 2] = 3.0
    found = heat_over(torch.full((1, 3, 4, 4), 0.5), heat)
    assert torch.equal(found[0, :, 1, 2], torch.tensor(HEAT))
    torch.testing.assert_close(found[0, :, 3, 0], torch.full((3,), 0.3))
    assert heat_over(torch.rand(1, 3, 4, 4), torch.zeros(1, 2, 2)).isfinite().all()
