"""Live curves: the logger that the environment names gets the values of a training while it runs.

A logger is a module of ``loggers/``, or of another package's entry point in ``selfsup.loggers``, with a class ``Logger``.
No result depends on it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from selfsup import extensions
from selfsup.errors import InputError

VARIABLE = "SELFSUP_LOGGER"


class Logger(Protocol):
    """Takes the values of one training, in ``folder``; where a training resumes, those after step ``start`` are logged again."""

    def __init__(self, folder: Path, start: int) -> None: ...

    def log(self, step: int, values: Mapping[str, float]) -> None: ...

    def close(self) -> None: ...


def chosen() -> str | None:
    """Return the name of the logger in SELFSUP_LOGGER, None without one; InputError where none has this name."""
    name = os.environ.get(VARIABLE)
    if name and name not in (known := extensions.names("loggers")):
        raise InputError(f"{VARIABLE}={name}: no logger has this name; {' and '.join(known)} can be chosen")
    return name or None


def logger(label: str, log: Path | None, start: int) -> Logger | None:
    """Return the chosen logger, None without one; its folder is ``logs/<logger>/<job>/<label>``, without spaces."""
    if (name := chosen()) is None:
        return None
    job = log.stem if log else ""
    made: Logger = extensions.load(f"loggers.{name}").Logger(Path("logs", name, job, label.replace(" ", "-")), start)
    return made
