"""What each command of the command line does; what it needs is imported by it alone."""

import argparse
import json
import sys
from pathlib import Path

from selfsup.errors import InputError
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import STAGES
from selfsup.store.lineage import lineage, place, state


def stage(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import jobs

    for target in map(_folder, arguments.targets):
        artefact, kind = disk.locate(target, arguments.suite), STAGES[arguments.stage]
        if artefact.kind != kind:
            raise InputError(f"{target} is of kind {artefact.kind}; `selfsup {arguments.stage}` makes {kind}")
        seed = "" if artefact.seed is None else f" seed {artefact.seed}"
        jobs.run(artefact, Progress(artefact.name + seed, arguments.log), arguments.strict)


def _folder(target: Path) -> Path:
    """Return the folder of an artefact as the store names it: relative to the working directory, without spec.json."""
    folder = target.parent if target.name == "spec.json" else target
    return folder.relative_to(Path.cwd()) if folder.is_absolute() and folder.is_relative_to(Path.cwd()) else folder


def check(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import feasibility
    from selfsup.pipeline.forecast import forecast
    from selfsup.store.graph import graph

    feasibility.check(arguments.suite)
    print("\n".join(forecast(graph(arguments.suite))))


def report(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import publish
    from selfsup.store.graph import graph

    publish.write(graph(arguments.suite), Progress("report", arguments.log))


def compare(arguments: argparse.Namespace) -> None:
    from selfsup.report import comparison

    first, second = comparison.read(arguments.first), comparison.read(arguments.second)
    found = comparison.tables(first, second)
    if arguments.out:
        arguments.out.write_text(comparison.page(first, second, found), encoding="utf-8")
    print("\n".join(comparison.text(found, arguments.rows)))


def plan(arguments: argparse.Namespace) -> None:
    from selfsup.store.graph import graph

    print(json.dumps({name: str(a.folder) for name, a in graph(arguments.suite).by_name().items()}, indent=1))


def sweep(arguments: argparse.Namespace) -> None:
    if moved := disk.sweep(arguments.suite):
        print(
            f"{len(moved)} artefacts that {arguments.suite} does not use lie in .archive/ now; their own suites put them back"
        )


def where(arguments: argparse.Namespace) -> None:
    from selfsup.store.graph import graph

    for artefact in graph(arguments.suite).of_run(arguments.run, arguments.kind, arguments.seed):
        print(artefact.folder)
        if absent := state(artefact.folder):
            print(absent, file=sys.stderr)


def apply(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import apply

    weights = apply.weights(_folder(Path(arguments.run)), arguments.suite, arguments.seed)
    for file in apply.apply(weights, arguments.files, arguments.mask, arguments.out):
        print(file)


def embed(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import apply
    from selfsup.pipeline.embedding import embed

    weights = apply.weights(_folder(Path(arguments.run)), arguments.suite, arguments.seed)
    embed.write(embed.embed(weights, arguments.files, arguments.layer), arguments.out)
    print(arguments.out)


def neighbours(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.embedding import embed, pages

    embeddings = embed.read(arguments.embeddings)
    pages.write_neighbours(embeddings, pages.neighbours(embeddings, arguments.files, arguments.k), arguments.out)
    print(arguments.out)


def map_images(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.embedding import embed, pages

    embeddings = embed.read(arguments.embeddings)
    pages.write_map(embeddings, pages.positions(embeddings), arguments.out)
    print(arguments.out)


def remove(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.publish import REPORTS
    from selfsup.store.graph import graph

    suite = graph(arguments.suite)
    for artefact in disk.branch(suite.of_run(arguments.run, arguments.kind), suite):
        for folder in (artefact.folder, disk.ARCHIVE / artefact.folder):
            if folder.exists():
                _delete(folder, "remove", arguments.apply)
        if arguments.apply:
            disk.checkpoint(artefact.folder).unlink(missing_ok=True)
    if arguments.apply:  # the next report must be built again
        (REPORTS / arguments.suite / "manifest.json").unlink(missing_ok=True)


def gc(arguments: argparse.Namespace) -> None:
    from selfsup.config import suite

    for folder in [*disk.unreachable(suite.registered(), disk.ARCHIVE), *disk.unfinished()]:
        _delete(folder, "delete", arguments.apply)


def push(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import transfer
    from selfsup.store.graph import graph

    transfer.push(graph(arguments.suite).by_folder.values(), arguments.url, Progress("push"))


def pull(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import transfer
    from selfsup.store.graph import graph

    transfer.pull(graph(arguments.suite).by_folder.values(), arguments.url, Progress("pull"))


def _delete(folder: Path, verb: str, apply: bool) -> None:
    print(f"{f'{verb}d' if apply else f'would {verb}'} {folder}")
    if apply:
        disk.remove(folder)


def carry(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.carry import carry

    carry(arguments.revision, arguments.suite, Progress("carry", arguments.log))


def trace(arguments: argparse.Namespace) -> None:
    target = _folder(arguments.target)
    if not place(target):
        raise InputError(
            f"{target} has no spec.json, nor its copy in .archive/; name a finished folder of data/, or `dvc pull` it"
        )
    for folder, content in lineage(target):
        made_from = {key: content[key] for key in ("params", "definitions", "made_with")} if content else None
        print(f"{folder}\n{json.dumps(made_from, indent=1) if content else 'missing; `dvc pull` fetches it'}")


def verify(arguments: argparse.Namespace) -> None:
    from selfsup.store import verify

    verify.report([_folder(target) for target in arguments.targets])


def init(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import project

    project.init(arguments.folder, arguments.images, arguments.size_px, arguments.method)
    command = "snakemake" if arguments.images else "snakemake --config suite=smoke"
    print(f"{arguments.folder.resolve()} is a project: go there and run `{command}`")


def train(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.train import train

    print(train(arguments.images, arguments.method, arguments.project, arguments.size_px))


def schema(arguments: argparse.Namespace) -> None:
    from selfsup.config import editor

    for file in editor.write(arguments.folder):
        print(file)


def register(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import register

    register.register(arguments.name, arguments.dataset, arguments.download)


def import_weights(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import register

    register.import_weights(arguments.name, arguments.download)
