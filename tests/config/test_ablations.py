"""A mistake in a suite's ablations is one sentence, told before anything is trained."""

import pytest

from selfsup.config.ablations import AblationEntry, check_ablations
from selfsup.config.strict import check
from selfsup.errors import InputError
from tests.config.changes import changed

ABLATION = {
    "name": "head",
    "title": "Projection head",
    "group": "scenes",
    "evaluation": "linear_probe",
    "axis": "head",
    "scale": "categories",
    "lines": {"h": {"simclr": "none", "random": "linear"}, "g(h)": {"simclr": "none"}},
    "line_evaluations": {"g(h)": "knn"},
    "source": {"paper": "p", "arxiv": "2002.05709", "where": "w"},
    "published": {"h": {"none": 50.1}},
}
ASKED = {"scenes": {"simclr": ["linear_probe", "knn"], "random": ["linear_probe"]}}


def read_ablation(entry: dict) -> None:
    checked = check(AblationEntry, entry, "params/suites/mine.yaml", prefix="ablations.0")
    check_ablations("mine", [checked], ASKED)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("axis", None, "key ablations.0.axis is missing; add it"),
        ("axes", "x", "unknown key ablations.0.axes: did you mean axis?"),
        ("scale", "cubic", "key ablations.0.scale is 'cubic', but input should be"),
        ("lines", {}, "key ablations.0.lines is {}, but"),
        ("lines.h.simclr", 4, "key ablations.0: "),
        ("published.h", {2048: 50.1}, "key ablations.0: "),
        ("group", "scene", "key ablations.0.group is scene, which is no group of the suite; did you mean scenes?"),
        (
            "lines.h",
            {"simclrr": "none"},
            "key ablations.0.lines.h names simclrr, which is no run of its group; did you mean",
        ),
        (
            "lines.g(h)",
            {"random": "none"},
            "key ablations.0.lines.g(h) needs knn of random, which the suite does not ask for; known are linear_probe",
        ),
        (
            "line_evaluations",
            {"g(x)": "knn"},
            "key ablations.0.line_evaluations names g(x), which is no line; did you mean g(h)?",
        ),
    ],
)
def test_a_wrong_ablation(key, value, sentence):
    read_ablation(ABLATION)
    with pytest.raises(InputError) as error:
        read_ablation(changed(ABLATION, key, value))
    assert str(error.value).startswith(f"params/suites/mine.yaml: {sentence}")


def test_places_fit_their_axis():
    numbers = changed(changed(ABLATION, "lines", {"h": {"simclr": 4, "random": 0.5}}), "line_evaluations", {})
    numbers = changed(changed(numbers, "scale", "log"), "published", {"h": {8: 1.0}})
    read_ablation(numbers)
    for wrong, mend in ((0, "write scale: linear"), ("none", "scale: categories")):
        with pytest.raises(InputError, match=mend):
            read_ablation(changed(numbers, "lines.h.simclr", wrong))


def test_two_ablations_of_one_name():
    checked = check(AblationEntry, ABLATION, "mine")
    with pytest.raises(InputError, match=r"ablations\.0\.name is head twice"):
        check_ablations("mine", [checked, checked], ASKED)
