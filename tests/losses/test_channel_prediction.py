"""The loss of channels predicted from channels, against loops in float64 written from the paper's equations 1 and 2."""

import pytest
import torch

from selfsup.methods.parts import cross_channel as module
from selfsup.views.lab_bins import bins_in_gamut, lightness_bins
from tests.losses.mutation import mutant

CENTRES = {"ab": bins_in_gamut(40.0) / 110, "lightness": lightness_bins(7) / 50 - 1}
CHANNELS = {"ab": 2, "lightness": 1, "lab": 3, "depth": 1}
IMAGES, PLACES, SIZE_PX = 2, 3, 6
TASKS = [("ab", True), ("lightness", True), ("ab", False), ("lab", False), ("depth", False)]


def given(channels, binned):
    """Return the bins, an answer (2, K, 3, 3) and channels (2, C, 6, 6), without symmetry, and some beyond all bins."""
    draws = torch.Generator().manual_seed(1)
    centres = CENTRES[channels].double() if binned else None
    outputs = len(centres) if binned else CHANNELS[channels]
    answer = torch.randn(IMAGES, outputs, PLACES, PLACES, generator=draws, dtype=torch.float64)
    target = torch.rand(IMAGES, CHANNELS[channels], SIZE_PX, SIZE_PX, generator=draws, dtype=torch.float64)
    return centres, answer.requires_grad_(), 2.2 * target - 1.1


def reference(centres, answer, channels):
    """Sum over places of half the squared distance, or of -log of the softmax at the nearest bin, over all places."""
    zoom = SIZE_PX // PLACES
    total = 0.0
    for n in range(IMAGES):
        for y in range(PLACES):
            for x in range(PLACES):
                block = channels[n, :, y * zoom : (y + 1) * zoom, x * zoom : (x + 1) * zoom]
                asked = [sum(plane.flatten().tolist()) / zoom**2 for plane in block]
                said = answer[n, :, y, x]
                if centres is None:
                    total = total + sum((said[c] - asked[c]) ** 2 for c in range(len(asked))) / 2
                else:
                    far = [sum((row[c] - asked[c]) ** 2 for c in range(len(asked))) for row in centres.tolist()]
                    total = total - torch.log(torch.exp(said[far.index(min(far))]) / torch.exp(said).sum())
    return total / (IMAGES * PLACES**2)


def check(of, channels, binned):
    """Compare value and gradient of a decoder's loss with the reference."""
    centres, answer, target = given(channels, binned)
    decoder = of.ChannelDecoder(4, of.Task(0, channels, centres), width=2, upsampling=1)
    expected = reference(centres, answer, target)
    loss = decoder.loss(answer, target)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(
        *(torch.autograd.grad(of_, answer)[0] for of_ in (loss, expected)), rtol=1e-9, atol=1e-11
    )


@pytest.mark.parametrize(("channels", "binned"), TASKS)
def test_loss_equals_the_paper(channels, binned):
    check(module, channels, binned)


@pytest.mark.parametrize(
    ("channels", "binned", "before", "after"),
    [
        ("ab", True, 'mode="area"', 'mode="nearest"'),
        ("ab", True, "nearest(target, self.centres)", "nearest(target, self.centres.flip(0))"),
        ("lightness", True, "nearest(target, self.centres)", "nearest(-target, self.centres)"),
        ("ab", True, "nearest(target, self.centres)", "nearest(target.flip(1), self.centres)"),
        ("lab", False, "squared_error(answer, target)", "2 * squared_error(answer, target)"),
        ("ab", True, "soft_cross_entropy(answer,", "soft_cross_entropy(1.5 * answer - 0.5 * answer.detach(),"),
    ],
)
def test_a_planted_error_is_noticed(channels, binned, before, after):
    with pytest.raises(AssertionError):
        check(mutant(module, before, after), channels, binned)
