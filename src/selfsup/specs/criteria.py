"""The contrastive losses that SimCLR's paper compares, each with the keys that it has."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from selfsup.specs.spec import spec

Negatives = Literal["all", "semi_hard"]


@spec
class NTXent:
    """Cross entropy over the cosines with all other views (losses/nt_xent.py).

    Args:
        temperature: what the cosines are divided by.
    """

    name: Literal["nt_xent"]
    temperature: PositiveFloat


@spec
class NTLogistic:
    """Logistic loss of each pair of views by itself (losses/nt_logistic.py).

    Args:
        temperature: what the cosines are divided by.
        negatives: the mean over all, or the nearest that is farther than the positive.
    """

    name: Literal["nt_logistic"]
    temperature: PositiveFloat
    negatives: Negatives


@spec
class Margin:
    """Triplet loss: a positive must be nearer than a negative by a margin (losses/margin.py).

    Args:
        margin: the margin, in cosines, which differ by 2 at most.
        negatives: the mean over all, or the nearest that is farther than the positive and within the margin.
    """

    name: Literal["margin"]
    margin: Annotated[float, Field(ge=0, lt=2)]
    negatives: Negatives

    def __post_init__(self) -> None:
        if self.negatives == "semi_hard" and self.margin == 0:
            raise ValueError("no negative is farther than the positive within a margin of 0; set margin to 0.4")


Criterion = Annotated[NTXent | NTLogistic | Margin, Field(discriminator="name")]
