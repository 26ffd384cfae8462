"""A mistake in a claim, a reported number or a summary is one sentence, told before anything is trained."""

import subprocess
import sys
from copy import deepcopy

import pytest
import yaml

from selfsup.config.strict import check
from selfsup.errors import InputError
from selfsup.report.schemas import (
    SIDES,
    AblationEntry,
    check_ablations,
    check_report_files,
    check_summary,
    score_keys,
)
from tests.report.fabricate import PARAMS, PROTOCOLS

HIGHER = {"higher": "simclr", "lower": "random", "evaluation": "linear_probe", "metric": "top1"}
CLOSE = {"close": "simclr", "to": "random", "within": 5.0, "evaluation": "linear_probe", "metric": "top1"}
CLAIM = {
    "sentence": "s",
    "source": {"paper": "p", "arxiv": "2002.05709", "where": "w"},
    "published": "1",
    "comparison": HIGHER,
}
PAPER = {"authors": "A. Author", "title": "T", "year": 2020, "arxiv": "2002.05709"}
ROW = {"method": "simclr", "setting": "ResNet-50", "value": 94.0}
TABLE = {
    "id": "mine",
    "paper": PAPER,
    "location": "Table 1",
    "dataset": "CIFAR-10",
    "unit": "%",
    "decimals": 1,
    "rows": [ROW],
}


def parsed(folder: str) -> dict:
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted((PARAMS / folder).glob("*.yaml"))}


def changed(whole: dict, key: str, value: object) -> dict:
    """Return a copy in which the dotted key has another value, or none where it is None."""
    copy = deepcopy(whole)
    *parents, last = key.split(".")
    inner = copy
    for parent in parents:
        inner = inner[int(parent) if isinstance(inner, list) else parent]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy


def test_the_projects_files_are_whole():
    claims = parsed("claims")
    runs = {claim["comparison"][side] for claim in claims.values() for side in SIDES if side in claim["comparison"]}
    check_report_files(claims, parsed("reported"), runs)


def test_every_suite_names_files_that_exist_and_every_file_has_a_suite():
    suites = [yaml.safe_load(path.read_text()) for path in (PARAMS / "suites").glob("*.yaml")]
    for folder in ("claims", "reported"):
        assert {name for suite in suites for name in suite[folder]} == set(parsed(folder))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("sentence", None, "key sentence is missing; add it"),
        ("sentense", "s", "unknown key sentense: did you mean sentence?"),
        ("source.were", "w", "unknown key source.were: did you mean where?"),
        ("published", 94.0, "key published is 94.0, but input should be a valid string"),
        ("comparison", None, "key comparison is missing; add it"),
        ("comparison.lower", None, "key comparison.lower is missing; add it"),
        ("comparison.lowr", "random", "unknown key comparison.lowr: did you mean lower?"),
        ("comparison", {**CLOSE, "higher": "simclr"}, "unknown key comparison.higher: known are"),
        ("comparison", {**CLOSE, "within": 0.0}, "key comparison.within is 0.0, but input should be greater than 0"),
        (
            "comparison.higher",
            "simclrr",
            "key comparison.higher is simclrr, which is no run of the suite; did you mean",
        ),
        (
            "comparison",
            {**CLOSE, "to": "byol"},
            "key comparison.to is byol, which is no run of the suite; known are",
        ),
    ],
)
def test_a_wrong_claim(key, value, sentence):
    check_report_files({"mine": CLAIM, "other": {**CLAIM, "comparison": CLOSE}}, {}, {"simclr", "random"})
    with pytest.raises(InputError) as error:
        check_report_files({"mine": changed(CLAIM, key, value)}, {}, {"simclr", "random"})
    assert str(error.value).startswith(f"params/claims/mine.yaml: {sentence}")


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("location", None, "key location is missing; add it"),
        ("id", "other", "key id is other; write mine, the file's name"),
        ("rows", [], "key rows is [], but list should have at least 1 item"),
        ("rows.0.value", "94", "key rows.0.value is '94', but input should be a valid number"),
        ("rows.0.besides", True, "unknown key rows.0.besides: did you mean beside?"),
        ("rows.0.repository", "a/b", "unknown key rows.0.repository"),
        ("paper", None, "key rows.0.repository is missing; add it"),
        ("paper.autors", "A", "unknown key paper.autors: "),
        ("kind", "pear", "key kind is 'pear', but input should be 'paper' or 'peer'"),
    ],
)
def test_a_wrong_reported_table(key, value, sentence):
    check_report_files({}, {"mine": TABLE}, set())
    with pytest.raises(InputError) as error:
        check_report_files({}, {"mine": changed(TABLE, key, value)}, set())
    assert str(error.value).startswith(f"params/reported/mine.yaml: {sentence}")


def test_columns_are_known_before_anything_is_measured(built):
    measured = list(dict.fromkeys(key for _, key in scores_of(built)))
    assert score_keys(PROTOCOLS) == measured


def scores_of(built):
    from selfsup.report.headline import scores

    return scores(built.content.groups[0], built.rows())


GROUPS = {"scenes": ["random", "simclr"], "cifar10": ["simclr"]}


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
    check_summary("mine", "It reads {scenes/simclr/knn} and {cifar10/simclr/fine_tune@0.01}.", GROUPS, PROTOCOLS)
    with pytest.raises(InputError) as error:
        check_summary("mine", f"It reads {{{name}}}.", GROUPS, PROTOCOLS)
    start = f"params/suites/mine.yaml: key summary names {{{name}}}"
    assert str(error.value).startswith(start)
    assert mend in str(error.value)


ABLATION = {
    "name": "head",
    "title": "Projection head",
    "group": "scenes",
    "evaluation": "linear_probe",
    "axis": "head",
    "scale": "categories",
    "lines": {"h": {"simclr": "none", "random": "linear"}, "g(h)": {"simclr": "none"}},
    "line_evaluations": {"g(h)": "knn"},
    "source": CLAIM["source"],
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
        ("lines.h.simclr", 4, "key ablations.0 is "),
        ("published.h", {2048: 50.1}, "key ablations.0 is "),
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


def test_planning_may_import_it():
    """Nothing heavy is loaded with the schemas."""
    heavy = {"torch", "pandas", "numpy", "matplotlib", "jinja2", "h5py", "scipy"}
    program = f"import sys, selfsup.report.schemas; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
