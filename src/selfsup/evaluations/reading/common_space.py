"""The common embedding space of images and texts: both frozen towers of a run."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from selfsup.errors import NotApplicable
from selfsup.evaluations.features import frozen
from selfsup.evaluations.inputs import Inputs
from selfsup.nn.backbones.text_transformer import TextTower
from selfsup.nn.encoder import Encoder, load_encoder
from selfsup.views.tokens import Tokenizer


@dataclass(frozen=True)
class CommonSpace:
    """Both towers with their projections; embeddings are unit vectors (N, D)."""

    image: Encoder
    text: Encoder
    tokenizer: Tokenizer
    device: str
    batch_size: int

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """Return the embeddings of images uint8 (N, 3, H, W)."""
        return torch.cat([_unit(self.image(batch.to(self.device))) for batch in images.split(self.batch_size)])

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings of texts."""
        batches = [texts[start : start + self.batch_size] for start in range(0, len(texts), self.batch_size)]
        return torch.cat([_unit(self.text(self.tokenizer(batch).to(self.device))) for batch in batches])


@contextmanager
def common_space(inputs: Inputs, batch_size: int) -> Iterator[CommonSpace]:
    """Yield a run's towers; NotApplicable where it has no text tower, FrozenEncoderError if a tower changes."""
    if not (inputs.weights / "text").exists():
        raise NotApplicable("the method reads no text")
    image, text = (load_encoder(inputs.weights / name).to(inputs.device) for name in ("projection", "text"))
    (tower,) = [module for module in text.modules() if isinstance(module, TextTower)]
    tokenizer = Tokenizer(tower.get_buffer("vocabulary"), tower.context_length)
    with frozen(image), frozen(text):
        yield CommonSpace(image, text, tokenizer, inputs.device, batch_size)


def _unit(rows: Tensor) -> Tensor:
    return F.normalize(rows.double(), dim=1).cpu()
