"""Another installed package adds a method, an evaluation, a data set and a backbone: planned, hashed, made and checked."""

import subprocess
import sys

import pytest
import yaml

from selfsup import extensions
from selfsup.config.lookup import module_of
from selfsup.errors import InputError
from selfsup.pipeline import jobs
from selfsup.progress import Progress
from selfsup.store.graph import graph
from selfsup.testing.checks import method_checks
from tests.conftest import ROOT, forget

COPIED = {
    "methods.random": "still",
    "nn.backbones.small_conv": "conv",
    "evaluations.knn": "near",
    "datasets.scenes": "drawn",
}
SUITE = """
title: Extended
summary: What another package adds.
device: cpu
precision: float32
threads: 1
groups: [{name: drawn, data: drawn, seeds: [0], runs: [still], targets: [{data: drawn, evaluations: [near]}]}]
"""


def install(folder, package, points):
    """Write what installing a package leaves behind: its metadata, with its entry points."""
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[selfsup.{group}]\n{name} = {module}\n" for group, name, module in points]
    (metadata / "entry_points.txt").write_text("\n".join(lines))


@pytest.fixture
def site(project, monkeypatch):
    """A folder on the path, as site-packages is, beside a project whose suite ``extended`` names only what it adds."""
    site = project / "site"
    (site / "toy").mkdir(parents=True)
    (site / "toy" / "__init__.py").touch()
    for own, name in COPIED.items():
        text = (ROOT / "src/selfsup" / f"{own.replace('.', '/')}.py").read_text(encoding="utf-8")
        (site / "toy" / f"{name}.py").write_text(text, encoding="utf-8")
    points = [(own.split(".")[-2], name, f"toy.{name}") for own, name in COPIED.items()]
    install(site, "toy", points)
    for own, new, changes in (
        ("methods/random", "methods/still", {"method": "still", "encoder": {"backbone": "conv", "width": 4}}),
        ("evaluations/knn", "evaluations/near", {"evaluation": "near"}),
        ("data/scenes-tiny", "data/drawn", {"dataset": "drawn"}),
    ):
        content = yaml.safe_load((project / "params" / f"{own}.yaml").read_text(encoding="utf-8"))
        (project / "params" / f"{new}.yaml").write_text(yaml.safe_dump(content | changes, sort_keys=False))
    (project / "params" / "suites" / "extended.yaml").write_text(SUITE)
    monkeypatch.syspath_prepend(site)
    again()
    yield site
    again()


def again():
    """Forget what was found and imported, as a new process would."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "toy"]:
        del sys.modules[name]
    forget()


def the_chain():
    (chain,) = graph("extended").chains
    return chain


@pytest.mark.usefixtures("site")
def test_what_it_adds_is_made_like_our_own():
    for artefact in the_chain().artefacts():
        jobs.run(artefact, Progress("toy"))
    (measures,) = the_chain().measures.values()
    assert "toy.near.evaluate" in measures.code.hashes
    assert "top1" in (measures.folder / "measures.json").read_text()


def test_its_code_is_part_of_what_it_makes(site):
    before = the_chain()
    assert {"toy.still.Random", "toy.conv.build", "selfsup.seeds.derive"} <= before.weights.code.hashes.keys()
    conv = site / "toy" / "conv.py"
    conv.write_text(conv.read_text().replace("[5, 3, 3, 3]", "[3, 3, 3, 3]"))
    again()
    assert the_chain().weights.digest != before.weights.digest
    assert the_chain().prepared.digest == before.prepared.digest


def test_planning_does_not_import_it(site):
    code = f"""
import sys; sys.path.insert(0, {str(site)!r})
from selfsup.store.graph import graph
print(len(graph("extended").groups), sorted({{"toy", "toy.still", "torch"}} & set(sys.modules)))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1 []"


@pytest.mark.usefixtures("site")
def test_its_method_passes_the_checks(project):
    recipe = yaml.safe_load((project / "params/methods/still.yaml").read_text())
    for check in method_checks(recipe):
        check(recipe)


def test_a_name_of_two_packages_is_refused(site):
    install(site, "other", [("methods", "still", "other.still"), ("methods", "simclr", "other.simclr")])
    again()
    assert extensions.full_name("methods.rotation") == "selfsup.methods.rotation"
    with pytest.raises(InputError, match=r"^still of methods is provided by other and toy; uninstall one, or rename"):
        extensions.full_name("methods.still")
    with pytest.raises(InputError, match=r"^simclr of methods is provided by other and selfsup; uninstall one"):
        extensions.full_name("methods.simclr")


def test_one_package_found_twice_is_one(site):
    (site / "toy.egg-info").mkdir()
    for name, old in (("PKG-INFO", "METADATA"), ("entry_points.txt", "entry_points.txt")):
        (site / "toy.egg-info" / name).write_text((site / "toy-1.0.dist-info" / old).read_text())
    again()
    assert extensions.full_name("methods.still") == "toy.still"


def test_a_module_that_is_missing_is_named(site):
    (site / "toy" / "still.py").unlink()
    again()
    with pytest.raises(InputError, match=r"^still of methods: toy names the module toy\.still, which is missing"):
        extensions.full_name("methods.still")


@pytest.mark.usefixtures("site")
def test_what_it_adds_is_known_by_name():
    with pytest.raises(InputError, match="did you mean still"):
        module_of("methods", "stil", "file", "method")
    with pytest.raises(InputError, match="neither selfsup nor an installed extension has stil of methods"):
        extensions.full_name("methods.stil")


def test_a_missing_library_names_its_extra(site, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    (site / "toy" / "conv.py").write_text("import soundfile\n")
    with pytest.raises(InputError, match=r"^soundfile is not installed; `pip install 'selfsup\[sound\]'` brings it"):
        extensions.load("nn.backbones.conv")
    (site / "toy" / "near.py").write_text("import no_such_library\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        extensions.load("evaluations.near")
