"""A process that has imported the numerical libraries, and forks the jobs of a pipeline: most jobs compute for less time than
these imports take.

Snakemake's process starts it beside its first job and stops it with the last; it ends by itself where Snakemake was killed. A job
forks from it as it would start: with its own arguments, folder, environment, files and signals, and nothing of our own package
imported. Only its libraries were loaded before, with one thread, as such a job sets it.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

from selfsup.pipeline.jobs import fix_threads
from selfsup.pipeline.preloaded import BYTES_OF_LENGTH, SOCKET

LIBRARIES = ("h5py", "pydantic", "safetensors.torch", "scipy.optimize", "scipy.special", "torch", "torch._dynamo")
ALIVE_EVERY_S = 1.0  # how often it looks whether Snakemake still runs


def start() -> None:
    """Start the process for the jobs of this one, which find it by their environment; it is stopped when this one exits."""
    folder = tempfile.TemporaryDirectory(prefix="selfsup-")
    os.environ[SOCKET] = str(Path(folder.name) / "jobs")
    command = [sys.executable, "-m", "selfsup.pipeline.preload"]
    own = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # the sources that planned also run
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, env=own)

    def stop() -> None:
        process.terminate()
        process.wait()
        folder.cleanup()

    atexit.register(stop)


def serve(path: str) -> None:
    """Fork a job for each connection, and report its exit status there, until the process that started this one is gone."""
    parent, jobs = os.getppid(), dict[int, socket.socket]()
    fix_threads(1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    woken, wake = socket.socketpair()
    for end in (woken, wake, listener):
        end.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for library in LIBRARIES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(library)
    gc.collect()
    gc.freeze()  # what was imported is not visited again, so that its memory stays shared
    events = selectors.DefaultSelector()
    events.register(listener, selectors.EVENT_READ)
    events.register(woken, selectors.EVENT_READ)
    while os.getppid() == parent or jobs:
        for key, _ in events.select(ALIVE_EVERY_S):
            if key.fileobj is woken:
                woken.recv(4096)
                _report(jobs)
            else:
                _fork(listener, jobs)
    Path(path).unlink()
    with contextlib.suppress(OSError):
        Path(path).parent.rmdir()  # whoever made it was killed


def _fork(listener: socket.socket, jobs: dict[int, socket.socket]) -> None:
    connection, _ = listener.accept()
    connection.setblocking(True)
    if child := os.fork():
        jobs[child] = connection
        return
    try:
        code = _job(connection)
    except BaseException:
        traceback.print_exc()
        code = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _report(jobs: dict[int, socket.socket]) -> None:
    """Tell each job's connection how it ended."""
    while jobs:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        with jobs.pop(child) as connection, contextlib.suppress(OSError):  # whoever waited may have been killed
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}".encode())


def _job(connection: socket.socket) -> int:
    """Become the job that a connection asks for, and return its exit code."""
    signal.set_wakeup_fd(-1)
    for number, handler in ((signal.SIGCHLD, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):
        signal.signal(number, handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    length, files, *_ = socket.recv_fds(connection, BYTES_OF_LENGTH, 3)
    request = json.loads(_received(connection, int.from_bytes(length)))
    for standard, file in enumerate(files):
        os.dup2(file, standard)
        os.close(file)
    sys.stdout, sys.stderr = (open(standard, "w", closefd=False) for standard in (1, 2))  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = request["arguments"]
    threading.Thread(target=_obey, args=(connection,), daemon=True).start()
    try:
        runpy.run_module("selfsup", run_name="__main__")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _received(connection: socket.socket, length: int) -> bytes:
    content = b""
    while len(content) < length:
        content += connection.recv(length - len(content))
    return content


def _obey(connection: socket.socket) -> None:
    """Send this process the signals that its command gets; end it where the command was killed."""
    while number := connection.recv(1):
        os.kill(os.getpid(), number[0])
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(os.environ.pop(SOCKET))
