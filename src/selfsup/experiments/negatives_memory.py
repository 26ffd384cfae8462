"""Memory against the number of negatives: in the batch with gradients, from a memory bank, from a momentum encoder's queue."""

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from selfsup.errors import InputError
from selfsup.losses.info_nce import info_nce
from selfsup.nn.encoder import build
from selfsup.nn.heads import projection_head
from selfsup.nn.memory import MemoryBank, Queue
from selfsup.nn.momentum import momentum_copy
from selfsup.nn.saved_bytes import SavedBytes
from selfsup.results import Measure
from selfsup.seeds import derive, generator

SHOWN = {
    "title": "Memory against the number of negatives",
    "metrics": {
        "memory": {"title": "memory", "unit": "MB", "better": "lower", "decimals": 2, "over": ["subset", "at"]},
    },
    "names": {
        "": "memory",
        "subset": "where negatives come from",
        "at": "negatives",
        "end_to_end": "the batch, with gradients (end-to-end)",
        "memory_bank": "a memory bank",
        "queue": "a queue of a momentum encoder (MoCo)",
    },
    "figures": [{"kind": "lines", "metric": "memory", "over": "at"}],
    "note": "What the forward pass of a training step keeps for its gradient, and what a mechanism stores beside the encoder: "
    "the bank's or the queue's embeddings, the momentum encoder's weights. Counts, equal on every machine.",
}


def measure(
    seed: int,
    *,
    size_px: PositiveInt,
    width: PositiveInt,
    hidden_dim: PositiveInt,
    out_dim: PositiveInt,
    batch_size: PositiveInt,
    negatives: list[PositiveInt],
    bank_examples: PositiveInt,
    temperature: PositiveFloat,
) -> list[Measure]:
    """Return ``memory`` in MB ``at`` each number of negatives, the ``subset`` the mechanism.

    End-to-end, as many images as there are negatives are encoded twice, both with gradients: the batch is the dictionary. With a
    memory bank or a queue the batch is ``batch_size``, and its keys have no gradient. The weights and the optimiser's state of
    the encoder that is trained are the same for all, and left out. Raises InputError where the bank has too few examples.

    Args:
        size_px: side of the images.
        width: channels of the first stage of small_conv.
        hidden_dim: width of the projection's hidden layer.
        out_dim: length of an embedding.
        batch_size: queries of a step with a bank or a queue.
        negatives: numbers of negatives.
        bank_examples: training examples, all of which a memory bank stores.
        temperature: of the loss; it changes no memory.

    Source: He et al. 2020 (MoCo), figure 2 and section 4.1; Chen et al. 2020 (MoCo v2), table 3.
    Differs: bytes are counted from the tensors that are kept, where the papers print what a GPU has allocated.
    """
    if max(negatives) > bank_examples:
        raise InputError(f"key bank_examples is {bank_examples}, less than {max(negatives)} negatives; raise it")
    torch.manual_seed(derive(seed, "negatives_memory"))
    encoder = build({"backbone": "small_conv", "width": width})
    query = nn.Sequential(encoder, projection_head(encoder.feature_dim, "nonlinear", out_dim, hidden_dim)).train()
    key = momentum_copy(query).train()
    draw = generator(seed, "negatives_memory", "images")

    first, second = torch.rand(2, max(batch_size, *negatives), 3, size_px, size_px, generator=draw)
    measures = []
    for count in negatives:
        bank, queue = MemoryBank(bank_examples, out_dim, draw), Queue(count, out_dim, draw)
        with SavedBytes(query) as end_to_end:
            in_batch(query, first[:count], second[:count], temperature)
        with SavedBytes(query) as from_bank:
            own, others = bank.entries[:batch_size], bank.entries[-count:].clone()  # sampled ones are copied
            stored(query(first[:batch_size]), own, others, temperature)
        with SavedBytes(query) as from_queue:
            stored(query(first[:batch_size]), _frozen(key, second[:batch_size]), queue.entries, temperature)
        memory = {
            "end_to_end": end_to_end.total,
            "memory_bank": from_bank.total + stored_bytes(bank),
            "queue": from_queue.total + stored_bytes(key) + stored_bytes(queue),
        }
        measures += [Measure("memory", "MB", total / 1e6, 1, subset=name, at=count) for name, total in memory.items()]
    return measures


def in_batch(encoder: nn.Module, first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Return the loss of queries whose keys are encoded with gradients: the others of the batch are the negatives."""
    query, key = (F.normalize(encoder(x), dim=1) for x in (first, second))
    return F.cross_entropy(query @ key.T / temperature, torch.arange(len(query)))


def stored(query: Tensor, key: Tensor, negatives: Tensor, temperature: float) -> Tensor:
    """Return the loss of queries (N, D) against their keys (N, D) and stored negatives (K, D)."""
    loss, _ = info_nce(F.normalize(query, dim=1), F.normalize(key, dim=1), negatives, temperature)
    return loss


@torch.no_grad()
def _frozen(encoder: nn.Module, x: Tensor) -> Tensor:
    embeddings: Tensor = encoder(x)
    return embeddings


def stored_bytes(module: nn.Module) -> int:
    """Return the bytes of all weights and buffers."""
    return sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())
