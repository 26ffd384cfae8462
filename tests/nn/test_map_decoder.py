"""The decoder of maps: its size, and that each place sees its own."""

import torch

from selfsup.nn.map_decoder import map_decoder


def test_map_grows_and_each_place_of_it_sees_one_place():
    torch.manual_seed(0)
    decoder = map_decoder(6, 5, width=8, upsampling=4).eval()
    maps = torch.randn(2, 6, 2, 3, requires_grad=True)
    answer = decoder(maps)
    assert answer.shape == (2, 5, 8, 12)
    answer[1, :, 4:, 8:].sum().backward()
    seen = maps.grad.abs().sum(1) > 0
    assert seen.nonzero().tolist() == [[1, 1, 2]]


def test_places_within_one_differ():
    torch.manual_seed(0)
    answer = map_decoder(6, 5, width=8, upsampling=4).eval()(torch.randn(1, 6, 1, 1))
    assert len(answer[0].flatten(1).T.unique(dim=0)) == 16
