"""The solver of the linear probe against scikit-learn's: CPU seconds of one thread, and quality of the minimum.

Features are Gaussian clouds seen through a linear map whose singular values fall over three decades, standardised.
Cases are interleaved and medians taken; loss and gradient norm are of the same objective in float64, at each answer.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from paired import parser, write_result
from sklearn.linear_model import LogisticRegression

from selfsup.evaluations.solvers.logistic_regression import fit, path
from selfsup.evaluations.solvers.probes import standardise

# Examples, features, and the mean distance between the centres of two clouds in standard deviations.
PROBLEMS = {
    "10,000 x 192, overlapping": (10_000, 192, 5.0),
    "50,000 x 512, overlapping": (50_000, 512, 5.0),
    "20,000 x 512, separable": (20_000, 512, 11.0),
}
PENALTIES = [0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001]
PENALTY = 0.001
TOLERANCE = 1e-5
CLASSES = 10
Answer = tuple[np.ndarray, np.ndarray]


def features(examples: int, dimensions: int, gap: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return standardised features (N, D) float64 and labels (N,): ten clouds, covariance of condition 1e6."""
    random = np.random.default_rng(0)
    labels = np.arange(examples) % CLASSES
    centres = gap / np.sqrt(2 * dimensions) * random.standard_normal((CLASSES, dimensions))
    clouds = centres[labels] + random.standard_normal((examples, dimensions))
    left, right = (np.linalg.qr(random.standard_normal((dimensions, dimensions)))[0] for _ in range(2))
    seen = torch.from_numpy((clouds @ left * np.logspace(0, -3, dimensions) @ right).astype(np.float32))
    return standardise(seen, seen)[0], torch.from_numpy(labels)


def ours(x: torch.Tensor, y: torch.Tensor) -> Answer:
    """One penalty, from zero."""
    found = fit(x, y, penalty=PENALTY, tolerance=TOLERANCE)
    return found.weight.numpy(), found.bias.numpy()


def our_path(x: torch.Tensor, y: torch.Tensor) -> Answer:
    """Seven penalties, each starting from the previous solution; returns the solution for PENALTY."""
    found = {f.penalty: f for f in path(x, y, penalties=PENALTIES, tolerance=TOLERANCE)}[PENALTY]
    return found.weight.numpy(), found.bias.numpy()


def scikit_learn(x: torch.Tensor, y: torch.Tensor) -> Answer:
    """scikit-learn with its defaults: L-BFGS, at most 100 iterations."""
    model = LogisticRegression(C=1 / (len(y) * PENALTY)).fit(x.numpy(), y.numpy())
    return model.coef_, model.intercept_


def scikit_learn_long(x: torch.Tensor, y: torch.Tensor) -> Answer:
    """scikit-learn with a smaller tolerance: it bounds the gradient's largest entry; a tenth is comparable to our norm."""
    model = LogisticRegression(C=1 / (len(y) * PENALTY), tol=TOLERANCE / 10, max_iter=2000).fit(x.numpy(), y.numpy())
    return model.coef_, model.intercept_


def quality(x: torch.Tensor, y: torch.Tensor, answer: Answer) -> dict[str, float]:
    """Return the loss and the gradient norm at a solution, by torch's automatic differentiation."""
    weight, bias = (torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in answer)
    loss = torch.nn.functional.cross_entropy(x @ weight.T + bias, y) + 0.5 * PENALTY * weight.square().sum()
    slopes = torch.autograd.grad(loss, (weight, bias))
    return {"loss": loss.item(), "gradient_norm": torch.cat([slope.flatten() for slope in slopes]).norm().item()}


def measure(problem: tuple[int, int, float], repeats: int) -> dict[str, dict[str, object]]:
    """Return for each solver its CPU seconds (all repeats and median) and the quality of its solution."""
    x, y = features(*problem)
    solvers: list[Callable[..., Answer]] = [ours, scikit_learn, scikit_learn_long, our_path]
    seconds: dict[str, list[float]] = {solver.__name__: [] for solver in solvers}
    answers = {}
    for _ in range(repeats):
        for solver in solvers:
            start = time.process_time()
            answers[solver.__name__] = solver(x, y)
            seconds[solver.__name__].append(round(time.process_time() - start, 3))
    return {
        name: {"cpu_s": spent, "cpu_s_median": statistics.median(spent), **quality(x, y, answers[name])}
        for name, spent in seconds.items()
    }


def main() -> None:
    """Measure, print and write ``results/probe.json``."""
    arguments = parser(__doc__.splitlines()[0], repeats=3)
    arguments.add_argument("--scale", type=float, default=1.0, help="of the number of examples and of features")
    asked = arguments.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        sys.exit("set OMP_NUM_THREADS=1: both solvers are to use one thread")
    torch.set_num_threads(1)
    problems = {
        name: measure((round(examples * asked.scale), round(dimensions * asked.scale), gap), asked.repeats)
        for name, (examples, dimensions, gap) in PROBLEMS.items()
    }
    facts = {"penalty": PENALTY, "path": PENALTIES, "tolerance": TOLERANCE, "classes": CLASSES, "scale": asked.scale}
    write_result("probe", asked.results, facts, problems)
    for name, solvers in problems.items():
        for solver, found in solvers.items():
            print(
                f"{name}  {solver:18} {found['cpu_s_median']:8.2f} CPU s  loss {found['loss']:.9f}  "
                f"gradient norm {found['gradient_norm']:.1e}"
            )


if __name__ == "__main__":
    main()
