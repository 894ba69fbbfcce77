# SPDX-License-Identifier: Apache-2.0
"""The scripts for newcomers."""
import glob
import os
import re
import subprocess

import pytest

from support.program import ROOT


def command_lines():
    """The command lines of all processes."""
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path) as file:
                yield file.read().replace("\0", " ")
        except OSError:
            pass  # the process has just ended


@pytest.mark.xdist_group("quickstart")  # both build in the same folder
@pytest.mark.parametrize("turn", ["first", "second"])
def test_quickstart(turn, tmp_path):
    """Runs from another folder, twice, with settings in the environment that must have no effect."""
    environment = {**os.environ, "PGHOST": "/nonexistent", "PGDATABASE": "none",
                   "EXPORTD_QUEUE": "another"}
    done = subprocess.run([os.path.join(ROOT, "scripts", "quickstart")], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, timeout=1200,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    for shown in ("value,times_seen,last_seen,first_seen", "Export ready: ",
                  "Requested issue does not exist", "VALID", "FAILED", "README.md"):
        assert shown in done.stdout
    folder, = set(re.findall(r"/tmp/exportd\.\w+", done.stdout))
    assert not os.path.exists(folder), "it leaves nothing behind"
    assert not [line for line in command_lines() if folder in line], "it leaves nothing running"
    assert list(tmp_path.iterdir()) == []


def test_install_deps_refuses_what_it_does_not_know():
    done = subprocess.run([os.path.join(ROOT, "scripts", "install-deps"), "--all"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "--test" in done.stderr
