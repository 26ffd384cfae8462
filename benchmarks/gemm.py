"""The share of the processor's GEMM peak that each network reaches in training: forward and backward, one thread.

The peak is the rate of a product of square matrices, measured in each repeat beside the networks.
"""

import statistics
import time
from pathlib import Path
from typing import Any

import torch
import yaml
from images import in_memory_images
from paired import Case, parser, write_result
from torch.utils.flop_counter import FlopCounterMode

from selfsup.nn.encoder import Encoder, build

RECIPES = Path(__file__).parents[1] / "params" / "methods"
# For each recipe, pixels of a side or samples of the sound that its encoder takes in the quick suite, ResNet-18's in `real`.
INPUTS = {
    "simclr": 32,
    "split_brain": 32,
    "video_colorization": 64,
    "dense_object_net": 64,
    "cpc_audio": 8000,
    "rotation_nin": 32,
    "random_vit": 32,
    "simclr_resnet18": 32,
}


def training_step(network: Encoder, size: int, examples: int) -> Case:
    """Return a callable that computes the features of a batch and the gradient of all parameters."""
    if network.modality == "waveform":
        batch = torch.randint(-20000, 20000, (examples, size), dtype=torch.int16)
    else:
        batch = in_memory_images(examples, size)

    def step() -> None:
        network.zero_grad()
        network(batch).square().mean().backward()

    return step


def product(side: int) -> Case:
    """Return a callable that multiplies two square matrices."""
    left, right = torch.rand(2, side, side)
    out = torch.empty(side, side)
    return lambda: torch.mm(left, right, out=out)


def flops(run: Case) -> int:
    """Return the operations of the products and convolutions of a call, two for a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()


def rates(cases: dict[str, Case], repeats: int) -> dict[str, list[float]]:
    """Return the operations per CPU second of each case, one number per repeat; the cases of a repeat are interleaved."""
    operations = {name: flops(run) for name, run in cases.items()}  # also the first, slower, call of each
    measured: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(repeats):
        for name, run in cases.items():
            start = time.process_time()
            run()
            measured[name].append(operations[name] / (time.process_time() - start))
    return measured


def main() -> None:
    """Measure, print and write ``results/gemm.json``."""
    arguments = parser(__doc__.splitlines()[0], repeats=7)
    arguments.add_argument("--recipes", nargs="+", choices=INPUTS, default=list(INPUTS))
    arguments.add_argument("--examples", type=int, help="of a batch (default: the recipe's)")
    arguments.add_argument("--gemm-side", type=int, default=1024)
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    cases = {"GEMM": product(asked.gemm_side)}
    for name in asked.recipes:
        recipe = yaml.safe_load((RECIPES / f"{name}.yaml").read_text(encoding="utf-8"))
        network = build(recipe["encoder"]).train()
        cases[name] = training_step(network, INPUTS[name], asked.examples or recipe["batch_size"])
    measured = rates(cases, asked.repeats)
    rows = [row(name, measured[name], measured["GEMM"]) for name in cases]
    print("| network of | GFLOP/s | share of GEMM peak | lowest | highest |\n|---|---|---|---|---|")
    for r in rows:
        shares = " | ".join(f"{r[key]:.0%}" for key in ("share", "share_low", "share_high"))
        print(f"| {r['network']} | {r['gflop_per_s']:.1f} | {shares} |")
    facts = {"gemm_side": asked.gemm_side, "inputs": INPUTS, "threads": 1, "device": "cpu"}
    write_result("gemm", asked.results, facts, rows)


def row(name: str, rate: list[float], peak: list[float]) -> dict[str, Any]:
    """Return the median rate of a network, and its share of the peak of the same repeat (median, range)."""
    shares = [own / most for own, most in zip(rate, peak, strict=True)]
    return {
        "network": name,
        "gflop_per_s": round(statistics.median(rate) / 1e9, 2),
        "share": round(statistics.median(shares), 4),
        "share_low": round(min(shares), 4),
        "share_high": round(max(shares), 4),
        "n": len(shares),
    }


if __name__ == "__main__":
    main()
