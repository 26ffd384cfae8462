"""The channel-wise fully connected layer against its sum, one number at a time."""

import torch

from selfsup.nn.channelwise_fc import ChannelwiseFullyConnected


def test_equals_the_sum():
    torch.manual_seed(0)
    layer, x = ChannelwiseFullyConnected(3, 2), torch.randn(2, 3, 2, 2)
    found = layer(x)
    for n in range(2):
        for c in range(3):
            for q in range(4):
                expected = sum(x[n, c].flatten()[p] * layer.weight[c, p, q] for p in range(4))
                torch.testing.assert_close(found[n, c, q // 2, q % 2], expected)


def test_has_the_papers_number_of_weights_and_mixes_no_channels():
    layer = ChannelwiseFullyConnected(5, 3)
    assert sum(p.numel() for p in layer.parameters()) == 5 * 3**4
    x = torch.randn(1, 5, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[:, 2].sum(), x)
    assert (gradient[:, 2] != 0).all()
    assert gradient.abs().sum() == gradient[:, 2].abs().sum()
