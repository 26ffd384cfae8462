"""Projection heads: from the representation h to the space z in which a contrastive loss compares."""

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
