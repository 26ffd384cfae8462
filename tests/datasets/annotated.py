"""Writes small data sets with boxes and masks as a user has them."""

import numpy as np
from PIL import Image

OBJECT = (
    "<object><name>{name}</name><difficult>{hard}</difficult><bndbox><xmin>{0}</xmin><ymin>{1}</ymin>"
    "<xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object>"
)


def write_image(path, size=(20, 10), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def write_mask(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(values, np.uint8)).save(path)


def write_voc(root, images, lists):
    """Writes images {name: [(class, (xmin, ymin, xmax, ymax), difficult)]} of 20 x 10 pixels, and lists {part: names}."""
    for seed, (name, objects) in enumerate(images.items()):
        write_image(root / "JPEGImages" / f"{name}.png", seed=seed)
        entries = "".join(OBJECT.format(*corners, name=label, hard=int(hard)) for label, corners, hard in objects)
        (root / "Annotations").mkdir(exist_ok=True)
        (root / "Annotations" / f"{name}.xml").write_text(f"<annotation>{entries}</annotation>")
    (root / "ImageSets" / "Main").mkdir(parents=True)
    for part, names in lists.items():
        (root / "ImageSets" / "Main" / f"{part}.txt").write_text("".join(f"{name}\n" for name in names))


def write_camvid(root, counts, value=1):
    """Writes {split: images} of 8 x 4 pixels whose masks are 0 on the left and ``value`` on the right."""
    for number, (split, count) in enumerate(counts.items()):
        for n in range(count):
            write_image(root / split / f"{n}.png", (8, 4), seed=100 * number + n)
            mask = np.zeros((4, 8))
            mask[:, 4:] = value
            write_mask(root / f"{split}annot" / f"{n}.png", mask)
