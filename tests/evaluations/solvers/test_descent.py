"""Fine-tuning's batches and steps."""

import torch
from torch import nn

from selfsup.evaluations.solvers.descent import Descent, batches, minimise
from selfsup.seeds import generator


def test_batches_are_repeated_passes_over_all_examples():
    found = batches(10, total_steps=5, batch_size=6, rng=generator(0, "test"))
    assert [len(batch) for batch in found] == [6] * 5
    assert torch.cat(found).bincount().tolist() == [3] * 10
    assert torch.cat(found)[:10].sort().values.tolist() == list(range(10))


def test_a_frozen_parameter_stays_and_the_others_reach_the_minimum():
    model = nn.Linear(2, 1)
    model.bias.requires_grad_(False)
    bias = model.bias.clone()
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    target = x @ torch.tensor([[2.0], [-3.0]]) + bias

    def loss(index, rng):
        return (model(x[index]) - target[index]).square().mean()

    minimise(model.eval(), loss, 3, generator(0, "test"), 600, Descent(3, 0.1, 0.0, 0.0))
    assert model.training
    assert torch.equal(model.bias, bias)
    assert torch.allclose(model.weight, torch.tensor([[2.0, -3.0]]), atol=0.01)
