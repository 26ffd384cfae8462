"""What a caption may be, whoever reads it."""

from typing import Any

from selfsup.errors import InputError

LONGEST_BYTES = 1000  # more than a text tower reads; all captions are padded to the longest


def checked_caption(text: Any, place: str) -> str:
    """Return a caption without surrounding spaces; ``place`` names it in the error: its file and line.

    Raises InputError where it is no text, empty, not valid Unicode, has a zero byte, or is too long.
    """
    if not isinstance(text, str):
        raise InputError(f"{place} has {text!r} instead of a caption; write one, or remove it")
    text = text.strip()
    if not text:
        raise InputError(f"{place} has an empty caption; write one, or remove it")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError(f"{place} has a caption that is not valid Unicode ({error.reason}); correct it") from None
    if "\0" in text or size > LONGEST_BYTES:
        raise InputError(f"{place} has a caption with a zero byte or of more than {LONGEST_BYTES} bytes; shorten it")
    return text
