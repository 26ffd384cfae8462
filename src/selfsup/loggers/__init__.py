"""Live curves: the logger that the environment names gets the values of a training while it runs.

A logger is a module of this package, or of another package's entry point in ``selfsup.loggers``, with a class ``Logger``.
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


class Changes:
    """Gives each change of a training's values to the chosen logger, which is made with the first; to none without one.

    Its folder is ``logs/<logger>/<job>/<label>``, without spaces. InputError where none has the chosen name.
    """

    def __init__(self, label: str, job: str, start: int, values: Mapping[str, float]) -> None:
        self.name, self.start = chosen(), start
        self.folder = Path("logs", self.name or "", job, label.replace(" ", "-"))
        self.logged = dict(values)
        self.logger: Logger | None = None

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log the values after so many steps, unless they are those that were logged."""
        if self.name is None or values == self.logged:
            return
        if self.logger is None:
            self.logger = extensions.load(f"loggers.{self.name}").Logger(self.folder, self.start)
        self.logged = dict(values)
        self.logger.log(step, self.logged)

    def close(self) -> None:
        """Close the logger, if there was anything to log."""
        if self.logger:
            self.logger.close()


def chosen() -> str | None:
    """Return the name of the logger in SELFSUP_LOGGER, None without one; InputError where none has this name."""
    name = os.environ.get(VARIABLE)
    if name and name not in (known := extensions.names("loggers")):
        raise InputError(f"{VARIABLE}={name}: no logger has this name; {' and '.join(known)} can be chosen")
    return name or None
