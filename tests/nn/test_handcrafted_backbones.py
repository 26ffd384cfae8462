"""HOG is scikit-image's, pixels are the image's; both are encoders without parameters."""

import numpy as np
import pytest
import torch
from skimage.feature import hog

from selfsup.nn.encoder import build, digest, load_encoder, save_encoder
from selfsup.nn.pooling import Tokens, pool_grid
from selfsup.seeds import generator


def images(height, width, count=3):
    return torch.randint(0, 256, (count, 3, height, width), dtype=torch.uint8, generator=generator(0, "images"))


def by_scikit_image(image, cell_px):
    """(rows, columns, 36) of an image uint8 (3, H, W)."""
    cells = {"orientations": 9, "pixels_per_cell": (cell_px, cell_px), "cells_per_block": (2, 2)}
    blocks = hog(image.numpy(), channel_axis=0, feature_vector=False, **cells)
    return blocks.reshape(*blocks.shape[:2], 36)


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (30, 30), (33, 47)])
@pytest.mark.parametrize("smooth", [False, True])
def test_hog_is_scikit_images(size, smooth):
    given = images(*size)
    if smooth:  # flat regions, equal channels and gradients along the axes are where ties and boundaries are
        given = given[:, :, :3, :3].repeat_interleave(size[0] // 3 + 1, 2).repeat_interleave(size[1] // 3 + 1, 3)
        given = given[:, :, : size[0], : size[1]].contiguous()
        given[0] = given[0, :1]
    maps = build({"backbone": "hog", "cells": 4}).maps(given)["hog"]
    expected = np.stack([by_scikit_image(image, min(size) // 4) for image in given])
    np.testing.assert_allclose(maps.permute(0, 2, 3, 1), expected, atol=2e-6)


def test_hog_of_a_scene_has_324_values_on_a_grid():
    maps = build({"backbone": "hog", "cells": 4}).maps(images(32, 32))["hog"]
    assert maps.shape == (3, 36, 3, 3)
    assert torch.equal(pool_grid(Tokens.of_map(maps), 768), maps.flatten(1))


def test_pixels_are_the_image():
    given = images(32, 32)
    maps = build({"backbone": "pixels"}).maps(given)["pixels"]
    torch.testing.assert_close(maps, given.float() / 127.5 - 1)
    assert pool_grid(Tokens.of_map(maps), 768).shape == (3, 768)


@pytest.mark.parametrize("description", [{"backbone": "hog", "cells": 4}, {"backbone": "pixels"}])
def test_they_have_no_parameter_and_return_from_disk(tmp_path, description):
    encoder = build(description)
    assert not encoder.state_dict()
    save_encoder(encoder, tmp_path)
    again = load_encoder(tmp_path)
    assert digest(again) == digest(encoder)
    assert torch.equal(again(images(32, 32)), encoder(images(32, 32)))
