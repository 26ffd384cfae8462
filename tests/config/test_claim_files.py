"""Claims: read strictly, told apart by their words, and judged wherever their runs are; a mistake is one sentence."""

from pathlib import Path

import pytest
import yaml

from selfsup.config import suite
from selfsup.config.claims import Claim, Side, claims, read_claims
from selfsup.errors import InputError
from selfsup.pipeline import publish
from tests.config.changes import changed
from tests.config.locks import lock_missing
from tests.conftest import forget

HIGHER = {"higher": "simclr", "lower": "random", "evaluation": "linear_probe", "metric": "top1"}
CLOSE = {"close": "simclr", "to": "random", "within": 5.0, "evaluation": "linear_probe", "metric": "top1"}
CLAIM = {
    "name": "mine",
    "sentence": "s",
    "where": "Table 1",
    "published": "1",
    "written": "before",
    "comparison": HIGHER,
}
FILE = Path("params/claims/paper.yaml")


@pytest.fixture(autouse=True)
def _project(project):
    """In a copy of the project's parameters."""


def read(*entries: dict) -> list[Claim]:
    return list(read_claims(FILE, {"paper": "A. Author 2020", "arxiv": "2002.05709", "claims": list(entries)}))


def test_a_claim_has_two_sides_and_its_source():
    (claim,) = read(CLAIM)
    assert claim.source == "A. Author 2020, Table 1"
    assert claim.first == Side("simclr", "linear_probe", "top1")
    assert claim.second == Side("random", "linear_probe", "top1")
    assert claim.within is None
    (close,) = read(CLAIM | {"comparison": CLOSE})
    assert (close.first.run, close.second.run, close.within) == ("simclr", "random", 5.0)


def test_a_side_may_name_keys_of_its_own():
    comparison = {
        "higher": {"run": "clip", "subset": "seen_combination"},
        "lower": {"run": "random", "evaluation": "correspondence", "metric": "error", "shots": 4},
        **{"evaluation": "zero_shot", "metric": "top1", "label_fraction": 0.5, "baseline": "chance"},
    }
    (claim,) = read(CLAIM | {"comparison": comparison})
    common = {"label_fraction": 0.5, "baseline": "chance"}
    assert claim.first == Side("clip", "zero_shot", "top1", subset="seen_combination", **common)
    assert claim.second == Side("random", "correspondence", "error", shots=4, **common)


def test_each_gives_one_claim_for_each_of_its_words():
    each = [
        {"run": "simclr", "what": "Contrastive features", "published": "94.0", "share": 0.1},
        {"run": "rotation", "what": "Rotations", "published": "91.16", "share": 0.02},
    ]
    form = {"name": "random_below_{run}", "sentence": "{what} beat a random encoder.", "published": "{published}"}
    comparison = HIGHER | {"higher": "{run}", "label_fraction": "{share}"}
    first, second = read(CLAIM | form | {"comparison": comparison, "each": each})
    assert (first.name, first.sentence, first.published) == (
        "random_below_simclr",
        "Contrastive features beat a random encoder.",
        "94.0",
    )
    assert (second.name, second.first.run, second.first.label_fraction) == ("random_below_rotation", "rotation", 0.02)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("sentence", None, "key claims.1.sentence is missing; add it"),
        ("sentense", "s", "unknown key claims.1.sentense: did you mean sentence?"),
        ("published", 94.0, "key claims.1.published is 94.0, but input should be a valid string"),
        ("name", "Mine", "key claims.1.name is 'Mine', but string should match"),
        ("comparison", None, "key claims.1.comparison is missing; add it"),
        ("comparison.lower", None, "key claims.1.comparison.lower is missing; add it"),
        ("comparison.lowr", "random", "unknown key claims.1.comparison.lowr: did you mean lower?"),
        (
            "comparison.lower",
            {"run": "random", "basline": "x"},
            "unknown key claims.1.comparison.lower.basline: did you",
        ),
        ("comparison.lower", {"metric": "top1"}, "key claims.1.comparison.lower.run is missing; add it"),
        ("comparison", {**CLOSE, "higher": "simclr"}, "unknown key claims.1.comparison.higher: known are"),
        ("comparison", {**CLOSE, "within": 0.0}, "key claims.1.comparison.within is 0.0, but input should be greater"),
        (
            "comparison.higher",
            "simclrr",
            "key claims.1.comparison.higher is simclrr, which is not a run of any suite nor a recipe; did you mean simclr?",
        ),
        (
            "comparison",
            {**CLOSE, "to": {"run": "byol"}},
            "key claims.1.comparison.to is byol, which is not a run of any suite nor a recipe; ",
        ),
        (
            "comparison.evaluation",
            "linear_prob",
            "key claims.1.comparison.higher needs linear_prob, which is not a file of params/evaluations; did you mean linear",
        ),
        (
            "data",
            ["moving_scene"],
            "key claims.1.data names no module of src/selfsup/datasets/; did you mean moving_scenes?",
        ),
        ("each", {"run": "x"}, "key claims.1.each is {'run': 'x'}; make it a list"),
        ("each", [], "key claims.1.each is []; make it a list"),
        ("sentence", "{whatt}", "key claims.1.each.0 has no whatt; did you mean what?"),
    ],
)
def test_a_wrong_claim(key, value, sentence):
    right = CLAIM | {"each": [{"what": "x"}]} if key == "sentence" and value else CLAIM
    read(right, right)
    with pytest.raises(InputError) as error:
        read(CLAIM, changed(right, key, value))
    assert str(error.value).startswith(f"{FILE}: {sentence}")


def test_a_wrong_file_of_the_project_is_told_before_anything_is_trained(project):
    file = project / "params" / "claims" / "simclr.yaml"
    file.write_text(file.read_text().replace("lower: simclr-colour-0-125", "lower: simclr-color-0-125"))
    forget()
    with pytest.raises(
        InputError, match=r"^params/claims/simclr\.yaml: key claims\.\d+\.comparison\.lower is simclr-color"
    ):
        claims()


def test_two_claims_of_one_name(project):
    copy = (project / "params" / "claims" / "jigsaw.yaml").read_text()
    (project / "params" / "claims" / "zigzag.yaml").write_text(copy)
    with pytest.raises(InputError, match=r"zigzag\.yaml: two claims have the name jigsaw_above_relative_patch"):
        claims()


def test_a_claim_applies_where_both_runs_are_scored_so():
    (claim,) = read(CLAIM | {"comparison": HIGHER | {"lower": {"run": "random", "evaluation": "knn"}}})
    both = {"simclr": ["linear_probe"], "random": ["knn", "pretext"]}
    assert claim.applies(both, "scenes")
    assert not claim.applies(both | {"random": ["linear_probe"]}, "scenes")
    assert not claim.applies({"simclr": ["linear_probe", "knn"]}, "scenes")


def test_a_claim_may_need_a_kind_of_data():
    (claim,) = read(CLAIM | {"data": ["moving_scenes", "jhmdb"]})
    asked = {"simclr": ["linear_probe"], "random": ["linear_probe"]}
    assert claim.applies(asked, "jhmdb")
    assert not claim.applies(asked, "davis")


def test_every_claim_of_the_project_is_judged_by_some_suite(project):
    lock_missing(project)
    judged = {name for each in suite.names() for name in publish._claims(suite.load(each))}
    assert len(claims()) > 90
    assert set(claims()) == judged


def test_a_paper_has_one_file():
    papers = [yaml.safe_load(file.read_text())["arxiv"] for file in Path("params/claims").glob("*.yaml")]
    assert len(papers) == len(set(papers))
