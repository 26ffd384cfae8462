"""An encoder of patches: each patch encoded alone at its place, as its method shows it, and the way to disk and back."""

import pytest
import torch

from selfsup.errors import InputError
from selfsup.nn.encoder import build, digest, load_encoder, save_encoder
from selfsup.nn.patch_grid import PatchGrid, PatchGridEncoder
from selfsup.testing.trials import EXAMPLES, batch_of
from tests.methods.recipes import build as method_of

PADDED = PatchGrid(side=3, patch_px=9, stride_px=5, padding_px=3, gray=True)
NORMALISED = PatchGrid(side=2, patch_px=9, stride_px=12, normalised=True)


def encoder_of(grid):
    torch.manual_seed(0)
    encoder = build({"backbone": "small_conv", "width": 4})
    with torch.no_grad():
        encoder(torch.rand(16, 3, 16, 16))  # BatchNorm's buffers are no longer those of a fresh encoder
    return PatchGridEncoder(encoder, grid).eval()


@pytest.fixture
def images():
    return torch.randint(0, 256, (5, 3, 24, 27), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def padded_by_hand(image, row, column):
    """Of a 24 x 27 image: grids of 19 px start at (2, 4); 6 of 9 px are kept, one px from the patch's corner."""
    top, left = 2 + 5 * row + 1, 4 + 5 * column + 1
    red, green, blue = image[:, top : top + 6, left : left + 6].float() / 255
    patch = torch.full((3, 9, 9), 0.5)
    patch[:, 1:7, 1:7] = 0.2989 * red + 0.587 * green + 0.114 * blue
    return patch


def normalised_by_hand(image, row, column):
    """Grids of 21 px start at (1, 3)."""
    top, left = 1 + 12 * row, 3 + 12 * column
    patch = image[:, top : top + 9, left : left + 9].float() / 255
    return 0.5 + 0.2 * (patch - patch.mean()) / patch.std(correction=0)


@pytest.mark.parametrize(("grid", "by_hand"), [(PADDED, padded_by_hand), (NORMALISED, normalised_by_hand)])
def test_a_position_is_the_mean_over_the_map_of_its_patch(grid, by_hand, images):
    both = encoder_of(grid)
    cells = [(row, column) for row in range(grid.side) for column in range(grid.side)]
    with torch.no_grad():
        maps = both.maps(images)
        features = both(images)
        expected = [both.encoder.maps(torch.stack([by_hand(image, *cell) for image in images])) for cell in cells]
    assert both.layers == both.encoder.layers
    for layer, width in both.layers.items():
        assert maps[layer].shape == (5, width, grid.side, grid.side)
        for (row, column), ours in zip(cells, expected, strict=True):
            torch.testing.assert_close(maps[layer][:, :, row, column], ours[layer].mean((2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(features, maps["conv4"].mean((2, 3)))


@pytest.mark.parametrize("grid", [PADDED, NORMALISED])
def test_bytes_and_floats_are_one_image(grid, images):
    given = images.float() / 255
    before = given.clone()
    assert torch.equal(grid.cut(given), grid.cut(images))
    assert torch.equal(given, before)


@pytest.mark.parametrize("grid", [PADDED, NORMALISED])
def test_returns_from_disk_out_of_its_description_alone(grid, images, tmp_path):
    both = encoder_of(grid)
    save_encoder(both, tmp_path)
    loaded = load_encoder(tmp_path)
    assert isinstance(loaded, PatchGridEncoder)
    assert (loaded.grid, loaded.layers, digest(loaded)) == (grid, both.layers, digest(both))
    with torch.no_grad():
        assert torch.equal(loaded(images), both(images))


def test_images_that_are_smaller_than_the_grid_are_refused(images):
    with pytest.raises(
        InputError, match=r"images have 18 px, but the grid of patches of the run takes 19; prepare larger"
    ):
        PADDED.cut(images[:, :, :18])


def test_a_covering_grid_overlaps_by_half():
    assert PatchGrid.covering(64, 15) == PatchGrid(side=7, patch_px=15, stride_px=8, normalised=True)
    assert PatchGrid.covering(64, 18) == PatchGrid(side=6, patch_px=18, stride_px=9, normalised=True)


def test_patches_of_cpc_are_those_of_its_views():
    method = method_of("cpc_image", flip_probability=0.0)
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    draws |= {"corner": torch.full((EXAMPLES, 2), 4), "shift": torch.zeros(EXAMPLES, 6, 6, 2, dtype=torch.long)}
    ours = method.encoders()["patches"].grid.cut(batch_of(method)["image"])
    torch.testing.assert_close(ours, method.views(batch_of(method), draws)["patch"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "stride_px", "plain"),
    [("relative_patch", 8, {"chromatic": "none"}), ("jigsaw", 9, {"gray_probability": 0.0})],
)
def test_patches_in_colour_are_those_of_the_methods_views(name, stride_px, plain):
    """The first nine of the grid, as the nine of a view."""
    method = method_of(name, **plain)
    patches = method.encoders()["patches"]
    ours = patches.grid.cut(batch_of(method)["image"]).flatten(1, 2)[:, :9]
    steps = stride_px * torch.arange(patches.grid.side)
    draws = method.draw(EXAMPLES, torch.Generator().manual_seed(0))
    draws["corner"] = torch.cartesian_prod(steps, steps)[:9].expand(EXAMPLES, 9, 2)
    views = method.views(batch_of(method), draws)
    if name == "jigsaw":
        example = torch.arange(EXAMPLES)[:, None]
        ours = ours[example, method.permutations[views["permutation"]]]
    torch.testing.assert_close(ours, views["patch" if name == "relative_patch" else "tile"], rtol=0, atol=1e-6)
    assert patches.encoder is method.encoder


def test_cpc_that_saw_colour_is_shown_colour():
    assert not method_of("cpc_image", gray_probability=0.9).encoders()["patches"].grid.gray
