"""What colorization asks of each position: a distribution over bins of ab, or the values themselves."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from selfsup.specs.spec import spec


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
