"""What a group's tables compare: one score for each variant under each evaluation."""

from dataclasses import dataclass

import pandas as pd

from selfsup.report.content import Group
from selfsup.report.intervals import Interval, mean_interval, paired_interval
from selfsup.report.rows import absence
from selfsup.report.schemas import OWN_TABLE

ANCHORS = {
    "random": "anchor: nothing learned",
    "random_depth": "anchor: nothing learned",
    "random_dense": "anchor: nothing learned",
    "random_video": "anchor: nothing learned",
    "supervised": "anchor: all labels",
    "fixed_waveform": "anchor: nothing learned",
    "supervised_waveform": "anchor: all labels",
}
NAMES = {
    "linear_probe": "linear probe",
    "knn": "kNN",
    "few_labels_frozen": "frozen",
    "fine_tune": "fine-tuned",
    "zero_shot": "zero-shot",
    "frame_content": "what is said, frame",
    "frame_speaker": "who speaks, frame",
    "utterance_content": "what is said, utterance",
    "utterance_speaker": "who speaks, utterance",
}
WITHOUT_LABELS = ("zero_shot",)


def protocol_name(protocol: str) -> str:
    """Return how a page calls a protocol."""
    return NAMES.get(protocol, protocol.replace("_", " "))


@dataclass(frozen=True)
class Evaluation:
    """A column of the accuracy table: a protocol's ``top1``, at one fraction of the labels where it draws subsets.

    ``of`` is the evaluation's module, where that says what it sees of the labels.
    """

    protocol: str
    label_fraction: float | None = None
    of: str = ""

    @property
    def key(self) -> str:
        """The name by which placeholders, metrics.json and the page's address call it, e.g. ``fine_tune@0.01``."""
        return self.protocol if self.label_fraction is None else f"{self.protocol}@{self.label_fraction:g}"

    @property
    def name(self) -> str:
        """The heading."""
        return protocol_name(self.protocol)

    @property
    def labels(self) -> str:
        """The share of the training labels that it sees, in words."""
        if self.of in WITHOUT_LABELS:
            return "no labels"
        return "all labels" if self.label_fraction is None else f"{100 * self.label_fraction:g} % of labels"


@dataclass(frozen=True)
class Score:
    """One cell: the result rows of its seeds, their mean and interval, or the reason why there is none."""

    variant: str
    evaluation: Evaluation
    rows: pd.DataFrame
    absent: str = ""

    @property
    def values(self) -> dict[int, float]:
        """Percent by seed."""
        return dict(zip(self.rows["seed"].tolist(), self.rows["value"].tolist(), strict=True))

    @property
    def interval(self) -> Interval | None:
        """The mean over seeds, None where nothing was measured."""
        return mean_interval(list(self.values.values())) if self.values else None


Scores = dict[tuple[str, str], Score]


def evaluations(group: Group, rows: pd.DataFrame) -> list[Evaluation]:
    """Return the group's columns in the suite's order; a protocol that applies to no run keeps one, to say so.

    What has a table of its own (the pretext task, the quality of predictions, the curve over labels) is no column.
    """
    columns = []
    for protocol in [protocol for protocol, evaluation in group.protocols.items() if evaluation not in OWN_TABLE]:
        top1 = rows[(rows["protocol"] == protocol) & (rows["metric"] == "top1")]
        fractions = sorted(set(top1["label_fraction"].dropna().tolist()))
        if fractions:
            columns += [Evaluation(protocol, fraction) for fraction in fractions]
        else:
            columns.append(Evaluation(protocol, of=group.protocols[protocol]))
    return columns


def scores(group: Group, rows: pd.DataFrame) -> Scores:
    """Return the group's scores by (variant, evaluation key)."""
    top1 = rows[rows["metric"] == "top1"]
    cells = {}
    for evaluation in evaluations(group, rows):
        column = _at(top1[top1["protocol"] == evaluation.protocol], evaluation.label_fraction)
        for variant in group.variants:
            found = column[column["variant"] == variant].sort_values("seed")
            reason = "" if len(found) else absence(group, variant, evaluation.protocol)
            cells[variant, evaluation.key] = Score(variant, evaluation, found, reason)
    return cells


def anchor(group: Group, variant: str) -> str:
    """Return what a variant anchors in its table, empty for a self-supervised method."""
    methods = {member.method for member in group.members if member.variant == variant}
    return next((ANCHORS[method] for method in sorted(methods) if method in ANCHORS), "")


def best_within_noise(group: Group, table: Scores, evaluation: Evaluation) -> set[str]:
    """Return the self-supervised variant with the highest mean and those that no paired interval tells from it.

    One seed has no interval and therefore no noise to be within: then only the highest stands out.
    """
    candidates = [table[variant, evaluation.key] for variant in group.variants if not anchor(group, variant)]
    measured = [score for score in candidates if score.values]
    if not measured:
        return set()
    best = max(measured, key=lambda score: score.interval.mean if score.interval else 0.0)
    return {best.variant} | {score.variant for score in measured if _indistinct(best, score)}


def _indistinct(best: Score, other: Score) -> bool:
    difference = paired_interval(best.values, other.values)
    return difference is not None and difference.n > 1 and difference.low <= 0


def _at(rows: pd.DataFrame, label_fraction: float | None) -> pd.DataFrame:
    if label_fraction is None:
        return rows[rows["label_fraction"].isna()]
    return rows[rows["label_fraction"] == label_fraction]
