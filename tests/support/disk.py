# SPDX-License-Identifier: Apache-2.0
"""A disk that a test can fill, or make read-only."""
import contextlib
import os
import subprocess


class SmallDisk:
    """A tmpfs mounted on `folder`, but only for programs started by `command`. Others find it at `path`."""

    def __init__(self, folder, size):
        self.folder = str(folder)
        os.makedirs(folder, exist_ok=True)
        self._holder = subprocess.Popen(
            ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size={size},mode=700 none "$0"'
             ' && echo ready && exec sleep 1000', str(folder)], stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"ready\n"
        self.command = ["nsenter", "--preserve-credentials", "-U", "-m", "-t",
                        str(self._holder.pid)]
        self.path = f"/proc/{self._holder.pid}/root{folder}"

    @contextlib.contextmanager
    def full(self):
        """The disk is full within this context."""
        filler = os.path.join(self.path, "filler")
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 65536):
                pass
        try:
            yield
        finally:
            os.unlink(filler)

    @contextlib.contextmanager
    def read_only(self):
        """The disk is read-only within this context."""
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, mode):
        subprocess.run([*self.command, "mount", "-o", f"remount,{mode}", self.folder], check=True)

    def close(self):
        self._holder.kill()
        self._holder.wait()


def can_mount():
    return subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0
