"""A discriminator: does an image come from the data, or did a network make it?"""

from torch import nn

LAST_SIDE_PX = 4


def discriminator(size_px: int, width: int) -> nn.Sequential:
    """Return a network from images (N, 3, H, W) of ``size_px`` in [-1, 1] to logits (N, 1), positive for real.

    Convolutions halve the map until its side is 4 pixels or less; the first has ``width`` channels, each next one
    twice as many. All but the first have BatchNorm; LeakyReLU 0.2 follows each, then one linear layer.

    Source: Pathak et al. 2016 (Context encoders), section 3.2; Radford et al. 2016 (DCGAN), section 3.
    """
    parts: list[nn.Module] = []
    inputs, outputs, side = 3, width, size_px
    while side > LAST_SIDE_PX or not parts:
        parts.append(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not parts))
        if inputs != 3:
            parts.append(nn.BatchNorm2d(outputs))
        parts.append(nn.LeakyReLU(0.2))
        inputs, outputs, side = outputs, 2 * outputs, side // 2
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(inputs * side**2, 1))
