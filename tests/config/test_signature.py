"""Recipe schemas read from syntax."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from selfsup.config import signature
from selfsup.errors import InputError


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setattr(signature, "path", lambda module: tmp_path / f"{module}.py")
    signature.tree.cache_clear()
    signature.schema.cache_clear()
    (tmp_path / "toy.py").write_text(
        "KIND = 'features'\n"
        "def evaluate(inputs, *, k: PositiveInt, share: float = 0.5, pool: Literal['mean', 'max'] = 'mean'): ...\n"
        "class Toy(Method):\n"
        "    modality: str = 'labelled_image'\n"
        "    def __init__(self, encoder, *, temperature: PositiveFloat): ...\n"
        "class Plain(Method2): ...\n"
        "def bare(*, k): ...\n"
    )
    yield
    signature.tree.cache_clear()
    signature.schema.cache_clear()


@pytest.mark.usefixtures("package")
def test_keys_types_and_defaults_come_from_the_syntax():
    model = signature.schema("toy", "evaluate")
    assert model.model_validate({"k": 3}).model_dump() == {"k": 3, "share": 0.5, "pool": "mean"}
    for wrong in ({"k": 0}, {"k": "3"}, {"k": True}, {}, {"k": 1, "pool": "sum"}, {"k": 1, "extra": 1}):
        with pytest.raises(ValidationError):
            model.model_validate(wrong)


@pytest.mark.usefixtures("package")
def test_methods_are_found_by_their_base_class():
    assert list(signature.schema("toy", "__init__", base="Method").model_fields) == ["temperature"]
    assert signature.constant("toy", "modality", within="Method") == "labelled_image"
    assert signature.constant("toy", "KIND") == "features"
    assert signature.constant("toy", "ABSENT") is None


@pytest.mark.usefixtures("package")
def test_mistakes_in_a_module_name_its_file():
    with pytest.raises(InputError, match=r"toy\.py: key k has no annotation"):
        signature.schema("toy", "bare")
    with pytest.raises(InputError, match=r"no function extract"):
        signature.schema("toy", "extract")


def test_planning_imports_neither_torch_nor_pandas():
    code = (
        "import sys; from selfsup.pipeline.plan import Plan; from selfsup.pipeline import publish; Plan('quick'); "
        "print(sorted({'torch', 'pandas', 'h5py', 'matplotlib'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
