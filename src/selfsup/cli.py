"""The command line: every job of the pipeline runs one of these commands, and each can be run by hand.

What a command needs is imported by it: a job of a saved plan starts without reading the parameters.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from selfsup import commands, optional
from selfsup.errors import InputError, explained
from selfsup.pipeline import preloaded
from selfsup.progress import record_cost
from selfsup.store.artefact import FOLDERS, STAGES

Command = Callable[..., argparse.ArgumentParser]  # adds a command, and returns its parser


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
        _fail("interrupted; finished work is kept, and the same command goes on from the last checkpoint")
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
    added_to = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], None], text: str, suite: bool = True, log: bool = False
    ) -> argparse.ArgumentParser:
        added = added_to.add_parser(name, help=text, description=text)
        added.set_defaults(command=run, stage=name)
        if suite:
            added.add_argument("--suite", help="the suite (default: that of params/run.yaml)")
        if log:
            added.add_argument(
                "--log", type=Path, help="append progress to this file, and print lines instead of a bar"
            )
        return added

    _add_suites(command)
    _add_store(command)
    _add_files(
        command("apply", commands.apply, "colour images, fill holes in them, or propagate labels through a clip")
    )
    _add_embedding(command)
    init = command("init", commands.init, "start a project: copy recipes and workflow into a folder", suite=False)
    init.add_argument("folder", type=Path, nargs="?", default=Path(), help="the folder (default: this one)")
    init.add_argument("--images", type=Path, help="a folder of your images: write a suite of them, the default one")
    init.add_argument("--size-px", type=int, default=64, help="side to which they are scaled (default: 64)")
    train = command(
        "train", commands.train, "train a method on a folder of images, in a project of its own", suite=False
    )
    train.add_argument("images", type=Path, help="a folder of images, in class folders or not")
    train.add_argument(
        "--project", type=Path, default=Path("selfsup-project"), help="its folder (default: selfsup-project)"
    )
    train.add_argument("--size-px", type=int, default=64, help="side to which images are scaled (default: 64)")
    for own in (init, train):
        own.add_argument("--method", default="simclr", help="a recipe for images (default: simclr)")
    text = "write JSON Schemas of params/ for editors, and a page of all keys"
    schema = command("schema", commands.schema, text, suite=False)
    schema.add_argument("folder", type=Path, help="where the files are written, e.g. .schemas")
    _add_registering(command)
    return parser


def _add_suites(command: Command) -> None:
    """Add the jobs of the pipeline, and the commands about a suite."""
    for name, kind in STAGES.items():
        text = f"make artefacts of kind {kind}; `selfsup where` prints their folders"
        stage = command(name, commands.stage, text, log=True)
        stage.add_argument("targets", type=Path, nargs="+", metavar="target", help="its folder, or its spec.json there")
        stage.add_argument("--strict", action="store_true", help="hash every file that it is made from")
    command(
        "check",
        commands.check,
        "say what of a suite cannot run, before it does; else its jobs, their time and disk",
    )
    command("report", commands.report, "write the report of a suite from its results", log=True)
    text = "compare two reports: numbers, verdicts, parameters, code and data that differ"
    compare = command("compare", commands.compare, text, suite=False)
    for which in ("first", "second"):
        compare.add_argument(which, help="the folder of a report, or COMMIT:reports/SUITE for that of a commit")
    compare.add_argument("--out", type=Path, help="also write one HTML page, with all that differs")
    compare.add_argument("--rows", type=int, default=20, help="rows of each table that are printed (default: 20)")
    command("plan", commands.plan, "print every artefact of a suite and its folder, as JSON")
    command("sweep", commands.sweep, "move artefacts that a suite does not use from data/ into the local archive")
    where = command("where", commands.where, "print the folders of artefacts, e.g. `selfsup where simclr features`")
    where.add_argument("--seed", type=int, help="one seed (default: all)")
    text = "remove artefacts and everything made from them, so that they are made again"
    remove = command("remove", commands.remove, text)
    remove.add_argument("--apply", action="store_true", help="remove them (default: only list them)")
    for named in (where, remove):
        named.add_argument("run", help="a run of the suite, e.g. simclr")
        named.add_argument("kind", choices=list(FOLDERS))
    text = "keep results over a change of code if a sample made at both revisions is equal"
    carry = command("carry", commands.carry, text, log=True)
    carry.add_argument("revision", help="the commit at which the results in the store were made")


def _add_store(command: Command) -> None:
    """Add the commands about the store."""
    text = "print everything that an artefact was made from, back to the data"
    command("trace", commands.trace, text, suite=False).add_argument("target", type=Path, help="a folder of data/")
    verify = command("verify", commands.verify, "compare artefacts and reports with their recorded hashes", suite=False)
    verify.add_argument("targets", type=Path, nargs="*", help="folders of data/ or reports/ (default: all)")
    push = command(
        "push", commands.push, "copy a suite's artefacts to a folder or store; what is there is not copied again"
    )
    pull = command("pull", commands.pull, "copy a suite's artefacts from there, each file verified")
    for moving in (push, pull):
        moving.add_argument("url", help="a folder, or what fsspec opens, e.g. s3://bucket/store")
    gc = command("gc", commands.gc, "list archived artefacts that no suite uses, and unfinished work", suite=False)
    gc.add_argument("--apply", action="store_true", help="delete them (default: only list them)")


def _add_registering(command: Command) -> None:
    """Add the commands that hash a user's own files."""
    lock = command("register", commands.register, "hash a data set of your own into params/data/NAME.lock", suite=False)
    lock.add_argument("name", help="its folder below SELFSUP_DATA_ROOT, and the name of its lock")
    text = "its layout (default: that of params/data/NAME.yaml)"
    lock.add_argument("--dataset", help=text)
    lock.add_argument("--download", action="store_true", help="download it first, if its publisher offers that")
    text = "hash the file of published weights into params/weights/NAME.lock"
    imported = command("import", commands.import_weights, text, suite=False)
    imported.add_argument("name", help="a file of params/weights, which names the file below SELFSUP_DATA_ROOT")
    imported.add_argument("--download", action="store_true", help="download it first, if its key download says how")


def _add_files(apply: argparse.ArgumentParser) -> None:
    """Add the arguments of ``selfsup apply``."""
    apply.add_argument("run", help="a run of the suite, or the folder of its weights that `selfsup where` prints")
    apply.add_argument("files", type=Path, nargs="+", help="images; for a method of clips a video or frames' folder")
    apply.add_argument("--mask", type=Path, help="white where the hole is; for a clip the objects of its first frame")
    apply.add_argument("--out", type=Path, default=Path("applied"), help="where PNG files go (default: applied)")
    apply.add_argument("--seed", type=int, help="which of the run's weights (default: those of its first seed)")


def _add_embedding(command: Command) -> None:
    """Add the commands that use a trained encoder on a user's own images."""
    embedded = command("embed", commands.embed, "write the features of your own images, a row for each file")
    embedded.add_argument("run", help="a run of the suite, or the folder of its weights that `selfsup where` prints")
    embedded.add_argument("files", type=Path, nargs="+", help="images, or folders of them")
    embedded.add_argument(
        "--out", type=Path, default=Path("embeddings.h5"), help=".h5 (default: embeddings.h5) or .csv"
    )
    embedded.add_argument("--layer", help="a layer of the encoder (default: its own features)")
    embedded.add_argument("--seed", type=int, help="which of the run's weights (default: those of its first seed)")
    text = "show the nearest of the embedded images to some of them, as a page"
    near = command("neighbours", commands.neighbours, text, suite=False)
    near.add_argument("files", type=Path, nargs="*", help="images whose neighbours are shown (default: some of all)")
    near.add_argument("-k", type=int, default=8, help="neighbours of each (default: 8)")
    text = "show the embedded images on a map, near each other where their features are, as a page"
    mapped = command("map", commands.map_images, text, suite=False)
    for added, out in ((near, "neighbours.html"), (mapped, "map.html")):
        added.add_argument("--embeddings", type=Path, default=Path("embeddings.h5"), help="what `selfsup embed` wrote")
        added.add_argument("--out", type=Path, default=Path(out), help=f"the page (default: {out})")
