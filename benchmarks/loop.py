"""The complete SimCLR training loop, views and step: selfsup's against lightly's documented example, for three networks."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from images import in_memory_images
from paired import Case, add_peers, compared, microseconds_per_image, parser, print_compared, write_result
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from selfsup.methods.base import DataInfo
from selfsup.methods.simclr import SimCLR
from selfsup.nn.encoder import build
from selfsup.progress import Progress
from selfsup.specs.augmentation import Augmentation
from selfsup.specs.networks import NonlinearHead
from selfsup.specs.objectives import NTXent
from selfsup.training.checkpoint import Checkpoint
from selfsup.training.loop import Training
from selfsup.training.source import MemorySource

SIZE_PX = 32
TEMPERATURE, LEARNING_RATE, HIDDEN_WIDTH, OUTPUT_WIDTH = 0.5, 0.06, 512, 128
NETWORKS: dict[str, dict[str, Any]] = {
    "tiny": {"backbone": "small_conv", "width": 16},
    "small": {"backbone": "small_conv", "width": 32},
    "resnet18": {"backbone": "resnet", "depth": 18, "stem": "imagenet"},
}


class InMemoryDataset(Dataset):
    """PIL images with the ``transform`` that LightlyDataset expects of a torchvision data set."""

    def __init__(self, images: Tensor) -> None:
        from torchvision.transforms.functional import to_pil_image

        self.images = [to_pil_image(image) for image in images]
        self.transform: Any = None

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(self.images[index]), 0


class LightlySimCLR(nn.Module):
    """A backbone with lightly's projection head, as in lightly's SimCLR example."""

    def __init__(self, network: dict[str, Any]) -> None:
        from lightly.models.modules import SimCLRProjectionHead

        super().__init__()
        encoder = build(network)
        stages = list(encoder.stages.children())
        self.backbone = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1)).to(memory_format=torch.contiguous_format)
        self.head = SimCLRProjectionHead(encoder.feature_dim, HIDDEN_WIDTH, OUTPUT_WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x).flatten(start_dim=1))


def lightly_loop(images: Tensor, network: dict[str, Any], blur: float, batch: int) -> Case:
    """Return a callable that runs lightly's loop over all images once: its example with images in memory and no workers."""
    from lightly.data import LightlyDataset
    from lightly.loss import NTXentLoss
    from lightly.transforms import SimCLRTransform

    model = LightlySimCLR(network)
    transform = SimCLRTransform(input_size=SIZE_PX, gaussian_blur=blur)
    dataset = LightlyDataset.from_torch_dataset(InMemoryDataset(images), transform, lambda _, index: str(index))
    loader = DataLoader(dataset, batch_size=batch, shuffle=True, drop_last=True, num_workers=0)
    criterion = NTXentLoss(TEMPERATURE)
    optimiser = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def epoch() -> None:
        for (first, second), _, _ in loader:
            loss = criterion(model(first), model(second))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()

    return epoch


def selfsup_loop(images: Tensor, network: dict[str, Any], blur: float, batch: int) -> Case:
    """Return a callable that runs ``selfsup.training.loop`` over all images once, with its logging and checkpoint timer."""
    steps = len(images) // batch
    method = SimCLR(
        build(network),
        DataInfo(len(images), 0, SIZE_PX, batch, steps),
        augmentation=Augmentation(crop_scale_min=0.08, color_strength=1.0, blur_probability=blur),
        head=NonlinearHead(kind="nonlinear", hidden_dim=HIDDEN_WIDTH, out_dim=OUTPUT_WIDTH),
        criterion=NTXent(name="nt_xent", temperature=TEMPERATURE),
    )
    optimiser = {"name": "sgd", "learning_rate": LEARNING_RATE, "weight_decay": 0.0}
    examples = MemorySource({"image": images})

    def epoch() -> None:
        with tempfile.TemporaryDirectory() as folder:
            place = Checkpoint(Path(folder) / "unused", every_s=1e9)
            schedule = {"warmup_fraction": 0.0}
            training = Training(method, examples, 0, optimiser, schedule, batch, steps, "float32", place)
            training.run(Progress("benchmark", every_s=1e9), stop_after=None)

    return epoch


def measured(name: str, blur: float, batch: int, steps: int, repeats: int, peers: bool) -> list[dict[str, Any]]:
    """Return the rows of one network at one probability of blur."""
    images = in_memory_images(steps * batch, SIZE_PX)
    loops = {"lightly": lightly_loop} if peers else {}
    cases = {
        f"{library} {name}, blur {blur:g}": (loop(images, NETWORKS[name], blur, batch), len(images))
        for library, loop in {**loops, "selfsup": selfsup_loop}.items()
    }
    return compared(microseconds_per_image(cases, repeats))


def main() -> None:
    """Measure, print and write ``results/loop.json``."""
    arguments = parser(__doc__, repeats=7)
    arguments.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    arguments.add_argument("--batch", type=int, default=128)
    arguments.add_argument("--steps", type=int, default=8, help="of one measurement; resnet18 takes a quarter")
    add_peers(arguments)
    asked = arguments.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for name in asked.networks:
        steps = max(1, asked.steps // 4) if name == "resnet18" else asked.steps
        for blur in (0.0, 0.5):
            rows += measured(name, blur, asked.batch, steps, asked.repeats, asked.peers)
    print_compared(rows)
    facts = {"size_px": SIZE_PX, "batch": asked.batch, "networks": NETWORKS, "threads": 1, "device": "cpu"}
    write_result("loop", asked.results, facts, rows)


if __name__ == "__main__":
    main()
