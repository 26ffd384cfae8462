"""Procedural voice: ten speakers and words of sixteen phones, labelled with the speaker and with the phone of every 10 ms.

Training and test utterances share the speakers and the words; no utterance is in both. A smaller set is the beginning of a
larger one.
"""

from pathlib import Path

import numpy as np
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from selfsup.datasets.content.keys import key_array, sound_hash
from selfsup.datasets.prepared import FRAMES_PER_SECOND, write_split
from selfsup.datasets.procedural.generation import joined, require_at_least
from selfsup.datasets.procedural.speech import NAMES, Speakers, draw_phones, draw_speakers, synthesise
from selfsup.errors import InputError

PROVIDES = ("waveform", "labelled_waveform")
CLASSES = NAMES
STREAMS = {"train": 0, "test": 1, "speakers": 2}
CHUNK = 50  # utterances per random stream
SHORTEST_SECONDS = 0.2
LOWEST_HZ = 8000


def prepare(
    folder: Path,
    *,
    seconds: PositiveFloat = 1.28,
    rate_hz: PositiveInt = 8000,
    speakers: PositiveInt = 10,
    train_examples: PositiveInt = 1200,
    test_examples: PositiveInt = 200,
    seed: NonNegativeInt = 0,
) -> None:
    """Write ``train.h5`` and ``test.h5``: waveform int16 (N, S), content (N, F), speaker (N,), in turn, key.

    Args:
        seconds: length of a waveform.
        rate_hz: samples per second.
        speakers: voices.
        train_examples: training examples.
        test_examples: test examples.
        seed: seed of the generated data.
    """
    require_at_least("seconds", seconds, SHORTEST_SECONDS, "too short for one word")
    if rate_hz < LOWEST_HZ or rate_hz % FRAMES_PER_SECOND:
        raise InputError(f"rate_hz is {rate_hz}; set it to {LOWEST_HZ} or more, a multiple of {FRAMES_PER_SECOND}")
    for split, examples in (("train", train_examples), ("test", test_examples)):
        arrays = generate(split, examples, seconds=seconds, rate_hz=rate_hz, speakers=speakers, seed=seed)
        write_split(folder / f"{split}.h5", arrays, dataset="voice", classes=CLASSES, size_px=0, rate_hz=rate_hz)


def generate(
    split: str, examples: int, *, seconds: float, rate_hz: int, speakers: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the arrays of one split, in order of generation."""
    voices = draw_speakers(np.random.default_rng([seed, STREAMS["speakers"]]), speakers)
    frames = round(seconds * FRAMES_PER_SECOND)
    chunks = [
        _chunk([seed, STREAMS[split], start], start, voices, frames, rate_hz) for start in range(0, examples, CHUNK)
    ]
    arrays = joined(chunks, examples)
    return arrays | {"key": key_array(sound_hash(waveform[:, None], rate_hz) for waveform in arrays["waveform"])}


def _chunk(stream: list[int], start: int, speakers: Speakers, frames: int, rate_hz: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(stream)
    speaker = np.arange(start, start + CHUNK) % len(speakers.pitch_hz)
    phone = draw_phones(rng, CHUNK, frames)
    waveform = synthesise(phone, speaker, speakers, rate_hz, rng)
    return {"waveform": waveform, "content": phone, "speaker": speaker}
