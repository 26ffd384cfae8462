"""MoCo: what the key encoder, the queue and the shuffled BatchNorm do, step by step."""

from collections import deque
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.testing.trials import EXAMPLES, INFO, STEP, move, optimisers, step, views_of
from tests.methods.recipes import build

NAMES = ["moco_v1", "moco_v2"]


def parameters(*modules):
    return [p.detach().clone() for module in modules for p in module.parameters()]


@pytest.mark.parametrize("name", NAMES)
def test_key_encoder_changes_only_by_the_formula(name):
    method = build(name, momentum=0.9).train()
    of = optimisers(method)
    expected = parameters(method.encoder, method.projection)
    for number in range(4):
        _, extras = move(method, views_of(method, number), of)
        assert all(map(torch.equal, parameters(method.key_encoder, method.key_projection), expected))
        method.after_step(extras, STEP)
        query = parameters(method.encoder, method.projection)
        expected = [k * 0.9 + (1 - 0.9) * q for k, q in zip(expected, query, strict=True)]
        key = parameters(method.key_encoder, method.key_projection)
        torch.testing.assert_close(key, expected, rtol=1e-6, atol=1e-8)
        expected = key
    assert not torch.equal(expected[0], query[0])


@pytest.mark.parametrize("name", NAMES)
def test_without_momentum_the_key_encoder_is_the_query_encoder(name):
    method = build(name, momentum=0.0).train()
    of = optimisers(method)
    for number in range(2):
        step(method, views_of(method, number), of)
        key = parameters(method.key_encoder, method.key_projection)
        assert all(map(torch.equal, key, parameters(method.encoder, method.projection)))


def test_with_momentum_one_the_key_encoder_stays_at_its_random_start():
    method = build("moco_v2", momentum=1.0).train()
    of, start = optimisers(method), parameters(method.encoder, method.projection)
    for number in range(3):
        step(method, views_of(method, number), of)
    assert all(map(torch.equal, parameters(method.key_encoder, method.key_projection), start))
    assert not torch.equal(parameters(method.encoder)[0], start[0])


def test_queries_and_keys_have_length_one_under_autocast():
    method = build("moco_v2").train()
    images = views_of(method)["query"]
    with torch.autocast("cpu", torch.bfloat16):
        vectors = torch.cat([method.query(images), method._key(images)])
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_keys_and_queue_get_no_gradient(name):
    method = build(name).train()
    method.queue.entries.requires_grad_()
    loss = method.loss(views_of(method), {}, STEP).loss
    inputs = (method.queue.entries, method.encoder.stages["conv1"][0].weight)
    of_queue, of_query = torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True)
    assert of_queue.abs().max() == 0
    assert of_query.abs().max() > 0
    moving = method.objectives()["main"].parameters
    assert moving
    assert not any(p.requires_grad for p in (*method.key_encoder.parameters(), *method.key_projection.parameters()))
    assert not any("key" in name or "queue" in name for name in moving)


def test_queue_is_a_deque_over_ten_steps():
    method = build("moco_v2").train()
    of = optimisers(method)
    expected = deque(method.queue.entries.clone(), maxlen=20)  # 20 is no multiple of 8
    for number in range(10):
        _, extras = move(method, views_of(method, number), of)
        expected.extend(extras["keys"])
        method.after_step(extras, STEP)
        oldest_first = method.queue.entries.roll(-int(method.queue.pointer), 0)
        assert torch.equal(oldest_first, torch.stack(list(expected)))
    torch.testing.assert_close(method.queue.entries.norm(dim=1), torch.ones(20))


def test_loss_leaves_the_queue_alone():
    method = build("moco_v2").train()
    before = method.queue.entries.clone()
    method.loss(views_of(method), {}, STEP).loss.backward()
    assert torch.equal(method.queue.entries, before)
    assert method.queue.pointer == 0


def test_loss_with_splits_is_that_of_parts_computed_apart():
    """Four parts of two: BatchNorm by hand over each part, keys in shuffled order and put back one by one."""
    method = build("moco_v1", batch_norm_splits=4).train()
    views = views_of(method)
    shuffle = views["shuffle"].tolist()
    query, key = torch.zeros(EXAMPLES, 64), torch.zeros(EXAMPLES, 64)
    for part in range(4):
        rows = [2 * part, 2 * part + 1]
        query[rows] = F.normalize(method.projection(method.encoder(views["query"][rows])), dim=1)
        sources = [shuffle[row] for row in rows]
        key[sources] = F.normalize(method.key_projection(method.key_encoder(views["key"][sources])), dim=1)
    logits = torch.cat([(query * key).sum(1)[:, None], query @ method.queue.entries.T], 1) / 0.07
    expected = -logits.log_softmax(1)[:, 0].mean()
    torch.testing.assert_close(method.loss(views, {}, STEP).loss, expected, rtol=1e-4, atol=1e-6)
    for other in (1, 2):
        method.batch_norm_splits = other
        assert not torch.allclose(method.loss(views, {}, STEP).loss, expected, rtol=1e-3)


def test_shuffling_changes_what_keys_are_normalised_with_only_when_split():
    plain, split = (build("moco_v2", batch_norm_splits=splits).train() for splits in (1, 4))
    for method, same in ((plain, True), (split, False)):
        views = views_of(method)
        keys = [
            method.loss({**views, "shuffle": shuffle}, {}, STEP).extras["keys"]
            for shuffle in (torch.arange(EXAMPLES), torch.tensor([0, 2, 4, 6, 1, 3, 5, 7]))
        ]
        assert torch.allclose(*keys, rtol=1e-4, atol=1e-5) == same


def test_pretext_compares_queries_with_keys():
    method = build("moco_v2").train()
    of = optimisers(method)
    for number in range(3):
        step(method, views_of(method, number), of)
    views = views_of(method, 7)
    with torch.no_grad():
        x = torch.cat([views["query"], views["key"]])
        anchors = method.eval().projection(method.encoder(x))
        candidates = method.key_projection(method.key_encoder(x))
        expected = []
        for i in range(len(x)):
            similarity = [
                -2.0 if j == i else F.cosine_similarity(anchors[i], candidates[j], dim=0).item() for j in range(len(x))
            ]
            expected.append(max(range(len(x)), key=similarity.__getitem__) == (i + EXAMPLES) % len(x))
    assert method.pretext(views).score.tolist() == expected


@pytest.mark.parametrize(
    ("info", "changes", "key"),
    [
        ({"batch_size": 1}, {}, "batch_size"),
        ({}, {"queue_length": 4}, "hyper.queue_length"),
        ({}, {"batch_norm_splits": 3}, "hyper.batch_norm_splits"),
        ({}, {"batch_norm_splits": 8}, "hyper.batch_norm_splits"),
    ],
)
def test_invalid_values_are_refused_by_key(info, changes, key):
    with pytest.raises(InputError, match=f"^{key} is"):
        build("moco_v2", info=replace(INFO, **info), **changes)
