"""`params/weights/`: strictly typed, locked, handed on as plain values; and `selfsup import`, which writes the lock."""

import hashlib
import subprocess
import sys

import pytest
import torch
import yaml
from safetensors.torch import save_file
from torchvision import models

from selfsup.cli import main
from selfsup.config import weights as config
from selfsup.errors import InputError
from selfsup.nn.encoder import load_encoder
from selfsup.nn.imported import import_weights

CONTENT = {
    "title": "ResNet-18, supervised",
    "paper": {"authors": "He et al.", "year": 2016, "title": "Deep residual learning", "venue": "CVPR"},
    "licence": "BSD-3-Clause",
    "url": "https://pytorch.org/vision",
    "file": "published/resnet18.safetensors",
    "encoder": {
        "backbone": "library",
        "library": "torchvision",
        "architecture": "resnet18",
        "layers": {"layer3": 256, "layer4": 512},
    },
    "preprocessing": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "crop_px": 32},
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with params/weights/resnet18.yaml, and a data root."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELFSUP_DATA_ROOT", str(tmp_path / "files"))
    (tmp_path / "params" / "weights").mkdir(parents=True)
    (tmp_path / "files" / "published").mkdir(parents=True)
    config.weights.cache_clear()
    write(CONTENT)
    yield tmp_path
    config.weights.cache_clear()


def write(content):
    (config.PARAMS / "weights" / "resnet18.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def run_import(monkeypatch, *flags):
    monkeypatch.setattr(sys, "argv", ["selfsup", "import", "resnet18", *flags])
    main()


def put_file(project):
    torch.manual_seed(0)
    file = project / "files" / "published" / "resnet18.safetensors"
    save_file(models.resnet18().state_dict(), file)
    return file


def test_two_files_make_an_encoder(project, capsys, monkeypatch):
    file = put_file(project)
    run_import(monkeypatch)
    assert "params/weights/resnet18.lock written" in capsys.readouterr().out
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert yaml.safe_load(config.lock_of("resnet18").read_text()) == {"bytes": file.stat().st_size, "sha256": sha256}
    run = config.weights("resnet18")
    assert run.recipe["sha256"] == sha256
    assert (run.title, run.paper["licence"]) == (CONTENT["title"], CONTENT["licence"])
    assert run.recipe.pop("file") == CONTENT["file"]
    (project / "run").mkdir()
    import_weights(project / "run", source_file=file, **run.recipe)
    encoder = load_encoder(project / "run")
    assert encoder.layers == {"layer3": 256, "layer4": 512}
    assert encoder(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 512)


def test_another_file_does_not_replace_a_lock(project, monkeypatch):
    file = put_file(project)
    run_import(monkeypatch)
    save_file(models.resnet18().state_dict(), file)
    with pytest.raises(SystemExit):
        run_import(monkeypatch)
    with pytest.raises(InputError, match=r"resnet18\.lock is of another file; delete it first"):
        config.write_lock("resnet18", "0" * 64, 1)


def test_nothing_is_locked_that_does_not_fit(project, capsys, monkeypatch):
    put_file(project)
    write(CONTENT | {"encoder": CONTENT["encoder"] | {"layers": {"layer4": 100}}})
    with pytest.raises(SystemExit):
        run_import(monkeypatch)
    assert "params/weights/resnet18.yaml: encoder.layers.layer4 is 100" in capsys.readouterr().err
    assert not config.lock_of("resnet18").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"file": "../secret.pth"}, "key file is .* must be a path below SELFSUP_DATA_ROOT"),
        ({"preprocessing": {"mean": [0.5] * 3}}, r"key preprocessing\.std is missing"),
        ({"preprocessing": CONTENT["preprocessing"] | {"crop": 224}}, r"unknown key preprocessing\.crop: did you mean crop_px"),
        ({"encoder": {"backbone": "resnett"}}, r"key encoder\.backbone names no module"),
        ({"encoder": CONTENT["encoder"] | {"input": "lab"}}, "one backbone with rgb input"),
        ({"encoder": {"parts": [CONTENT["encoder"]] * 2}}, "one backbone with rgb input"),
        ({"rename": [{"pattern": "(", "replacement": ""}]}, r"key rename\.0\.pattern is .*not a regular expression"),
        ({"license": "MIT"}, "unknown key license: did you mean licence"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(project, changes, sentence):
    write(CONTENT | changes)
    with pytest.raises(InputError, match=rf"params/weights/resnet18\.yaml: .*{sentence}"):
        config.described("resnet18")


def test_weights_without_a_lock_say_what_to_do(project):
    with pytest.raises(
        InputError,
        match=r"put published/resnet18\.safetensors into SELFSUP_DATA_ROOT and run `selfsup import resnet18`",
    ):
        config.weights("resnet18")
    config.lock_of("resnet18").write_text("sha256: abc\nbytes: 1\n")
    with pytest.raises(InputError, match=r"resnet18\.lock: key sha256"):
        config.weights("resnet18")


def test_reading_weights_imports_no_torch():
    code = "import sys; import selfsup.config.weights, selfsup.pipeline.register; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_download_fetches_by_name_and_keeps_parameters(project, monkeypatch):
    class Published:
        @staticmethod
        def get_state_dict(**how):
            assert how["check_hash"]
            torch.manual_seed(1)
            return models.resnet18().state_dict()

    monkeypatch.setattr(models, "get_weight", {"ResNet18_Weights.IMAGENET1K_V1": Published}.__getitem__)
    write(CONTENT | {"download": {"library": "torchvision", "weights": "ResNet18_Weights.IMAGENET1K_V1"}})
    run_import(monkeypatch, "--download")
    assert (project / "files" / "published" / "resnet18.safetensors").exists()
    assert config.weights("resnet18").recipe["sha256"]


def test_download_that_fails_is_one_sentence(project, monkeypatch, capsys):
    def offline(*arguments, **keys):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "urlopen", offline)
    monkeypatch.setenv("TORCH_HOME", str(project))
    write(CONTENT | {"download": {"library": "torchvision", "weights": "ResNet18_Weights.IMAGENET1K_V1"}})
    with pytest.raises(SystemExit):
        run_import(monkeypatch, "--download")
    assert "ResNet18_Weights.IMAGENET1K_V1, but torchvision reports: no network" in capsys.readouterr().err
    write(CONTENT)
    with pytest.raises(SystemExit):
        run_import(monkeypatch, "--download")
    assert "key download is missing" in capsys.readouterr().err
