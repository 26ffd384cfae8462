"""Identity follows numbers: each edit invalidates the artefacts whose numbers it can change, and no others."""

import ast
import shutil
from collections import Counter
from dataclasses import replace

import pytest

from selfsup import extensions
from selfsup.specs import syntax
from selfsup.store import graph, modules, reach
from tests.conftest import ROOT, forget

pytestmark = pytest.mark.slow

SUITE = "smoke"


@pytest.fixture(scope="module")
def before():
    return {artefact.folder for artefact in planned()}


@pytest.fixture
def source(tmp_path, monkeypatch, before):
    """A copy of the package's sources that planning reads instead."""
    shutil.copytree(ROOT / "src", tmp_path / "src")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(extensions, "ROOT", tmp_path / "src" / "selfsup")
    yield tmp_path / "src" / "selfsup"
    monkeypatch.undo()
    forget()


def planned():
    forget()
    return [artefact for chain in graph.graph(SUITE).chains for artefact in chain.artefacts()]


def invalidated(before):
    """Return the artefacts that are planned now and were not before."""
    return {artefact.folder: artefact for artefact in planned() if artefact.folder not in before}


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


HARMLESS = {
    "a docstring": ("losses/nt_xent.py", '"""', '"""Another word. '),
    "a comment": ("training/loop.py", "import torch\n", "import torch  # a comment\n"),
    "an error message of an augmentation": ("specs/augmentation.py", "crop_scale_min is above", "the least is above"),
    "an error message of HDF5": ("hdf5.py", "because the disk is full", "since the disk is full"),
    "a line of progress": ("training/loop.py", 'f"resumed at step', 'f"went on from step'),
    "how a method's class is found": ("specs/syntax.py", "len(methods) != 1", "not len(methods) == 1"),
    "how a module is found": ("extensions.py", "if len(owners) > 1:", "if 1 < len(owners):"),
    "an exception class": ("errors.py", "class InputError", "class Other(Exception):\n    pass\n\n\nclass InputError"),
    "a reader": ("datasets/prepared.py", "\n\ndef read_split(", "\n\ndef other():\n    return 1\n\n\ndef read_split("),
    "a modality": (
        "methods/base.py",
        '    "image": ("image",),\n',
        '    "image": ("image",),\n    "haptic": ("force",),\n',
    ),
    "a kind of prediction": ("methods/base.py", 'Literal["inpainting", ', 'Literal["outpainting", "inpainting", '),
    "a field of DataInfo": (
        "methods/base.py",
        "    speakers: int = 0\n",
        "    speakers: int = 0\n    cameras: int = 0\n",
    ),
    "a branch of the heads": (
        "nn/heads.py",
        '    if kind == "linear":\n',
        '    if kind == "batch_normalised":\n        return nn.Sequential(nn.BatchNorm1d(features))\n    if kind == "linear":\n',
    ),
    "a kind of input": ("nn/inputs.py", '"rgb": 3, ', '"rgb": 3, "infrared": 1, '),
    "a branch of the inputs": (
        "nn/inputs.py",
        '    if kind == "waveform":\n',
        '    if kind == "infrared":\n        return x * 7\n    if kind == "waveform":\n',
    ),
    "an optimiser": (
        "optim/optimisers.py",
        '    if name == "lars":\n',
        '    if name == "lion":\n        return torch.optim.Adagrad(groups)\n    if name == "lars":\n',
    ),
    "an option of the augmentation": (
        "specs/augmentation.py",
        "    gray_probability: Probability = 0.2\n",
        "    gray_probability: Probability = 0.2\n    solarize_probability: Probability = 0.0\n",
    ),
    "an option that is used": (
        "optim/optimisers.py",
        "    beta1: float | None = None,\n) -> torch.optim.Optimizer:\n",
        "    beta1: float | None = None,\n    twice: bool = False,\n) -> torch.optim.Optimizer:\n"
        "    if twice:\n        weight_decay *= 2\n",
    ),
    "a field of a measure": (
        "results.py",
        "    label_fraction: float | None = None\n",
        '    label_fraction: float | None = None\n    camera: str = ""\n',
    ),
    "a heading of a table": ("evaluations/knn.py", '"title": "Nearest neighbours"', '"title": "Neighbours"'),
    "the role of a method": ("methods/random.py", 'ROLE = "floor"', 'ROLE = "labels"'),
    "a function of a table of functions": (
        "views/augmentation.py",
        '"exact": jitter_, ',
        '"exact": jitter_, "none": grayscale_, ',
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_an_edit_that_cannot_change_a_number_invalidates_nothing(source, before, name):
    path, old, new = HARMLESS[name]
    edit(source / path, old, new)
    assert Counter(artefact.kind for artefact in invalidated(before).values()) == {}


def test_a_renamed_file_invalidates_nothing(source, before):
    (source / "training" / "curves.py").rename(source / "training" / "logged_curves.py")
    edit(source / "training" / "loop.py", "selfsup.training.curves import", "selfsup.training.logged_curves import")
    (source / "losses" / "nt_xent.py").rename(source / "losses" / "normalised_temperature.py")
    edit(
        source / "methods" / "simclr.py",
        "selfsup.losses.nt_xent import",
        "selfsup.losses.normalised_temperature import",
    )
    assert invalidated(before) == {}


@pytest.mark.parametrize("path", ["methods/rotation.py", "methods/parts/view_pairs.py", "methods/colorization.py"])
def test_a_caption_invalidates_the_gallery_alone(source, before, path):
    edit(source / path, 'Panel("', 'Panel("Look: ')
    assert {artefact.kind for artefact in invalidated(before).values()} == {"gallery", "results"}


HARMFUL = {
    "a constant of a loss": ("losses/nt_xent.py", "/ temperature", "/ (2 * temperature)", {"simclr"}),
    "an operation of a view": ("views/rotations.py", "torch.rot90", "torch.fliplr", {"rotation"}),
    "a constant of the grey scale": ("views/color.py", "0.587", "0.588", None),
    "a default that is used": (
        "specs/augmentation.py",
        "flip_probability: Probability = 0.5",
        "flip_probability: Probability = 0.6",
        None,
    ),
    "the learning rate's schedule": ("optim/optimisers.py", "0.5 * (1 + math.cos", "0.6 * (1 + math.cos", None),
    "a tower that is built by its name": (
        "nn/backbones/text_transformer.py",
        "nn.LayerNorm(",
        "nn.LayerNorm(1 * ",
        {"clip"},
    ),
    "a step of the loop": ("training/loop.py", "optimiser.step()", "optimiser.step(), optimiser.step()", None),
}


@pytest.mark.parametrize("name", HARMFUL)
def test_an_edit_that_can_change_a_number_invalidates_its_branch(source, before, name):
    path, old, new, methods = HARMFUL[name]
    text = (source / path).read_text(encoding="utf-8")
    (source / path).write_text(text.replace(old, new), encoding="utf-8")
    changed = [artefact for artefact in invalidated(before).values() if artefact.kind == "weights"]
    assert changed
    assert methods is None or {artefact.params["method"] for artefact in changed} == methods


def test_the_reason_why_a_protocol_does_not_apply_is_a_result(source, before):
    edit(source / "evaluations" / "retrieval.py", "NotApplicable(", "NotApplicable('Here: ' + ")
    assert {artefact.kind for artefact in invalidated(before).values()} == {"measures", "results"}


class Mutant(ast.NodeTransformer):
    """Changes the number at one position of a module, annotations left out; counts the numbers."""

    def __init__(self, position):
        self.position, self.numbers = position, 0

    def visit_arg(self, node):
        return node

    def visit_Constant(self, node):
        if not isinstance(node.value, int | float):
            return node
        self.numbers += 1
        return ast.Constant(node.value + 1) if self.numbers == self.position else node


@pytest.mark.parametrize(
    "path", ["losses/nt_xent.py", "views/crops.py", "nn/heads.py", "seeds.py", "training/curves.py"]
)
def test_every_number_in_the_code_of_a_run_counts(source, before, path):
    text = (source / path).read_text(encoding="utf-8")
    counter = Mutant(0)
    counter.visit(ast.parse(text))
    simclr = next(artefact for artefact in planned() if artefact.kind == "weights" and artefact.name == "simclr")
    original = simclr.digest
    for position in range(1, counter.numbers + 1):
        mutant = Mutant(position).visit(ast.parse(text))
        (source / path).write_text(ast.unparse(mutant), encoding="utf-8")
        for cached in (syntax.tree, modules.read):
            cached.cache_clear()
        reach._found.clear()
        assert replace(simclr).digest != original, ast.unparse(mutant)
