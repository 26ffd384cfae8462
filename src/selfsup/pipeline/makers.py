"""One function per kind of artefact, from its parameters to the call that makes it; part of the artefact's code."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfsup import extensions
from selfsup.errors import InputError, NotApplicable
from selfsup.results import write_measures

if TYPE_CHECKING:
    from selfsup.progress import Progress
    from selfsup.store.artefact import Artefact


def prepare(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write a data set's HDF5 files."""
    module = extensions.load(f"datasets.{artefact.params['dataset']}")
    arguments = dict(artefact.params["arguments"])
    if artefact.params["lock"] is not None:
        arguments |= {"root": data_root() / artefact.params["source"], "lock": artefact.params["lock"]}
    module.prepare(scratch, **arguments)


def data_root() -> Path:
    """Return the folder that holds the user's data sets, from the environment, else ``originals``: its location changes no
    digest."""
    root = os.environ.get("SELFSUP_DATA_ROOT") or ("originals" if Path("originals").is_dir() else "")
    if not root:
        raise InputError(
            "SELFSUP_DATA_ROOT is not set; set it to the folder that holds the data sets, e.g. SELFSUP_DATA_ROOT=DIR, or "
            "link them into a folder originals"
        )
    if not Path(root).is_dir():
        raise InputError(
            f"SELFSUP_DATA_ROOT is {root}, which is no folder; set it to the folder that holds the data sets"
        )
    return Path(root)


def table(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the tensors that a recipe needs before training."""
    import torch
    from safetensors.torch import save

    from selfsup.config.lookup import table_reads
    from selfsup.config.signature import TABLE_READS
    from selfsup.datasets.prepared import read
    from selfsup.device import prepare_device

    prepare_device("cpu", 1)
    arguments = dict(artefact.params)
    name = arguments.pop("table")
    for key in table_reads(name):
        arguments[key] = torch.from_numpy(read(artefact.parents["prepared"].folder / "train.h5", TABLE_READS[key]))
    made = extensions.load(f"tables.{name}").make(**arguments)
    (scratch / "table.safetensors").write_bytes(save({key: made[key].contiguous() for key in sorted(made)}))


def pretrain(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Train a method, resuming from its checkpoint where there is one."""
    from selfsup.store.disk import checkpoint
    from selfsup.training.pretrain import pretrain as train

    recipe = {key: value for key, value in artefact.params.items() if key != "table"}
    train(scratch, **_pretrained_on(artefact), checkpoint=checkpoint(artefact.folder), progress=progress, **recipe)


def import_weights(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the encoder of published weights."""
    from selfsup.device import prepare_device
    from selfsup.nn.imported import import_weights as load

    prepare_device("cpu", 1)
    recipe = {key: value for key, value in artefact.params.items() if key != "file"}
    load(scratch, source_file=data_root() / artefact.params["file"], **recipe)


def weights(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Pretrain a run, which has parents, or import published weights, which have none."""
    (pretrain if artefact.parents else import_weights)(artefact, scratch, progress)


def predict(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write a method's predictions on held-out images."""
    from selfsup.device import prepare_device
    from selfsup.training.inspection import write_answers

    prepare_device(artefact.params["device"], artefact.params["threads"])
    write_answers(scratch, artefact.parents["weights"].folder, **_pretrained_on(artefact), **recipe(artefact.params))


def gallery(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the pictures of a method's views."""
    from selfsup.device import prepare_device
    from selfsup.training.inspection import write_gallery

    prepare_device(artefact.params["device"], artefact.params["threads"])
    write_gallery(scratch, artefact.parents["weights"].folder, **_pretrained_on(artefact), **recipe(artefact.params))


def _pretrained_on(artefact: "Artefact") -> dict[str, Any]:
    table = artefact.parents.get("table")
    return {
        "prepared": artefact.parents["prepared"].folder,
        "table": table.folder if table else None,
        "seed": artefact.seed,
    }


def recipe(params: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a run's parameters from which its method is rebuilt."""
    return {key: params[key] for key in ("method", "encoder", "hyper", "batch_size", "epochs", "device")}


def features(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the features of a frozen encoder on a target."""
    from selfsup.device import prepare_device
    from selfsup.evaluations.features import extract

    prepare_device(artefact.params["device"], artefact.params["threads"])
    keys = {key: value for key, value in artefact.params.items() if key != "threads"}
    extract(artefact.parents["weights"].folder, artefact.parents["target"].folder, scratch, **keys)


def measure(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the measures of one protocol, or the reason why it does not apply."""
    from selfsup.device import prepare_device
    from selfsup.evaluations.inputs import Inputs

    assert artefact.seed is not None
    prepare_device(artefact.params["device"], artefact.params["threads"])
    folders = {role: parent.folder for role, parent in artefact.parents.items()}
    inputs = Inputs(seed=artefact.seed, device=artefact.params["device"], pictures=scratch, **folders)
    evaluation = extensions.load(f"evaluations.{artefact.params['evaluation']}")
    progress.say(f"{artefact.params['evaluation']} of {artefact.name}")
    try:
        measured, reason = evaluation.evaluate(inputs, **artefact.params["arguments"]), None
    except NotApplicable as does_not_apply:
        measured, reason = [], str(does_not_apply)
    write_measures(scratch / "measures.json", measured, reason)


def experiment(artefact: "Artefact", scratch: Path, progress: "Progress") -> None:
    """Write the measures of an experiment, which needs no encoder."""
    from selfsup.device import prepare_device

    prepare_device("cpu", 1)
    module = extensions.load(f"experiments.{artefact.params['experiment']}")
    write_measures(scratch / "measures.json", module.measure(artefact.seed, **artefact.params["arguments"]))
