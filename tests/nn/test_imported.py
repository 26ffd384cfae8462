"""Imported weights: from a file of torchvision's to a folder that every evaluation reads."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file
from torchvision import models
from torchvision.transforms.v2 import functional as transforms

from selfsup.errors import InputError
from selfsup.nn.encoder import build, load_encoder
from selfsup.nn.imported import import_weights, renamed

pytestmark = pytest.mark.slow

RESNET = {"backbone": "library", "library": "torchvision", "architecture": "resnet18", "layers": {"layer4": 512}}
PREPROCESSING = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "resize_px": 72, "crop_px": 64}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return models.resnet18(num_classes=3).eval()


def imported(folder, file, encoder=RESNET, **changes):
    folder.mkdir(exist_ok=True)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    keys = {"sha256": sha256, "encoder": encoder, "preprocessing": PREPROCESSING, **changes}
    import_weights(folder, source_file=file, **keys)
    return folder


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_features_are_torchvisions_own(model, tmp_path, suffix):
    file = tmp_path / f"weights.{suffix}"
    (torch.save if suffix == "pth" else save_file)(model.state_dict(), file)
    encoder = load_encoder(imported(tmp_path / "a", file))
    model.fc = torch.nn.Identity()
    images = torch.randint(0, 256, (3, 3, 80, 100), dtype=torch.uint8)
    seen = transforms.center_crop(transforms.resize(images.float() / 255, [72], antialias=True), [64, 64])
    with torch.no_grad():
        expected = model(transforms.normalize(seen, PREPROCESSING["mean"], PREPROCESSING["std"]))
        torch.testing.assert_close(encoder(images), expected, rtol=1e-4, atol=1e-4)
    assert contents(imported(tmp_path / "b", file)) == contents(tmp_path / "a")


def test_a_checkpoint_of_a_momentum_encoder_is_found_within_and_renamed(model, tmp_path):
    file = tmp_path / "moco.pth"
    inner = {f"module.encoder_q.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": 200, "model": {"state_dict": inner | {"module.queue": torch.zeros(2)}}}, file)
    rename = [{"pattern": r"^module\.", "replacement": ""}, {"pattern": r"^encoder_q\.", "replacement": ""}]
    encoder = load_encoder(imported(tmp_path / "a", file, entry="model.state_dict", rename=rename))
    assert torch.equal(encoder.network.published.get_submodule("layer4.1.bn2").weight, model.layer4[1].bn2.weight)
    with pytest.raises(InputError, match=r"has more than parameters; set key entry .*: epoch, model"):
        imported(tmp_path / "a", file, rename=rename)
    with pytest.raises(InputError, match=r"has no entry model\.teacher; .*: state_dict"):
        imported(tmp_path / "a", file, entry="model.teacher")


def test_our_own_backbones_take_published_weights(model, tmp_path):
    file = tmp_path / "weights.pth"
    torch.save(model.state_dict(), file)
    rename = [{"pattern": "^conv1", "replacement": "stem.0"}, {"pattern": "^bn1", "replacement": "stem.1"}]
    ours = {"backbone": "resnet", "depth": 18, "stem": "imagenet"}
    folders = imported(tmp_path / "a", file, ours, rename=rename), imported(tmp_path / "b", file)
    x = torch.rand(2, 3, 80, 80)
    mine, theirs = (load_encoder(folder)(x) for folder in folders)
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_a_vision_transformer_takes_weights_by_their_published_names(tmp_path):
    description = {"backbone": "vit", "size_px": 64, "patch_px": 16, "width": 16, "depth": 2, "heads": 2}
    source = build(description)
    file = tmp_path / "dino.pth"
    torch.save({"teacher": {f"backbone.{name}": t for name, t in source.network.state_dict().items()}}, file)
    rename = [{"pattern": r"^backbone\.", "replacement": ""}]
    encoder = load_encoder(imported(tmp_path / "a", file, description, entry="teacher", rename=rename))
    tokens = encoder.tokens(torch.zeros(1, 3, 80, 80, dtype=torch.uint8))
    assert tokens["norm"].grid == (4, 4)
    assert torch.equal(encoder.network.pos_embed, source.network.pos_embed)
    assert encoder.attention(torch.zeros(1, 3, 80, 80))["block2"].shape == (1, 2, 17, 17)


def test_weights_that_do_not_fit_are_one_sentence(model, tmp_path):
    file = tmp_path / "weights.pth"
    torch.save(model.state_dict(), file)
    with pytest.raises(InputError, match=r"has no layer1\.0\.conv3\.weight, and \d+ more.*: change encoder"):
        imported(tmp_path / "a", file, RESNET | {"architecture": "resnet50", "layers": {"layer4": 2048}})
    narrow = {"backbone": "resnet", "depth": 18, "stem": "imagenet", "width": 32}
    rename = [{"pattern": "^conv1", "replacement": "stem.0"}, {"pattern": "^bn1", "replacement": "stem.1"}]
    with pytest.raises(InputError, match=r"stem\.0\.weight has the shape \(64, 3, 7, 7\), and the backbone's \(32, "):
        imported(tmp_path / "a", file, narrow, rename=rename)
    with pytest.raises(InputError, match=r"encoder\.layers\.layer4 is 100"):
        imported(tmp_path / "a", file, RESNET | {"layers": {"layer4": 100}})
    with pytest.raises(InputError, match="another file than was locked"):
        imported(tmp_path / "a", file, sha256="0" * 64)
    assert contents(tmp_path / "a") == {}


def test_a_file_with_code_or_none_at_all_is_one_sentence(model, tmp_path):
    file = tmp_path / "model.pth"
    torch.save(model, file)
    with pytest.raises(InputError, match="has no plain parameters"):
        imported(tmp_path / "a", file)
    (broken := tmp_path / "broken.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match="has no plain parameters"):
        imported(tmp_path / "a", broken)
    with pytest.raises(InputError, match="does not exist: put the weights there"):
        import_weights(tmp_path / "a", source_file=tmp_path / "none", sha256="", encoder=RESNET, preprocessing={})


def test_two_parameters_cannot_have_one_name():
    with pytest.raises(InputError, match=r"makes two parameters weight, of b\.weight"):
        renamed({"a.weight": torch.zeros(1), "b.weight": torch.ones(1)}, [{"pattern": r"^\w\.", "replacement": ""}])


def test_counters_of_old_checkpoints_may_be_missing(model, tmp_path):
    file = tmp_path / "old.pth"
    torch.save({name: t for name, t in model.state_dict().items() if "num_batches" not in name}, file)
    encoder = load_encoder(imported(tmp_path / "a", file))
    assert int(encoder.network.published.bn1.num_batches_tracked) == 0
