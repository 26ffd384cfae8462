"""Objects of images in prepared data: boxes, classes, and which are too difficult to count; and segments.

``object_box`` float32 (N, B, 4), x0 y0 x1 y1 in pixels, x1 and y1 exclusive; ``object_label`` int64 (N, B); ``object_difficult``
bool (N, B). B is the most objects of an image; the others' boxes are NaN and their label is -1. ``segments`` uint8 (N, H, W) are
classes of pixels, indices of the split's ``segment_classes``, or VOID.
"""

import numpy as np

ABSENT = -1
VOID = 255
ARRAYS = ("object_box", "object_label", "object_difficult")


def object_arrays(
    box: np.ndarray, label: np.ndarray, present: np.ndarray, difficult: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the arrays of prepared data of boxes (N, B, 4), classes (N, B), and two masks (N, B)."""
    return {
        "object_box": np.where(present[..., None], box, np.nan).astype(np.float32),
        "object_label": np.where(present, label, ABSENT).astype(np.int64),
        "object_difficult": present & difficult,
    }


def ragged(images: list[list[tuple[list[float], int, bool]]]) -> dict[str, np.ndarray]:
    """Return the arrays of prepared data of each image's objects, any number of (box, class, difficult)."""
    most = max([1, *map(len, images)])
    box = np.full((len(images), most, 4), np.nan, np.float32)
    label = np.full((len(images), most), ABSENT, np.int64)
    difficult = np.zeros((len(images), most), bool)
    for row, objects in enumerate(images):
        for column, (corners, number, hard) in enumerate(objects):
            box[row, column], label[row, column], difficult[row, column] = corners, number, hard
    return {"object_box": box, "object_label": label, "object_difficult": difficult}
