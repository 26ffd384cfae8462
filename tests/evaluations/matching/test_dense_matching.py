"""Dense matching against the full distance matrix, and its memory."""

import math
import weakref

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from selfsup.evaluations.matching.dense_matching import (
    block_pixels,
    nearest_positions,
    pixel_centres,
    random_positions,
    sample,
)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_centres_count_row_by_row():
    assert pixel_centres(torch.tensor([0, 4, 7]), 5).tolist() == [[0.5, 0.5], [4.5, 0.5], [2.5, 1.5]]


def test_a_map_of_the_images_size_is_sampled_exactly():
    maps = noise(3, 5, 7)
    assert torch.allclose(
        sample(maps, pixel_centres(torch.arange(35), 7), (5, 7)).T, maps.flatten(1).double(), atol=1e-6
    )


def test_a_smaller_map_is_sampled_as_upsampling_would():
    maps = noise(3, 4, 6)
    upsampled = F.interpolate(maps[None], (16, 24), mode="bilinear", align_corners=False)[0]
    found = sample(maps, pixel_centres(torch.arange(16 * 24), 24), (16, 24))
    assert torch.allclose(found.T, upsampled.flatten(1).double(), atol=1e-5)


@pytest.mark.parametrize("memory_mb", [1e-6, 0.01, 100])
@pytest.mark.parametrize("shape", [(4, 9, 11), (4, 3, 4)])
def test_equals_the_full_distance_matrix(memory_mb, shape):
    """With more queries than are taken at once; one pixel a block, some, and all."""
    maps, queried, size = noise(*shape), noise(300, 4, seed=1), (9, 11)
    whole = F.interpolate(maps[None].double(), size, mode="bilinear", align_corners=False)[0].flatten(1).T
    table = torch.cdist(queried.double(), whole, compute_mode="donot_use_mm_for_euclid_dist")
    column, row = nearest_positions(queried, maps, size, memory_mb).long().unbind(1)
    found = table[torch.arange(300), row * 11 + column]  # at the border of an upsampled map, some are equally near
    torch.testing.assert_close(found, table.min(1).values, rtol=1e-5, atol=1e-6)


def test_planted_descriptors_are_found():
    maps = noise(8, 20, 30)
    pixels = torch.tensor([0, 29, 17 * 30 + 5, 599])
    assert torch.equal(nearest_positions(maps.flatten(1)[:, pixels].T, maps, (20, 30), 0.05), pixel_centres(pixels, 30))


class Live(TorchDispatchMode):
    """Knows the most bytes of tensors made within it that were alive at once, beside those that were there before."""

    def __init__(self, *before):
        super().__init__()
        self.before = {tensor.untyped_storage().data_ptr() for tensor in before}
        self.holders, self.bytes, self.most = {}, 0, 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and tensor.untyped_storage().data_ptr() not in self.before:
                storage = tensor.untyped_storage()
                place, size = storage.data_ptr(), storage.nbytes()
                if not self.holders.get(place):
                    self.holders[place], self.bytes = 0, self.bytes + size
                self.holders[place] += 1
                weakref.finalize(tensor, self.drop, place, size)
        self.most = max(self.most, self.bytes)
        return made

    def drop(self, place, size):
        self.holders[place] -= 1
        if not self.holders[place]:
            self.bytes -= size


@pytest.mark.parametrize(("shape", "queries"), [((16, 240, 320), 300), ((64, 30, 40), 50)])
def test_memory_is_bounded_for_large_images(shape, queries):
    """The whole table would be 150 MB, and the second map upsampled 20 MB."""
    maps, queried = noise(*shape), noise(queries, shape[0], seed=1)
    with Live(maps, queried) as live:
        nearest_positions(queried, maps, (240, 320), memory_mb=2)
    assert 0.5e6 < live.most < 2e6


def test_a_block_has_at_least_one_pixel():
    assert block_pixels(256, 64, 1e-9) == 1
    assert math.isclose(block_pixels(50, 16, 16) * (20 * 16 + 8 * 50 + 64), 16e6, rel_tol=0.01)


def test_random_positions_are_uniform_pixel_centres():
    positions = random_positions(6000, (6, 8), torch.Generator().manual_seed(0))
    counts = np.histogram2d(*positions.numpy().T, bins=(8, 6), range=((0, 8), (0, 6)))[0]
    assert counts.min() > 70
    assert counts.max() < 190
    assert torch.equal(positions % 1, torch.full_like(positions, 0.5))
