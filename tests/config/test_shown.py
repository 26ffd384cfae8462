"""How numbers are shown is declared beside what makes them, read from syntax, and a mistake is one sentence."""

import re

import pytest

from selfsup import extensions
from selfsup.config.recipe import evaluation
from selfsup.config.shown import Shown, protocol_title, shown
from selfsup.errors import InputError
from selfsup.pipeline import publish
from selfsup.specs import syntax
from selfsup.store.graph import graph
from tests.conftest import forget

SHOWN = {
    "title": "Detection",
    "headline": "ap",
    "metrics": {"ap": {"title": "AP@{at}", "unit": "%", "better": "higher", "over": ["at"]}},
    "figures": [{"kind": "lines", "metric": "ap", "over": "at"}],
}
EVALUATIONS = [f"evaluations.{name}" for name in extensions.names("evaluations") if name not in ("features", "inputs")]
EXPERIMENTS = [f"experiments.{name}" for name in extensions.names("experiments")]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the code's shape with one evaluation; returns what writes its text."""
    (tmp_path / "evaluations").mkdir()
    monkeypatch.setattr(extensions, "ROOT", tmp_path)
    _forget()
    yield lambda text, name="mine.py": (tmp_path / "evaluations" / name).write_text(text)
    _forget()


def _forget():
    for cached in (syntax.tree, extensions.source, extensions.full_name):
        cached.cache_clear()
    shown.cache_clear()


@pytest.mark.parametrize("module", EVALUATIONS + EXPERIMENTS)
def test_every_evaluation_and_experiment_declares_how_it_is_shown(module):
    assert isinstance(shown(module), Shown)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"titel": "x"}, "unknown key titel: did you mean title?"),
        ({"metrics": {}}, "key metrics is {}, but"),
        ({"metrics": {"ap": {"title": "AP", "unit": "%"}}}, "key metrics.ap.better is missing; add it"),
        ({"metrics": {"ap": {**SHOWN["metrics"]["ap"], "over": ["size"]}}}, "key metrics.ap.over.0 is 'size', but"),
        ({"headline": "ap50"}, "ap50 is no key of metrics; known are ap"),
        ({"figures": [{"kind": "bars", "metric": "ap", "over": "at"}]}, "only lines have a dimension"),
        ({"figures": [{"kind": "against", "metric": "ap"}]}, "kind against has a key against"),
        ({"figures": [{"kind": "bars", "metric": "ap", "against": "knn"}]}, "kind against has a key against"),
        ({"figures": [{"kind": "lines", "metric": "ap", "over": "shots"}]}, "ap is drawn over shots; add it to"),
        ({"figures": [{"kind": "pie", "metric": "ap"}]}, "key figures.0.kind is 'pie', but"),
        ({"pictures": "film"}, "key pictures is 'film', but"),
    ],
)
def test_a_mistake_is_one_sentence(package, changes, sentence):
    package(f"SHOWN = {SHOWN!r}\n")
    assert shown("evaluations.mine").headline == "ap"
    _forget()
    package(f"SHOWN = {SHOWN | changes!r}\n")
    with pytest.raises(InputError, match=re.escape(sentence)) as error:
        shown("evaluations.mine")
    assert str(error.value).startswith("src/selfsup/evaluations/mine.py: SHOWN: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("NEEDS = ('target',)\n", "mine.py: SHOWN is missing; declare how its numbers are shown"),
        ("SHOWN = dict(title='x')\n", "mine.py: SHOWN is computed; write a literal"),
    ],
)
def test_no_declaration_and_a_computed_one(package, text, sentence):
    package(text)
    with pytest.raises(InputError, match=re.escape(sentence)):
        shown("evaluations.mine")


def test_a_folder_is_an_evaluation_where_its_init_has_code(package, tmp_path):
    for name, text in (("detection", f"SHOWN = {SHOWN!r}\n"), ("metrics", "")):
        (tmp_path / "evaluations" / name).mkdir()
        package(text, f"{name}/__init__.py")
    package("", "knn.py")
    assert extensions.names("evaluations") == ["detection", "knn"]
    assert shown("evaluations.detection").title == "Detection"


def test_a_protocols_title_is_for_people_and_no_argument(project):
    assert protocol_title("knn") == "kNN"
    assert "title" not in evaluation("knn")[1]
    file = project / "params" / "evaluations" / "knn.yaml"
    file.write_text(file.read_text().replace("title: kNN\n", ""))
    forget()
    with pytest.raises(InputError, match=r"knn\.yaml: key title is missing"):
        protocol_title("knn")


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (
            "claims/colorization.yaml",
            "metric: auc}",
            "metric: auk}",
            "compares auk, which is not a metric of colorization; did",
        ),
        (
            "suites/ablations.yaml",
            "    scale: log\n",
            "    scale: log\n    metric: top2\n",
            "is of top2, which is no metric of",
        ),
    ],
)
def test_a_metric_that_is_not_declared_is_refused_before_anything_is_trained(project, file, old, new, sentence):
    path = project / "params" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    forget()
    with pytest.raises(InputError, match=re.escape(sentence)):
        publish.check(graph("ablations"))


def test_metrics_that_claims_name_are_declared():
    from selfsup.config.claims import claims

    sides = [side for claim in claims().values() for side in (claim.first, claim.second)]
    assert len(sides) > 100
    for side in sides:
        declared = shown(f"evaluations.{evaluation(side.evaluation)[0]}")
        assert side.metric in declared.metrics, side
        named = {
            name for name in ("baseline", "subset", "at", "layer", "label_fraction", "shots") if getattr(side, name)
        }
        assert named <= {"baseline", *declared.metrics[side.metric].over}, side
