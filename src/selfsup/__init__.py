"""A reproducible pipeline of self-supervised learning; from Python, ``selfsup.train`` and ``selfsup.embed``."""

from selfsup.api import embed, train

__all__ = ["embed", "train"]
