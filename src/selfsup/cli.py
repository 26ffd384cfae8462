"""The command line: every job of the pipeline runs one of these commands, and each can be run by hand.

What a command needs is imported by it: a job of a saved plan starts without reading the parameters.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from selfsup import optional
from selfsup.errors import InputError, explained
from selfsup.pipeline import preloaded
from selfsup.progress import Progress, record_cost
from selfsup.store import disk
from selfsup.store.artefact import FOLDERS, STAGES
from selfsup.store.spec import lineage


def main() -> None:
    """Run one command; a user error is one sentence and exit code 1, never a traceback."""
    if preloaded.SOCKET in os.environ and sys.argv[1:2] and sys.argv[1] in STAGES:
        preloaded.run()
    started_s = time.monotonic()
    arguments = _parser().parse_args()
    try:
        if getattr(arguments, "suite", "") is None:
            from selfsup.config import suite

            arguments.suite = suite.default()
        arguments.command(arguments)
        if log := getattr(arguments, "log", None):
            record_cost(log, started_s)
    except InputError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if sentence := optional.missing(error):
            _fail(sentence)
        raise
    except KeyboardInterrupt:
        _fail("interrupted; finished jobs are kept, and `make resume` continues from the last checkpoint")
    except BrokenPipeError:
        os._exit(0)
    except OSError as error:
        if (sentence := explained(error)) is None:
            raise
        _fail(sentence)


def _fail(sentence: str) -> None:
    print(f"selfsup: {sentence}", file=sys.stderr)
    sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="selfsup", description="Self-supervised learning, reproduced.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str, suite: bool = True, log: bool = False
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=run, stage=name)
        if suite:
            added.add_argument("--suite", help="the suite (default: that of params/run.yaml)")
        if log:
            added.add_argument(
                "--log", type=Path, help="append progress to this file, and print lines instead of a bar"
            )
        return added

    for name, kind in STAGES.items():
        text = f"make artefacts of kind {kind}; `selfsup where` prints their folders"
        stage = command(name, _stage, text, log=True)
        stage.add_argument("targets", type=Path, nargs="+", metavar="target", help="its folder, or its spec.json there")
    command("check", _check, "build every method of a suite that is not trained yet, and report what cannot be built")
    command("report", _report, "write the report of a suite from its results", log=True)
    command("plan", _plan, "print every artefact of a suite and its folder, as JSON")
    command("sweep", _sweep, "move artefacts that a suite does not use from data/ into the local archive")
    where = command("where", _where, "print the folders of artefacts, e.g. `selfsup where simclr features`")
    where.add_argument("--seed", type=int, help="one seed (default: all)")
    remove = command("remove", _remove, "remove artefacts and everything made from them, so that they are made again")
    remove.add_argument("--apply", action="store_true", help="remove them (default: only list them)")
    for named in (where, remove):
        named.add_argument("run", help="a run of the suite, e.g. simclr")
        named.add_argument("kind", choices=list(FOLDERS))
    text = "colour images, fill holes in them, or propagate labels through a clip, by a run's weights"
    _add_files(command("apply", _apply, text))
    text = "keep results over a change of code if a sample made at both revisions is equal"
    carry = command("carry", _carry, text, log=True)
    carry.add_argument("revision", help="the commit at which the results in the store were made")
    trace = command("trace", _trace, "print everything that an artefact was made from, back to the data", suite=False)
    trace.add_argument("target", type=Path, help="a folder of data/")
    verify = command("verify", _verify, "compare artefacts and reports with their recorded hashes", suite=False)
    verify.add_argument("targets", type=Path, nargs="*", help="folders of data/ or reports/ (default: all)")
    gc = command("gc", _gc, "list archived artefacts that no suite uses, and unfinished work", suite=False)
    gc.add_argument("--apply", action="store_true", help="delete them (default: only list them)")
    init = command("init", _init, "start a project: copy the recipes and the workflow into a folder", suite=False)
    init.add_argument("folder", type=Path, nargs="?", default=Path(), help="the folder (default: this one)")
    text = "write JSON Schemas of params/ for editors, and a page of all keys"
    schema = command("schema", _schema, text, suite=False)
    schema.add_argument("folder", type=Path, help="where the files are written, e.g. .schemas")
    _add_registering(command)
    return parser


def _add_registering(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands that hash a user's own files."""
    lock = command("register", _register, "hash a data set of your own into params/data/NAME.lock", suite=False)
    lock.add_argument("name", help="its folder below SELFSUP_DATA_ROOT, and the name of its lock")
    text = "its layout (default: that of params/data/NAME.yaml)"
    lock.add_argument("--dataset", help=text)
    lock.add_argument("--download", action="store_true", help="download it first, if its publisher offers that")
    text = "hash the file of published weights into params/weights/NAME.lock"
    imported = command("import", _import, text, suite=False)
    imported.add_argument("name", help="a file of params/weights, which names the file below SELFSUP_DATA_ROOT")
    imported.add_argument("--download", action="store_true", help="download it first, if its key download says how")


def _add_files(apply: argparse.ArgumentParser) -> None:
    """Add the arguments of ``selfsup apply``."""
    apply.add_argument("run", help="a run of the suite, or the folder of its weights that `selfsup where` prints")
    apply.add_argument("files", type=Path, nargs="+", help="images; for a method of clips a video or frames' folder")
    apply.add_argument("--mask", type=Path, help="white where the hole is; for a clip the objects of its first frame")
    apply.add_argument("--out", type=Path, default=Path("applied"), help="where PNG files go (default: applied)")
    apply.add_argument("--seed", type=int, help="which of the run's weights (default: those of its first seed)")


def _stage(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import jobs

    for target in map(_folder, arguments.targets):
        artefact, kind = disk.locate(target, arguments.suite), STAGES[arguments.stage]
        if artefact.kind != kind:
            raise InputError(f"{target} is of kind {artefact.kind}; `selfsup {arguments.stage}` makes {kind}")
        seed = "" if artefact.seed is None else f" seed {artefact.seed}"
        jobs.run(artefact, Progress(artefact.name + seed, arguments.log))


def _folder(target: Path) -> Path:
    """Return the folder of an artefact as the store names it: relative to the working directory, without spec.json."""
    folder = target.parent if target.name == "spec.json" else target
    return folder.relative_to(Path.cwd()) if folder.is_absolute() and folder.is_relative_to(Path.cwd()) else folder


def _check(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import feasibility

    feasibility.check(arguments.suite)


def _report(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import publish
    from selfsup.store.graph import graph

    publish.write(graph(arguments.suite), Progress("report", arguments.log))


def _plan(arguments: argparse.Namespace) -> None:
    from selfsup.store.graph import graph

    print(json.dumps({name: str(a.folder) for name, a in graph(arguments.suite).by_name().items()}, indent=1))


def _sweep(arguments: argparse.Namespace) -> None:
    for folder in disk.sweep(arguments.suite):
        print(f"archived {folder}")


def _where(arguments: argparse.Namespace) -> None:
    from selfsup.store.graph import graph

    for artefact in graph(arguments.suite).of_run(arguments.run, arguments.kind, arguments.seed):
        print(artefact.folder)


def _apply(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import apply

    weights = apply.weights(_folder(Path(arguments.run)), arguments.suite, arguments.seed)
    for file in apply.apply(weights, arguments.files, arguments.mask, arguments.out):
        print(file)


def _remove(arguments: argparse.Namespace) -> None:
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


def _gc(arguments: argparse.Namespace) -> None:
    from selfsup.config import suite

    for folder in [*disk.unreachable(suite.registered(), disk.ARCHIVE), *disk.unfinished()]:
        _delete(folder, "delete", arguments.apply)


def _delete(folder: Path, verb: str, apply: bool) -> None:
    print(f"{f'{verb}d' if apply else f'would {verb}'} {folder}")
    if apply:
        disk.remove(folder)


def _carry(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.carry import carry

    carry(arguments.revision, arguments.suite, Progress("carry", arguments.log))


def _trace(arguments: argparse.Namespace) -> None:
    target = _folder(arguments.target)
    if not (target / "spec.json").is_file():
        raise InputError(f"{target} has no spec.json; name a finished folder of data/, or `dvc pull` it")
    for folder, content in lineage(target):
        made_from = {key: content[key] for key in ("params", "definitions", "made_with")} if content else None
        print(f"{folder}\n{json.dumps(made_from, indent=1) if content else 'missing; `dvc pull` fetches it'}")


def _verify(arguments: argparse.Namespace) -> None:
    from selfsup.store import verify

    verify.report([_folder(target) for target in arguments.targets])


def _init(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import project

    project.init(arguments.folder)
    print(f"{arguments.folder.resolve()} is a project: go there and run `snakemake --config suite=smoke`")


def _schema(arguments: argparse.Namespace) -> None:
    from selfsup.config import editor

    for file in editor.write(arguments.folder):
        print(file)


def _register(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import register

    register.register(arguments.name, arguments.dataset, arguments.download)


def _import(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import register

    register.import_weights(arguments.name, arguments.download)
