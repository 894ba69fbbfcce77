# SPDX-License-Identifier: Apache-2.0
"""The cost of a queue with a long history and many jobs: the pages read by each statement that a worker
repeats. The server logs their plans (auto_explain)."""
import re

import pytest

from support.plans import follow_plans, pages_of, write_plans
from support.program import Exportd
from support.queue_rows import (explain_claim, fill_queue, hold_snapshot, insert_export_rows,
                                work_in_server)
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("queue_plans")  # the rows are inserted once

DATABASE = "queue_plans"
FINISHED, WAITING, RUNNING, ORGANIZATIONS = 1_000_000, 100_000, 50, 500
DELAYED = 10_000
PAGES = 100  # at most, for any statement; most need far fewer
LEASE = {"LEASE_SECONDS": 3}

# How the text of each statement begins.
CLAIM = {"claim": "-- Claims one job for one worker", "tidy": "-- Deletes flows"}
BEAT = {"beat": "INSERT INTO exportd.worker", "come back": "-- A worker that counted as dead",
        "judge": "-- Releases the jobs of workers", "forget": "DELETE FROM exportd.worker w",
        "return unheld": "-- Releases running jobs that bear"}
WORK = {"promote": "-- Makes delayed jobs that are due", "end": "-- The fence",
        "find lost": "SELECT held.place", "find place": "SELECT f.turn "}


@pytest.fixture(scope="module")
def full(postgres, template, tmp_path_factory):
    """The program with a full queue; the server logs plans."""
    postgres.create_database(DATABASE, template)
    folder = tmp_path_factory.mktemp("queue_plans")
    connection = postgres.connect(DATABASE)
    with connection.cursor() as sql:
        fill_queue(sql, FINISHED, WAITING, RUNNING, ORGANIZATIONS)
        last = FINISHED + WAITING + RUNNING + DELAYED
        insert_export_rows(sql, "delayed", last - DELAYED + 1, last, ORGANIZATIONS)
        sql.execute("UPDATE exportd.export SET next_try_at = now() + interval '1 day'"
                    " WHERE state = 'delayed'")
        sql.execute("VACUUM ANALYZE exportd.export")
        write_plans(sql, DATABASE, nested=True)
    connection.close()
    yield Exportd(folder, {
        "DATABASE_URL": postgres.url(DATABASE), "STORAGE_URL": f"file://{folder}/files",
        "MAIL_URL": f"file://{folder}/mail", "CONCURRENCY": 2})
    postgres.drop_database(DATABASE)


def expect_cheap(full, postgres, redis_server, expected, before=None, **settings):
    """A worker executes all `expected` statements several times, and none reads many pages."""
    connection = postgres.connect(DATABASE)
    read = follow_plans(postgres)
    with connection.cursor() as sql:
        sql.execute("SET auto_explain.log_min_duration = -1")

        def count(beginning):
            return sum(text.startswith(beginning) for text, _ in read())

        def asked():
            sql.execute("UPDATE exportd.worker SET beat_at = clock_timestamp()"
                        " WHERE instance = 'other'")
            return all(count(beginning) >= 3 for beginning in expected.values())

        if before:
            sql.execute(before)
        with full.worker(REDIS_URL=redis_server.url, **LEASE, **settings) as worker:
            wait_until(asked, f"all of {', '.join(expected)}", 60, pause=0.3)
            assert worker.stop() == 0, worker.log_text()
        asked_for = [(text, pages_of(plan)) for text, plan in read() if "exportd." in text]
    connection.close()
    seen = set()
    for text, pages in asked_for:
        # The first execution in a session also reads the catalog.
        if text in seen and not re.search(r"exportd.outbox", text):
            assert pages <= PAGES, f"{pages} pages: {text}"
        seen.add(text)


def test_a_worker_that_works(full, postgres, redis_server):
    """Each job takes some time, so that the worker asks whether it is lost. Three jobs become due, one after the
    other."""
    expect_cheap(full, postgres, redis_server, {**CLAIM, **BEAT, **WORK},
                 f"""UPDATE exportd.export SET next_try_at = clock_timestamp() + n * interval '2 s'
                     FROM generate_series(0, 2) AS n
                     WHERE data_export_id = {FINISHED + WAITING + RUNNING + 1} + n""",
                 FAULT="after_claim:delay=900")


def test_a_worker_that_waits(full, postgres, redis_server):
    """All organizations run as many jobs as they may. None has a turn, so the claim looks at all of them."""
    expect_cheap(full, postgres, redis_server, {**CLAIM, **BEAT}, MAX_RUNNING=0)


def test_a_snapshot_that_is_held(full, postgres):
    """During a pg_dump, dead rows of claims cannot be removed. A claim reads one more page for each job since
    then; tests/bench/queue_bench.py measures the time."""
    jobs = 4000
    connection = postgres.connect(DATABASE)
    with connection.cursor() as sql, hold_snapshot(postgres.connect(DATABASE)):
        sql.execute("SET auto_explain.log_min_duration = -1")
        before, _ = explain_claim(sql)
        work_in_server(sql, jobs)
        after, _ = explain_claim(sql)
    connection.close()
    assert before <= PAGES
    assert after <= PAGES + 1.1 * jobs
