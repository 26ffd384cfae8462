"""The modality of a method's inputs, and its name for people."""

from typing import Literal

Modality = Literal[
    "image",
    "labelled_image",
    "image_depth",
    "clip",
    "waveform",
    "labelled_waveform",
    "image_text",
    "image_pair",
]
NEEDED: dict[str, str] = {
    "image": "images",
    "labelled_image": "labelled images",
    "image_depth": "images with depth",
    "clip": "clips",
    "waveform": "waveforms",
    "labelled_waveform": "labelled waveforms",
    "image_text": "images with captions",
    "image_pair": "pairs of images with correspondences",
}
