"""A mapping with one key changed."""

from copy import deepcopy


def changed(whole: dict, key: str, value: object) -> dict:
    """Return a copy in which the dotted key has another value, or none where it is None."""
    copy = deepcopy(whole)
    *parents, last = key.split(".")
    inner = copy
    for parent in parents:
        inner = inner[int(parent) if isinstance(inner, list) else parent]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copy
