"""The placeholders of a suite's summary, checked while planning: nothing heavy is imported here."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from selfsup.config.strict import nearest
from selfsup.errors import InputError

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
OWN_TABLE = (
    *("pretext", "inpainting", "colorization", "few_labels_blocks", "few_labels_scratch", "few_shot", "retrieval"),
    *("correspondence", "keypoint_transfer", "label_propagation"),
)


def check_summary(
    suite: str,
    summary: str,
    groups: Mapping[str, Collection[str]],
    protocols: Mapping[str, Mapping[str, Any]],
) -> None:
    """Raise InputError for a placeholder ``{group/variant/evaluation}`` that no table of the suite can fill.

    ``groups`` maps a group to its variants, ``protocols`` a protocol to its evaluation and arguments.
    """
    keys = score_keys(protocols)
    for name in PLACEHOLDER.findall(summary):
        where = f"params/suites/{suite}.yaml: key summary names {{{name}}}"
        group, *rest = name.split("/")
        if len(rest) != 2:
            raise InputError(f"{where}; write {{group/variant/evaluation}}, such as {{{_example(groups, keys)}}}")
        for word, known in ((group, groups), (rest[0], groups.get(group, ())), (rest[1], keys)):
            if word not in known:
                raise InputError(f"{where}, but no table has {word}; {nearest(word, list(known))}")


def score_keys(protocols: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the columns that an accuracy table can have, e.g. ``knn`` and ``fine_tune@0.01``.

    A protocol that draws subsets of the labels names their shares ``label_fractions``; what has a table of its own
    (the pretext task, the quality of predictions, the curve over labels) is no column.
    """
    keys = []
    for name, parameters in protocols.items():
        fractions = parameters.get("label_fractions", [])
        if parameters["evaluation"] not in OWN_TABLE:
            keys += [f"{name}@{fraction:g}" for fraction in fractions] or [name]
    return keys


def _example(groups: Mapping[str, Collection[str]], keys: list[str]) -> str:
    return "/".join(next(iter(names), "?") for names in (groups, next(iter(groups.values()), ()), keys))
