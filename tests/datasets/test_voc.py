"""PASCAL VOC's layout: boxes as they are written, both kinds of lists, and one sentence for each mistake."""

import re

import numpy as np
import pytest

from selfsup.datasets import voc
from selfsup.datasets.prepared import read, read_split
from selfsup.errors import InputError
from tests.datasets.annotated import write_voc

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

IMAGES = {
    "a": [("dog", (1, 1, 10, 5), False), ("cat", (11, 6, 20, 10), True)],
    "b": [("cat", (2, 3, 4, 5), False)],
    "c": [],
    "d": [("dog", (1, 1, 20, 10), False)],
}
LISTS = {"train": ["a"], "val": ["b", "c"], "test": ["d"]}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pets").mkdir()
    return tmp_path / "pets"


def prepared(root, tmp_path, **keys):
    voc.prepare(tmp_path, root=root, lock=voc.register(root), size_px=10, **keys)
    return {split: read_split(tmp_path / f"{split}.h5", ["image", *voc_arrays()]) for split in ("train", "test")}


def voc_arrays():
    return ["object_box", "object_label", "object_difficult"]


def test_boxes_are_scaled_with_their_images_and_the_rest_is_black(root, tmp_path):
    write_voc(root / "VOC2007", IMAGES, LISTS)
    splits = prepared(root, tmp_path)
    assert splits["train"].classes == ["cat", "dog"]
    train = splits["train"].arrays
    row = int((train["object_label"] >= 0).sum(1).argmax())  # a: two objects; 20 x 10 pixels become 10 x 5
    assert train["object_box"][row].tolist() == [[0, 0, 5, 2.5], [5, 2.5, 10, 5]]
    assert train["object_label"][row].tolist() == [1, 0]
    assert train["object_difficult"][row].tolist() == [False, True]
    assert sorted((train["object_label"] >= 0).sum(1)) == [0, 1, 2]
    assert not train["image"][:, :, 5:].any()
    assert train["image"][:, :, :5].any((1, 2, 3)).all()
    test = splits["test"].arrays
    assert test["object_box"][0, 0].tolist() == [0, 0, 10, 5]


def test_without_a_test_list_the_validation_images_are_the_test_set(root, tmp_path):
    write_voc(root, IMAGES, {"train": ["a", "b", "c"], "val": ["d"]})
    splits = prepared(root, tmp_path)
    assert [len(split.key) for split in splits.values()] == [3, 1]


def test_a_changed_box_is_another_data_set(root):
    write_voc(root, IMAGES, LISTS)
    before = voc.register(root)
    file = root / "Annotations" / "d.xml"
    file.write_text(file.read_text().replace("<xmax>20<", "<xmax>19<"))
    after = voc.register(root)
    assert before["splits"]["train"] == after["splits"]["train"]
    assert before["splits"]["test"]["digest"] != after["splits"]["test"]["digest"]


def test_fewer_examples_are_the_first(root, tmp_path):
    write_voc(root, IMAGES, LISTS)
    whole = prepared(root, tmp_path)["train"].key
    assert np.array_equal(prepared(root, tmp_path, train_examples=2)["train"].key, whole[:2])
    with pytest.raises(KeyError):
        read(tmp_path / "train.h5", "segments")


MISTAKES = {
    "leaves": (lambda r: box(r, "d", (1, 1, 21, 10)), r"d\.png, 20x10 pixels, has a box 0 0 21 10 that leaves it"),
    "empty": (lambda r: box(r, "d", (9, 1, 5, 10)), r"d\.png has an empty box 8 0 5 10"),
    "no image": (lambda r: (r / "JPEGImages/b.png").unlink(), r"JPEGImages has 0 images of the name b"),
    "no xml": (
        lambda r: (r / "Annotations/b.xml").unlink(),
        r"b\.xml is missing; restore it, or remove b from the lists",
    ),
    "cut xml": (
        lambda r: (r / "Annotations/b.xml").write_text("<annotation><obj"),
        r"b\.xml is not an annotation of VOC",
    ),
    "no number": (lambda r: edit(r, "b", "<xmin>2<", "<xmin>two<"), r"b\.xml is not an annotation of VOC .*two"),
    "no name": (
        lambda r: edit(r, "b", "<name>cat<", "<name> <"),
        r"b\.xml is not an annotation of VOC \(an object has no name",
    ),
    "test class": (lambda r: edit(r, "d", "dog", "cow"), r"has cow in test images only"),
    "cut image": (lambda r: cut(r / "JPEGImages/a.png"), r"a\.png cannot be decoded as an image"),
    "leak": (
        lambda r: (r / "ImageSets/Main/test.txt").write_text("d\na\n"),
        r"has a in the training and the test list",
    ),
    "no lists": (
        lambda r: (r / "ImageSets/Main/train.txt").unlink(),
        r"Main needs train\.txt, and val\.txt or test\.txt",
    ),
    "no object": (lambda r: nothing(r), r"pets has no object in any training image"),
}


def edit(root, name, old, new):
    file = root / "Annotations" / f"{name}.xml"
    file.write_text(file.read_text().replace(old, new))


def box(root, name, corners):
    edit(
        root,
        name,
        "<xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>10</ymax>",
        "".join(
            f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
        ),
    )


def cut(file):
    file.write_bytes(file.read_bytes()[:60])


def nothing(root):
    for name in "abd":
        (root / "Annotations" / f"{name}.xml").write_text("<annotation></annotation>")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(root, mistake):
    write_voc(root, IMAGES, LISTS)
    make, sentence = MISTAKES[mistake]
    make(root)
    with pytest.raises(InputError, match=sentence):
        voc.register(root)


def test_several_damaged_files_are_told_at_once(root):
    write_voc(root, IMAGES, LISTS)
    for name in "ab":
        cut(root / "JPEGImages" / f"{name}.png")
    with pytest.raises(InputError) as error:
        voc.register(root)
    assert re.search(r"a\.png cannot be decoded.*; .*b\.png cannot be decoded", str(error.value))


def test_two_layouts_or_none_are_refused(root):
    with pytest.raises(InputError, match="has 0 folders with JPEGImages and Annotations"):
        voc.register(root)
    for year in ("VOC2007", "VOC2012"):
        write_voc(root / year, IMAGES, LISTS)
    with pytest.raises(InputError, match=r"has 2 folders .* keep one of .*VOC2007, .*VOC2012"):
        voc.register(root)
    with pytest.raises(InputError, match="is not a folder; set SELFSUP_DATA_ROOT"):
        voc.register(root / "missing")


def test_a_download_is_torchvisions_of_both_parts(root, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    calls = []
    monkeypatch.setattr(datasets, "VOCDetection", lambda root, **keys: calls.append(keys))
    voc.download(root)
    assert calls == [{"year": "2007", "image_set": part, "download": True} for part in ("trainval", "test")]

    def fails(root, **keys):
        raise RuntimeError("no network")

    monkeypatch.setattr(datasets, "VOCDetection", fails)
    with pytest.raises(InputError, match=r"VOC 2007 cannot be downloaded into .* \(no network\)"):
        voc.download(root)
