"""Text files of one entry a line, as people save them: any line ends, a byte-order mark, empty lines."""

from pathlib import Path

from selfsup.errors import InputError


def read_lines(file: Path, fix: str) -> list[str]:
    """Return the lines that are not empty, without surrounding spaces. InputError, which ends in ``fix``, where there are none,
    or the file cannot be read as UTF-8."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} cannot be read; {fix}") from None
    if entries := [line.strip() for line in lines if line.strip()]:
        return entries
    raise InputError(f"{file} is empty; {fix}")
