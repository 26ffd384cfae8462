"""Malformed parameters of every kind: each is one sentence that names the file, before anything runs."""

import os
import re

import pytest
import yaml

from selfsup.config.strict import param_file, read_yaml
from selfsup.config.suite import load
from selfsup.errors import InputError
from selfsup.pipeline import publish
from selfsup.store.graph import graph
from tests.config.changes import edit
from tests.conftest import ROOT, forget

pytestmark = pytest.mark.counts(
    "parameters that are no numbers, no names, no files, or no text", "one sentence with the file, before anything runs"
)

FILES = ["methods/simclr.yaml", "suites/smoke.yaml", "evaluations/knn.yaml", "data/scenes-tiny.yaml", "run.yaml"]


def planned():
    forget()
    from selfsup.config import suite

    return publish.check(graph(suite.default()))


@pytest.fixture
def smoke(project):
    (project / "params/run.yaml").write_text("suite: smoke\n")
    return project


def numbers(content, path=()):
    """Yield the path of every number of a file, but for identifiers of papers."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        if isinstance(value, dict | list):
            yield from numbers(value, (*path, key))
        elif isinstance(value, float) and "paper" not in path:
            yield (*path, key)


def put(content, path, value):
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


NUMBERS = [
    (f"{folder}/{file}.yaml", path)
    for folder, file in [
        *(("methods", name) for name in ("simclr", "colorization", "cpc_audio")),
        *(("evaluations", name) for name in ("knn", "linear_probe", "fine_tune", "label_propagation")),
    ]
    for path in numbers(yaml.safe_load((ROOT / f"params/{folder}/{file}.yaml").read_text()))
]


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
@pytest.mark.parametrize(("file", "path"), NUMBERS, ids=str)
def test_what_is_no_finite_number_is_refused_wherever_a_number_stands(smoke, file, path, value):
    edit(smoke, file, lambda content: put(content, path, value))
    with pytest.raises(InputError, match=re.escape(file)):
        planned()


SHARES = [
    ("linear_probe", "held_out_fraction", 1.0),
    ("linear_probe", "held_out_fraction", 2.0),
    ("fine_tune", "label_fractions", [0.1, 2.0]),
    ("fine_tune", "label_fractions", [0.1, 0.1]),
    ("fine_tune", "label_fractions", []),
    ("fine_tune", "flip_probability", 2.0),
    ("fine_tune", "crop_scale_min", 5.0),
    ("fine_tune", "warmup_fraction", 1.5),
    ("linear_probe", "penalties", [0.1, 0.1]),
    ("features", "pooling", []),
    ("features", "pooling", ["mean", "mean"]),
]


@pytest.mark.parametrize(("protocol", "key", "value"), SHARES)
def test_a_share_beyond_one_and_a_repeated_or_absent_choice_are_refused(smoke, protocol, key, value):
    edit(smoke, f"evaluations/{protocol}.yaml", lambda content: content.update({key: value}))
    with pytest.raises(InputError, match=rf"{protocol}\.yaml: key {key}"):
        planned()


@pytest.mark.parametrize("file", FILES)
def test_a_key_that_stands_twice_is_refused(smoke, file):
    path = smoke / "params" / file
    first = next(line for line in path.read_text().splitlines() if ":" in line and not line.startswith("#"))
    path.write_text(f"{path.read_text()}\n{first}\n")
    with pytest.raises(InputError, match=rf"{file}, line \d+: key \w+ stands twice; keep one"):
        planned()


def test_a_merged_key_may_be_overridden(tmp_path):
    (tmp_path / "a.yaml").write_text("base: &base {a: 1, b: 2}\nmore: {<<: *base, b: 3}\n")
    assert read_yaml(tmp_path / "a.yaml")["more"] == {"a": 1, "b": 3}


BYTES = {
    "Latin-1": "title: caf\u00e9\n".encode("latin-1"),
    "UTF-16": "title: x\n".encode("utf-16"),
    "binary": bytes(range(256)),
    "brackets": b"a: " + b"[" * 5000,
    "nothing": b"",
    "a list": b"- a\n- b\n",
    "text": b"just words",
    "an open quote": b'a: "b\n',
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", BYTES)
def test_a_file_that_is_no_mapping_in_utf8_is_refused(smoke, file, kind):
    (smoke / "params" / file).write_bytes(BYTES[kind])
    with pytest.raises(InputError, match=file):
        planned()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop of links", "link to nothing"])
def test_what_is_no_file_is_refused_and_not_waited_for(smoke, file, kind):
    path = smoke / "params" / file
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if kind == "loop of links" else "nowhere")
    with pytest.raises(InputError, match=file.removesuffix(".yaml")):
        planned()


NAMES = [
    "../data/scenes",
    "./scenes",
    "/etc/passwd",
    "a/b",
    "",
    " ",
    "a b",
    "$(touch x)",
    "a;b",
    "-x",
    ".hidden",
    "a\nb",
    7,
    None,
    ["a"],
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_what_is_no_name_is_no_file_of_params(smoke, name):
    with pytest.raises(InputError, match="names no file of"):
        param_file(smoke / "params" / "data", name)


@pytest.mark.parametrize("name", ["../suites/smoke", "./smoke", "", "$(id)", "smoke.yaml/"])
def test_a_suite_that_is_a_path_is_refused(smoke, name):
    with pytest.raises(InputError, match="names no file of"):
        load(name)


@pytest.mark.parametrize("name", ["../data/scenes-tiny", "scenes/tiny", "", "$(id)"])
def test_data_and_protocols_that_are_paths_are_refused(smoke, name):
    edit(smoke, "suites/smoke.yaml", lambda content: content["groups"][0].update(data=name))
    with pytest.raises(InputError, match="names no file of"):
        planned()
    edit(smoke, "suites/smoke.yaml", lambda content: content["groups"][0].update(data="scenes-tiny"))
    target = {"data": "scenes-tiny", "evaluations": [name]}
    edit(smoke, "suites/smoke.yaml", lambda content: content["groups"][0].update(targets=[target]))
    with pytest.raises(InputError, match="names no file of"):
        planned()
