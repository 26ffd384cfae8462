"""A mistake in a summary is one sentence, told before anything is trained."""

import subprocess
import sys

import pytest

from selfsup.errors import InputError
from selfsup.report.schemas import check_summary


def test_columns_are_known_before_anything_is_measured(built):
    measured = list(dict.fromkeys(key for _, key in scores_of(built)))
    assert built.content.keys["scenes"] == measured


def scores_of(built):
    from selfsup.report.headline import scores

    return scores(built.content.groups[0], built.rows())


GROUPS = {"scenes": ["random", "simclr"], "cifar10": ["simclr"]}
KEYS = {group: ["linear_probe", "knn", "few_labels_frozen@0.01", "fine_tune@0.01", "fine_tune@0.1"] for group in GROUPS}


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("", "write {group/variant/evaluation}, such as {scenes/random/linear_probe}"),
        ("simclr", "write {group/variant/evaluation}"),
        ("scene/simclr/knn", "but no table has scene; did you mean scenes?"),
        ("cifar10/random/knn", "but no table has random; known are simclr"),
        ("scenes/simclr/knm", "but no table has knm; did you mean knn?"),
        ("scenes/simclr/fine_tune", "but no table has fine_tune; did you mean fine_tune@0.1?"),
        ("scenes/simclr/fine_tune@0.02", "but no table has fine_tune@0.02; did you mean fine_tune@0.0"),
        ("scenes/simclr/pretext", "but no table has pretext; "),
    ],
)
def test_a_wrong_placeholder(name, mend):
    check_summary("mine", "It reads {scenes/simclr/knn} and {cifar10/simclr/fine_tune@0.01}.", GROUPS, KEYS)
    with pytest.raises(InputError) as error:
        check_summary("mine", f"It reads {{{name}}}.", GROUPS, KEYS)
    start = f"params/suites/mine.yaml: key summary names {{{name}}}"
    assert str(error.value).startswith(start)
    assert mend in str(error.value)


def test_planning_may_import_it():
    """Nothing heavy is loaded with the schemas."""
    heavy = {"torch", "pandas", "numpy", "matplotlib", "jinja2", "h5py", "scipy"}
    program = f"import sys, selfsup.report.schemas; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
