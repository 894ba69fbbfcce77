# SPDX-License-Identifier: Apache-2.0
"""What the queue costs when it has worked for long and has much to do: how many pages each statement
reads that a worker asks again and again. The server itself writes down their plans (auto_explain)."""
import re

import pytest

from support.plans import follow_plans, pages_of, write_plans
from support.program import Exportd
from support.queue_rows import (explain_claim, fill_queue, hold_snapshot, insert_export_rows,
                                work_in_server)
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("queue_plans")  # the rows are made once

DATABASE = "queue_plans"
FINISHED, WAITING, RUNNING, ORGANIZATIONS = 1_000_000, 100_000, 50, 500
DELAYED = 10_000
PAGES = 100  # at most, of any statement: most are far below
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
    """The program, over a full queue, with plans written to the server's log."""
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
    """A worker asks all the `expected` statements, several times, and none reads many pages."""
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
        # The first time a session also reads what the server knows of the tables and functions.
        if text in seen and not re.search(r"exportd.outbox", text):
            assert pages <= PAGES, f"{pages} pages: {text}"
        seen.add(text)


def test_a_worker_that_works(full, postgres, redis_server):
    """Each job takes a moment, so that it is asked for whether it is lost; three are due, one after
    the other."""
    expect_cheap(full, postgres, redis_server, {**CLAIM, **BEAT, **WORK},
                 f"""UPDATE exportd.export SET next_try_at = clock_timestamp() + n * interval '2 s'
                     FROM generate_series(0, 2) AS n
                     WHERE data_export_id = {FINISHED + WAITING + RUNNING + 1} + n""",
                 FAULT="after_claim:delay=900")


def test_a_worker_that_waits(full, postgres, redis_server):
    """All organizations run as many as they may: none has a turn, and all are looked at."""
    expect_cheap(full, postgres, redis_server, {**CLAIM, **BEAT}, MAX_RUNNING=0)


def test_a_snapshot_that_is_held(full, postgres):
    """pg_dump of the database: nothing that a claim leaves behind can be removed. A claim reads one
    page more for each job since; tests/bench/queue_bench.py tells what that costs in time."""
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
