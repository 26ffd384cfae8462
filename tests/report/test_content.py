"""An error in a summary is one sentence, printed before anything is trained."""

import subprocess
import sys
from dataclasses import replace

import pytest

from selfsup.errors import InputError
from selfsup.report.scores import main_scores


def test_columns_are_known_before_anything_is_measured(built):
    measured = list(dict.fromkeys(key for _, key in main_scores(built.content.groups[0], built.rows())))
    assert built.content.keys["scenes"] == measured


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("", "write {group/variant/evaluation}, such as {scenes/random/linear_probe}"),
        ("simclr", "write {group/variant/evaluation}"),
        ("scene/simclr/knn", "but no table has scene; did you mean scenes?"),
        ("cifar10-10k/barlow/knn", "but no table has barlow; known are "),
        ("scenes/simclr/knm", "but no table has knm; did you mean knn?"),
        ("scenes/simclr/fine_tune", "but no table has fine_tune; did you mean fine_tune@0.1?"),
        ("scenes/simclr/fine_tune@0.02", "but no table has fine_tune@0.02; did you mean fine_tune@0.0"),
        ("scenes/simclr/pretext", "but no table has pretext; "),
    ],
)
def test_a_wrong_placeholder(built, name, fix):
    content = replace(built.content, suite="mine")
    replace(content, summary="{scenes/simclr/knn} and {cifar10-10k/simclr/fine_tune@0.01}").check_summary()
    with pytest.raises(InputError) as error:
        replace(content, summary=f"It reads {{{name}}}.").check_summary()
    assert str(error.value).startswith(f"params/suites/mine.yaml: key summary names {{{name}}}")
    assert fix in str(error.value)


def test_planning_may_import_it():
    """Neither numpy nor anything heavier is loaded with the content."""
    heavy = {"torch", "pandas", "numpy", "matplotlib", "jinja2", "h5py", "scipy"}
    program = f"import sys, selfsup.report.content; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
