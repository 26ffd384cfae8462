"""Trackers: propagation by an explicit loop, on clips with unique positions, the temperature by colours, label maps."""

from dataclasses import replace

import pytest
import torch

from selfsup.evaluations.matching import trackers
from selfsup.evaluations.matching.trackers import (
    PropagationConfig,
    attention_tracker,
    encoder_embedding,
    identity_tracker,
    labels_on_map,
    labels_on_pixels,
    most_similar,
    propagate,
    select_config,
)
from selfsup.nn.encoder import build
from selfsup.seeds import generator
from selfsup.views.lab import rgb_to_lab


def still(frames=3, size=16):
    image = torch.randint(0, 256, (1, 1, 3, size, size), dtype=torch.uint8, generator=generator(0, "still"))
    return image.expand(-1, frames, -1, -1, -1)


def by_pixel(frames):
    """Embed every pixel; embeddings of different pixels are nearly orthogonal."""
    weight = torch.randn(64, 3, generator=generator(0, "weight"))
    code = torch.einsum("dc,nchw->ndhw", weight, frames.float() / 32).cos()
    return torch.nn.functional.normalize(code, dim=1)


def test_attention_propagates_masks_and_keypoints():
    mask = torch.zeros(1, 16, 16, dtype=torch.uint8)
    mask[:, 4:10, 6:12] = 2
    keypoint = torch.tensor([[[7.5, 5.5]]])
    tracker = attention_tracker(by_pixel, PropagationConfig(1, 4, 1, 0.05))
    tracks = list(tracker(still(), mask, keypoint, 2))
    assert len(tracks) == 2
    for found, point in tracks:
        assert torch.equal(found, mask)
        assert torch.equal(point, keypoint)


def test_identity_repeats_the_first_frame():
    mask, keypoint = torch.ones(1, 16, 16, dtype=torch.uint8), torch.zeros(1, 3, 2)
    tracks = list(identity_tracker(still(4), mask, keypoint, 1))
    assert len(tracks) == 3
    assert all(found is mask and point is keypoint for found, point in tracks)


def test_an_encoder_gives_unit_vectors_of_its_last_map():
    encoder = build({"backbone": "place_conv", "width": 4, "embedding": 6}).eval()
    with torch.no_grad():
        found = encoder_embedding(encoder)(still()[:, 0])
    assert found.shape == (1, 6, 4, 4)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(1, 4, 4))


CONFIG = PropagationConfig(1, 16, 50, 1.0)


def noise(frames):
    """An embedding that knows nothing: noise, which is the same for equal frames."""
    draws = torch.randn(len(frames), 8, 16, 16, generator=generator(int(frames.float().sum()) % 97, "noise"))
    return torch.nn.functional.normalize(draws, dim=1)


def test_the_temperature_is_selected_by_colours():
    """Where nothing moves and every position is unique, the lowest temperature is best; noise is best averaged."""
    assert select_config(still(), by_pixel, CONFIG, [16], [5.0, 0.01, 0.5]).temperature == 0.01
    moving = still().clone()
    moving[:, 1:] += 1
    assert select_config(moving, noise, CONFIG, [16], [0.001, 5.0]).temperature == 5.0


def smooth(frames=4, size=16):
    """A clip whose colours change slowly from place to place, and do not move."""
    coarse = torch.rand(1, 3, 4, 4, generator=generator(0, "smooth"))
    image = torch.nn.functional.interpolate(coarse, size=size, mode="bilinear").mul(255).byte()[:, None]
    return image.expand(-1, frames, -1, -1, -1)


def test_the_radius_is_selected_by_colours():
    """An embedding that knows nothing takes the nearest places where colours are smooth; one that knows a motion of three
    places takes a radius that holds it."""
    assert select_config(smooth(), noise, CONFIG, [1, 3, 12], [1.0]).radius == 1
    clip, embed = world()
    assert select_config(clip[:, ::3], embed, PropagationConfig(1, 8, 1, 0.05), [1, 2, 3], [0.05]).radius == 3


def test_radius_and_temperature_are_selected_together():
    """The pair of the least error, each error that of a propagation with that pair alone."""
    clip, radii, temperatures = smooth(), [1, 4], [0.01, 1.0]
    maps = [by_pixel(clip[:, frame]) for frame in range(clip.shape[1])]
    ab = rgb_to_lab(clip[0].float() / 255)[:, 1:]
    errors = {}
    for radius in radii:
        for temperature in temperatures:
            found = propagate(maps, ab[:1], replace(CONFIG, radius=radius), [temperature])
            error = torch.cat([frame[:, 0] for frame in found]) - ab[1:]
            errors[radius, temperature] = error.norm(dim=1).mean().item()
    config = select_config(clip, by_pixel, CONFIG, radii, temperatures)
    assert (config.radius, config.temperature) == min(errors, key=errors.get)
    assert len(set(errors.values())) == 4


def reference(query, keys, labels, config):
    """Position by position: the softmax over the top k cosines within the radius, in all frames of the context."""
    n, _, height, width = query.shape
    found = torch.zeros(n, labels.shape[2], height, width, dtype=query.dtype)
    for b in range(n):
        for y in range(height):
            for x in range(width):
                near = [
                    (query[b, :, y, x] @ keys[b, c, :, v, u], labels[b, c, :, v, u])
                    for c in range(keys.shape[1])
                    for v in range(height)
                    for u in range(width)
                    if (v - y) ** 2 + (u - x) ** 2 <= config.radius**2
                ]
                best = sorted(near, key=lambda pair: -pair[0].item())[: config.top_k]
                weight = torch.softmax(torch.stack([value for value, _ in best]) / config.temperature, 0)
                found[b, :, y, x] = sum(w * label for w, (_, label) in zip(weight, best, strict=True))
    return found


@pytest.mark.parametrize("square", [2, 8])
@pytest.mark.parametrize("values", [(2, 3, 4, 0.1), (2, 1, 100, 0.5), (2, 50, 1, 0.01), (2, 2, 7, 0.2)])
def test_propagation_equals_the_loop(values, square, monkeypatch):
    """The last of five frames, from the first and the two before it, at two temperatures."""
    monkeypatch.setattr(trackers, "SQUARE", square)
    config = PropagationConfig(*values)
    draws = torch.Generator().manual_seed(1)
    maps = torch.randn(5, 2, 5, 6, 7, generator=draws, dtype=torch.float64)
    first = torch.rand(2, 2, 6, 7, generator=draws, dtype=torch.float64)
    temperatures = [config.temperature, 3 * config.temperature]
    found = list(propagate(maps, first, config, temperatures))
    for n, temperature in enumerate(temperatures):
        labels = torch.stack([first, found[1][:, n], found[2][:, n]], 1)
        keys = maps[[0, 2, 3]].transpose(0, 1)
        expected = reference(maps[4], keys, labels, replace(config, temperature=temperature))
        torch.testing.assert_close(found[3][:, n], expected)


def test_the_most_similar_positions_are_in_the_frames_of_the_context():
    """Indices count positions of frame after frame; where fewer are near than asked, the rest has no weight."""
    maps = torch.nn.functional.normalize(torch.randn(2, 1, 9, 3, 4, generator=torch.Generator().manual_seed(5)), dim=2)
    similarity, index = most_similar(maps[1], maps.transpose(0, 1), PropagationConfig(1, 1, 20, 1.0))
    assert torch.equal(index[0, :, 0], 12 + torch.arange(12))  # each is most similar to itself, in the second frame
    near = (similarity > -torch.inf).sum(2).view(3, 4)
    assert near.tolist() == [[6, 8, 8, 6], [8, 10, 10, 8], [6, 8, 8, 6]]


def world(frames=9, size=8):
    """A clip that moves one position to the right each frame, every position of a unique colour, and its embedding."""
    draws = torch.Generator().manual_seed(2)
    wide = torch.randint(0, 256, (1, 3, size, size + frames), dtype=torch.uint8, generator=draws)
    clip = torch.stack([wide[..., frames - t : frames - t + size] for t in range(frames)], 1)
    projection = torch.randn(64, 3, generator=draws)

    def embed(images):
        code = torch.einsum("dc,nchw->ndhw", projection, images.float() / 128 - 1).mul(9).cos()
        return torch.nn.functional.normalize(code, dim=1)

    return clip, embed


def propagated(clip, embed, first, config):
    maps = (embed(clip[:, frame]) for frame in range(clip.shape[1]))
    return [labels[:, 0] for labels in propagate(maps, first, config, [config.temperature])]


def test_labels_follow_the_motion():
    clip, embed = world()
    first = torch.zeros(1, 1, 8, 8)
    first[..., 2:5, 1] = 1.0
    for frame, found in enumerate(propagated(clip, embed, first, PropagationConfig(2, 3, 1, 0.05)), start=1):
        expected = torch.zeros(1, 1, 8, 17)
        expected[..., 2:5, 1 + frame] = 1.0
        # the columns that entered on the left have no label
        torch.testing.assert_close(found[..., frame:], expected[..., frame:8], rtol=0, atol=1e-4)
    assert frame == 8


def test_too_small_a_radius_loses_the_object():
    clip, embed = world()
    first = torch.zeros(1, 1, 8, 8)
    first[..., 2:5, 1] = 1.0
    *_, last = propagated(clip[:, ::3], embed, first, PropagationConfig(1, 2, 1, 0.05))
    assert last[..., 7].max() < 1


def test_each_frame_is_embedded_once():
    clip, embed = world()
    batch_sizes = []

    def counting(images):
        batch_sizes.append(len(images))
        return embed(images)

    assert len(propagated(clip, counting, torch.zeros(1, 1, 8, 8), PropagationConfig(3, 4, 2, 0.1))) == 8
    assert batch_sizes == [1] * 9


def test_a_random_embedding_spreads_labels_evenly():
    """Chance: each position has the share of the label in the first frame."""
    draws = torch.Generator().manual_seed(3)

    def unrelated(images):
        return torch.nn.functional.normalize(torch.randn(len(images), 16, 8, 8, generator=draws), dim=1)

    first = torch.zeros(1, 1, 8, 8)
    first[..., :4, :2] = 1.0
    *_, last = propagated(world()[0], unrelated, first, PropagationConfig(2, 20, 500, 1.0))
    assert (last - first.mean()).abs().max() < 0.05


def test_masks_and_keypoints_survive_the_round_trip():
    mask = torch.zeros(2, 32, 48, dtype=torch.uint8)
    mask[0, 8:24, 8:24], mask[1, 4:20, 24:44] = 1, 2
    keypoint = torch.tensor([[[10.0, 22.0], [torch.nan, torch.nan]], [[40.0, 6.0], [30.0, 18.0]]])
    labels = labels_on_map(mask, keypoint, 2, torch.Size((8, 12)))
    assert labels.shape == (2, 5, 8, 12)
    torch.testing.assert_close(labels[:, :3].sum(1), torch.ones(2, 8, 12))
    assert labels[0, 4].abs().max() == 0
    found, points = labels_on_pixels(labels, 2, torch.Size((32, 48)))
    assert found.dtype == torch.uint8
    assert (found != mask).float().mean() < 0.03  # corners
    assert ((points - keypoint).norm(dim=-1)[~keypoint.isnan().any(-1)] < 3).all()


def test_there_may_be_no_objects_and_no_keypoints():
    labels = labels_on_map(torch.zeros(1, 8, 8, dtype=torch.uint8), torch.zeros(1, 0, 2), 0, torch.Size((2, 2)))
    mask, keypoint = labels_on_pixels(labels, 0, torch.Size((8, 8)))
    assert mask.max() == 0
    assert keypoint.shape == (1, 0, 2)
