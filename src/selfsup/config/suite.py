"""A suite: which runs on which data, with which seeds and evaluations; one suite is one report."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from selfsup.config import signature
from selfsup.config.ablations import check_ablations
from selfsup.config.files import Asked, SuiteFile, Variant
from selfsup.config.recipe import PARAMS, Data, Run, data, evaluation, run
from selfsup.config.strict import check, read_yaml
from selfsup.config.weights import weights
from selfsup.errors import InputError
from selfsup.specs.modality import NEEDED

SOUND = {"waveform", "labelled_waveform"}


@dataclass(frozen=True)
class Target:
    """A data set that weights are scored on, with the protocols that score them."""

    data: Data
    evaluations: list[str]


@dataclass(frozen=True)
class Group:
    """Runs pretrained on one data set, and the targets that they are scored on: one table of the report."""

    name: str
    data: Data
    seeds: list[int]
    runs: list[Run]
    targets: list[Target]

    @property
    def evaluations(self) -> list[str]:
        """The protocols of all targets, each once."""
        return list(dict.fromkeys(protocol for target in self.targets for protocol in target.evaluations))


@dataclass(frozen=True)
class Experiment:
    """A measurement that needs no data and no encoder, with its seeds and what the suite changes of its arguments."""

    name: str
    seeds: list[int]
    set: dict[str, Any]


@dataclass(frozen=True)
class Suite:
    """A suite's file, resolved. Device, precision and threads are its values, never the machine's."""

    name: str
    title: str
    summary: str
    device: str
    precision: str
    threads: int
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
    """Return every suite that has a file."""
    return sorted(file.stem for file in (PARAMS / "suites").glob("*.yaml"))


@cache
def known_runs() -> frozenset[str]:
    """Return every name of a run: variants and experiments of all suites, recipes, and imported weights."""
    found = {file.stem for kind in ("methods", "weights") for file in (PARAMS / kind).glob("*.yaml")}
    for name in names():
        file = PARAMS / "suites" / f"{name}.yaml"
        content = check(SuiteFile, read_yaml(file), file)
        entries = [entry for group in content["groups"] for entry in group["runs"]] + content["experiments"]
        found |= {entry if isinstance(entry, str) else entry["name"] for entry in entries}
    return frozenset(found)


@cache
def load(name: str) -> Suite:
    """Return the suite ``params/suites/<name>.yaml`` with everything it names read and checked."""
    file = PARAMS / "suites" / f"{name}.yaml"
    content = check(SuiteFile, read_yaml(file), file)
    groups = [_group(group, file) for group in content.pop("groups")]
    experiments = [Experiment(**entry) for entry in content.pop("experiments")]
    if len({group.name for group in groups}) < len(groups):
        raise InputError(f"{file}: two groups have one name; tables and files are called by it, so give each its own")
    scored = {g.name: {r.name: [p for asked in r.evaluations.values() for p in asked] for r in g.runs} for g in groups}
    check_ablations(name, content["ablations"], scored)
    return Suite(name=name, groups=groups, experiments=experiments, **content)


def _group(content: dict[str, Any], file: Path) -> Group:
    source = data(content["data"])
    runs = []
    for entry in content["runs"]:
        variant = Variant(method=entry, name=entry, set={}) if isinstance(entry, str) else Variant(**entry)
        runs.append(run(variant.name, variant.method, variant.set, file, variant.title))
        _fits(runs[-1], source)
    runs += [_imported(name) for name in content["weights"]]
    names = [r.name for r in runs]
    if len(set(names)) < len(names) or len(set(content["seeds"])) < len(content["seeds"]):
        raise InputError(
            f"{file}: group {content['name']} names a run or a seed twice; give each variant a name of its own"
        )
    targets: list[Target] = []
    for entry in content["targets"]:
        if entry["data"] in [target.data.name for target in targets]:
            raise InputError(
                f"{file}: group {content['name']} names target {entry['data']} twice; join their evaluations"
            )
        target, protocols = _target(entry, source, runs, f"{file}: group {content['name']}, target {entry['data']}")
        runs = [replace(r, evaluations={**r.evaluations, target.data.name: protocols[r.name]}) for r in runs]
        targets.append(target)
    return Group(content["name"], source, content["seeds"], runs, targets)


def _target(content: dict[str, Any], source: Data, runs: list[Run], origin: str) -> tuple[Target, dict[str, list[str]]]:
    """Return a target with all its protocols, and for each run those that score it."""
    entries = [Asked(protocol=e, runs=[]) if isinstance(e, str) else Asked(**e) for e in content["evaluations"]]
    names = [r.name for r in runs]
    target = data(content["data"])
    for entry in entries:
        module = evaluation(entry.protocol)[0]
        if module == "features":
            raise InputError(f"{origin}: {entry.protocol} is no evaluation; features are always taken, remove it")
        if unknown := set(entry.runs) - set(names):
            raise InputError(
                f"{origin}: evaluation {entry.protocol} is for {', '.join(sorted(unknown))}; runs are {', '.join(names)}"
            )
        if _of_predictions(entry.protocol) and target.name != source.name:
            raise InputError(
                f"{origin}: {entry.protocol} reads what a method predicts of held-out images of {source.name}; "
                f"move it to target {source.name}"
            )
    protocols = {r.name: [e.protocol for e in entries if _is_scored(r, e)] for r in runs}
    for scored in runs:
        if protocols[scored.name]:
            _can_be_scored(scored, target, origin)
    return Target(target, [entry.protocol for entry in entries]), protocols


def _is_scored(run: Run, entry: Asked) -> bool:
    """Return whether a protocol is for a run; imported weights come without the method that would predict."""
    return (not entry.runs or run.name in entry.runs) and not (run.imported and _of_predictions(entry.protocol))


def _of_predictions(protocol: str) -> bool:
    return "predictions" in signature.constant(f"evaluations.{evaluation(protocol)[0]}", "NEEDS")


def _imported(name: str) -> Run:
    """Return imported weights as a run: nothing is trained, and their licence and source stand with the recipe."""
    found = weights(name)
    recipe = {**found.recipe, "file": found.file}
    paper = {**found.paper, "licence": found.licence, "url": found.url}
    return Run(name, found.title, "imported", recipe, paper, found.origin, imported=True)


def _can_be_scored(run: Run, target: Data, origin: str) -> None:
    """Refuse images for an encoder of sound, and the reverse."""
    hears, sounds = _modality(run) in SOUND, not SOUND.isdisjoint(_provided(target))
    if hears != sounds:
        kinds = ("sound", "images") if hears else ("images", "sound")
        raise InputError(
            f"{origin}: {run.name} is an encoder of {kinds[0]}, and the data are {kinds[1]}; take other data"
        )


def _modality(run: Run) -> str:
    if run.imported:
        return "image"
    return signature.modality(run.method, run.recipe["hyper"])


def _provided(source: Data) -> tuple[str, ...]:
    provided: tuple[str, ...] = signature.constant(f"datasets.{source.dataset}", "PROVIDES")
    return provided


def _fits(run: Run, source: Data) -> None:
    """Refuse, before anything is trained, a recipe that the data cannot serve."""
    if run.recipe["batch_size"] > source.train_examples:
        raise InputError(
            f"{run.origin}: key batch_size is {run.recipe['batch_size']}, but params/data/{source.name}.yaml "
            f"has {source.train_examples} training examples; lower it"
        )
    modality, provided = _modality(run), _provided(source)
    if modality not in provided:
        raise InputError(
            f"{run.origin}: {run.method} needs {NEEDED[modality]}, and params/data/{source.name}.yaml has none "
            f"({source.dataset}: {', '.join(provided)}); take other data, or leave it out of the suite"
        )
    if modality.startswith("labelled") and not source.labelled:
        raise InputError(
            f"{run.origin}: {run.method} needs labels and params/data/{source.name}.yaml has none; leave it out of the suite"
        )
