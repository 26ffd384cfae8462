"""Every key of the files of params/ with values that are wrong for any key: each is refused in one sentence."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest

from selfsup.config import claims, recipe, reported, shown, suite, weights
from selfsup.config.shown import protocol_title
from selfsup.config.strict import read_yaml
from selfsup.errors import InputError
from tests.conftest import ROOT

pytestmark = pytest.mark.counts(
    "keys of params/ that are misspelt, missing, or have a wrong value", "one sentence with the file"
)


def given(folder, name):
    """Return a file of params/ and its content, as the functions that read several files pass them on."""
    file = Path("params", folder, f"{name}.yaml")
    return file, recipe.read_yaml(file)


READ = {
    "methods": lambda name: recipe.run(name, name, {}, Path("params/suites/smoke.yaml")),
    "evaluations": lambda name: (recipe.evaluation(name), protocol_title(name)),
    "data": recipe.data,
    "experiments": lambda name: recipe.experiment(name, {}, "smoke"),
    "suites": lambda name: [recipe.experiment(e.name, e.set, name) for e in suite.load(name).experiments],
    "claims": lambda name: list(claims.read_claims(*given("claims", name))),
    "reported": lambda name: reported.read_table(*given("reported", name)),
    "weights": weights.described,
}
MODULES = (recipe, suite, claims, reported, weights, shown)
CACHED = (
    recipe._method_file,
    recipe.evaluation,
    recipe.data,
    suite.load,
    protocol_title,
    claims.claims,
    reported.reported,
)
WRONG = {"a mapping": {"no": "such"}, "NaN": float("nan"), "lists": [[[]]]}
SMALL = ("_resnet18", "_paper", "_16khz", "_full", "_128px", "_20", "-tiny", "-64px", "-10k")
FEW = {  # one file stands for those of its form
    "methods": ["simclr", "colorization", "clip", "cpc_audio", "dense_object_net", "context_encoder", "random_vit"],
    "claims": ["rotation"],
    "reported": ["rotnet_t7_voc"],
    "suites": ["smoke"],
}
NAMED_BY_DATA = {
    "objective_factors",
    "periods",
}  # whose keys are compared with what a built method or prepared data have


def files(folder):
    names = sorted(file.stem for file in (ROOT / "params" / folder).glob("*.yaml"))
    return FEW.get(folder) or [name for name in names if not name.endswith(SMALL)]


def keys(content, path=()) -> Iterator[tuple]:
    """Yield the path of every key, and of the first item of every list, which stands for the others."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(content[:1]):
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from keys(value, (*path, key))


def changed(content, path, change):
    copy = deepcopy(content)
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return copy


def put(value):
    return lambda inner, key: inner.__setitem__(key, value)


def misspell(inner, key):
    inner[f"{key}x"] = inner.pop(key)


def mutations(content) -> Iterator[tuple[str, dict, bool]]:
    """Yield what is changed, the changed file, and whether it must be refused: a key that is missing may have a default."""
    for path in keys(content):
        for kind, value in WRONG.items():
            yield f"{path} is {kind}", changed(content, path, put(value)), True
        if isinstance(path[-1], str):
            yield f"{path} is misspelt", changed(content, path, misspell), NAMED_BY_DATA.isdisjoint(path[:-1])
            yield f"{path} is missing", changed(content, path, lambda inner, key: inner.pop(key)), False


@pytest.fixture
def reading(monkeypatch):
    """A function that reads a file of params/ with other content."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("SELFSUP_DATA_ROOT", raising=False)
    as_it_is = cache(read_yaml)
    other = {}
    for module in MODULES:
        if hasattr(module, "read_yaml"):
            monkeypatch.setattr(
                module, "read_yaml", lambda file: deepcopy(other.get(Path(file)) or as_it_is(Path(file)))
            )

    def read(folder, name, content):
        for cached in CACHED:
            cached.cache_clear()
        other.clear()
        other[Path("params", folder, f"{name}.yaml")] = content
        return READ[folder](name)

    yield read
    for cached in CACHED:
        cached.cache_clear()


def refusal(read, folder, name, content):
    try:
        read(folder, name, content)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("folder", "name"), [(folder, name) for folder in READ for name in files(folder)])
def test_each_is_refused_in_a_sentence_with_the_file(reading, folder, name, record_property):
    tried = list(mutations(read_yaml(ROOT / "params" / folder / f"{name}.yaml")))
    answers = [(change, refusal(reading, folder, name, wrong), refused) for change, wrong, refused in tried]
    record_property("tried", len(tried))
    wrong = [(change, answer) for change, answer, refused in answers if refused and not answer]
    wrong += [(change, answer) for change, answer, _ in answers if answer and (name not in answer or "\n" in answer)]
    record_property("broken", len(wrong))
    assert not wrong
