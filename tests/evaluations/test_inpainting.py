"""Inpainting on hand-made images: copies among the training images are found, and the better fill scores higher."""

import h5py
import numpy as np
import pytest
import torch

from selfsup.errors import InputError, NotApplicable
from selfsup.evaluations import inpainting
from selfsup.nn.encoder import build
from tests.evaluations.named import named

KEYS = {"candidates": 20, "hog_cell_px": 8, "batch_size": 7}
BASELINES = ["/mean_fill", "/nearest_learned", "/nearest_untrained", "/nearest_hog", "/nearest_histogram"]


def smooth(count, seed):
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed)) * 255
    return torch.nn.functional.interpolate(coarse, size=32, mode="bilinear").to(torch.uint8).numpy()


def central(count):
    mask = np.zeros((count, 32, 32), np.uint8)
    mask[:, 8:24, 8:24] = 1
    return mask


def scattered(count):
    mask = np.zeros((count, 32, 32), np.uint8)
    for n in range(count):
        mask[n, n : n + 12, 4:20] = 1
    return mask


@pytest.fixture
def write_fills(inputs, write_prepared, write_run):
    """Writes a run that filled test images in this way, with these training images."""

    def write(train, test, mask, filled, kind="inpainting"):
        write_run()
        write_prepared((train, test))
        with h5py.File(inputs.predictions / "predictions.h5", "w") as file:
            file.attrs["kind"] = kind
            for name, values in {"original": test, "masked": test, "filled": filled}.items():
                file[f"images/{name}"] = values
            file["arrays/mask"] = mask
        return inputs

    return write


def by_metric(measures):
    return named(measures)


def test_each_metric_has_its_name_and_unit(write_fills):
    train, test, mask = smooth(30, 0), smooth(6, 1), central(6)
    found = inpainting.evaluate(write_fills(train, test, mask, test // 2), **KEYS)
    units = {"l1": "%", "l2": "%", "psnr": "dB", "sharpness": "ratio"}
    assert {name: m.unit for name, m in named(found).items()} == {
        f"{k}{s}": u for k, u in units.items() for s in ["", *BASELINES]
    }
    assert {(m.n, m.split) for m in found} == {(6, "test")}


@pytest.mark.parametrize("mask", [central(6), scattered(6)], ids=["one-hole", "own-holes"])
def test_copies_among_the_candidates_are_found(write_fills, mask):
    test = smooth(6, 1)
    train = np.concatenate([smooth(14, 0), test[::-1]])
    found = by_metric(inpainting.evaluate(write_fills(train, test, mask, test), **KEYS))
    exact = ["", "/nearest_learned", "/nearest_untrained", "/nearest_hog", "/nearest_histogram"]
    if len({m.tobytes() for m in mask}) > 1:  # candidates then have no hole, and similar is not equal
        exact = [""]
    for suffix in exact:
        assert found[f"l1{suffix}"].value == 0
        assert found[f"sharpness{suffix}"].value == 1
    assert found["l1/mean_fill"].value > 5
    assert found["sharpness/mean_fill"].value == 0
    assert found["l1/nearest_learned"].value < found["l1/mean_fill"].value


def test_candidates_beyond_the_limit_are_not_used(write_fills):
    test = smooth(6, 1)
    train = np.concatenate([smooth(20, 0), test])
    found = by_metric(inpainting.evaluate(write_fills(train, test, central(6), test), **KEYS))
    assert found["l1/nearest_hog"].value > 0


def test_pixels_in_the_hole_do_not_select_the_neighbour(write_fills):
    train, test, mask = smooth(20, 0), smooth(6, 1), central(6)
    inputs = write_fills(train, test, mask, test)
    first = by_metric(inpainting.evaluate(inputs, **KEYS))
    train[:, :, 8:24, 8:24] = 0  # every neighbour fills with black now, whichever it is
    black = np.where(mask[:, None] > 0, np.uint8(0), test)
    second = by_metric(inpainting.evaluate(write_fills(train, test, mask, black), **KEYS))
    for suffix in BASELINES[1:]:
        assert second[f"l1{suffix}"].value == pytest.approx(second["l1"].value)
        assert first[f"l1{suffix}"].value != second["l1"].value


def test_mean_fill_is_the_mean_of_the_context(write_fills):
    test = np.full((4, 3, 32, 32), 50, np.uint8)
    test[:, :, 8:24, 8:24] = 203  # 153 more: three fifths of the range
    found = by_metric(inpainting.evaluate(write_fills(smooth(20, 0), test, central(4), test), **KEYS))
    assert found["l1/mean_fill"].value == pytest.approx(60)
    assert found["l2/mean_fill"].value == pytest.approx(36)


def test_other_methods_do_not_apply(inputs, write_run, write_fills):
    write_run()
    with pytest.raises(NotApplicable, match="no inpainting"):
        inpainting.evaluate(inputs, **KEYS)
    test = smooth(2, 0)
    other = write_fills(test, test, central(2), test, kind="colorization")
    with pytest.raises(NotApplicable, match="colorization, no inpainting"):
        inpainting.evaluate(other, **KEYS)


def test_cells_too_large_for_the_image_are_named(write_fills):
    test = smooth(2, 0)
    with pytest.raises(InputError, match=r"^key hog_cell_px is 17, .* 32 px .* set 16 or less"):
        inpainting.evaluate(write_fills(test, test, central(2), test), **{**KEYS, "hog_cell_px": 17})


def noise(count, seed, size_px):
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.integers(0, 256, (count, 3, size_px, size_px)).astype(np.uint8))


def test_the_hole_is_copied_from_the_nearest_by_cosine():
    original, candidates = noise(2, 0, 4), noise(3, 1, 4)
    mask = torch.zeros(2, 4, 4, dtype=torch.bool)
    mask[:, 1:3, 1:] = True
    queries = torch.tensor([[0.1, 1.0], [1.0, 0.2]])
    keys = torch.tensor([[9.0, 0.0], [3.0, 3.0], [0.0, 0.1]])  # lengths that would mislead a product or a distance
    filled = inpainting.nearest_fill(original, mask, candidates, queries, keys)
    for n, nearest in enumerate((2, 0)):
        assert torch.equal(filled[n, :, 1:3, 1:], candidates[nearest, :, 1:3, 1:])
        assert torch.equal(filled[n][:, ~mask[n]], original[n][:, ~mask[n]])


def test_last_maps_keep_positions_and_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    encoder = build({"backbone": "small_conv", "width": 2}).eval()
    images = noise(5, 3, 32)
    found = inpainting.last_maps(encoder, images, 2)
    assert found.shape == (5, 16 * 2 * 2)
    assert not found.requires_grad
    torch.testing.assert_close(found, encoder.maps(images)["conv4"].flatten(1).detach())
