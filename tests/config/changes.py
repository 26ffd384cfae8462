"""A mapping, or a file of parameters, with something changed."""

from copy import deepcopy

import yaml

from tests.conftest import forget


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


def edit(project, path, change):
    file = project / "params" / path
    content = yaml.safe_load(file.read_text())
    change(content)
    file.write_text(yaml.safe_dump(content))
    forget()
