"""Jobs as forks of a process that has imported their libraries: they start, end and are killed as processes of their own."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from selfsup.pipeline.plan import Plan

# A process that forks jobs, without the libraries; a job says what it got and does what its last argument says.
SERVER = """
import os, signal, sys, time
import selfsup.cli
from selfsup.pipeline import preload

def main():
    print(sys.argv[1:], os.getcwd(), os.environ["COLOUR"], "SELFSUP_PRELOADED" in os.environ, os.getpid(), flush=True)
    what = sys.argv[-1]
    if what == "fail":
        sys.exit(3)
    if what == "raise":
        raise ValueError("wrong")
    if what == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    try:
        time.sleep(60 if what == "wait" else 0)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(1)

selfsup.cli.main = main
preload.LIBRARIES, preload.ALIVE_EVERY_S = (), 0.1
preload.serve(sys.argv[1])
"""
CLIENT = "from selfsup.pipeline import preloaded; preloaded.run(); print('alone')"


@pytest.fixture
def path(tmp_path):
    """The socket of a process that forks jobs."""
    path = tmp_path / "jobs"
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(path)], start_new_session=True)
    wait_for(path.exists)
    yield path
    server.terminate()
    server.wait()


def wait_for(condition):
    for _ in range(600):
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it took more than half a minute")


def command(path, *arguments, folder="."):
    environment = os.environ | {"SELFSUP_PRELOADED": str(path), "COLOUR": "green"}
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def waiting(path):
    """Return a command that waits, and the number of the process that waits for it."""
    job = command(path, "wait")
    return job, int(job.stdout.readline().split()[-1])


def runs(process):
    """Whether a process exists and is not only left to be reaped."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_job_has_its_commands_arguments_folder_environment_and_files(path, tmp_path):
    job = command(path, "pretrain", "x", folder=tmp_path)
    out, err = job.communicate()
    assert out.startswith(f"['pretrain', 'x'] {tmp_path} green False ")
    assert int(out.split()[-1]) != job.pid
    assert (job.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("what", "code", "printed"), [("fail", 3, ""), ("raise", 1, "ValueError: wrong"), ("crash", -9, "")]
)
def test_it_ends_as_its_job_does(path, what, code, printed):
    job = command(path, what)
    _, err = job.communicate()
    assert job.returncode == code
    assert printed in err


def test_an_interruption_reaches_the_job(path):
    job, _ = waiting(path)
    job.send_signal(signal.SIGINT)
    assert "interrupted" in job.communicate()[1]
    assert job.returncode == 1


def test_termination_ends_both(path):
    job, fork = waiting(path)
    job.terminate()
    job.communicate()
    assert job.returncode == -signal.SIGTERM
    wait_for(lambda: not runs(fork))


def test_a_killed_command_takes_its_job_along_and_others_go_on(path):
    (job, fork), (other, other_fork) = waiting(path), waiting(path)
    job.kill()
    job.communicate()
    wait_for(lambda: not runs(fork))
    assert runs(other_fork)
    other.kill()
    other.communicate()


def test_it_ends_with_the_process_that_started_it_but_not_before_its_jobs(tmp_path):
    path = tmp_path / "jobs"
    starter = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {SERVER!r}, {str(path)!r}]); time.sleep(60)"
    parent = subprocess.Popen([sys.executable, "-c", starter])
    wait_for(path.exists)
    job, fork = waiting(path)
    parent.kill()
    parent.wait()
    time.sleep(0.5)
    assert runs(fork)
    job.send_signal(signal.SIGINT)
    assert "interrupted" in job.communicate()[1]
    wait_for(lambda: not path.exists())
    alone = wait_for(lambda: (done := command(path, "quick").communicate()[0]) == "alone\n" and done)
    assert alone


def test_without_such_a_process_a_command_runs_alone(tmp_path):
    assert command(tmp_path / "nowhere", "x").communicate()[0] == "alone\n"


def test_snakemake_ends_on_sigterm_though_the_thread_it_interrupts_holds_its_lock():
    """Its own handler would wait for the lock of the thread that runs it."""
    lock, ended = threading.Lock(), threading.Event()

    class Scheduler:
        def exit_gracefully(self):
            with lock:
                ended.set()

    before = signal.getsignal(signal.SIGTERM)
    try:
        Plan.end_on_sigterm(None, Scheduler())
        with lock:
            os.kill(os.getpid(), signal.SIGTERM)
        assert ended.wait(10)
    finally:
        signal.signal(signal.SIGTERM, before)
