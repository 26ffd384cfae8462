"""COCO's format of boxes: both layouts, crowds, roundings, and one sentence for each mistake."""

import json

import pytest

from selfsup.datasets import coco_objects
from selfsup.datasets.prepared import read_split
from selfsup.errors import InputError
from tests.datasets.annotated import write_image

pytestmark = pytest.mark.counts(
    "data sets as people have them, whole, damaged, or of another layout", "their own values, or one sentence"
)

ARRAYS = ["object_box", "object_label", "object_difficult"]
OBJECTS = {
    "train": {"a": [("dog", [0, 0, 10, 5], 0), ("cat", [10, 5, 10.3, 5], 1)], "b": []},
    "val": {"c": [("cat", [2, 3, 4, 5], 0)]},
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pets").mkdir()
    return tmp_path / "pets"


def content(images):
    """Annotations of images of 20 x 10 pixels; categories have other numbers than their order."""
    names = {"cat": 17, "dog": 3, "cow": 8}
    numbered = {name: 40 + n for n, name in enumerate(images)}
    entries = [(numbered[name], *entry) for name, found in images.items() for entry in found]
    return {
        "images": [{"id": n, "file_name": f"{name}.png", "width": 20, "height": 10} for name, n in numbered.items()],
        "categories": [{"id": n, "name": name} for name, n in names.items()],
        "annotations": [
            {"id": 900 - n, "image_id": image, "category_id": names[name], "bbox": box, "iscrowd": crowd}
            for n, (image, name, box, crowd) in enumerate(entries)
        ],
    }


def write(root, objects, published=True):
    for seed, (part, images) in enumerate(objects.items()):
        folder = root / (f"{part}2017" if published else {"val": "valid"}.get(part, part))
        for n, name in enumerate(images):
            write_image(folder / f"{name}.png", seed=10 * seed + n)
        file = root / f"annotations/instances_{part}2017.json" if published else folder / "_annotations.coco.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content(images)))


def prepared(root, tmp_path):
    coco_objects.prepare(tmp_path, root=root, lock=coco_objects.register(root), size_px=10)
    return {split: read_split(tmp_path / f"{split}.h5", ["image", *ARRAYS]) for split in ("train", "test")}


@pytest.mark.parametrize("published", [True, False])
def test_boxes_classes_and_crowds_are_read(root, tmp_path, published):
    write(root, OBJECTS, published)
    splits = prepared(root, tmp_path)
    assert splits["train"].classes == ["cat", "dog"]
    train = splits["train"].arrays
    row = int((train["object_label"] >= 0).sum(1).argmax())
    # The annotation that was written last has the lower number; 20.3 is at the edge of 20.
    assert train["object_box"][row].tolist() == [[5, 2.5, 10, 5], [0, 0, 5, 2.5]]
    assert train["object_label"][row].tolist() == [0, 1]
    assert train["object_difficult"][row].tolist() == [True, False]
    assert sorted((train["object_label"] >= 0).sum(1)) == [0, 2]
    assert splits["test"].arrays["object_box"][0, 0].tolist() == [1, 1.5, 3, 4]


def test_with_a_test_part_the_validation_images_are_trained_on(root, tmp_path):
    write(root, OBJECTS | {"test": {"d": [("dog", [0, 0, 5, 5], 0)]}}, published=False)
    assert [len(split.key) for split in prepared(root, tmp_path).values()] == [3, 1]


def edit(root, change):
    file = root / "annotations/instances_train2017.json"
    whole = json.loads(file.read_text())
    change(whole)
    file.write_text(json.dumps(whole))


MISTAKES = {
    "leaves": (
        lambda r: edit(r, lambda c: c["annotations"][0].update(bbox=[0, 0, 25, 5])),
        r"a\.png, 20x10 pixels, has a box 0 0 25 5 that leaves it",
    ),
    "no image": (
        lambda r: (r / "train2017/b.png").unlink(),
        r"names b\.png, which is not in .*train2017; copy it there",
    ),
    "unknown category": (
        lambda r: edit(r, lambda c: c["annotations"][0].update(category_id=99)),
        r"train2017\.json is not an annotation in COCO's format \(KeyError\(99\)\)",
    ),
    "cut": (
        lambda r: (r / "annotations/instances_train2017.json").write_text('{"images": ['),
        r"train2017\.json is not an annotation in COCO's format",
    ),
    "no box": (
        lambda r: edit(r, lambda c: c["annotations"][0].update(bbox=[1, 2, 3])),
        r"not an annotation in COCO's format \(ValueError",
    ),
    "nothing": (lambda r: edit(r, lambda c: c.update(annotations=[])), r"has cat in test images only"),
    "no validation": (
        lambda r: (r / "annotations/instances_val2017.json").unlink(),
        r"pets has no annotations of training and validation or test images; it needs annotations",
    ),
    "two": (
        lambda r: (r / "annotations/instances_train2014.json").write_text("{}"),
        r"has several annotations of train: .*2014\.json and .*2017\.json; keep one",
    ),
    "folder": (lambda r: r.rename(r.parent / "away"), r"pets is not a folder; set SELFSUP_DATA_ROOT"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(root, mistake):
    write(root, OBJECTS)
    make, sentence = MISTAKES[mistake]
    make(root)
    with pytest.raises(InputError, match=sentence):
        coco_objects.register(root)


def test_a_changed_box_is_another_data_set(root):
    write(root, OBJECTS)
    before = coco_objects.register(root)
    edit(root, lambda c: c["annotations"][0].update(bbox=[0, 0, 10, 6]))
    after = coco_objects.register(root)
    assert before["splits"]["train"]["digest"] != after["splits"]["train"]["digest"]
    assert before["splits"]["test"] == after["splits"]["test"]
