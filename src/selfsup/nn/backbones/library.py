"""Architectures of torchvision and timm, with the layers that a recipe names."""

from types import ModuleType
from typing import Any, Literal

from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn

from selfsup.errors import InputError
from selfsup.nn.network import Network
from selfsup.nn.pooling import Tokens, VectorPooling

Layout = Literal["maps", "maps_channels_last", "tokens"]


def build(
    *,
    in_channels: PositiveInt = 3,
    library: Literal["torchvision", "timm"],
    architecture: str,
    arguments: dict[str, Any] | None = None,
    layers: dict[str, PositiveInt],
    layout: Layout = "maps",
    prefix_tokens: NonNegativeInt = 0,
    pooling: VectorPooling = "mean",
) -> "LibraryNetwork":
    """Return a library's network with random weights, cut after the last of ``layers``.

    A layer's output is a map (N, C, H, W), one with channels last, (N, H, W, C), or tokens (N, L, C), the first of which is
    the class token: ``layout``. Raises InputError where the library is not installed, or has no such architecture or layer.

    Args:
        library: the library that builds it.
        architecture: its name in that library.
        arguments: arguments of its constructor.
        layers: names of its modules or nodes, with their channels.
        layout: axes of the layers' outputs.
        prefix_tokens: tokens before those of patches: the class token and registers.
        pooling: how the last layer becomes an image's feature.

    Source: torchvision.models.feature_extraction, which traces the network and drops what no layer needs.
    """
    if in_channels != 3:
        raise InputError("encoder.backbone library needs images of three channels; set encoder.input to rgb or lab")
    model = _model(library, architecture, arguments or {})
    from torchvision.models.feature_extraction import create_feature_extractor

    try:
        traced = create_feature_extractor(model, return_nodes=list(layers))
    except ValueError as error:
        raise InputError(f"encoder.layers is {', '.join(layers)}: {str(error).split('.')[0]}") from None
    return LibraryNetwork(traced, layers, layout, prefix_tokens, pooling)


class LibraryNetwork(Network):
    """A traced network that returns {layer: output}, read as tokens."""

    def __init__(
        self, model: nn.Module, layers: dict[str, int], layout: Layout, prefix_tokens: int, pooling: VectorPooling
    ) -> None:
        super().__init__(layers, pooling)
        self.model = model
        self.layout = layout
        self.prefix_tokens = prefix_tokens

    @property
    def published(self) -> nn.Module:
        return self.model

    def forward(self, x: Tensor, keep: Tensor | None = None) -> dict[str, Tokens]:
        outputs = self.model(x)
        return {layer: self._tokens(layer, outputs[layer], x) for layer in self.layers}

    def attention(self, x: Tensor) -> dict[str, Tensor]:
        return {}

    def _tokens(self, layer: str, output: Tensor, x: Tensor) -> Tokens:
        dimensions, channels = (3, -1) if self.layout == "tokens" else (4, 1 if self.layout == "maps" else -1)
        if output.ndim != dimensions or output.shape[channels] != self.layers[layer]:
            raise InputError(
                f"encoder.layers.{layer} is {self.layers[layer]} and encoder.layout {self.layout}, but the layer returns "
                f"{tuple(output.shape)} of {tuple(x.shape)}; change them"
            )
        if self.layout != "tokens":
            return Tokens.of_map(output if self.layout == "maps" else output.permute(0, 3, 1, 2))
        patches = output[:, self.prefix_tokens :]
        rows = round((patches.shape[1] * x.shape[2] / x.shape[3]) ** 0.5)
        return Tokens(patches, (rows, patches.shape[1] // rows), output[:, 0] if self.prefix_tokens else None)


def published_parameters(library: str, weights: str) -> dict[str, Tensor]:
    """Download the parameters that a library publishes under a name, such as ``ResNet50_Weights.IMAGENET1K_V2``.

    Raises InputError where the library has no such weights, or they cannot be downloaded.
    """
    models = _installed(library)
    try:
        if library == "torchvision":
            state: dict[str, Tensor] = models.get_weight(weights).get_state_dict(progress=False, check_hash=True)
            return state
        model: nn.Module = models.create_model(weights, pretrained=True)
        return model.state_dict()
    except (ValueError, RuntimeError, OSError) as error:
        raise InputError(f"download.weights is {weights}, but {library} reports: {error}") from None


def _model(library: str, architecture: str, arguments: dict[str, Any]) -> nn.Module:
    models = _installed(library)
    make = models.get_model if library == "torchvision" else models.create_model
    try:
        model: nn.Module = make(architecture, **arguments)
    except (ValueError, RuntimeError, TypeError) as error:
        raise InputError(f"encoder.architecture is {architecture}, but {library} reports: {error}") from None
    return model


def _installed(library: str) -> ModuleType:
    try:
        if library == "torchvision":
            from torchvision import models
        else:
            import timm as models
        return models
    except ModuleNotFoundError:
        raise InputError(f"encoder.library is {library}, which is not installed; run `pip install {library}`") from None
