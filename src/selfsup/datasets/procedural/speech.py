"""The procedural voice: speakers, utterances of phones, and their synthesis.

Source-filter synthesis: pulses and noise are filtered by the formants of each frame's phone and speaker. N utterances at
once, with numpy alone: its transforms run on one thread and are deterministic.

Source: Fant 1960, Acoustic theory of speech production; Klatt 1980, Software for a cascade/parallel formant synthesizer.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from selfsup.datasets.prepared import FRAMES_PER_SECOND


class Phone(NamedTuple):
    """``formants_hz`` of an average speaker; ``voicing`` from 0 (noise) to 1 (pulses); ``level`` relative to a vowel."""

    name: str
    formants_hz: tuple[float, float, float]
    voicing: float
    level: float
    shortest_frames: int
    longest_frames: int


# Vowels: Peterson and Barney 1952, table II, men. Consonants are stylised; the band ends at 4 kHz.
PHONES = (
    Phone("iy", (270, 2290, 3010), 1.0, 1.0, 5, 11),
    Phone("ih", (390, 1990, 2550), 1.0, 1.0, 5, 11),
    Phone("eh", (530, 1840, 2480), 1.0, 1.0, 5, 11),
    Phone("ae", (660, 1720, 2410), 1.0, 1.0, 5, 11),
    Phone("aa", (730, 1090, 2440), 1.0, 1.0, 5, 11),
    Phone("ao", (570, 840, 2410), 1.0, 1.0, 5, 11),
    Phone("uh", (440, 1020, 2240), 1.0, 1.0, 5, 11),
    Phone("uw", (300, 870, 2240), 1.0, 1.0, 5, 11),
    Phone("m", (250, 1050, 2100), 1.0, 1.0, 4, 7),
    Phone("n", (280, 1500, 2400), 1.0, 1.0, 4, 7),
    Phone("s", (3400, 3800, 3000), 0.0, 0.35, 4, 7),
    Phone("sh", (2400, 3000, 2000), 0.0, 0.35, 4, 7),
    Phone("f", (1500, 2500, 3300), 0.0, 0.35, 4, 7),
    Phone("z", (2900, 3500, 300), 0.5, 1.0, 4, 7),
    Phone("v", (250, 2100, 3200), 0.5, 1.0, 4, 7),
    Phone("sil", (500, 1500, 2500), 0.0, 0.01, 2, 7),
)
NAMES = [phone.name for phone in PHONES]
SILENCE = NAMES.index("sil")
FORMANTS_HZ = np.array([phone.formants_hz for phone in PHONES])  # (K, 3)
VOICING = np.array([phone.voicing for phone in PHONES])
LEVEL = np.array([phone.level for phone in PHONES])

PAUSE_PROBABILITY = 0.4
# Twelve words of three to five phones, the same for every seed.
WORDS = [np.random.default_rng([3, word]).permutation(SILENCE)[: 3 + word % 3] for word in range(12)]

WINDOW_SECONDS = 0.032
COARTICULATION = (0.1, 0.25, 0.3, 0.25, 0.1)  # weights over five frames: phones blend into each other
FORMANT_GAIN = np.array([1.0, 0.7, 0.45])
NOISE = 0.05  # of full scale, 6 dB below a voice of 0.1


@dataclass(frozen=True)
class Speakers:
    """S speakers: (S,) each, and ``accent`` (S, K, 3), the relative shift of each phone's formants by each speaker.

    ``tract_scale`` multiplies all formants: a shorter tract has higher ones. ``tilt`` is the decay of the spectrum with
    frequency, ``bandwidth_scale`` multiplies the bandwidths of the formants, ``jitter`` is the variation of the pitch.
    """

    pitch_hz: np.ndarray
    tract_scale: np.ndarray
    tilt: np.ndarray
    bandwidth_scale: np.ndarray
    jitter: np.ndarray
    accent: np.ndarray


def draw_speakers(rng: np.random.Generator, count: int) -> Speakers:
    """Return ``count`` speakers: pitches of 85 to 240 Hz, tracts of 0.85 to 1.18 times the average."""
    return Speakers(
        pitch_hz=np.exp(rng.uniform(np.log(85), np.log(240), count)),
        tract_scale=rng.uniform(0.85, 1.18, count),
        tilt=rng.uniform(0.6, 1.6, count),
        bandwidth_scale=rng.uniform(0.8, 1.5, count),
        jitter=rng.uniform(0.005, 0.03, count),
        accent=rng.normal(0, 0.035, (count, len(PHONES), 3)),
    )


def draw_phones(rng: np.random.Generator, utterances: int, frames: int) -> np.ndarray:
    """Return the phone of each frame, int64 (N, F). An utterance is a random cut of speech and may begin within a word."""
    return np.stack([_utterance(rng, frames) for _ in range(utterances)])


def _utterance(rng: np.random.Generator, frames: int) -> np.ndarray:
    skipped = int(rng.integers(0, 20))
    phones = np.empty(0, np.int64)
    while len(phones) < skipped + frames:
        word = WORDS[rng.integers(len(WORDS))]
        pause = [SILENCE] if rng.random() < PAUSE_PROBABILITY else []
        added = np.array([*word, *pause])
        durations = [rng.integers(PHONES[i].shortest_frames, PHONES[i].longest_frames + 1) for i in added]
        phones = np.concatenate([phones, np.repeat(added, durations)])
    return phones[skipped : skipped + frames]


def synthesise(
    phone: np.ndarray, speaker: np.ndarray, speakers: Speakers, rate_hz: int, rng: np.random.Generator
) -> np.ndarray:
    """Return waveforms int16 (N, S) of phones (N, F), each spoken by one of ``speakers``, (N,); 10 ms to a frame.

    ``rate_hz`` is a multiple of FRAMES_PER_SECOND.
    """
    utterances, frames = phone.shape
    frame = rate_hz // FRAMES_PER_SECOND
    voicing = _smooth(VOICING[phone])
    pulses = _spectrum(_pulses(speaker, speakers, frames, rate_hz, rng), frame, _window(rate_hz))
    breath = rng.standard_normal((utterances, frames * frame), np.float32)
    noise = 0.6 * _spectrum(breath, frame, _window(rate_hz))
    source = pulses * voicing[..., None] + noise * np.maximum(1 - voicing, 0.05)[..., None]
    spectrum = source * _envelope(phone, voicing, speaker, speakers, rate_hz, rng)
    voice = _waveform(spectrum, frame, _window(rate_hz))
    loudness = 0.1 * np.exp(rng.normal(0, 0.3, (utterances, 1)))
    waveform = voice / voice.std(1, keepdims=True) * loudness + NOISE * rng.standard_normal(voice.shape, np.float32)
    return np.rint(waveform.clip(-1, 1) * np.iinfo(np.int16).max).astype(np.int16)


def _pulses(speaker: np.ndarray, speakers: Speakers, frames: int, rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    """Return glottal pulses float32 (N, S), of height 5, so that voiced and unvoiced phones are about equally loud."""
    intonation = np.exp(0.01 * rng.standard_normal((len(speaker), frames)).cumsum(1))
    jitter = 1 + speakers.jitter[speaker, None] * rng.standard_normal((len(speaker), frames))
    pitch_hz = speakers.pitch_hz[speaker, None] * intonation * jitter
    cycles = np.floor(pitch_hz.repeat(rate_hz // FRAMES_PER_SECOND, 1).cumsum(1) / rate_hz)
    return 5 * (np.diff(cycles, axis=1, prepend=0) > 0).astype(np.float32)


def _envelope(
    phone: np.ndarray,
    voicing: np.ndarray,
    speaker: np.ndarray,
    speakers: Speakers,
    rate_hz: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the gain of each frame and frequency, float32 (N, F, W / 2 + 1): three formants and a tilt."""
    formants_hz = FORMANTS_HZ[phone] * (1 + speakers.accent[speaker[:, None], phone])
    formants_hz = formants_hz * np.exp(0.03 * rng.standard_normal(formants_hz.shape))
    formants_hz = _smooth(formants_hz * speakers.tract_scale[speaker, None, None])[..., None]
    width_hz = speakers.bandwidth_scale[speaker, None, None, None] * (60 + 0.06 * formants_hz)
    width_hz = (width_hz * (1 + 2.5 * (1 - voicing[..., None, None]))).astype(np.float32)
    frequency_hz = np.fft.rfftfreq(len(_window(rate_hz)), 1 / rate_hz).astype(np.float32)
    distance = (frequency_hz - formants_hz.astype(np.float32)) / width_hz
    resonance = np.einsum("k,nfkw->nfw", FORMANT_GAIN.astype(np.float32), 1 / (1 + distance**2))
    tilt = (speakers.tilt[speaker, None] * voicing).astype(np.float32)[..., None]
    level = _smooth(LEVEL[phone]).astype(np.float32)[..., None]
    return resonance * np.exp(-tilt * np.log1p(frequency_hz / 500)) * level


def _smooth(track: np.ndarray) -> np.ndarray:
    """Return a track (N, F, ...) averaged over five frames, with its ends repeated."""
    margin = len(COARTICULATION) // 2
    padded = np.pad(track, [(0, 0), (margin, margin), *[(0, 0)] * (track.ndim - 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(COARTICULATION), axis=1)
    return windows @ np.array(COARTICULATION)


def _spectrum(signal: np.ndarray, frame: int, window: np.ndarray) -> np.ndarray:
    """Return the short-time spectrum (N, F, W / 2 + 1) of a signal (N, S), with a window of W samples around each frame."""
    margin = (len(window) - frame) // 2
    padded = np.pad(signal, ((0, 0), (margin, margin)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(window), axis=1)[:, ::frame]
    return np.fft.rfft(windows * window, axis=2)


def _waveform(spectrum: np.ndarray, frame: int, window: np.ndarray) -> np.ndarray:
    """Return the signal float32 (N, S) of a short-time spectrum by overlap-add."""
    margin = (len(window) - frame) // 2
    utterances, frames, _ = spectrum.shape
    windows = np.fft.irfft(spectrum, axis=2) * window
    total = np.zeros((utterances, frames * frame + 2 * margin), np.float32)
    weight = np.zeros(total.shape[1], np.float32)
    for number in range(frames):
        window_at = slice(number * frame, number * frame + len(window))
        total[:, window_at] += windows[:, number]
        weight[window_at] += window**2
    return (total / weight.clip(1e-3))[:, margin:-margin]


def _window(rate_hz: int) -> np.ndarray:
    """Return a periodic Hann window of WINDOW_SECONDS, an even number of samples."""
    samples = 2 * round(rate_hz * WINDOW_SECONDS / 2)
    return np.hanning(samples + 1)[:-1].astype(np.float32)
