"""Which files of a folder are read, and what is said of the others."""

from collections import Counter

import pytest

from selfsup.datasets.content.walk import files_below, inside, tell
from selfsup.errors import InputError

pytestmark = pytest.mark.counts(
    "files as people have them: sound, masks, boxes, clips, folders", "their own values, or one sentence"
)


@pytest.fixture
def tree(tmp_path):
    for name in (
        "a.png", "B.PNG", "deep/c.png", ".hidden.png", "@eaDir/a.png", "__MACOSX/a.png", ".git/d.png", "notes.txt", "e.jpg_large",
        "f", ".DS_Store", "deep/@eaDir/c.png",
    ):  # fmt: skip
        (tmp_path / "top" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "top" / name).touch()
    return tmp_path / "top"


def test_system_files_are_no_data_and_others_are_counted(tree):
    skipped = Counter()
    found = [str(path.relative_to(tree)) for path in files_below(tree, {".png"}, skipped)]
    assert found == ["B.PNG", "a.png", "deep/c.png"]
    assert skipped == {".txt": 1, ".jpg_large": 1, "": 1}


def test_links_are_followed_once(tree, tmp_path):
    (tmp_path / "elsewhere" / "x").mkdir(parents=True)
    (tmp_path / "elsewhere" / "x" / "g.png").touch()
    (tree / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tree)
    (tree / "again").symlink_to(tmp_path / "elsewhere" / "x")
    names = [path.name for path in files_below(tree, {".png"}, Counter())]
    assert sorted(names) == ["B.PNG", "a.png", "c.png", "g.png"]


def test_what_is_left_out_is_told_by_suffix(tree, capsys):
    tell(tree, Counter({".txt": 3, "": 2}))
    assert capsys.readouterr().err == f"{tree}: 5 files are left out: 3 .txt, 2 without a suffix\n"
    tell(tree, Counter({f".{n}": 1 for n in range(8)}))
    assert capsys.readouterr().err.endswith(", 3 others\n")
    tell(tree, Counter())
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "deep/../../a.png", "a\0.png"])
def test_a_name_that_leaves_its_folder_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"pairs\.csv line 3 names .*, which leaves"):
        inside(tmp_path, name, "pairs.csv line 3")
    assert inside(tmp_path, "deep/a.png", "") == tmp_path / "deep" / "a.png"
