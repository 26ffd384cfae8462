"""How near InfoNCE comes to a known mutual information I with batches of N: at most to min(I, log N)."""

import math
from collections.abc import Callable
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.experiments._correlated_gaussians import correlation, draw, optimal_scores
from selfsup.losses.infonce_bound import infonce_bound
from selfsup.nn.separable_critic import SeparableCritic
from selfsup.optim.optimisers import optimiser
from selfsup.results import Measure
from selfsup.seeds import derive, generator

Critic = Callable[[Tensor, Tensor], Tensor]
PURPOSE = "infonce_bound"
SHOWN = {
    "title": "The InfoNCE estimate of a known mutual information",
    "metrics": {
        "estimate": {
            "title": "InfoNCE estimate",
            "unit": "nats",
            "better": "none",
            "decimals": 2,
            "over": ["baseline", "at", "subset"],
        },
    },
    "names": {
        "": "learned critic",
        "information": "I, the information shared",
        "log_n": "log N",
        "subset": "information shared",
        "at": "batch size N",
    },
    "figures": [{"kind": "lines", "metric": "estimate", "over": "at"}],
    "note": "Correlated Gaussians whose mutual information is known; no estimate exceeds min(I, log N) in expectation.",
}


def measure(
    seed: int,
    *,
    dimensions: PositiveInt,
    information_nats: list[PositiveFloat],
    batch_sizes: list[PositiveInt],
    hidden_width: PositiveInt,
    embedding_width: PositiveInt,
    learning_rate: PositiveFloat,
    steps: PositiveInt,
    evaluation_samples: PositiveInt,
) -> list[Measure]:
    """Return ``estimate``, nats, for each I, the ``subset`` ``<I>_nats``, ``at`` each N: that of a learned critic.

    Baselines: ``optimal_critic``, the estimate of the best critic there is, ``information``, I itself, and ``log_n``, which
    no estimate exceeds. A critic is trained for each I and N on ``steps`` fresh batches of N; both critics are then
    measured on the same further batches, ``evaluation_samples`` pairs in all (``n``: in whole batches).
    Raises InputError where a batch has no negative or is larger than all samples.

    Args:
        dimensions: length of the Gaussian vectors.
        information_nats: mutual informations I that are measured.
        batch_sizes: batch sizes N.
        hidden_width: width of the critic's hidden layer.
        embedding_width: length of the critic's embeddings.
        learning_rate: Adam's learning rate.
        steps: batches that a critic is trained on.
        evaluation_samples: pairs that a critic is measured on.

    Source: Poole et al. 2019, section 3; van den Oord et al. 2018 (CPC), appendix A.1.
    Differs: a critic is trained anew for each I, where the paper raises I in steps while one critic goes on training.
    """
    _check(batch_sizes, evaluation_samples)
    found = []
    for information in information_nats:
        rho = correlation(information, dimensions)
        for batch_size in batch_sizes:
            pair = f"{information:g}/{batch_size}"
            torch.manual_seed(derive(seed, PURPOSE, "init", pair))
            critic = SeparableCritic(dimensions, hidden_width, embedding_width)
            batches = generator(seed, PURPOSE, "train", pair)
            _train(critic, batches, dimensions, rho, batch_size, steps, learning_rate)
            critics: dict[str, Critic] = {"optimal_critic": partial(optimal_scores, rho=rho), "": critic}
            held_out = generator(seed, PURPOSE, "test", pair)
            count = evaluation_samples // batch_size
            values = {
                "information": information,
                "log_n": math.log(batch_size),
                **_estimates(critics, held_out, dimensions, rho, batch_size, count),
            }
            n, subset = count * batch_size, f"{information:g}_nats"
            found += [
                Measure("estimate", "nats", value, n, baseline=baseline, subset=subset, at=batch_size)
                for baseline, value in values.items()
            ]
    return found


def _train(
    critic: SeparableCritic,
    batches: torch.Generator,
    dimensions: int,
    rho: float,
    batch_size: int,
    steps: int,
    learning_rate: float,
) -> None:
    adam = optimiser(dict(critic.named_parameters()), name="adamw", learning_rate=learning_rate, weight_decay=0.0)
    for _ in range(steps):
        loss = -infonce_bound(critic(*draw(batch_size, dimensions, rho, batches)))
        adam.zero_grad()
        loss.backward()
        adam.step()


@torch.no_grad()
def _estimates(
    critics: dict[str, Critic], batches: torch.Generator, dimensions: int, rho: float, batch_size: int, count: int
) -> dict[str, float]:
    """Return each critic's mean estimate in nats over the same ``count`` batches."""
    totals = dict.fromkeys(critics, 0.0)
    for _ in range(count):
        x, y = draw(batch_size, dimensions, rho, batches)
        for name, critic in critics.items():
            totals[name] += infonce_bound(critic(x, y)).item()
    return {name: total / count for name, total in totals.items()}


def _check(batch_sizes: list[int], evaluation_samples: int) -> None:
    if min(batch_sizes, default=2) < 2:
        raise InputError(f"batch_sizes has {min(batch_sizes)}, but a pair needs others to be told from; give 2 or more")
    if max(batch_sizes, default=0) > evaluation_samples:
        raise InputError(
            f"evaluation_samples is {evaluation_samples}, less than one batch; set {max(batch_sizes)} or more"
        )
