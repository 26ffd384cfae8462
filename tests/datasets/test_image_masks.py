"""Images beside masks of classes: both layouts, void, and one sentence for each mistake."""

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets import image_masks
from selfsup.datasets.content.objects import VOID
from selfsup.datasets.prepared import read_split, segment_classes
from selfsup.errors import InputError
from tests.datasets.annotated import write_camvid, write_image, write_mask

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

KEYS = {"size_px": 8, "segment_classes": ["sky", "road"]}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "streets").mkdir()
    return tmp_path / "streets"


def prepare(root, folder, **keys):
    image_masks.prepare(folder, root=root, lock=image_masks.register(root), **KEYS | keys)
    return {split: read_split(folder / f"{split}.h5", ["image", "segments"]) for split in ("train", "test")}


def test_masks_lie_on_their_images_and_the_rest_is_void(root, tmp_path):
    write_camvid(root / "CamVid", {"train": 3, "val": 2, "test": 2})
    splits = prepare(root, tmp_path)
    assert [len(split.key) for split in splits.values()] == [5, 2]
    segments = splits["train"].arrays["segments"]
    assert segments.shape == (5, 8, 8)
    assert (segments[:, :4, :4] == 0).all()
    assert (segments[:, :4, 4:] == 1).all()
    assert (segments[:, 4:] == VOID).all()
    assert not splits["train"].arrays["image"][:, :, 4:].any()
    assert segment_classes(tmp_path / "test.h5") == ["sky", "road"]


def test_the_value_of_void_is_void(root, tmp_path):
    write_camvid(root, {"train": 2, "test": 1}, value=11)
    segments = prepare(root, tmp_path, void=11)["test"].arrays["segments"]
    assert np.unique(segments).tolist() == [0, VOID]
    with pytest.raises(InputError, match=r"has pixels of value 11, but the classes are 0 to 1 and void is 255"):
        prepare(root, tmp_path)


def test_folders_of_images_and_of_masks_with_a_palette(root, tmp_path):
    for n, split in enumerate(("train", "test")):
        write_image(root / "images" / split / "one.jpg", (8, 8), seed=n)
        mask = Image.fromarray(np.eye(8, dtype=np.uint8), mode="P")
        mask.putpalette([0, 0, 0, 255, 0, 0])
        (root / "masks" / split).mkdir(parents=True)
        mask.save(root / "masks" / split / "one.png")
    assert (prepare(root, tmp_path)["test"].arrays["segments"][0] == np.eye(8)).all()


def test_a_changed_mask_is_another_data_set(root, tmp_path):
    write_camvid(root, {"train": 2, "test": 1})
    lock = image_masks.register(root)
    write_mask(root / "testannot" / "0.png", np.ones((4, 8)))
    with pytest.raises(InputError, match=r"the split test of .* is not the one in params/data/streets\.lock"):
        image_masks.prepare(tmp_path, root=root, lock=lock, **KEYS)


MISTAKES = {
    "no mask": (lambda r: (r / "trainannot/1.png").unlink(), r"trainannot has no mask of 1\.png"),
    "other size": (
        lambda r: write_mask(r / "trainannot/1.png", np.zeros((4, 7))),
        r"1\.png is 7x4 pixels, but 1\.png is 8x4",
    ),
    "colour": (
        lambda r: write_image(r / "trainannot/1.png", (8, 4)),
        r"1\.png is an image of mode RGB, not of classes",
    ),
    "cut": (lambda r: (r / "trainannot/1.png").write_bytes(b"\x89PNG"), r"1\.png cannot be decoded as a mask"),
    "no test": (lambda r: (r / "test").rename(r / "rest"), r"has no test images; add the folder test"),
    "no images": (lambda r: [f.unlink() for f in (r / "test").iterdir()], r"test has no images"),
    "no layout": (lambda r: (r / "trainannot").rename(r / "labels"), r"has 0 folders of images and masks, not one"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(root, mistake):
    write_camvid(root, {"train": 2, "test": 1})
    make, sentence = MISTAKES[mistake]
    make(root)
    with pytest.raises(InputError, match=sentence):
        image_masks.register(root)
