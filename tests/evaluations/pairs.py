"""Hand-made prepared pairs: an image of noise, shifted by whole pixels."""

import numpy as np

from selfsup.datasets.prepared import write_split

SIZE_PX = 16
MOVE = (3, 2)  # right, down


def moved_pair(seed):
    """Return first, second (3, H, W), match and both masks: an object of 8 x 8 on noise, MOVE further in the second."""
    random = np.random.default_rng(seed)
    first, second = random.integers(0, 256, (2, 3, SIZE_PX, SIZE_PX)).astype(np.uint8)
    right, down = MOVE
    second[:, 4 + down : 12 + down, 4 + right : 12 + right] = first[:, 4:12, 4:12]
    masks = np.zeros((2, SIZE_PX, SIZE_PX), np.uint8)
    masks[0, 4:12, 4:12] = masks[1, 4 + down : 12 + down, 4 + right : 12 + right] = 1
    match = np.full((SIZE_PX, SIZE_PX, 2), np.nan, np.float32)
    row, column = np.nonzero(masks[0])
    match[row, column] = np.stack([column + right, row + down], 1) + 0.5
    return first, second, match, *masks


def write_pairs(folder, count=6, **more):
    """Write test.h5 with such pairs; ``more`` arrays change or join them."""
    names = ("first", "second", "match", "first_mask", "second_mask")
    columns = zip(*(moved_pair(seed) for seed in range(count)), strict=True)
    arrays = {name: np.stack(values) for name, values in zip(names, columns, strict=True)}
    arrays["key"] = np.array([f"{n}".encode() for n in range(count)])
    write_split(folder / "test.h5", {**arrays, **more}, dataset="hand", classes=[], size_px=SIZE_PX)
