# SPDX-License-Identifier: Apache-2.0
"""A file store that fails, that is shared, or that cannot do all that a local disk can."""
import errno
import os

import pytest

from support import preload
from support.events import hash_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


@pytest.fixture
def failing(tmp_path):
    """Makes the settings of a program in which a system call fails."""
    def make(call, number):
        path = tmp_path / "failing-calls"
        path.write_text(f"{call} {number}")
        return preload.settings(preload.library("fail_calls"), fail_calls_file=path)
    return make


# ---- a server that does not answer ----

@pytest.mark.parametrize("name", ["ESTALE", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "ENODEV"])
def test_a_store_on_a_server_that_is_gone_is_away(exportd, sql, issue, failing, tmp_path, name):
    """With one failure allowed, one that were counted would end the export."""
    export = exportd.enqueue(group=issue)
    number = getattr(errno, name)
    with exportd.worker(MAX_FAILURES=1, **failing("pwrite", number)) as worker:
        wait_until(lambda: exportd.status(export)["state"] in ("delayed", "failed"), "its end")
        sql.execute("SELECT state, failures, message FROM exportd.export")
        state, failures, message = sql.fetchone()
        assert (state, failures) == ("delayed", 0) and os.strerror(number) in message, message
        (tmp_path / "failing-calls").unlink()
        exportd.ok("retry", export)
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "a good end")
        assert worker.stop() == 0


# ---- a file system that cannot sync a folder ----

@pytest.mark.parametrize("name", ["EINVAL", "ENOTSUP", "ENOSYS"])
def test_a_file_system_that_syncs_no_folders(exportd, issue, failing, name):
    settings = failing("fsync_folder", getattr(errno, name))
    export = exportd.enqueue(group=issue)
    worker = exportd.drain(**settings)
    assert exportd.status(export)["status"] == "VALID"
    assert "storage.not-promised" in worker.err
    lines = exportd.ok("check", **settings).out.splitlines()
    assert [line for line in lines if "storage" in line and "cannot sync folders" in line
            and line.startswith("warn")], lines
    assert "warn  storage" not in exportd.ok("check").out
    exportd.ok("delete", export, **settings)
    assert exportd.objects() == []
