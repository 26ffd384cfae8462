"""User errors: invalid input, configuration or files. Every other exception is a bug."""

from collections.abc import Sequence

LISTED = 5  # of several problems, those that a sentence names


class InputError(Exception):
    """One sentence that names the file, the key and the fix; the command line prints it and exits with 1."""


class NotApplicable(Exception):
    """An evaluation that does not apply to this run or data; its message is the reason that the report prints."""


def listed(problems: Sequence[str]) -> str:
    """Return the first few problems in one phrase, with the number of others."""
    more = len(problems) - LISTED
    return "; ".join(problems[:LISTED]) + (f"; and {more} more" if more > 0 else "")
