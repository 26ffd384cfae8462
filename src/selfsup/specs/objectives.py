"""Losses that a recipe can choose, each with its own keys: the contrastive ones of SimCLR's paper, CPC's negatives on sound, and
colorization's."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

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
    """Logistic loss of each pair of views by itself (losses/negatives.py).

    Args:
        temperature: what the cosines are divided by.
        negatives: the mean over all, or the nearest that is farther than the positive.
    """

    name: Literal["nt_logistic"]
    temperature: PositiveFloat
    negatives: Negatives


@spec
class Margin:
    """Triplet loss: a positive must be nearer than a negative by a margin (losses/negatives.py).

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


@spec
class WindowNegatives:
    """The windows whose sounds are the negatives of a window (methods/cpc_audio.py).

    Args:
        windows: windows of a batch, in a row, that have each other's sounds as negatives; 1 is the window by itself.
        own_window: whether the other times of the window itself are negatives.
    """

    windows: PositiveInt
    own_window: bool

    def __post_init__(self) -> None:
        if self.windows == 1 and not self.own_window:
            raise ValueError("one window without its own times has no negatives; set own_window to true")


@spec
class Classification:
    """Cross entropy over bins of ab, from a table ``ab_bins``.

    Args:
        rebalance: whether rare colours weigh more.
        neighbours: how many nearest bins share a target.
        sigma: width in ab units of the Gaussian by which they share it.
        temperature: of the annealed mean, by which a distribution becomes a colour.
    """

    name: Literal["classification"]
    rebalance: bool
    neighbours: PositiveInt
    sigma: PositiveFloat
    temperature: PositiveFloat


@spec
class Regression:
    """Half the squared error of ab."""

    name: Literal["regression"]


ColorObjective = Annotated[Classification | Regression, Field(discriminator="name")]
