"""The memory that a forward pass keeps for its backward pass, counted: equal on every machine."""

from types import TracebackType
from typing import Self

from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks


class SavedBytes:
    """Counts, while it is entered, the ``total`` bytes of tensors kept for the backward pass, each memory once.

    Parameters of the modules that it is given are left out: they are there anyway.
    """

    def __init__(self, *modules: nn.Module) -> None:
        self.total = 0
        self._counted = {p.untyped_storage().data_ptr() for module in modules for p in module.parameters()}
        self._kept: list[Tensor] = []  # a freed memory could be given to another tensor, which would not be counted
        self._hooks = saved_tensors_hooks(self._count, lambda tensor: tensor)

    def _count(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._counted:
            self._counted.add(storage.data_ptr())
            self._kept.append(tensor.detach())
            self.total += storage.nbytes()
        return tensor

    def __enter__(self) -> Self:
        self._hooks.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hooks.__exit__(kind, error, trace)
        self._kept.clear()
