"""What ``selfsup register`` writes and says: the lock, the classes, and a file of the data set that can be used at once."""

import pytest
import yaml

from selfsup.config.recipe import data
from selfsup.pipeline.register import _describe, register
from tests.pipeline.test_own_images import photographs


def test_a_folder_of_images_is_described_and_its_classes_named(project, tmp_path, capsys):
    photographs(tmp_path, 30, 3).rename(tmp_path / "mine")
    register("mine", None, download=False, root=tmp_path)
    file = project / "params" / "data" / "mine.yaml"
    assert yaml.safe_load(file.read_text()) == {"dataset": "folder", "source": "mine", "size_px": 32}
    assert data("mine").train_examples == 24
    printed = capsys.readouterr().out
    assert "classes: class 0, class 1, class 2\n" in printed
    assert (
        "params/data/mine.yaml written (dataset: folder, source: mine, size_px: 32): change it as you need" in printed
    )


def test_what_a_person_has_written_is_kept(project, tmp_path):
    photographs(tmp_path, 30, 0).rename(tmp_path / "mine")
    file = project / "params" / "data" / "mine.yaml"
    file.write_text("dataset: folder\nsource: mine\nsize_px: 48\n")
    register("mine", None, download=False, root=tmp_path)
    assert file.read_text() == "dataset: folder\nsource: mine\nsize_px: 48\n"


@pytest.mark.parametrize(
    ("dataset", "written", "sentence"),
    [
        (
            "spoken_digits",
            {"dataset": "spoken_digits", "source": "words"},
            "yaml written (dataset: spoken_digits, source: words)",
        ),
        (
            "image_masks",
            None,
            "words.yaml with dataset: image_masks, source: words, size_px: 32, and segment_classes",
        ),
    ],
)
def test_only_keys_that_the_kind_has_are_written_or_asked_for(project, capsys, dataset, written, sentence):
    file = project / "params" / "data" / "words.yaml"
    _describe(file, dataset, "words")
    assert (yaml.safe_load(file.read_text()) if file.exists() else None) == written
    assert sentence in capsys.readouterr().out
