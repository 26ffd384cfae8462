"""Networks beside the encoder: projection heads from the representation h to the space z of a loss, and a text tower."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from selfsup.specs.spec import spec


@spec
class NoHead:
    """z is h."""

    kind: Literal["none"]


@spec
class LinearHead:
    """z = W h + b.

    Args:
        out_dim: length of z.
    """

    kind: Literal["linear"]
    out_dim: PositiveInt


@spec
class NonlinearHead:
    """z = W2 relu(W1 h + b1) + b2.

    Args:
        hidden_dim: length of the hidden layer.
        out_dim: length of z.
    """

    kind: Literal["nonlinear"]
    hidden_dim: PositiveInt
    out_dim: PositiveInt


Head = Annotated[NoHead | LinearHead | NonlinearHead, Field(discriminator="kind")]
Projection = Annotated[LinearHead | NonlinearHead, Field(discriminator="kind")]


@spec
class TextTower:
    """CLIP's text encoder: a transformer over the tokens of a caption (nn/backbones/text_transformer.py).

    Args:
        width: features of a token; a multiple of heads.
        layers: transformer blocks.
        heads: attention heads of each block.
        context_length: tokens of a caption, including its start and end; longer ones are cut.
    """

    width: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    context_length: PositiveInt
