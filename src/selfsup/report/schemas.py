"""The placeholders of a suite's summary, checked while planning: nothing heavy is imported here."""

import re
from collections.abc import Collection, Mapping

from selfsup.config.strict import nearest
from selfsup.errors import InputError

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check_summary(
    suite: str, summary: str, groups: Mapping[str, Collection[str]], keys: Mapping[str, Collection[str]]
) -> None:
    """Raise InputError for a placeholder ``{group/variant/evaluation}`` that no table of the suite can fill.

    ``groups`` maps a group to its variants, ``keys`` a group to the names of its main table's columns.
    """
    for name in PLACEHOLDER.findall(summary):
        where = f"params/suites/{suite}.yaml: key summary names {{{name}}}"
        group, *rest = name.split("/")
        if len(rest) != 2:
            raise InputError(f"{where}; write {{group/variant/evaluation}}, such as {{{_example(groups, keys)}}}")
        for word, known in ((group, groups), (rest[0], groups.get(group, ())), (rest[1], keys.get(group, ()))):
            if word not in known:
                raise InputError(f"{where}, but no table has {word}; {nearest(word, list(known))}")


def _example(groups: Mapping[str, Collection[str]], keys: Mapping[str, Collection[str]]) -> str:
    group = next(iter(groups), "?")
    return "/".join([group, next(iter(groups.get(group, ())), "?"), next(iter(keys.get(group, ())), "?")])
