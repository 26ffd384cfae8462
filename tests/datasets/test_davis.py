"""DAVIS' layout: what is read, scaled, padded and locked, and an error for each thing that can be wrong with it."""

import numpy as np
import pytest
from PIL import Image

from selfsup.datasets.davis import prepare, register
from selfsup.datasets.prepared import has, read
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

KEYS = {"height_px": 24, "size_px": 16, "frames": 4, "train_examples": 3}


def write_sequence(root, name, frames=5, size=(64, 48), start=0):
    """A square that moves to the right over noise."""
    folders = [root / kind / "480p" / name for kind in ("JPEGImages", "Annotations")]
    for folder in folders:
        folder.mkdir(parents=True)
    draws = np.random.default_rng(start)
    for number in range(frames):
        pixels = draws.integers(0, 99, (size[1], size[0], 3), dtype=np.uint8)
        mask = np.zeros((size[1], size[0]), np.uint8)
        mask[16:32, 8 + 4 * number : 24 + 4 * number] = 255
        pixels[mask > 0] = 255
        Image.fromarray(pixels).save(folders[0] / f"{number:05d}.jpg", quality=95)
        Image.fromarray(mask).save(folders[1] / f"{number:05d}.png")


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "davis"
    write_sequence(root, "bear", start=1)
    write_sequence(root, "swan", frames=7, size=(80, 48), start=2)
    return root


def prepared(root, lock=None, **keys):
    target = root.parent / "prepared"
    prepare(target, root=root, lock=lock or register(root), **{**KEYS, **keys})
    return {name: read(target / "test.h5", name) for name in ("clip", "mask", "length", "width_px", "key")}


def test_sequences_are_scaled_and_padded(root):
    found = prepared(root)
    assert found["clip"].shape == (2, 7, 3, 24, 40)
    assert found["mask"].shape == (2, 7, 24, 40)
    short = int(found["length"].argmin())
    assert sorted(zip(found["length"].tolist(), found["width_px"].tolist(), strict=True)) == [(5, 32), (7, 40)]
    assert found["mask"][short, :5].max() == 1
    assert found["clip"][short, 5:].max() == found["mask"][short, 5:].max() == 0
    assert found["clip"][short, ..., 32:].max() == 0  # it is narrower
    assert np.nonzero(found["mask"][short, 0].any(0))[0].tolist() == list(range(4, 12))
    assert found["clip"][short, 0, :, 9:15, 5:11].min() > 200


def test_training_is_on_procedural_clips_and_holds_no_truth(root):
    prepared(root)
    train = root.parent / "prepared" / "train.h5"
    assert read(train, "clip").shape == (3, 4, 3, 16, 16)
    assert not has(train, "mask")


def test_fewer_sequences_and_frames(root):
    whole, part = prepared(root), prepared(root, test_examples=1, test_frames=3)
    assert part["clip"].shape[:2] == (1, 3)
    assert part["key"][0] == whole["key"][0] == min(whole["key"])
    assert part["length"].tolist() == [3]
    with pytest.raises(InputError, match="test_examples is 9"):
        prepared(root, test_examples=9)


@pytest.mark.parametrize("line", ["{}", "/JPEGImages/480p/{0}/00000.jpg /Annotations/480p/{0}/00000.png"])
def test_only_the_listed_sequences_are_scored(root, line):
    (root / "ImageSets" / "2016").mkdir(parents=True)
    (root / "ImageSets" / "2016" / "val.txt").write_text("\n".join([line.format("swan"), line.format("elsewhere"), ""]))
    assert register(root)["splits"]["test"]["examples"] == 1
    assert prepared(root)["length"].tolist() == [7]


def test_the_lock_knows_every_frame_and_every_mask(root):
    lock = register(root)
    assert (lock["labelled"], lock["grey"], lock["classes"], lock["size_px"]) == (False, False, [], None)
    image = root / "Annotations/480p/bear/00002.png"
    pixels = np.asarray(Image.open(image)).copy()
    pixels[0, 0] = 255
    Image.fromarray(pixels).save(image)
    assert register(root) != lock
    with pytest.raises(InputError, match=r"the split test of .* is not the one in params/data/davis\.lock"):
        prepared(root, lock)


def damaged(path):
    path.write_bytes(b"no image")


def smaller(path):
    Image.open(path).resize((20, 10)).save(path)


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("Annotations/480p/bear/00003.png", smaller, r"bear/00003\.png has 20x10 pixels, but its video has 64x48"),
        ("JPEGImages/480p/bear/00003.jpg", smaller, r"bear/00003\.jpg has 20x10 pixels"),
        ("JPEGImages/480p/bear/00003.jpg", damaged, r"bear/00003\.jpg cannot be decoded"),
        ("Annotations/480p/bear/00003.png", damaged, r"bear/00003\.png cannot be decoded"),
        ("JPEGImages/480p/bear/00003.jpg", lambda path: path.unlink(), r"bear has no frame 3 after 00002\.jpg"),
        ("JPEGImages/480p/bear/00004.jpg", lambda path: path.unlink(), r"00004\.png is the mask of a frame"),
        ("Annotations/480p/bear/00003.png", lambda path: path.unlink(), r"00003\.png.* is missing"),
    ],
)
def test_what_is_wrong_is_named(root, file, change, said):
    change(root / file)
    with pytest.raises(InputError, match=said):
        register(root)


def test_a_folder_that_is_no_davis(tmp_path):
    with pytest.raises(InputError, match="JPEGImages/480p is not a folder"):
        register(tmp_path)


def test_the_height_must_hold_whole_places(root):
    with pytest.raises(InputError, match="height_px is 20"):
        prepared(root, height_px=20)


@pytest.mark.parametrize(("fill", "sentence"), [(0, "has no object"), (255, "is all object")])
def test_a_first_frame_without_an_object_to_follow_is_refused(root, fill, sentence):
    Image.new("L", (64, 48), fill).save(root / "Annotations/480p/bear/00000.png")
    with pytest.raises(InputError, match=rf"bear/00000\.png, the mask of a first frame, {sentence}"):
        register(root)


def test_a_later_frame_may_show_no_object(root):
    Image.new("L", (64, 48), 0).save(root / "Annotations/480p/bear/00001.png")
    assert register(root)["splits"]["test"]["examples"] == 2


def test_masks_of_one_truth_have_one_lock(root):
    before = register(root)
    for file in (root / "Annotations").rglob("*.png"):
        grey = np.asarray(Image.open(file))
        indices = Image.fromarray((grey > 0).astype(np.uint8), "P")
        indices.putpalette([255, 255, 255, 10, 200, 30])
        indices.save(file)
    assert register(root) == before


def test_a_list_with_a_byte_order_mark_is_read(root):
    (root / "ImageSets/2016").mkdir(parents=True)
    (root / "ImageSets/2016/val.txt").write_bytes("\ufeffbear\r\n\r\nswan\r\n".encode())
    assert register(root)["splits"]["test"]["examples"] == 2
