"""MFCC as an encoder: what it is, where its frames are, and that nothing of it can move."""

import librosa
import numpy as np
import pytest
import torch
from scipy.fft import dct

from selfsup.nn.encoder import build, digest, load_encoder, save_encoder

DESCRIPTION = {"input": "waveform", "backbone": "mfcc", "rate_hz": 8000, "coefficients": 13}


def noise(examples=2, samples=8000, seed=0):
    return torch.randn(examples, samples, generator=torch.Generator().manual_seed(seed)) * 0.1


def test_a_frame_is_ten_milliseconds_whatever_the_rate():
    for rate_hz in (8000, 16000):
        maps = build({**DESCRIPTION, "rate_hz": rate_hz}).maps(noise(samples=rate_hz))
        assert maps["mfcc"].shape == (2, 39, 100)


def test_coefficients_by_hand():
    """Window, power spectrum, mel bands, logarithm, cosine transform, for one frame."""
    x = noise(1)
    found = build(DESCRIPTION).maps(x)["mfcc"][0, :13, 50].numpy()
    window = np.zeros(256)
    window[28:228] = np.hanning(201)[:-1]
    start = 50 * 80 - (256 - 80) // 2
    power = np.abs(np.fft.rfft(x[0].numpy()[start : start + 256] * window)) ** 2
    bands = librosa.filters.mel(sr=8000, n_fft=256, n_mels=26) @ power
    expected = dct(10 * np.log10(np.maximum(bands, 1e-10)), type=2, norm="ortho")[:13]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize(
    ("examples", "rate_hz", "samples"), [(1, 8000, 8000), (2, 8000, 4000), (3, 16000, 8037), (64, 8000, 8000)]
)
def test_every_bit_is_librosas(examples, rate_hz, samples):
    x, length = noise(examples, samples), 256 * rate_hz // 8000
    hop, window = rate_hz // 100, rate_hz // 40
    sound = np.pad(x.numpy(), ((0, 0), ((length - hop) // 2,) * 2))
    bands = librosa.feature.melspectrogram(
        y=sound, sr=rate_hz, n_fft=length, hop_length=hop, win_length=window, n_mels=26, center=False
    )
    static = librosa.feature.mfcc(S=librosa.power_to_db(bands, top_db=None), n_mfcc=13)
    expected = [static, *(librosa.feature.delta(static, order=order, mode="nearest") for order in (1, 2))]
    assert np.array_equal(
        build({**DESCRIPTION, "rate_hz": rate_hz}).maps(x)["mfcc"].numpy(), np.concatenate(expected, 1)
    )


def test_deltas_are_slopes_over_time():
    """A tone that grows by a constant factor a frame has coefficients that grow by a constant, and no second difference."""
    time = torch.arange(8000) / 8000
    x = (0.001 * 10 ** (2 * time) * torch.sin(2 * torch.pi * 700 * time))[None]
    found = build(DESCRIPTION).maps(x)["mfcc"][0, :, 20:80]
    slope = found[0].diff().mean()
    torch.testing.assert_close(found[13].mean(), slope, rtol=0.02, atol=0.01)
    assert found[26].abs().mean() < 0.1 * found[13].abs().mean()


def test_an_utterance_does_not_depend_on_the_others():
    encoder = build(DESCRIPTION)
    x = noise(3)
    x[1] *= 1e-4
    torch.testing.assert_close(encoder.maps(x)["mfcc"][1:2], encoder.maps(x[1:2])["mfcc"])


def test_silence_is_finite():
    assert build(DESCRIPTION)(torch.zeros(1, 4000)).isfinite().all()


def test_it_has_no_parameter_and_returns_from_disk(tmp_path):
    encoder = build(DESCRIPTION)
    assert not encoder.state_dict()
    save_encoder(encoder, tmp_path)
    again = load_encoder(tmp_path)
    assert digest(again) == digest(encoder)
    assert torch.equal(again(noise()), encoder(noise()))
