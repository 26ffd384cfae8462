"""What methods that hear windows of waveforms share: the size of a window and of a frame, and whether they fit the data."""

from selfsup.errors import InputError
from selfsup.methods.base import DataInfo
from selfsup.nn.encoder import Encoder
from selfsup.views.waveforms import FRAMES_PER_SECOND


def window_samples(info: DataInfo, window_seconds: float) -> int:
    """Return the samples of a window: a whole number of frames of 10 ms. InputError where the data are shorter."""
    frame = info.rate_hz // FRAMES_PER_SECOND
    window = round(window_seconds * FRAMES_PER_SECOND) * frame
    if window > info.length:
        raise InputError(
            f"hyper.window_seconds is {window_seconds:g}, but the waveforms last {info.length / info.rate_hz:g} s; "
            "lower it, or prepare longer ones (seconds)"
        )
    return window


def frame_samples(encoder: Encoder, info: DataInfo) -> int:
    """Return how many samples the encoder takes to a frame; InputError unless that is 10 ms, as the data's labels are."""
    frame = 1
    for stride in encoder.description["strides"]:
        frame *= stride
    wanted = info.rate_hz // FRAMES_PER_SECOND
    if frame != wanted:
        raise InputError(
            f"encoder.strides multiply to {frame} samples a frame, but 10 ms at {info.rate_hz} Hz are {wanted}; "
            f"choose strides whose product is {wanted}"
        )
    return frame


def check_window(window: int, frame: int, steps: int) -> None:
    """Refuse a window that has no time with all its steps after it."""
    if steps >= window // frame:
        raise InputError(
            f"hyper.steps_predicted is {steps}, but a window has {window // frame} frames; "
            f"set at most {window // frame - 1}, or a longer window_seconds"
        )


def check_stages(encoder: Encoder) -> None:
    """Refuse an encoder without the latents and the context of a waveform encoder."""
    if list(encoder.layers)[-1:] != ["context"] or "strides" not in encoder.description:
        raise InputError("encoder has no stage context to predict from; take the backbone wave_conv, and no parts")
