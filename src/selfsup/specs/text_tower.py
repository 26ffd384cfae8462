"""The size of CLIP's text encoder."""

from pydantic import PositiveInt

from selfsup.specs.spec import spec


@spec
class TextTower:
    """A transformer over the tokens of a caption (nn/backbones/text_transformer.py).

    Args:
        width: features of a token; a multiple of heads.
        layers: transformer blocks.
        heads: attention heads of each block.
        context_length: tokens of a caption, its start and end among them; longer ones are cut.
    """

    width: PositiveInt
    layers: PositiveInt
    heads: PositiveInt
    context_length: PositiveInt
