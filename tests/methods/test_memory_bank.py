"""The memory bank that MoCo is compared with: its entries, its negatives and its loss, step by step."""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from selfsup.seeds import generator
from selfsup.testing.trials import EXAMPLES, INFO, STEP, batch, move, optimisers, step
from tests.methods.recipes import build

BANK = {"negatives": 20}
NONLINEAR = {"kind": "nonlinear", "hidden_dim": 256, "out_dim": 64}
LINEAR = {"kind": "linear", "out_dim": 64}
BANK_INFO = replace(INFO, examples=30)  # more examples than a batch and than the negatives


def bank_views(method, number=0, rows=range(EXAMPLES)):
    """Return the views of eight of the thirty examples."""
    found = {**batch(seed=number), "index": torch.tensor(list(rows))}
    return method.views(found, method.draw(EXAMPLES, generator(number, "views")))


@pytest.mark.parametrize(("head", "temperature"), [(LINEAR, 0.07), (NONLINEAR, 0.2)])
def test_memory_bank_is_a_dictionary_by_hand(head, temperature):
    """Loss and entries over four steps, each query with its own entry and twenty random ones, its own left out."""
    changes = {"momentum": 0.7, "batch_norm_splits": 1, "head": head, "temperature": temperature, **BANK}
    method = build("memory_bank", info=BANK_INFO, **changes).train()
    of = optimisers(method)
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
        method.after_step(extras, STEP)
        for q, row in zip(query, rows, strict=True):
            bank[row] = F.normalize(0.7 * bank[row] + 0.3 * q, dim=0)
        torch.testing.assert_close(method.bank.entries, torch.stack(list(bank.values())), rtol=1e-4, atol=1e-5)
    assert own_were_drawn


def test_memory_bank_has_no_key_encoder_and_gets_no_gradient():
    method = build("memory_bank", info=BANK_INFO, **BANK).train()
    passed = []
    method.encoder.register_forward_pre_hook(lambda _, inputs: passed.append(len(inputs[0])))
    method.bank.entries.requires_grad_()
    loss = method.loss(bank_views(method), {}, STEP).loss
    assert sum(passed) == EXAMPLES
    (of_bank,) = torch.autograd.grad(loss, [method.bank.entries], allow_unused=True, materialize_grads=True)
    assert of_bank.abs().max() == 0
    assert not hasattr(method, "key_encoder")
    assert not hasattr(method, "queue")


def test_memory_bank_draws_rows_of_the_bank_all_different_between_steps():
    method = build("memory_bank", info=BANK_INFO, **BANK)
    draws = [method.draw(EXAMPLES, generator(seed, "views"))["negatives"] for seed in (0, 0, 1)]
    assert all(len(rows) == EXAMPLES and rows.min() >= 0 and rows.max() < 30 for rows in draws)
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    many = build("memory_bank", info=BANK_INFO, negatives=2000)
    assert set(bank_views(many)["negatives"].tolist()) == set(range(30))
    one = build("memory_bank", info=BANK_INFO, negatives=1)  # fewer than a batch
    assert bank_views(one)["negatives"].shape == (1,)


def test_memory_bank_resumes_and_overfits():
    whole, half = (build("memory_bank", info=BANK_INFO, **BANK).train() for _ in range(2))
    resumed = build("memory_bank", seed=9, info=BANK_INFO, **BANK).train()
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


def test_memory_banks_pretext_compares_queries_with_queries():
    method = build("memory_bank", info=BANK_INFO, **BANK).eval()
    views = bank_views(method, rows=range(100, 108))  # held-out images are no rows of the bank
    pretext = method.pretext(views)
    with torch.no_grad():
        z = F.normalize(method.projection(method.encoder(torch.cat([views["query"], views["key"]]))), dim=1)
    nearest = (z @ z.T).fill_diagonal_(-torch.inf).argmax(1)
    assert torch.equal(pretext.score, nearest == torch.arange(2 * EXAMPLES).roll(EXAMPLES))
    assert len(method.panels(views)[0].images) == 8
