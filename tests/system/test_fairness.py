# SPDX-License-Identifier: Apache-2.0
"""Organizations take turns by their weight, small exports do not wait for big ones, and an idle worker sends
few statements."""
import os
import re
import time

import pytest

from support.events import hash_of, series
from support.queue_rows import enqueue, insert_organizations
from support.waiting import wait_until


def started(sql, organization=None):
    sql.execute("SELECT count(*) FROM exportd.export WHERE started_at IS NOT NULL"
                " AND (%(o)s IS NULL OR organization_id = %(o)s)", {"o": organization})
    return sql.fetchone()[0]


# ---- turns ----

@pytest.mark.parametrize("threads", [1, 4])
def test_many_exports_of_one_organization_hold_up_no_other(exportd, sql, threads):
    """One organization requests 5,000 exports, then fifty others one each. Until the last of the fifty starts,
    the first organization starts at most one export per thread."""
    first = exportd.create()
    others = insert_organizations(sql, 50)
    enqueue(sql, first, 5000)
    with exportd.worker(CONCURRENCY=threads) as worker:
        wait_until(lambda: started(sql) >= 20, "the first organization's exports run")
        for organization in others:
            enqueue(sql, organization)
        sql.execute("SELECT clock_timestamp()")
        asked = sql.fetchone()[0]
        wait_until(lambda: started(sql) - started(sql, first) == 50, "all have started", 60)
        assert worker.stop() == 0, worker.log_text()
    sql.execute("""SELECT count(*) FROM exportd.attempt JOIN exportd.export x USING (data_export_id)
                   WHERE organization_id = %s AND attempt.started_at > %s AND attempt.started_at <
                     (SELECT max(started_at) FROM exportd.export WHERE organization_id = ANY (%s))""",
                (first, asked, others))
    assert sql.fetchone()[0] <= threads


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_weights(exportd, sql, threads):
    """Of the first 400 jobs, the ratio is three to one, for any number of threads."""
    light = exportd.create()
    heavy, = insert_organizations(sql, 1)
    sql.execute("INSERT INTO exportd.organization (organization_id, weight) VALUES (%s, 3)", (heavy,))
    enqueue(sql, heavy, 450)
    enqueue(sql, light, 450)
    with exportd.worker(CONCURRENCY=threads) as worker:
        wait_until(lambda: started(sql) >= 400, "400 have started", 60)
        assert worker.stop() == 0, worker.log_text()
    sql.execute("""SELECT count(*) FILTER (WHERE organization_id = %s) FROM
                   (SELECT organization_id FROM exportd.export WHERE started_at IS NOT NULL
                    ORDER BY started_at LIMIT 400) AS first""", (heavy,))
    count = sql.fetchone()[0]
    assert 2.7 <= count / (400 - count) <= 3.3, f"{count} of 400"


# ---- small and big exports ----

ROWS = 400


@pytest.fixture
def issues(exportd, sql):
    """Two issues whose exports take 400 pages of 50 ms with EXPORTD_PAGE_SIZE=1, and one issue with one row."""
    exportd.create()
    exportd.ingest(series(ROWS, issue="big") + series(ROWS, issue="another") +
                   series(1, issue="small"))
    ids = []
    for name in ("big", "another", "small"):
        sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of(name),))
        ids.append(sql.fetchone()[0])
    return ids


SLOW = {"FAULT": "page:delay=50", "PAGE_SIZE": 1}


def put_big(exportd, sql, group):
    export = exportd.enqueue(group=group)
    sql.execute("UPDATE exportd.export SET big = true WHERE data_export_id = %s", (export,))
    return export


def state_of(sql, export):
    sql.execute("SELECT state FROM exportd.export WHERE data_export_id = %s", (export,))
    return sql.fetchone()[0]


def test_a_small_export_waits_for_no_big_one(exportd, sql, issues):
    """With two threads and two big exports, one thread stays free for small ones."""
    big = [put_big(exportd, sql, issue) for issue in issues[:2]]
    with exportd.worker(CONCURRENCY=2, **SLOW) as worker:
        wait_until(lambda: "running" in [state_of(sql, export) for export in big], "one runs")
        small = exportd.enqueue(group=issues[2])
        asked = time.monotonic()
        wait_until(lambda: state_of(sql, small) == "valid", "the small one is there", 3)
        assert time.monotonic() - asked < 3
        assert sorted(state_of(sql, export) for export in big) == ["running", "waiting"]
        waiting, = [export for export in big if state_of(sql, export) == "waiting"]
        assert exportd.status(waiting)["reason"] == \
            "it is big, and the last free thread is kept for small exports"
        worker.kill()


def test_one_thread_does_big_exports_too(exportd, sql, issues):
    big = put_big(exportd, sql, issues[2])
    exportd.drain(CONCURRENCY=1)
    assert exportd.status(big)["state"] == "valid"


# ---- a worker with nothing to do ----

SECONDS = 10
PER_SECOND = 3


@pytest.fixture
def transactions(postgres, database):
    """Returns a function that returns the number of transactions (here: round trips) since its last call. The
    server logs each statement with its virtual transaction."""
    postgres.execute("ALTER SYSTEM SET log_line_prefix = 'transaction %v '")
    postgres.execute("SELECT pg_reload_conf()")
    postgres.execute(f"ALTER DATABASE {database} SET log_statement = 'all'")
    place = 0

    def count():
        nonlocal place
        with open(os.path.join(postgres.folder, "log"), errors="replace") as log:
            log.seek(place)
            text = log.read()
            place = log.tell()
        return len(set(re.findall(r"(?m)^transaction (\S+) LOG:  execute ", text)))

    count()
    yield count
    postgres.execute("ALTER SYSTEM RESET log_line_prefix")
    postgres.execute("SELECT pg_reload_conf()")


def expect_quiet(exportd, transactions, **settings):
    with exportd.worker(CONCURRENCY=4, **settings) as worker:
        worker.wait_for_event("worker.registered")
        wait_until(transactions, "the worker asks for jobs")
        time.sleep(1)  # the worker's first statements
        transactions()
        time.sleep(SECONDS)
        count = transactions()
        assert worker.stop() == 0, worker.log_text()
    assert SECONDS < count <= PER_SECOND * SECONDS


def test_an_idle_worker_asks_little(exportd, transactions):
    expect_quiet(exportd, transactions)


def test_an_idle_fleet_asks_redis_four_times_a_second(exportd, queue):
    """One of its workers does. Redis also counts commands in scripts; they are not counted here."""
    def asked():
        calls = queue.info("commandstats")
        return sum(calls.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("eval", "evalsha"))

    with exportd.worker(CONCURRENCY=2) as one, exportd.worker(CONCURRENCY=2) as other:
        for worker in (one, other):
            worker.wait_for_event("worker.registered")
        wait_until(asked, "the intake looks for messages")
        time.sleep(1)
        begin, before = time.monotonic(), asked()
        time.sleep(SECONDS)
        count, seconds = asked() - before, time.monotonic() - begin
        assert one.stop() == other.stop() == 0
    assert seconds < count <= 4 * seconds + 1


@pytest.mark.parametrize("cap", ["all", "each"])
def test_no_loop_while_all_are_capped(exportd, transactions, sql, cap):
    exportd.create()
    for organization in insert_organizations(sql, 20):
        enqueue(sql, organization, 3)
    if cap == "each":
        sql.execute("INSERT INTO exportd.organization (organization_id, max_running)"
                    " SELECT id, 0 FROM sentry_organization")
    expect_quiet(exportd, transactions, **({"MAX_RUNNING": 0} if cap == "all" else {}))
    assert started(sql) == 0
