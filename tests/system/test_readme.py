# SPDX-License-Identifier: Apache-2.0
"""README's "Run it alone" runs as it is written: its commands are taken from the text and run by bash."""
import glob
import os
import re
import subprocess

import pytest

from support.program import ROOT, SANITIZERS, binary


def code_blocks():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        section = re.search(r"^## Run it alone\n(.*?)^## ", file.read(), re.MULTILINE | re.DOTALL).group(1)
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE)
            for block in re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)]


@pytest.fixture
def database_exportd(postgres):
    postgres.create_database("exportd")
    yield
    postgres.drop_database("exportd")


def test_run_it_alone(postgres, database_exportd, tmp_path):
    """The block that installs PostgreSQL and makes the database is left out: it would install packages, and
    change the machine's own cluster. The tests' private cluster takes its place, by libpq's variables; so
    the role is `postgres` here, not `root`."""
    installing, *blocks = code_blocks()
    assert "apt-get install -y postgresql\n" in installing and "createdb" in installing
    assert len(blocks) >= 3 and not any("apt-get" in block or "su " in block for block in blocks)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "exportd").symlink_to(binary())
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(home), "LC_ALL": "C.UTF-8", **SANITIZERS,
                   "PGHOST": postgres.folder, "PGPORT": str(postgres.port), "PGUSER": "postgres"}
    done = subprocess.run(["bash", "-eu", "-c", "".join(blocks) + "wait\n"], env=environment, cwd=ROOT,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr, (home / "worker.log").read_text())
    path, = glob.glob(str(home / "*.csv"))
    assert path in done.stdout.splitlines()
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert lines[0] == "value,times_seen,last_seen,first_seen" and len(lines) > 2
    assert "VALID  valid  " in done.stderr
