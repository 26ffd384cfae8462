"""The phones of the procedural voice: formants, voicing, level and duration."""

from typing import NamedTuple

import numpy as np


class Phone(NamedTuple):
    """``formants_hz`` of an average speaker; ``voicing`` from 0 (noise) to 1 (pulses); ``level`` relative to a vowel."""

    name: str
    formants_hz: tuple[float, float, float]
    voicing: float
    level: float
    shortest_frames: int
    longest_frames: int


def _vowel(name: str, *formants_hz: float) -> Phone:
    return Phone(name, (formants_hz[0], formants_hz[1], formants_hz[2]), 1.0, 1.0, 5, 11)


# Vowels: Peterson and Barney 1952, table II, men. Consonants are stylised; the band ends at 4 kHz.
PHONES = (
    _vowel("iy", 270, 2290, 3010),
    _vowel("ih", 390, 1990, 2550),
    _vowel("eh", 530, 1840, 2480),
    _vowel("ae", 660, 1720, 2410),
    _vowel("aa", 730, 1090, 2440),
    _vowel("ao", 570, 840, 2410),
    _vowel("uh", 440, 1020, 2240),
    _vowel("uw", 300, 870, 2240),
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
