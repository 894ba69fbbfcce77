# SPDX-License-Identifier: Apache-2.0
"""What thousands of small jobs leave behind in a worker: nothing. With the release build, because a
sanitizer keeps memory of its own. TEST_LONG_JOBS: fewer jobs than 10,000, for trying."""
import os
import subprocess

import pytest

from support.jobs import push
from support.memory import resident_memory
from support.program import ROOT
from support.tagstore_rows import insert_small_issues
from support.waiting import wait_until

JOBS = int(os.environ.get("TEST_LONG_JOBS", 10000))
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("long")]


@pytest.fixture
def release(exportd):
    path = os.environ.get("EXPORTD_RELEASE_BIN") or os.path.join(ROOT, "build/release/exportd")
    assert os.access(path, os.X_OK), f"{path} is not built"
    exportd.path = os.path.abspath(path)
    exportd.settings["LOG_LEVEL"] = "warning"
    return exportd


@pytest.fixture
def issues(release, sql):
    """The number of issues, each with ten values of `color` that no other issue has."""
    release.create()
    insert_small_issues(sql, 500)
    return 500


def send(sql, queue, count, issues):
    """Requests `count` exports, of the issues in turn, as another program does."""
    sql.execute("""INSERT INTO sentry_exporteddata (date_added, query_type, query_info,
                     organization_id, user_id)
                   SELECT now(), 0, '{"project_id": "1", "group_id": "' || 1 + n %% %s ||
                     '", "key": "color"}', o.id, u.id
                   FROM generate_series(1, %s) AS n, sentry_organization o, auth_user u
                   RETURNING id""", (issues, count))
    pipeline = queue.pipeline()
    for (export,) in sql.fetchall():
        push(pipeline, export)
    pipeline.execute()


def wait_until_done(sql, count):
    def done():
        sql.execute("SELECT (SELECT count(*) FROM exportd.export WHERE state = 'valid'),"
                    " (SELECT count(*) FROM exportd.outbox WHERE state = 'sent')")
        return sql.fetchone() == (count, count)
    wait_until(done, f"{count} exports and their mails", 1800, pause=0.5)


def test_memory_after_many_small_jobs(release, sql, queue, issues):
    """After 10,000 jobs, memory is within 5 % of that after the first tenth."""
    with release.worker(CONCURRENCY=4) as worker:
        send(sql, queue, JOBS // 10, issues)
        wait_until_done(sql, JOBS // 10)
        early = resident_memory(worker.process.pid)
        send(sql, queue, JOBS - JOBS // 10, issues)
        wait_until_done(sql, JOBS)
        late = resident_memory(worker.process.pid)
        assert worker.stop() == 0
    print(f"resident: {early} KiB after {JOBS // 10} jobs, {late} KiB after {JOBS}")
    assert late <= early * 1.05, (early, late)


def test_valgrind_finds_no_leak(release, sql, queue, issues, tmp_path):
    """After 1000 jobs, valgrind has found no leak and no read of uninitialized memory."""
    count = JOBS // 10
    send(sql, queue, count, issues)
    push(queue, 999999999)
    queue.lpush("data_export", "no job at all")
    log = tmp_path / "valgrind.log"
    done = subprocess.run(
        ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite,indirect",
         "--show-leak-kinds=definite,indirect", "--error-exitcode=97", f"--log-file={log}",
         release.path, "worker", "--drain", "--concurrency", "2"],
        env=release.environment({"LEASE_SECONDS": 120}), cwd=release.folder,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=3000)
    assert done.returncode == 0, log.read_text() + done.stderr.decode()[-3000:]
    wait_until_done(sql, count)
    assert len(release.mails()) == count
