"""The windows and frames of methods on waveforms, checked against the data and the encoder."""

import math

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.nn.encoder import Encoder
from selfsup.views.waveforms import FRAMES_PER_SECOND


def window_and_frame(encoder: Encoder, info: DataInfo, window_seconds: float) -> tuple[int, int]:
    """Return the samples of a window, an integer number of frames, and those of a frame of 10 ms, as the data's labels have.

    Raises InputError where the data are shorter, or the encoder has other frames, or no latents and context.
    """
    if list(encoder.layers)[-1:] != ["context"] or "strides" not in encoder.description:
        raise InputError("encoder has no stage context to predict from; take the backbone wave_conv, and no parts")
    frame = info.rate_hz // FRAMES_PER_SECOND
    window = round(window_seconds * FRAMES_PER_SECOND) * frame
    if window > info.length:
        raise InputError(
            f"hyper.window_seconds is {window_seconds:g}, but the waveforms last {info.length / info.rate_hz:g} s; "
            "lower it, or prepare longer waveforms (seconds)"
        )
    if (stride := math.prod(encoder.description["strides"])) != frame:
        raise InputError(
            f"encoder.strides multiply to {stride} samples per frame, but 10 ms at {info.rate_hz} Hz are {frame}; "
            f"choose strides whose product is {frame}"
        )
    return window, frame
