"""A suite: which runs on which data, with which seeds and evaluations; one suite is one report."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.config import signature
from selfsup.config.ablations import check_ablations
from selfsup.config.files import Experiment, SuiteFile
from selfsup.config.recipe import PARAMS, Data, Run, data, evaluation, features, has_lock, run
from selfsup.config.strict import check, param_file, read_yaml, require, stems
from selfsup.config.weights import weights
from selfsup.errors import InputError
from selfsup.specs.modality import NEEDED

SOUND = {"waveform", "labelled_waveform"}


@dataclass(frozen=True)
class Target:
    """A data set that weights are scored on, with the protocols that score them; with ``seeds`` only weights of these."""

    data: Data
    evaluations: list[str]
    seeds: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Group:
    """Runs pretrained on one data set, and the targets that they are scored on: one table of the report.

    Every run has the ``seeds``.
    """

    name: str
    data: Data
    seeds: list[int]
    runs: list[Run]
    targets: list[Target]

    @property
    def evaluations(self) -> list[str]:
        """The protocols of all targets, each once."""
        return list(dict.fromkeys(protocol for target in self.targets for protocol in target.evaluations))

    def seeds_of(self, run: Run) -> list[int]:
        """Return the seeds of a run: those of the group, and more of its own."""
        return [*self.seeds, *run.more_seeds]


@dataclass(frozen=True)
class Suite:
    """A suite's file, resolved. Device, precision and threads are its values, never the machine's.

    ``features`` are the arguments of the features of all its runs.
    """

    name: str
    title: str
    summary: str
    device: str
    precision: str
    threads: int
    features: dict[str, Any]
    groups: list[Group]
    experiments: list[Experiment]
    ablations: list[dict[str, Any]]


def default() -> str:
    """Return the suite that `params/run.yaml` names."""
    content = read_yaml(PARAMS / "run.yaml")
    if not isinstance(content.get("suite"), str):
        raise InputError(f"{PARAMS / 'run.yaml'}: key suite is missing; name a file of params/suites")
    return content["suite"]


def names() -> list[str]:
    """Return the names of all suites."""
    return stems(PARAMS / "suites")


def registered() -> Iterator[str]:
    """Yield the names of the suites whose data sets all have their lock; the others lead to nothing yet."""
    return (name for name in names() if all(map(has_lock, _data_sets(name))))


def _data_sets(name: str) -> set[str]:
    """Return the data sets that a suite is trained or scored on."""
    groups = _read(name)["groups"]
    return {group["data"] for group in groups} | {target["data"] for group in groups for target in group["targets"]}


@cache
def known_runs() -> frozenset[str]:
    """Return the names of all runs: variants and experiments of all suites, recipes, and imported weights."""
    known = {*stems(PARAMS / "methods"), *stems(PARAMS / "weights")}
    for name in names():
        content = _read(name)
        entries = [entry for group in content["groups"] for entry in group["runs"]] + content["experiments"]
        known |= {entry["name"] for entry in entries}
    return frozenset(known)


def _read(name: str) -> dict[str, Any]:
    file = param_file(PARAMS / "suites", name)
    return check(SuiteFile, read_yaml(file), file)


@cache
def load(name: str) -> Suite:
    """Return the suite ``params/suites/<name>.yaml``, with all files that it names read and checked."""
    content, file = _read(name), param_file(PARAMS / "suites", name)
    groups = [_group(group, file) for group in content.pop("groups")]
    experiments = [Experiment(**entry) for entry in content.pop("experiments")]
    if len({group.name for group in groups}) < len(groups):
        raise InputError(f"{file}: two groups have one name; it names tables and files, so give each its own")
    scored = {
        g.name: {r.name: {**r.evaluations, "": r.evaluations.get(g.data.name, [])} for r in g.runs} for g in groups
    }
    check_ablations(name, content["ablations"], scored)
    content["features"] = features(content["features"], file)
    content["title"] = content["title"] or name
    return Suite(name=name, groups=groups, experiments=experiments, **content)


def _group(content: dict[str, Any], file: Path) -> Group:
    name = content["name"] or content["data"]
    origin, source = f"{file}: group {name}", data(content["data"])
    runs = [_run(entry, file) for entry in content["runs"]]
    for recipe in runs:
        _check_data(recipe, source)
    runs += [weights(name) for name in content["weights"]]
    seeds = [[*content["seeds"], *r.more_seeds] for r in runs]
    if len({r.name for r in runs}) < len(runs) or any(len(set(of_run)) < len(of_run) for of_run in seeds):
        raise InputError(f"{origin} names a run or a seed twice; give each variant its own name")
    targets: list[Target] = []
    for entry in content["targets"]:
        if entry["data"] in [target.data.name for target in targets]:
            raise InputError(f"{origin} names target {entry['data']} twice; join their evaluations")
        if others := set(entry["seeds"]) - set(content["seeds"]):
            raise InputError(
                f"{origin}, target {entry['data']}: key seeds has {min(others)}, and the group's seeds have not"
            )
        target, protocols = _target(entry, source, runs, f"{origin}, target {entry['data']}")
        runs = [replace(r, evaluations={**r.evaluations, target.data.name: protocols[r.name]}) for r in runs]
        targets.append(target)
    return Group(name, source, content["seeds"], runs, targets)


def _run(entry: dict[str, Any], file: Path) -> Run:
    variant = run(entry["name"], entry["method"], entry["set"], file, entry["title"])
    return replace(variant, more_seeds=entry["more_seeds"])


def _target(content: dict[str, Any], source: Data, runs: list[Run], origin: str) -> tuple[Target, dict[str, list[str]]]:
    """Return a target with all its protocols, and for each run those that score it."""
    target = data(content["data"])
    scored: dict[str, list[str]] = {r.name: [] for r in runs}
    for entry in content["evaluations"]:
        protocol = entry["protocol"]
        module = evaluation(protocol)[0]
        if module == "features":
            raise InputError(f"{origin}: {protocol} is not an evaluation; features are always extracted, remove it")
        of_predictions = "predictions" in signature.constant(f"evaluations.{module}", "NEEDS")
        for name in entry["runs"]:
            require(name, scored, f"{origin}: evaluation {protocol} is for {name}, which is not a run of the group")
        if of_predictions and target.name != source.name:
            raise InputError(
                f"{origin}: {protocol} reads predictions of held-out images of {source.name}; move it to that target"
            )
        for r in runs:  # imported weights have no method that predicts
            if (not entry["runs"] or r.name in entry["runs"]) and not (r.imported and of_predictions):
                scored[r.name].append(protocol)
    for r in runs:
        if scored[r.name]:
            _check_modality(r, target, origin)
    return Target(target, [entry["protocol"] for entry in content["evaluations"]], content["seeds"]), scored


def _check_modality(run: Run, target: Data, origin: str) -> None:
    """Refuse images for an encoder of sound, and the reverse."""
    takes_sound, has_sound = modality(run) in SOUND, not SOUND.isdisjoint(_provided(target))
    if takes_sound != has_sound:
        kinds = ("sound", "images") if takes_sound else ("images", "sound")
        raise InputError(f"{origin}: {run.name} is an encoder of {kinds[0]}, the data are {kinds[1]}; use other data")


def modality(run: Run) -> str:
    """Return what a run's method takes of each example; images for imported weights."""
    return "image" if run.imported else signature.modality(run.method, run.recipe["hyper"])


def _provided(source: Data) -> tuple[str, ...]:
    provided: tuple[str, ...] = signature.constant(f"datasets.{source.dataset}", "PROVIDES")
    return provided


def _check_data(run: Run, source: Data) -> None:
    """Refuse, before anything is trained, a recipe for which the data do not suffice."""
    file, needed, provided = f"params/data/{source.name}.yaml", modality(run), _provided(source)
    if run.recipe["batch_size"] > source.train_examples:
        raise InputError(
            f"{run.origin}: key batch_size is {run.recipe['batch_size']}, but {file} has {source.train_examples} "
            "training examples; lower it"
        )
    if needed not in provided:
        raise InputError(
            f"{run.origin}: {run.method} needs {NEEDED[needed]}, and {file} has none "
            f"({source.dataset}: {', '.join(provided)}); use other data, or remove it from the suite"
        )
    if needed.startswith("labelled") and not source.labelled:
        raise InputError(f"{run.origin}: {run.method} needs labels and {file} has none; remove it from the suite")
