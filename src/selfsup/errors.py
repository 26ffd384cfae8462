"""User errors: invalid input, configuration or files. Every other exception is a bug."""

import errno
from collections.abc import Sequence

FIXES = {
    errno.ENOSPC: "free some space and run the same command again",
    errno.EDQUOT: "free some quota and run the same command again",
    errno.EFBIG: "raise the limit on file sizes and run the same command again",
    errno.ENOENT: "check the path",
    errno.EACCES: "change its permissions",
    errno.EROFS: "mount it writable",
}
LISTED = 5  # of several problems, those that a sentence names


class InputError(Exception):
    """One sentence that names the file, the key and the fix; the command line prints it and exits with 1."""


class NotApplicable(Exception):
    """An evaluation that does not apply to this run or data; its message is the reason that the report prints."""


def listed(problems: Sequence[str]) -> str:
    """Return the first few problems in one phrase, with the number of others."""
    more = len(problems) - LISTED
    return "; ".join(problems[:LISTED]) + (f"; and {more} more" if more > 0 else "")


def explained(error: OSError) -> str | None:
    """Return the sentence for a limit of the disk, a missing file or permission; None for any other error."""
    if error.errno not in FIXES:
        return None
    return f"{error.filename or 'a file of data/'}: {(error.strerror or '').lower()}; {FIXES[error.errno]}"
