"""MoCo: what the key encoder, the queue, the memory bank and the shuffled BatchNorm do, step by step."""

from collections import deque
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.seeds import generator
from selfsup.testing.examples import EXAMPLES, batch
from selfsup.testing.trials import INFO, move, optimisers, step, views_of
from tests.methods.recipes import build

NAMES = ["moco_v1", "moco_v2"]


def parameters(*modules):
    return [p.detach().clone() for module in modules for p in module.parameters()]


@pytest.mark.parametrize("name", NAMES)
def test_key_encoder_follows_by_the_formula_and_by_nothing_else(name):
    method = build(name, momentum=0.9).train()
    of = optimisers(method)
    expected = parameters(method.encoder, method.projection)
    for number in range(4):
        _, extras = move(method, views_of(method, number), of)
        assert all(map(torch.equal, parameters(method.key_encoder, method.key_projection), expected))
        method.after_step(extras)
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


@pytest.mark.parametrize("name", NAMES)
def test_keys_and_queue_get_no_gradient(name):
    method = build(name).train()
    method.queue.entries.requires_grad_()
    loss = method.loss(views_of(method), {}).loss
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
        method.after_step(extras)
        oldest_first = method.queue.entries.roll(-int(method.queue.pointer), 0)
        assert torch.equal(oldest_first, torch.stack(list(expected)))
    torch.testing.assert_close(method.queue.entries.norm(dim=1), torch.ones(20))


def test_loss_leaves_the_queue_alone():
    method = build("moco_v2").train()
    before = method.queue.entries.clone()
    method.loss(views_of(method), {}).loss.backward()
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
    torch.testing.assert_close(method.loss(views, {}).loss, expected, rtol=1e-4, atol=1e-6)
    for other in (1, 2):
        method.batch_norm_splits = other
        assert not torch.allclose(method.loss(views, {}).loss, expected, rtol=1e-3)


def test_shuffling_changes_what_keys_are_normalised_with_only_when_split():
    plain, split = (build("moco_v2", batch_norm_splits=splits).train() for splits in (1, 4))
    for method, same in ((plain, True), (split, False)):
        views = views_of(method)
        keys = [
            method.loss({**views, "shuffle": shuffle}, {}).extras["keys"]
            for shuffle in (torch.arange(EXAMPLES), torch.tensor([0, 2, 4, 6, 1, 3, 5, 7]))
        ]
        assert torch.allclose(*keys, rtol=1e-4, atol=1e-5) == same


def test_pretext_asks_with_the_query_encoder_and_answers_with_the_key_encoder():
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
    assert method.pretext(views).correct.tolist() == expected


BANK = {"dictionary": "memory_bank", "queue_length": 20}
BANK_INFO = replace(INFO, examples=30)  # more examples than a batch and than the negatives


def bank_views(method, number=0, rows=range(EXAMPLES)):
    """Return the views of eight of the thirty examples."""
    found = {**batch(seed=number), "index": torch.tensor(list(rows))}
    return method.views(found, method.draw(EXAMPLES, generator(number, "views")))


@pytest.mark.parametrize("name", NAMES)
def test_memory_bank_is_a_dictionary_by_hand(name):
    """Loss and entries over four steps, each query with its own entry and twenty random ones, its own left out."""
    method = build(name, info=BANK_INFO, bank_momentum=0.7, batch_norm_splits=1, **BANK).train()
    of, temperature = optimisers(method), {"moco_v1": 0.07, "moco_v2": 0.2}[name]
    bank = {row: entry.clone() for row, entry in enumerate(method.bank.entries)}
    own_were_drawn = 0
    for number in range(4):
        rows = [(5 * number + 3 * place) % 30 for place in range(EXAMPLES)]
        views = bank_views(method, number, rows)
        negatives = views["negatives"].tolist()
        assert len(negatives) == 20
        with torch.no_grad():
            query = F.normalize(method.projection(method.encoder(views["query"])), dim=1)
        losses = []
        for q, row in zip(query, rows, strict=True):
            others = [negative for negative in negatives if negative != row]
            own_were_drawn += len(negatives) - len(others)
            logits = torch.stack([q @ bank[row], *(q @ bank[other] for other in others)]) / temperature
            losses.append(-logits.log_softmax(0)[0])
        found, extras = move(method, views, of)
        assert found == pytest.approx(torch.stack(losses).mean().item(), rel=1e-4)
        method.after_step(extras)
        for q, row in zip(query, rows, strict=True):
            bank[row] = F.normalize(0.7 * bank[row] + 0.3 * q, dim=0)
        torch.testing.assert_close(method.bank.entries, torch.stack(list(bank.values())), rtol=1e-4, atol=1e-5)
    assert own_were_drawn


def test_memory_bank_has_no_key_encoder_and_gets_no_gradient():
    method = build("moco_v2", info=BANK_INFO, **BANK).train()
    passed = []
    method.encoder.register_forward_pre_hook(lambda _, inputs: passed.append(len(inputs[0])))
    method.bank.entries.requires_grad_()
    loss = method.loss(bank_views(method), {}).loss
    assert sum(passed) == EXAMPLES
    (of_bank,) = torch.autograd.grad(loss, [method.bank.entries], allow_unused=True, materialize_grads=True)
    assert of_bank.abs().max() == 0
    assert not hasattr(method, "key_encoder")
    assert not hasattr(method, "queue")


def test_memory_bank_draws_rows_of_the_bank_all_different_between_steps():
    method = build("moco_v2", info=BANK_INFO, **BANK)
    draws = [method.draw(EXAMPLES, generator(seed, "views"))["negatives"] for seed in (0, 0, 1)]
    assert all(len(rows) == EXAMPLES and rows.min() >= 0 and rows.max() < 30 for rows in draws)
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    many = build("moco_v2", info=BANK_INFO, **{**BANK, "queue_length": 2000})
    assert set(bank_views(many)["negatives"].tolist()) == set(range(30))
    one = build("moco_v2", info=BANK_INFO, **{**BANK, "queue_length": 1})  # less than a batch: no queue, no reason
    assert bank_views(one)["negatives"].shape == (1,)


def test_memory_bank_resumes_and_overfits():
    whole, half = (build("moco_v2", info=BANK_INFO, **BANK).train() for _ in range(2))
    resumed = build("moco_v2", seed=9, info=BANK_INFO, **BANK).train()
    of, of_half = optimisers(whole), optimisers(half)
    for number in range(4):
        step(whole, bank_views(whole, number), of)
        if number < 2:
            step(half, bank_views(half, number), of_half)
    resumed.load_state_dict(half.state_dict())
    of_resumed = optimisers(resumed)
    of_resumed["main"].load_state_dict(of_half["main"].state_dict())
    for number in (2, 3):
        step(resumed, bank_views(resumed, number), of_resumed)
    assert all(map(torch.equal, resumed.state_dict().values(), whole.state_dict().values()))
    views = bank_views(whole)
    losses = [step(whole, views, of) for _ in range(25)]
    assert losses[-1] < 0.5 * losses[0]


def test_memory_banks_pretext_is_asked_and_answered_by_the_query_encoder():
    method = build("moco_v2", info=BANK_INFO, **BANK).eval()
    views = bank_views(method, rows=range(100, 108))  # held-out images are no rows of the bank
    pretext = method.pretext(views)
    with torch.no_grad():
        z = F.normalize(method.projection(method.encoder(torch.cat([views["query"], views["key"]]))), dim=1)
    nearest = (z @ z.T).fill_diagonal_(-torch.inf).argmax(1)
    assert torch.equal(pretext.correct, nearest == torch.arange(2 * EXAMPLES).roll(EXAMPLES))
    assert len(method.panels(views)[0].images) == 8


@pytest.mark.parametrize(
    ("info", "changes", "key"),
    [
        ({"batch_size": 1}, {}, "batch_size"),
        ({}, {"queue_length": 4}, "hyper.queue_length"),
        ({}, {"momentum": 1.0}, "hyper.momentum"),
        ({}, {"dictionary": "memory_bank", "bank_momentum": 1.0}, "hyper.bank_momentum"),
        ({}, {"batch_norm_splits": 3}, "hyper.batch_norm_splits"),
        ({}, {"batch_norm_splits": 8}, "hyper.batch_norm_splits"),
    ],
)
def test_senseless_recipes_are_refused_by_key(info, changes, key):
    with pytest.raises(InputError, match=f"^{key} is"):
        build("moco_v2", info=replace(INFO, **info), **changes)
