"""The InfoNCE estimate of a known mutual information I with batches of N, at most min(I, log N).

The data are two Gaussian vectors whose components are correlated pair by pair, so that I has a closed form.
"""

import math
from collections.abc import Callable
from functools import partial

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor

from selfsup.errors import InputError
from selfsup.losses.info_nce import infonce_bound
from selfsup.nn.heads import SeparableCritic
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
        "information": "I, the mutual information",
        "log_n": "log N",
        "subset": "mutual information",
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
    """Return ``estimate``, nats, of a learned critic for each I, the ``subset`` ``<I>_nats``, ``at`` each N.

    Baselines: ``optimal_critic``, the estimate of the optimal critic, ``information``, I itself, and ``log_n``, the upper
    bound of all estimates. A critic is trained for each I and N on ``steps`` new batches of N; both critics are then
    evaluated on the same further batches, ``evaluation_samples`` pairs in total (``n``: in complete batches).
    Raises InputError where a batch has no negative or is larger than all samples.

    Args:
        dimensions: length of the Gaussian vectors.
        information_nats: values of the mutual information I.
        batch_sizes: batch sizes N.
        hidden_width: width of the critic's hidden layer.
        embedding_width: length of the critic's embeddings.
        learning_rate: Adam's learning rate.
        steps: training steps of a critic, one batch each.
        evaluation_samples: pairs for the evaluation of a critic.

    Source: Poole et al. 2019, section 3; van den Oord et al. 2018 (CPC), appendix A.1.
    Differs: a critic is trained anew for each I, where the paper raises I in steps while one critic goes on training.
    """
    if min(batch_sizes, default=2) < 2:
        raise InputError(f"key batch_sizes has {min(batch_sizes)}, but a pair needs negatives; give 2 or more")
    if max(batch_sizes, default=0) > evaluation_samples:
        raise InputError(
            f"key evaluation_samples is {evaluation_samples}, less than a batch; set {max(batch_sizes)} or more"
        )
    measures = []
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
            measures += [
                Measure("estimate", "nats", value, n, baseline=baseline, subset=subset, at=batch_size)
                for baseline, value in values.items()
            ]
    return measures


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


def correlation(information: float, dimensions: int) -> float:
    """Return the rho at which D = ``dimensions`` pairs share ``information`` nats: I = -D/2 log(1 - rho^2)."""
    return math.sqrt(1 - math.exp(-2 * information / dimensions))


def draw(samples: int, dimensions: int, rho: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return x and y (N, D): x ~ N(0, 1), y = rho x + sqrt(1 - rho^2) e.

    Source: Poole et al. 2019, section 3.
    """
    x, noise = torch.randn(2, samples, dimensions, generator=generator)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def optimal_scores(x: Tensor, y: Tensor, rho: float) -> Tensor:
    """Return log p(y_j | x_i) / p(y_j), in nats, at [i, j] of x and y (N, D): the optimal critic.

    Of a component: -1/2 log(1 - rho^2) - (y - rho x)^2 / (2 (1 - rho^2)) + y^2 / 2. The square is expanded, so that
    N x N scores are one matrix product.
    """
    variance = 1 - rho**2
    product = rho * x @ y.T
    squares = rho**2 / 2 * ((x**2).sum(1)[:, None] + (y**2).sum(1))
    return (product - squares) / variance - x.shape[1] / 2 * math.log(variance)
