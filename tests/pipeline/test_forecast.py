"""What ``selfsup check`` says a suite will run, and how long, by the jobs that were measured in this folder."""

import json

import pytest

from selfsup.pipeline.forecast import duration, forecast
from selfsup.store.artefact import STAGES
from selfsup.store.graph import graph


def measured(project, rule, name, cpu_s, digest):
    file = project / "logs" / rule / f"{name}-{digest}.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"cpu_s\twall_s\tpeak_mb\n{cpu_s}\t1.0\t100\n")


def place(artefact, size):
    artefact.folder.mkdir(parents=True)
    (artefact.folder / "files.h5").write_bytes(b"0" * size)
    artefact.target.write_text(json.dumps({}))


def needed(planned, kind):
    """The digests of a kind that the results of the suite are made from."""
    found = [a for a in planned.by_folder.values() if a.kind in ("results", "experiment")]
    for artefact in found:
        found += [need for need in artefact.needs() if need not in found]
    return {artefact.digest for artefact in found if artefact.kind == kind}


def digests_of(planned, name):
    return {
        artefact.digest
        for artefact in planned.by_folder.values()
        if artefact.kind == "weights" and artefact.name == name
    }


def test_a_new_folder_has_jobs_but_no_times(project):
    planned = graph("smoke")
    counts = {rule: len(needed(planned, kind)) for rule, kind in STAGES.items()}
    head, time, disk = forecast(planned)
    assert head.startswith(f"smoke: {sum(counts.values())} jobs (")
    for rule, count in counts.items():
        assert f"{count} {rule}" in head or not count
    assert time.startswith("time: no such job of this suite was measured here yet")
    assert disk == "disk: nothing of its kind was made here yet"


def test_the_time_is_by_jobs_of_the_same_name_in_the_suite(project):
    planned = graph("smoke")
    simclr, other, *_ = sorted(
        needed(planned, "weights"), key=lambda digest: digest not in digests_of(planned, "simclr")
    )
    measured(project, "pretrain", "simclr", 600, simclr)
    measured(project, "pretrain", "absent", 60, other)
    measured(project, "pretrain", "simclr", 9999, "0123456789ab")  # of another suite
    total = sum(len(needed(planned, kind)) for kind in STAGES.values())
    assert forecast(planned)[1] == (
        f"time: about 10 min of one core for 1 of {total} jobs, by such jobs in logs/; that of the other {total - 1} is not known"
    )


def test_the_disk_is_by_results_of_the_same_stage(project):
    planned = graph("smoke")
    weights = [artefact for artefact in planned.by_folder.values() if artefact.kind == "weights"]
    place(weights[0], 200_000_000)
    assert (
        forecast(planned)[2]
        == f"disk: about {0.2 * (len(weights) - 1):.1f} GB, by what results of these stages take here"
    )


def test_features_of_results_that_exist_are_not_to_make(project):
    planned = graph("smoke")
    for artefact in planned.by_folder.values():
        if artefact.kind != "features":
            place(artefact, 1)
    assert forecast(planned) == ["smoke: every result exists; only the report may be to write"]


def test_a_finished_suite_has_nothing_to_run(project):
    planned = graph("smoke")
    for artefact in planned.by_folder.values():
        place(artefact, 1)
    assert forecast(planned) == ["smoke: every result exists; only the report may be to write"]


@pytest.mark.parametrize(("seconds", "text"), [(1, "1 min"), (90, "2 min"), (3599, "1 h 0 min"), (5400, "1 h 30 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text
