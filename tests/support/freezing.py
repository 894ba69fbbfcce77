# SPDX-License-Identifier: Apache-2.0
"""Servers that neither answer nor close a connection: their processes are stopped for a while."""
import contextlib
import os
import signal


def _children(parent):
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(name))
        except OSError:
            pass
    return found


def _signal(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


@contextlib.contextmanager
def frozen(server):
    """The server's process (support.servers) and all its children are stopped within this context."""
    parent = server.process.pid
    _signal([parent], signal.SIGSTOP)  # first, so that it makes no more children
    children = _children(parent)
    _signal(children, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(children, signal.SIGCONT)
        _signal([parent], signal.SIGCONT)
