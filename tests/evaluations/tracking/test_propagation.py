"""Label propagation: by an explicit loop, and on a world whose embedding knows every place."""

import pytest
import torch

from selfsup.evaluations.tracking.propagation import Law, passed_on, propagate


def reference(query, keys, labels, law):
    """Place by place: the softmax over the top k cosines within the radius, in all frames of the context."""
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
                    if (v - y) ** 2 + (u - x) ** 2 <= law.radius**2
                ]
                best = sorted(near, key=lambda pair: -pair[0].item())[: law.top_k]
                weight = torch.softmax(torch.stack([value for value, _ in best]) / law.temperature, 0)
                found[b, :, y, x] = sum(w * label for w, (_, label) in zip(weight, best, strict=True))
    return found


@pytest.mark.parametrize("law", [Law(2, 3, 4, 0.1), Law(2, 1, 100, 0.5), Law(2, 50, 1, 0.01), Law(2, 2, 7, 0.2)])
def test_equals_the_loop(law):
    draws = torch.Generator().manual_seed(1)
    query = torch.randn(2, 5, 6, 7, generator=draws, dtype=torch.float64)
    keys = torch.randn(2, 3, 5, 6, 7, generator=draws, dtype=torch.float64)
    labels = torch.rand(2, 3, 2, 6, 7, generator=draws, dtype=torch.float64)
    torch.testing.assert_close(passed_on(query, keys, labels, law), reference(query, keys, labels, law))


def world(frames=9, size=8):
    """A clip that moves one place to the right each frame, every place of its own colour, and the embedding of it."""
    draws = torch.Generator().manual_seed(2)
    wide = torch.randint(0, 256, (1, 3, size, size + frames), dtype=torch.uint8, generator=draws)
    clip = torch.stack([wide[..., frames - t : frames - t + size] for t in range(frames)], 1)
    projection = torch.randn(64, 3, generator=draws)

    def embed(images):
        code = torch.einsum("dc,nchw->ndhw", projection, images.float() / 128 - 1).mul(9).cos()
        return torch.nn.functional.normalize(code, dim=1)

    return clip, embed


def test_labels_follow_what_moves():
    clip, embed = world()
    first = torch.zeros(1, 1, 8, 8)
    first[..., 2:5, 1] = 1.0
    for frame, found in enumerate(propagate(clip, embed, first, Law(2, 3, 1, 0.05)), start=1):
        expected = torch.zeros(1, 1, 8, 17)
        expected[..., 2:5, 1 + frame] = 1.0
        torch.testing.assert_close(
            found[..., frame:], expected[..., frame:8], rtol=0, atol=1e-4
        )  # what has come in is new
    assert frame == 8


def test_a_radius_that_is_too_small_loses_it():
    clip, embed = world()
    first = torch.zeros(1, 1, 8, 8)
    first[..., 2:5, 1] = 1.0
    *_, last = propagate(clip[:, ::3], embed, first, Law(1, 2, 1, 0.05))
    assert last[..., 7].max() < 1


def test_the_context_is_the_first_frame_and_the_last_ones():
    clip, embed = world()
    asked = []

    def counting(images):
        asked.append(len(images))
        return embed(images)

    assert len(list(propagate(clip, counting, torch.zeros(1, 1, 8, 8), Law(3, 4, 2, 0.1)))) == 8
    assert asked == [1] * 9  # each frame is embedded once


def test_an_embedding_that_knows_nothing_spreads_labels_evenly():
    """Chance: each place has the share that the label has in the first frame."""
    draws = torch.Generator().manual_seed(3)

    def noise(images):
        return torch.nn.functional.normalize(torch.randn(len(images), 16, 8, 8, generator=draws), dim=1)

    first = torch.zeros(1, 1, 8, 8)
    first[..., :4, :2] = 1.0
    *_, last = propagate(world()[0], noise, first, Law(2, 20, 500, 1.0))
    assert (last - first.mean()).abs().max() < 0.05
