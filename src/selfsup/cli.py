"""The command line: every job of the pipeline runs one of these commands, and each can be run by hand."""

import argparse
import errno
import json
import os
import sys
from pathlib import Path

from selfsup import optional
from selfsup.config import suite as suites
from selfsup.errors import InputError
from selfsup.pipeline import jobs, project, publish, register
from selfsup.progress import Progress
from selfsup.store import disk
from selfsup.store.artefact import FOLDERS, Artefact
from selfsup.store.chains import chains

STAGES = {
    "prepare": "prepared",
    "table": "table",
    "pretrain": "weights",
    "features": "features",
    "evaluate": "results",
    "experiment": "experiment",
}
SUITE = "the suite (default: that of params/run.yaml)"


def main() -> None:
    """Run one command; a user error is one sentence and exit code 1, never a traceback."""
    arguments = _parser().parse_args()
    try:
        arguments.command(arguments)
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
        if error.errno not in _FIXES:
            raise
        _fail(f"{error.filename or 'a file of data/'}: {(error.strerror or '').lower()}; {_FIXES[error.errno]}")


_FIXES = {
    errno.ENOSPC: "free some space and run the same command again",
    errno.EDQUOT: "free some quota and run the same command again",
    errno.EFBIG: "raise the limit on file sizes and run the same command again",
    errno.ENOENT: "check the path",
    errno.EACCES: "change its permissions",
    errno.EROFS: "mount it writable",
}


def _fail(sentence: str) -> None:
    print(f"selfsup: {sentence}", file=sys.stderr)
    sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="selfsup", description="Self-supervised learning, reproduced.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=run, stage=name)
        return added

    for name, kind in STAGES.items():
        stage = command(name, _stage, f"make one artefact of kind {kind}; `selfsup where` prints its folder")
        stage.add_argument("target", type=Path, help="the folder of the artefact, or the spec.json in it")
        _common(stage)
    check = command(
        "check", _check, "build every method of a suite that is not trained yet, and report what cannot be built"
    )
    check.add_argument("--suite", help=SUITE)
    init = command("init", _init, "start a project: copy the recipes and the workflow into a folder")
    init.add_argument("folder", type=Path, nargs="?", default=Path(), help="the folder (default: this one)")
    report = command("report", _report, "write the report of a suite from its results")
    _common(report)
    schema = command("schema", _schema, "write JSON Schemas of params/ for editors, and a page of all keys")
    schema.add_argument("folder", type=Path, help="where the files go, e.g. .schemas")
    where = command("where", _where, "print the folders of artefacts, e.g. `selfsup where simclr features`")
    where.add_argument("run", help="a run of the suite, e.g. simclr")
    where.add_argument("kind", choices=list(FOLDERS))
    where.add_argument("--seed", type=int, help="one seed (default: all)")
    where.add_argument("--suite", help=SUITE)
    trace = command("trace", _trace, "print everything that an artefact was made from, back to the data")
    trace.add_argument("target", type=Path, help="a folder of data/")
    lock = command("register", _register, "hash a data set of your own into params/data/NAME.lock")
    lock.add_argument("name", help="its folder below SELFSUP_DATA_ROOT, and the name of its lock")
    lock.add_argument(
        "--dataset", choices=register.datasets(), help="its layout (default: that of params/data/NAME.yaml)"
    )
    lock.add_argument("--download", action="store_true", help="download it first, if its publisher offers that")
    imported = command("import", _import, "hash the file of published weights into params/weights/NAME.lock")
    imported.add_argument("name", help="a file of params/weights, which names the file below SELFSUP_DATA_ROOT")
    imported.add_argument("--download", action="store_true", help="download it first, if its key download says how")
    remove = command("remove", _remove, "remove artefacts and everything made from them, so that they are made again")
    remove.add_argument("run", help="a run of the suite, e.g. simclr")
    remove.add_argument("kind", choices=list(FOLDERS))
    remove.add_argument("--suite", help=SUITE)
    remove.add_argument("--apply", action="store_true", help="remove them (default: only list them)")
    plan = command("plan", _plan, "print every artefact of a suite and its folder, as JSON")
    plan.add_argument("--suite", help=SUITE)
    carry = command("carry", _carry, "keep results over a change of code if a sample made at both revisions is equal")
    carry.add_argument("revision", help="the commit at which the results in the store were made")
    _common(carry)
    sweep = command("sweep", _sweep, "move artefacts that a suite does not use from data/ into the local archive")
    sweep.add_argument("--suite", help=SUITE)
    gc = command("gc", _gc, "list archived artefacts that no suite uses, and unfinished work")
    gc.add_argument("--apply", action="store_true", help="delete them (default: only list them)")
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--suite", help=SUITE)
    parser.add_argument("--log", type=Path, help="append progress to this file, and print lines instead of a bar")


def _stage(arguments: argparse.Namespace) -> None:
    target = _folder(arguments.target)
    artefact = disk.locate(target, arguments.suite)
    if artefact.kind != STAGES[arguments.stage]:
        raise InputError(
            f"{target} is of kind {artefact.kind}; `selfsup {arguments.stage}` makes {STAGES[arguments.stage]}"
        )
    jobs.run(artefact, Progress(_label(artefact), arguments.log))


def _folder(target: Path) -> Path:
    """Return the folder of an artefact as the store names it: relative to the working directory, without spec.json."""
    folder = target.parent if target.name == "spec.json" else target
    return folder.relative_to(Path.cwd()) if folder.is_absolute() and folder.is_relative_to(Path.cwd()) else folder


def _label(artefact: Artefact) -> str:
    return artefact.name if artefact.seed is None else f"{artefact.name} seed {artefact.seed}"


def _check(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import feasibility

    feasibility.check(arguments.suite or suites.default())


def _schema(arguments: argparse.Namespace) -> None:
    from selfsup.config import editor

    for file in editor.write(arguments.folder):
        print(file)


def _init(arguments: argparse.Namespace) -> None:
    project.init(arguments.folder)
    print(f"{arguments.folder.resolve()} is a project: go there and run `snakemake --config suite=smoke`")


def _report(arguments: argparse.Namespace) -> None:
    publish.write(arguments.suite or suites.default(), Progress("report", arguments.log))


def _where(arguments: argparse.Namespace) -> None:
    for artefact in _named(arguments.suite, arguments.run, arguments.kind, arguments.seed):
        print(artefact.folder)


def _named(suite: str | None, run: str, kind: str, seed: int | None) -> list[Artefact]:
    name = suite or suites.default()
    every = [chain for _, group in chains(name) for chain in group]
    matching = [chain for chain in every if chain.run.name == run and seed in (None, chain.seed)]
    if not matching:
        known = ", ".join(dict.fromkeys(chain.run.name for chain in every))
        raise InputError(
            f"suite {name} has no run {run}{'' if seed is None else f' with seed {seed}'}; its runs are {known}"
        )
    return list({artefact.folder: artefact for chain in matching for artefact in chain.of_kind(kind)}.values())


def _trace(arguments: argparse.Namespace) -> None:
    first = _folder(arguments.target)
    if not (first / "spec.json").is_file():
        raise InputError(f"{first} has no spec.json; name a finished folder of data/, or `dvc pull` it")
    waiting, visited = [first], set()
    while waiting:
        folder = waiting.pop(0)
        spec = folder / "spec.json"
        if not spec.is_file():
            print(f"{folder}\nmissing; `dvc pull` fetches it")
            continue
        content = json.loads(spec.read_text(encoding="utf-8"))
        print(
            f"{folder}\n{json.dumps({key: content[key] for key in ('params', 'definitions', 'made_with')}, indent=1)}"
        )
        visited.add(folder)
        waiting += [Path(p) for p in content["parents"].values() if Path(p) not in visited | set(waiting)]


def _register(arguments: argparse.Namespace) -> None:
    register.register(arguments.name, arguments.dataset, arguments.download)


def _import(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline import register

    register.import_weights(arguments.name, arguments.download)


def _remove(arguments: argparse.Namespace) -> None:
    suite = arguments.suite or suites.default()
    for artefact in disk.branch(_named(suite, arguments.run, arguments.kind, None), suite):
        for folder in (artefact.folder, disk.KEEP / artefact.folder):
            if folder.exists():
                print(f"{'removed' if arguments.apply else 'would remove'} {folder}")
                if arguments.apply:
                    disk.remove(folder)
        if arguments.apply:
            disk.partial(artefact.folder, ".checkpoint").unlink(missing_ok=True)
    if arguments.apply:  # the next report must be built again
        (publish.REPORTS / suite / "manifest.json").unlink(missing_ok=True)


def _plan(arguments: argparse.Namespace) -> None:
    from selfsup.store.chains import by_name

    planned = by_name(arguments.suite or suites.default())
    print(json.dumps({name: str(artefact.folder) for name, artefact in planned.items()}, indent=1))


def _carry(arguments: argparse.Namespace) -> None:
    from selfsup.pipeline.carry import carry

    carry(arguments.revision, arguments.suite or suites.default(), Progress("carry", arguments.log))


def _sweep(arguments: argparse.Namespace) -> None:
    for folder in disk.sweep(arguments.suite or suites.default()):
        print(f"archived {folder}")


def _gc(arguments: argparse.Namespace) -> None:
    for folder in [*disk.unreachable(suites.names(), disk.KEEP), *disk.unfinished()]:
        print(f"{'deleted' if arguments.apply else 'would delete'} {folder}")
        if arguments.apply:
            disk.remove(folder)


if __name__ == "__main__":
    main()
