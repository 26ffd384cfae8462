"""An encoder with its head: features of g(h), frozen parts, and the way to disk and back."""

import pytest
import torch

from selfsup.nn.encoder import ProjectedEncoder, build, digest, load_encoder, save_encoder
from selfsup.nn.heads import projection_head

DESCRIPTION = {"backbone": "small_conv", "width": 4}
WIDTHS = {"none": 32, "linear": 5, "nonlinear": 5}


def projected(kind):
    torch.manual_seed(0)
    head = {"kind": kind, "hidden_dim": 7, "out_dim": 5}
    encoder = build(DESCRIPTION)
    with torch.no_grad():
        encoder(torch.rand(16, 3, 32, 32))  # BatchNorm's buffers are no longer those of a fresh encoder
    return ProjectedEncoder(encoder, projection_head(features=encoder.feature_dim, **head), head).eval()


@pytest.fixture
def images():
    return torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", WIDTHS)
def test_features_are_the_head_of_the_encoders(kind, images):
    both = projected(kind)
    with torch.no_grad():
        expected = both.projection(both.encoder(images))
        maps = both.maps(images)
        assert torch.equal(both(images), expected)
    assert both.layers == {"projection": WIDTHS[kind]}
    assert both.feature_dim == WIDTHS[kind]
    assert list(maps) == ["projection"]
    assert torch.equal(maps["projection"], expected[:, :, None, None])
    assert both.needs_depth is False


@pytest.mark.parametrize("kind", WIDTHS)
def test_returns_from_disk_out_of_its_description_alone(kind, images, tmp_path):
    both = projected(kind)
    save_encoder(both, tmp_path)
    loaded = load_encoder(tmp_path)
    assert isinstance(loaded, ProjectedEncoder)
    assert digest(loaded) == digest(both)
    assert loaded.layers == both.layers
    with torch.no_grad():
        assert torch.equal(loaded(images), both(images))
        assert torch.equal(loaded.encoder(images), both.encoder(images))


def test_digest_sees_the_head_and_the_encoder():
    both = projected("nonlinear")
    digests = {digest(both)}
    both.projection[0].weight.data[0, 0] += 1e-6
    digests.add(digest(both))
    both.encoder.stages["conv1"][1].running_mean[0] += 1e-6
    digests.add(digest(both))
    assert len(digests) == 3
