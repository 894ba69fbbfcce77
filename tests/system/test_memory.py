# SPDX-License-Identifier: Apache-2.0
"""Memory after a big job. Measured with the release build if it exists, because sanitizers keep freed
memory."""
import os

import pytest

from support.program import ROOT
from support.tagstore_rows import insert_group, insert_tag_values
from support.waiting import wait_until

RELEASE = os.environ.get("EXPORTD_RELEASE_BIN") or os.path.join(ROOT, "build", "release", "exportd")
MIB = 1024


def resident(worker):
    """The worker's resident memory, in KiB."""
    with open(f"/proc/{worker.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def run(exportd, numbers, **arguments):
    """Runs one export for each number, all at the same time."""
    exports = [exportd.enqueue(group=1, user=f"user{number}@example.com", **arguments)
               for number in numbers]
    wait_until(lambda: all(exportd.status(export)["state"] == "valid" for export in exports),
               f"exports {exports}", 120, 0.2)


def test_memory_returns_after_a_big_job(exportd, sql):
    """Each thread exports a quarter of a million values, with the largest pages."""
    if not os.access(RELEASE, os.X_OK):
        pytest.skip(f"{RELEASE} is not built")
    exportd.path = RELEASE
    exportd.create(users=[f"user{number}@example.com" for number in range(6)])
    insert_group(sql, 1)
    insert_tag_values(sql, 250000)
    with exportd.worker("--concurrency", 2, PAGE_SIZE=10000, SMALL_ROWS=1000000) as worker:
        run(exportd, (0, 1), limit=10)
        before = resident(worker)
        run(exportd, (2, 3))
        run(exportd, (4, 5))
        wait_until(lambda: resident(worker) < before + 4 * MIB,
                   f"as little memory as before: {before} KiB", 10, 0.5)
        assert worker.stop() == 0
