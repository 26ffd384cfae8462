"""The encoder of CPC: strided convolutions over the samples of a waveform, and a recurrent context over their output."""

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError


def build(
    *,
    in_channels: PositiveInt = 1,
    widths: list[PositiveInt],
    filters: list[PositiveInt],
    strides: list[PositiveInt],
    context_width: PositiveInt,
) -> tuple[dict[str, nn.Module], dict[str, int]]:
    """Return stages conv1, conv2, ..., context and their channels; maps are (N, C, T).

    T is the number of samples over the product of ``strides``, rounded up. No position depends on a sample after
    its own stride, so the context c_t depends only on the first t + 1 strides of samples.

    Args:
        widths: channels of each convolution.
        filters: length of each filter, in samples or frames.
        strides: step of each convolution; their product is the samples of a frame.
        context_width: features of the context.

    Source: van den Oord et al. 2018 (CPC), section 3.1: five convolutions of 512 channels with strides 5, 4, 2, 2, 2 and
    filters 10, 8, 4, 4, 4, and a GRU of 256 units.
    Differs: BatchNorm after each convolution (the paper names no norm; in training its statistics are of the whole batch), and
    padding on the left alone, which keeps the number of frames and the order of time.
    """
    if not len(widths) == len(filters) == len(strides):
        raise InputError(
            "encoder.widths, filters and strides have different lengths; give each convolution one of each"
        )
    if wrong := [size for size, stride in zip(filters, strides, strict=True) if size < stride]:
        raise InputError(f"encoder.filters has {wrong[0]}, less than its stride, which skips samples; set it higher")
    inputs = [in_channels, *widths]
    stages: dict[str, nn.Module] = {
        f"conv{n + 1}": _Convolution(inputs[n], widths[n], filters[n], strides[n]) for n in range(len(widths))
    }
    stages["context"] = _Context(widths[-1], context_width)
    return stages, dict(zip(stages, [*widths, context_width], strict=True))


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, size: int, stride: int) -> None:
        super().__init__()
        self.past = size - stride
        self.convolution = nn.Conv1d(inputs, outputs, size, stride, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return (N, C', T') of (N, C, T); position i depends on x up to the end of its own stride, i + 1 strides."""
        missing = -x.shape[2] % self.convolution.stride[0]
        normed: Tensor = self.norm(self.convolution(F.pad(x, (self.past, missing))))
        return normed.relu()


class _Context(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gru = nn.GRU(inputs, outputs, batch_first=True)

    def forward(self, z: Tensor) -> Tensor:
        """Return the contexts c (N, H, T) of latents z (N, C, T)."""
        c: Tensor = self.gru(z.transpose(1, 2))[0]
        return c.transpose(1, 2)
