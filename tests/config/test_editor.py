"""JSON Schemas of params/: every file is valid, mistakes are not, and every key of what ships is described."""

import json
from copy import deepcopy

import jsonschema
import pytest
import yaml

from selfsup.config import editor
from tests.config.test_weights import CONTENT as WEIGHTS
from tests.conftest import ROOT

FILES = [file for folder in editor.schemas() for file in sorted((ROOT / "params" / folder).glob("*.yaml"))]


@pytest.fixture(scope="module")
def schemas():
    return editor.schemas()


def content(path):
    return yaml.safe_load((ROOT / "params" / path).read_text(encoding="utf-8"))


def valid(schemas, path, read):
    return jsonschema.Draft202012Validator(schemas[path.split("/")[0]]).is_valid(read)


def changed(mapping, keys, value):
    copy = inner = deepcopy(mapping)
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return copy


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_file_is_valid(schemas, file):
    read = yaml.safe_load(file.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schemas[file.parent.name]).validate(json.loads(json.dumps(read)))


MISTAKES = [
    ("methods/simclr.yaml", ("hyper", "augmentation", "color_strenght"), 0.5),
    ("methods/simclr.yaml", ("hyper", "augmentation", "color_strength"), 9.0),
    ("methods/simclr.yaml", ("hyper", "criterion", "margin"), 0.4),
    ("methods/simclr.yaml", ("hyper", "criterion", "name"), "nt_xnet"),
    ("methods/simclr.yaml", ("encoder", "backbone"), "small_convv"),
    ("methods/simclr.yaml", ("encoder", "widht"), 12),
    ("methods/simclr.yaml", ("optimiser", "momentum"), 0.9),
    ("evaluations/knn.yaml", ("k",), 0),
    ("evaluations/knn.yaml", ("kk",), 1),
    ("data/scenes.yaml", ("source",), "scenes"),
    ("suites/smoke.yaml", ("device",), "cuda:1"),
]


@pytest.mark.parametrize(("path", "keys", "value"), MISTAKES, ids=lambda part: str(part))
def test_a_mistake_is_marked(schemas, path, keys, value):
    assert not valid(schemas, path, changed(content(path), keys, value))


@pytest.mark.parametrize(
    ("keys", "value"),
    [(("licens",), "MIT"), (("encoder", "architectur"), "vit"), (("preprocessing", "crop_px"), 0), (("file",), 1)],
)
def test_imported_weights_have_a_schema(schemas, keys, value):
    validator = jsonschema.Draft202012Validator(schemas["weights"])
    validator.validate(WEIGHTS)
    assert not validator.is_valid(changed(WEIGHTS, keys, value))


def test_every_key_is_described(schemas):
    """A key is described in the ``Args`` of the docstring of its function or class, or of a parent's."""
    defs = next(iter(schemas.values()))["$defs"]
    groups = [pair for kind, schema in schemas.items() for pair in editor.groups(schema, kind)]
    bare = [
        f"{title}: {key}"
        for title, schema in [*groups, *defs.items()]
        for key, of in schema.get("properties", {}).items()
        if not of.get("description") and not (key == "hyper" and "method" in title)
    ]
    assert bare == []


def test_the_page_has_every_key(schemas, tmp_path):
    files = editor.write(tmp_path)
    assert {file.name for file in files} == {*(f"{kind}.schema.json" for kind in schemas), "recipes.md"}
    page = (tmp_path / "recipes.md").read_text(encoding="utf-8")
    assert "## params/methods, method simclr: hyper" in page
    assert "| `color_strength` | number |  | s of the jitter" in page
    assert "| `criterion` | NTXent \\| NTLogistic \\| Margin |  | the contrastive loss. |" in page
    assert json.loads((tmp_path / "methods.schema.json").read_text(encoding="utf-8")) == schemas["methods"]
