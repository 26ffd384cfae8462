"""From an empty folder to neighbours and a map of one's own photographs, by the commands of the README."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import selfsup
from selfsup.errors import InputError
from selfsup.nn.encoder import load_encoder
from selfsup.pipeline import project
from tests.clones import Clone
from tests.conftest import ROOT


def photographs(folder: Path, count: int, classes: int) -> Path:
    """Draw discs of random sizes and colours on noise, in a folder for each class, or all in one."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:40, 0:60]
    for number in range(count):
        y, x, radius = random.uniform((10, 10, 4), (30, 50, 12))
        disc = (np.hypot(rows - y, columns - x) < radius)[..., None]
        pixels = random.integers(0, 90, (40, 60, 3)) + disc * random.integers(60, 160, 3)
        place = folder / "My Photographs" / (f"class {number % classes}" if classes else "")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"IMG_{number:04d}.png")
    return folder / "My Photographs"


@pytest.mark.parametrize("classes", [0, 2])
def test_the_suite_that_is_written_is_short_and_planned(tmp_path, monkeypatch, classes, capsys):
    from selfsup.config import suite
    from selfsup.store.graph import graph
    from tests.conftest import forget

    project.init(tmp_path / "mine", photographs(tmp_path, 160, classes))
    monkeypatch.chdir(tmp_path / "mine")
    forget()
    name = suite.default()
    assert name == "my-photographs"
    planned = graph(name)
    runs = [chain.run.name for chain in planned.chains]
    assert runs == ([*["supervised", "pixels", "hog"], *["random", "simclr"]] if classes else ["random", "simclr"])
    assert planned.suite.title == "My photographs"
    written = [Path("params", kind, f"{name}.yaml").read_text().splitlines() for kind in ("data", "suites")]
    assert sum(map(len, written)) <= 20
    assert len(written[1]) <= 16
    assert "160 all examples" in capsys.readouterr().out
    forget()


@pytest.mark.parametrize(
    ("count", "sentence"), [(20, "holds 20 images; at least 150 are needed"), (0, "--images: .* is no folder")]
)
def test_images_that_cannot_be_used_leave_no_project(tmp_path, count, sentence):
    images = photographs(tmp_path, count, 0) if count else tmp_path / "none"
    with pytest.raises(InputError, match=sentence):
        project.init(tmp_path / "mine", images)
    assert not (tmp_path / "mine").exists() or not list((tmp_path / "mine").iterdir())


@pytest.mark.slow
def test_three_commands_lead_to_neighbours_and_a_map(tmp_path):
    images = photographs(tmp_path, 160, 0)
    start = Clone(tmp_path)
    start.run("selfsup", "init", "mine", "--images", str(images), "--size-px", "16", PYTHONPATH=str(ROOT / "src"))
    mine = Clone(tmp_path / "mine")
    file = mine.folder / "params" / "suites" / "my-photographs.yaml"
    content = yaml.safe_load(file.read_text())
    content["groups"][0]["runs"][1]["set"]["epochs"] = 5
    file.write_text(yaml.safe_dump(content))
    mine.run("snakemake", PYTHONPATH=str(ROOT / "src"))
    page = (mine.folder / "reports" / "my-photographs" / "index.html").read_text()
    assert "Map of the embeddings" in page
    assert "Similar images" in page
    mine.run("selfsup", "embed", "simclr", str(images), PYTHONPATH=str(ROOT / "src"))
    for command in ("neighbours", "map"):
        mine.run("selfsup", command, PYTHONPATH=str(ROOT / "src"))
        assert "IMG_0000.png" in (mine.folder / f"{command}.html").read_text() or command == "neighbours"


def test_the_budget_is_that_of_the_recipe_on_as_many_images_as_it_is_for(monkeypatch):
    monkeypatch.chdir(ROOT)
    for method in ("simclr", "rotation", "jigsaw"):
        recipe = yaml.safe_load(Path(f"params/methods/{method}.yaml").read_text())
        own = project.suite("mine", 1000, False, method)["groups"][0]["runs"][-1]["set"]
        assert own == {"epochs": 10 * recipe["epochs"], "batch_size": min(64, recipe["batch_size"])}


@pytest.mark.slow
def test_one_call_trains_on_a_folder_and_a_second_repeats_nothing(tmp_path, capfd):
    images = photographs(tmp_path, 160, 2)
    weights = selfsup.train(images, "autoencoder", tmp_path / "mine", 16)
    assert weights == next((tmp_path / "mine" / "data" / "weights").glob("autoencoder-*/s0"))
    made = (weights / "spec.json").stat().st_ino
    assert selfsup.train(images, "autoencoder", tmp_path / "mine", 16) == weights
    assert (weights / "spec.json").stat().st_ino == made
    embedded = selfsup.embed(weights, images)
    assert len(embedded.features) == len(embedded.files) == 160
    assert load_encoder(weights).feature_dim == embedded.features.shape[1]
    with pytest.raises(InputError, match=r"mine: .*has no run simclr"):
        selfsup.train(images, "simclr", tmp_path / "mine", 16)


@pytest.mark.parametrize(
    ("method", "sentence"), [("simcrl", "--method: simcrl is not a file of params/methods; did you")]
)
def test_an_unknown_method_leaves_no_project(tmp_path, method, sentence):
    with pytest.raises(InputError, match=sentence):
        selfsup.train(photographs(tmp_path, 160, 0), method, tmp_path / "mine")
    assert not (tmp_path / "mine" / "params").exists()
