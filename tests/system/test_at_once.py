# SPDX-License-Identifier: Apache-2.0
"""Identical requests, workers and cleanups, many at once."""
import concurrent.futures
import os
import signal
import threading

import pytest

from support.events import event, series
from support.waiting import wait_until


def test_twenty_identical_requests_are_one_export(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    barrier = threading.Barrier(20)

    def request(_):
        barrier.wait(60)
        return exportd.enqueue(group=1)

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        exports = set(pool.map(request, range(20)))
    assert len(exports) == 1
    sql.execute("SELECT (SELECT count(*) FROM sentry_exporteddata),"
                " (SELECT count(*) FROM exportd.export)")
    assert sql.fetchone() == (1, 1)
    exportd.drain()
    assert exportd.status(exports.pop())["attempts"] == 1
    assert len(exportd.mails()) == 1


@pytest.mark.pool
def test_two_workers_and_two_cleanups(exportd, sql):
    """Exports are made, share blobs, expire and are removed, all at the same time."""
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest([event(f"issue {n}", tags={"color": f"c{n % 3}"}) for n in range(12)])
    sql.execute("SELECT array_agg(group_id ORDER BY group_id) FROM sentry_grouphash")
    groups, = sql.fetchone()
    stop = threading.Event()
    exports = []

    def clean():
        results = []
        while not stop.is_set():
            results.append(exportd.run("cleanup"))
        return results

    with exportd.worker(CONCURRENCY=3, LEASE_SECONDS=5) as one, \
            exportd.worker(CONCURRENCY=3, LEASE_SECONDS=5) as two, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        cleaners = [pool.submit(clean) for _ in range(2)]
        try:
            for number in range(4):
                for group in groups:
                    exports.append(exportd.enqueue(
                        group=group, user=("ann@example.com", "bob@example.com")[number % 2]))
                # All finished exports expire now: cleanup removes blobs that other exports are about to use.
                sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'"
                            " WHERE date_finished IS NOT NULL")
        finally:
            stop.set()
        results = [result for cleaner in cleaners for result in cleaner.result(120)]
        assert [result.status for result in results] == [0] * len(results), results
        exportd.drain()
        assert one.stop() == 0 and two.stop() == 0

    sql.execute("SELECT count(*) FROM exportd.export WHERE state <> 'valid' OR attempt <> 1")
    assert sql.fetchone() == (0,)
    sql.execute("SELECT id, query_info::json->>'group_id' FROM sentry_exporteddata"
                " WHERE file_id IS NOT NULL")
    for export, group in sql.fetchall():
        assert exportd.download(export) == exportd.tag_export(group=group)
    assert len(exportd.mails()) == len(set(exports))
    exportd.ok("cleanup")
    sql.execute("SELECT path FROM sentry_fileblob WHERE id IN"
                " (SELECT blob_id FROM sentry_fileblobindex)")
    used = {path for path, in sql.fetchall()}
    stored = set(exportd.objects())
    sql.execute("SELECT path FROM sentry_fileblob")
    assert used <= stored == {path for path, in sql.fetchall()}
    sql.execute("SELECT (SELECT count(*) FROM exportd.object), (SELECT count(*) FROM exportd.worker)")
    assert sql.fetchone() == (0, 0)


@pytest.mark.pool
def test_workers_come_and_go_under_load(exportd, sql):
    """Workers are stopped, stopped by a second signal, or killed. They or other workers release their jobs,
    and every job is done once."""
    exportd.create()
    exportd.ingest([event(f"issue {n}", tags={"color": f"c{n}"}) for n in range(60)])
    sql.execute("SELECT array_agg(group_id ORDER BY group_id) FROM sentry_grouphash")
    groups, = sql.fetchone()
    exports = [exportd.enqueue(group=group) for group in groups]

    def finished():
        sql.execute("SELECT count(*) FROM exportd.export WHERE state = 'valid'")
        return sql.fetchone()[0]

    settings = {"CONCURRENCY": 4, "LEASE_SECONDS": 5, "FAULT": "page:delay=30"}
    with exportd.worker(**settings) as stays:
        for ending in (signal.SIGTERM, signal.SIGKILL, None, signal.SIGKILL):
            with exportd.worker(**settings) as goes:
                goes.wait_for_event("dataexport.end")
                if ending is None:
                    goes.process.send_signal(signal.SIGTERM)
                assert goes.stop(ending or signal.SIGTERM) in (0, -signal.SIGKILL)
            if finished() > 40:
                break
        wait_until(lambda: finished() == len(exports), "all jobs are done", 120)
        assert stays.stop() == 0
    # A mail that a killed worker was sending would be held back for two minutes.
    sql.execute("UPDATE exportd.outbox SET next_try_at = now() WHERE state = 'waiting'")
    exportd.drain(LEASE_SECONDS=5)
    for group, export in zip(groups, exports):
        assert exportd.download(export) == exportd.tag_export(group=group)
    sql.execute("SELECT count(*) FROM sentry_file")
    assert sql.fetchone() == (len(exports),)
    sql.execute("SELECT count(DISTINCT message_id), count(*) FROM exportd.outbox"
                " WHERE state = 'sent'")
    assert sql.fetchone() == (len(exports), len(exports))
    sql.execute("SELECT sum(failures), sum(crashes) = (SELECT count(*) FROM exportd.attempt"
                " WHERE outcome = 'crashed') FROM exportd.export")
    assert sql.fetchone() == (0, True)
