"""Recipe schemas: keys from syntax, their types from what the module imports, and every mistake one sentence."""

import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from selfsup import extensions
from selfsup.config import signature
from selfsup.config.strict import check
from selfsup.errors import InputError
from selfsup.specs import syntax

IMPORTS = """
from collections.abc import Sequence
from typing import Annotated, Literal
import numpy
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor
from selfsup.methods.base import Method
from selfsup.methods.simclr import SimCLR
from selfsup.methods import moco as momentum
from selfsup.specs import augmentation
from selfsup.specs.augmentation import Augmentation
from selfsup.specs.networks import Head
from selfsup.views import augmentation as views
LONG = 7
Pool = Literal['mean', 'max']
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that makes ``methods/toy.py`` of the package from a text, and its short name."""
    folder = tmp_path / "toys"
    found = extensions.source

    def source(name):
        return folder / "toy.py" if name == "selfsup.methods.toy" else found(name)

    def write(text):
        folder.mkdir(exist_ok=True)
        (folder / "toy.py").write_text(IMPORTS + text)
        forget()
        return "methods.toy"

    monkeypatch.setattr(extensions, "source", source)
    monkeypatch.setattr(extensions, "full_name", lambda name: f"selfsup.{name}")
    yield write
    forget()


def forget():
    for cached in (syntax.tree, syntax.imports, syntax._lineage, signature.schema, signature.method_schema):
        cached.cache_clear()


def read(model, content):
    return check(model, content, "file")


@pytest.mark.parametrize(
    ("annotation", "right", "wrong"),
    [
        ("PositiveInt", 3, 0),
        ("int", 3, True),
        ("int", 3, 3.0),
        ("float", 0.5, "0.5"),
        ("tuple[int, int]", [1, 2], [1]),
        ("Sequence[int]", [1, 2], [1.5]),
        ("Annotated[int, Field(ge=1)]", 1, 0),
        ("Pool", "max", "sum"),
        ("'Pool'", "max", "sum"),
        ("augmentation.ColorVariant", "exact", "exactly"),
        (
            "list[Augmentation]",
            [{"crop_scale_min": 0.1, "color_strength": 0.5, "size_px": 16}],
            [{"color_strength": 0.5}],
        ),
        ("Augmentation | None", None, {}),
        ("dict[str, Augmentation]", {"a": {"crop_scale_min": 0.1, "color_strength": 0.5}}, {"a": 1}),
        ("Head", {"kind": "linear", "out_dim": 4}, {"kind": "linear", "out_dim": 4, "hidden_dim": 8}),
    ],
)
def test_types_mean_what_the_module_imports(module, annotation, right, wrong):
    model = signature.schema(module(f"def make(*, key: {annotation}): ..."), "make")
    model.model_validate_json(json.dumps({"key": right}))
    with pytest.raises(InputError, match=r"^file: (keys?|unknown key) key") as caught:
        read(model, {"key": wrong})
    assert "\n" not in str(caught.value)


def test_defaults_may_be_constants_and_specs_get_theirs(module):
    model = signature.schema(module("def make(*, k: int = LONG, low: float = -0.5, view: Augmentation): ..."), "make")
    found = read(model, {"view": {"crop_scale_min": 0.1, "color_strength": 0.5}})
    assert found["k"] == 7
    assert found["low"] == -0.5
    assert found["view"]["jitter_probability"] == 0.8


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("k", r"toy\.py: key k has no annotation; write its type"),
        (
            "k: Tensor",
            r"toy\.py: the type of key k, Tensor, cannot be read by planning \(it never imports torch\); use",
        ),
        ("k: views.ColorVariant", r"key k, views\.ColorVariant, cannot .*\(it never imports selfsup\.views\)"),
        ("k: Nowhere", r"the type of key k, Nowhere, cannot be read by planning"),
        ("k: type(LONG).__missing__", r"the type of key k, .*cannot be read by planning"),
        ("k: range", r"the type of key k, range, cannot be read by planning \(no YAML value has it\)"),
        ("k: int = numpy.inf", r"the default of key k, numpy\.inf, cannot .*\(it never imports numpy\)"),
    ],
)
def test_what_planning_cannot_read_is_one_sentence(module, key, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        signature.schema(module(f"def make(*, {key}): ..."), "make")
    assert "\n" not in str(caught.value)


def test_a_missing_function_is_named(module):
    with pytest.raises(InputError, match=r"no function extract"):
        signature.schema(module(""), "extract")


def test_what_the_pipeline_provides_is_no_key(module):
    text = "def make(*, images: Tensor, k: int): ..."
    assert list(signature.schema(module(text), "make").model_fields) == ["k"]


CHILDREN = {
    "class Child(SimCLR): ...": ["augmentation", "head", "criterion"],
    "class Child(SimCLR):\n    def __init__(self, encoder, info, *, k: int, **simclr): ...": [
        *("augmentation", "head", "criterion", "k"),
    ],
    "class Child(momentum.MoCo):\n    def __init__(self, encoder, info, *, momentum: int, **moco): ...": [
        *("augmentation", "temperature", "head", "batch_norm_splits", "momentum", "queue_length"),
    ],
    "class Child(SimCLR):\n    def __init__(self, encoder, info, *, k: int): ...": ["k"],
    "class Part: ...\nclass Child(Method[int], Part):\n    def __init__(self, encoder, info, *, k: int): ...": ["k"],
}


@pytest.mark.parametrize(("text", "keys"), CHILDREN.items())
def test_a_method_is_found_by_its_parents_and_has_their_keys(module, text, keys):
    module(text)
    assert syntax.method_class("selfsup.methods.toy") == "Child"
    assert list(signature.method_schema("toy").model_fields) == keys


def test_a_key_is_described_by_the_nearest_class_that_does(module):
    module('class Child(SimCLR):\n    """Mine.\n\n    Args:\n        head: my own.\n    """')
    fields = signature.method_schema("toy").model_fields
    assert fields["head"].description == "my own."
    assert fields["criterion"].description == "the contrastive loss."
    assert fields["augmentation"].description == "of both views."


@pytest.mark.parametrize("text", ["class Other: ...", "class A(SimCLR): ...\nclass B(A): ..."])
def test_a_file_holds_exactly_one_method(module, text):
    module(text)
    with pytest.raises(InputError, match=r"toy\.py: (0|2) classes that subclass Method"):
        syntax.method_class("selfsup.methods.toy")


def test_the_modality_is_the_recipes_or_the_class_or_its_parents(module):
    module("class Child(SimCLR):\n    modality: str = 'labelled_image'")
    assert signature.modality("toy", {}) == "labelled_image"
    assert signature.modality("random", {"modality": "clip"}) == "clip"
    assert signature.modality("supervised_waveform", {}) == "labelled_waveform"
    assert signature.modality("moco", {}) == "image"


def test_planning_and_training_find_the_same_class():
    from selfsup.methods.base import Method
    from selfsup.training.pretrain import method_class

    for name in extensions.names("methods"):
        if name != "base":
            kind = method_class(name)
            assert issubclass(kind, Method)
            hints = {key for key in kind.hints() if key in signature.method_schema(name).model_fields}
            assert hints == set(signature.method_schema(name).model_fields)


def test_a_spec_checks_its_values_wherever_it_is_made():
    from selfsup.specs.augmentation import Augmentation

    for wrong in ({"color_strength": 9.0}, {"color_strength": "1"}, {"colour_strength": 1.0}):
        with pytest.raises(ValidationError):
            Augmentation(**{"crop_scale_min": 0.1, "color_strength": 0.5, **wrong})


@pytest.mark.slow
def test_planning_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from selfsup.pipeline.plan import Plan; from selfsup.pipeline import publish; Plan('quick'); "
        "print(sorted({'torch', 'pandas', 'h5py', 'matplotlib'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
