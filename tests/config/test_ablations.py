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
ASKED = {
    "scenes": {
        "simclr": {"": ["linear_probe", "knn"]},
        "random": {"": ["linear_probe"]},
        "clip": {"": ["zero_shot"]},
    },
    "turned": {"simclr": {"": ["linear_probe"], "others": ["knn"]}},
}


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
        ("group", "scene", "key ablations.0.group is scene, which is not a group of the suite; did you mean scenes?"),
        (
            "lines.h",
            {"simclrr": "none"},
            "key ablations.0.lines.h names simclrr, which is not a run of its group; did you mean",
        ),
        (
            "lines.h",
            {"turn/simclr": "none"},
            "key ablations.0.lines.h names turn/simclr, and turn is not a group of the suite; did you mean turned?",
        ),
        (
            "lines.h",
            {"turned/random": "none"},
            "key ablations.0.lines.h names turned/random, which is not a run of its group; known are simclr",
        ),
        (
            "lines.g(h)",
            {"turned/simclr": "none"},
            "key ablations.0.lines.g(h) needs knn of turned/simclr, which is not in the suite; known are linear_probe",
        ),
        (
            "lines.g(h)",
            {"random": "none"},
            "key ablations.0.lines.g(h) needs knn of random, which is not in the suite; known are linear_probe",
        ),
        (
            "line_evaluations",
            {"g(x)": "knn"},
            "key ablations.0.line_evaluations names g(x), which is not a line; did you mean g(h)?",
        ),
        ("source", None, "key ablations.0: published values have no source; name their paper under source"),
        (
            "references",
            ["hog"],
            "key ablations.0.references names hog, which is not a run of its group; known are clip, random, simclr",
        ),
        (
            "references",
            ["clip"],
            "key ablations.0.references needs linear_probe of clip, which is not in the suite; known are zero_shot",
        ),
    ],
)
def test_a_wrong_ablation(key, value, sentence):
    read_ablation(ABLATION)
    with pytest.raises(InputError) as error:
        read_ablation(changed(ABLATION, key, value))
    assert str(error.value).startswith(f"params/suites/mine.yaml: {sentence}")


def test_a_line_may_have_runs_of_other_groups():
    read_ablation(changed(ABLATION, "lines.h", {"simclr": "upright", "turned/simclr": "any angle"}))


def test_runs_may_be_scored_on_other_data():
    lines = {"h": {"turned/simclr": "none"}}
    other = changed(changed(changed(ABLATION, "lines", lines), "line_evaluations", {}), "data", "others")
    read_ablation(changed(other, "evaluation", "knn"))
    with pytest.raises(InputError, match=r"needs linear_probe of turned/simclr on others, which is not in the suite"):
        read_ablation(other)


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
