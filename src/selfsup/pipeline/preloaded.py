"""A command as a fork of the process of pipeline/preload.py, which has imported what it needs; with nothing but sockets."""

import json
import os
import signal
import socket
import sys
from typing import Any

SOCKET = "SELFSUP_PRELOADED"  # of the environment: where the process listens
BYTES_OF_LENGTH = 8


def run() -> None:
    """Run this command there and exit as it does; return where no such process listens.

    Interruptions are passed on, and where this process is killed, so is the fork.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(os.environ.get(SOCKET, ""))
        except OSError:
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda number, _: connection.sendall(bytes([number])))
        environment = {name: value for name, value in os.environ.items() if name != SOCKET}
        request: dict[str, Any] = {"arguments": sys.argv, "folder": os.getcwd(), "environment": environment}
        content = json.dumps(request).encode()
        socket.send_fds(connection, [len(content).to_bytes(BYTES_OF_LENGTH)], [0, 1, 2])
        connection.sendall(content)
        status = connection.recv(16)
    if not status:
        sys.exit("selfsup: the process that jobs fork from has ended; run the same command again")
    if (code := int(status)) < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
