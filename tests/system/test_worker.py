# SPDX-License-Identifier: Apache-2.0
"""The worker and its servers: stops, deaths, pauses, several workers at once."""
import contextlib
import json
import signal
import threading
import time

import pytest

from support import preload
from support.events import event, group_of, hash_of, series
from support.expected import expected_csv
from support.jobs import insert_export, push
from support.proxy import Listener, Proxy
from support.tagstore_rows import insert_group, insert_tag_values
from support.waiting import wait_until

# A page of one row takes 0.2 s.
SLOW_PAGES = {"PAGE_SIZE": 1, "FAULT": "page:delay=200"}


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@contextlib.contextmanager
def uploads_held_up(postgres, database):
    """Within this context, an export stops when it stores its file."""
    connection = postgres.connect(database)
    connection.autocommit = False
    connection.cursor().execute("LOCK TABLE sentry_fileblob IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@contextlib.contextmanager
def away(postgres, database):
    """Within this context, PostgreSQL accepts no connection to the database; old ones are closed."""
    postgres.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                     f" WHERE datname = '{database}'")
    try:
        yield
    finally:
        postgres.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')


def workers(sql):
    sql.execute("SELECT instance FROM exportd.worker")
    return [instance for instance, in sql.fetchall()]


def expect_nothing_left(sql):
    """No job is unfinished, and no worker is in the list."""
    sql.execute("SELECT data_export_id, state FROM exportd.export"
                " WHERE state IN ('waiting', 'delayed', 'running')")
    assert (sql.fetchall(), workers(sql)) == ([], [])


def wait_for_state(exportd, export, state, seconds=30):
    wait_until(lambda: exportd.status(export)["state"] == state, f"export {export} is {state}",
               seconds, 0.2)


def test_killed_in_mid_export_the_job_is_still_there(exportd, postgres, database, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker() as worker:
        with uploads_held_up(postgres, database):
            wait_for_state(exportd, export, "running")
            assert worker.kill() == -signal.SIGKILL
    status = exportd.status(export)
    assert (status["status"], status["state"], status["attempts"]) == ("EARLY", "running", 1)
    assert [status["worker"]] == workers(sql), "by which another worker finds it"
    assert exportd.mails() == []


@pytest.mark.pool
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_an_idle_worker_ends_with_status_0(exportd, sql, issue, number):
    with exportd.worker() as worker:
        wait_until(lambda: len(workers(sql)) == 1, "it is registered")
        assert worker.stop(number) == 0
    assert workers(sql) == []


@pytest.mark.pool
def test_usr1_logs_what_the_worker_does_and_usr2_nothing(exportd, postgres, database, sql, issue):
    with exportd.worker() as worker:
        export = exportd.enqueue(group=issue)
        with uploads_held_up(postgres, database):
            wait_for_state(exportd, export, "running")
            for number in (signal.SIGUSR2, signal.SIGUSR1):
                worker.process.send_signal(number)
                time.sleep(0.3)
            worker.wait_for_event("worker.state")
        wait_for_state(exportd, export, "valid")
        worker.process.send_signal(signal.SIGUSR1)
        worker.wait_for_event("worker.state", 2)
        busy, idle = worker.events("worker.state")
        assert (busy["phase"], busy["threads"], busy["jobs"], busy["exports"]) == \
            ("runs", 2, 1, str(export))
        assert 0 <= busy["silent_ms"] < 20000
        assert (busy["postgres_missing"], busy["redis_missing"]) == (0, 0)
        assert (idle["jobs"], idle["exports"]) == (0, "")
        assert worker.events("worker.signal") == [], "nothing stops"
        assert worker.stop() == 0


@pytest.mark.pool
def test_hup_reads_the_file_again(exportd, issue, tmp_path):
    """The cap of 0 keeps the export waiting until the file has another."""
    path = tmp_path / "worker.env"
    path.write_text("EXPORTD_MAX_RUNNING=0\nEXPORTD_LOG_LEVEL=info\n")
    exportd.options = ("--config", str(path))
    with exportd.worker(LOG_LEVEL=None) as worker:
        worker.wait_for_event("worker.registered")
        export = exportd.enqueue(group=issue)
        path.write_text("EXPORTD_MAX_RUNING=5\n")
        worker.process.send_signal(signal.SIGHUP)
        worker.wait_for_event("worker.not-reloaded")
        assert "is EXPORTD_MAX_RUNNING meant?" in worker.events("worker.not-reloaded")[0]["error"]
        path.write_text("EXPORTD_MAX_RUNNING=5\nEXPORTD_LOG_LEVEL=debug\n")
        assert exportd.status(export)["state"] == "waiting"
        worker.process.send_signal(signal.SIGHUP)
        worker.wait_for_event("worker.reloaded")
        wait_for_state(exportd, export, "valid")
        line, = worker.events("worker.reloaded")
        assert (line["log_level"], line["max_running"]) == ("debug", 5)
        assert worker.stop() == 0


@pytest.mark.pool
def test_term_lets_a_job_finish(exportd, postgres, database, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker() as worker:
        with uploads_held_up(postgres, database):
            wait_for_state(exportd, export, "running")
            worker.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            later = exportd.enqueue(group=issue, key="shape")
            time.sleep(1)
            assert worker.process.poll() is None
        assert worker.stop() == 0
    assert exportd.status(export)["status"] == "VALID"
    status = exportd.status(later)
    assert (status["state"], status["attempts"]) == ("waiting", 0), "nothing more was claimed"
    assert workers(sql) == []


@pytest.mark.pool
@pytest.mark.parametrize("signals, stop_seconds", [(1, 1), (2, 60)])
def test_a_job_that_takes_too_long_is_put_back_uncounted(exportd, sql, signals, stop_seconds):
    """The worker gets one TERM and its time ends, or a second TERM at once."""
    exportd.create()
    exportd.ingest(series(100))
    export = exportd.enqueue(group=group_of(sql, "issue"))
    with exportd.worker(STOP_SECONDS=stop_seconds, **SLOW_PAGES) as worker:
        wait_for_state(exportd, export, "running")
        for _ in range(signals):
            worker.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
        assert worker.process.wait(15) == 0, worker.log_text()
        assert worker.stop() == 0
    sql.execute("SELECT state, failures, crashes FROM exportd.export")
    assert sql.fetchone() == ("waiting", 0, 0)
    assert (outcomes(sql), workers(sql)) == (["given-back"], [])
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    assert exportd.status(export)["attempts"] == 2


def test_an_interrupted_question_is_an_orderly_stop(exportd, postgres, database, sql, issue):
    """The server's error (57014) must not be logged as trouble."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(CONCURRENCY=1) as worker, \
            contextlib.closing(postgres.connect(database)) as other:
        other.autocommit = False
        other.cursor().execute("LOCK TABLE tagstore_grouptagvalue IN ACCESS EXCLUSIVE MODE")
        wait_for_state(exportd, export, "running")
        time.sleep(1)
        worker.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert worker.stop() == 0
        line, = worker.events("dataexport.postponed")
        assert (line["code"], line["error"]) == ("stopped", "the worker stops")
    sql.execute("SELECT outcome, message, cause FROM exportd.attempt")
    assert sql.fetchall() == [("given-back", "the worker stops", "the worker stops")]
    assert exportd.status(export)["state"] == "waiting"


def test_lines_of_a_job_name_what_it_is_about(exportd, sql, issue):
    """A failure's cause is also in the status and in the attempt."""
    exportd.ingest(series(2, key="shape"))
    exportd.enqueue(group=issue, key="shape")
    failed = exportd.enqueue(group=issue, key="none")
    log = [json.loads(line) for line in exportd.drain().err.splitlines()]
    sql.execute("SELECT id FROM sentry_organization")
    organization = sql.fetchone()[0]
    for name, key in ("dataexport.end", "shape"), ("dataexport.error", "none"):
        line, = [line for line in log if line["event"] == name]
        assert (line["organization_id"], line["project_id"], line["key"]) == (organization, 1, key)
    cause = "Requested key does not exist"
    assert exportd.status(failed)["cause"] == cause
    assert f"cause           {cause}\n" in exportd.ok("status", failed).out
    sql.execute("SELECT cause FROM exportd.attempt WHERE data_export_id = %s", (failed,))
    assert sql.fetchall() == [(cause,)]


@pytest.mark.pool
def test_pause_stops_claims_but_not_the_intake(exportd, sql, queue, issue):
    exportd.ok("queue", "pause")
    asked = exportd.enqueue(group=issue)
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        sent = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
        push(queue, sent)
        wait_for_state(exportd, sent, "waiting")
        assert queue.keys("*data_export*") == [], "the message has left Redis"
        time.sleep(1.5)  # time for three claims
        stats, = exportd.ok("queue", "stats", "--json").json_lines()
        assert (stats["paused"], stats["waiting"], stats["processing"]) == (True, 2, 0)
        exportd.ok("queue", "resume")
        for export in (asked, sent):
            wait_for_state(exportd, export, "valid")
        assert worker.stop() == 0


@pytest.mark.pool
def test_what_runs_goes_on_in_a_pause(exportd, postgres, database, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker() as worker:
        with uploads_held_up(postgres, database):
            wait_for_state(exportd, export, "running")
            exportd.ok("queue", "pause")
        wait_for_state(exportd, export, "valid")
        assert worker.stop() == 0


@pytest.mark.pool
def test_many_jobs_by_several_threads_and_workers(exportd, sql):
    """Each export runs once, each CSV is right, and exports with equal files share a blob."""
    exportd.create()
    events = [event(f"issue {n % 5}", tags={f"key{n % 7}": f"value {n}"}) for n in range(400)]
    exportd.ingest(events)
    asked = {}
    for issue in range(5):
        for key in range(7):
            asked[exportd.enqueue(group=group_of(sql, f"issue {issue}"), key=f"key{key}")] = \
                (f"issue {issue}", f"key{key}")
    with exportd.worker("--concurrency", 4) as first, exportd.worker("--concurrency", 4) as second:
        wait_until(lambda: len(exportd.mails()) == len(asked), "all mails", 120, 0.5)
        assert (first.stop(), second.stop()) == (0, 0)
    for export, (issue, key) in asked.items():
        assert exportd.download(export) == expected_csv(events, 1, [hash_of(issue)], key)
    sql.execute("SELECT max(attempt), count(*) FROM exportd.attempt")
    assert sql.fetchone() == (1, len(asked))
    expect_nothing_left(sql)


def test_a_duplicate_message_does_no_harm(exportd, queue, issue):
    export = exportd.enqueue(group=issue)
    for _ in range(3):
        push(queue, export)
    exportd.drain()
    assert exportd.status(export)["attempts"] == 1
    assert len(exportd.mails()) == 1
    push(queue, export)
    exportd.drain()
    assert exportd.status(export)["attempts"] == 1


def test_rows_rise_while_a_slow_export_runs(exportd, sql):
    """`status --watch` shows these numbers."""
    exportd.create()
    exportd.ingest(series(25))
    export = exportd.enqueue(group=group_of(sql, "issue"))
    with exportd.worker(**SLOW_PAGES) as worker:
        seen = []

        def rises():
            rows = exportd.status(export)["rows"]
            if not seen or rows != seen[-1]:
                seen.append(rows)
            return rows == 25
        wait_until(rises, "all 25 rows", 60, 0.3)
        assert seen == sorted(seen) and len(seen) >= 3, seen
        wait_for_state(exportd, export, "valid")
        worker.stop()


def test_nothing_stays_in_the_folder_of_temporary_files(exportd, tmp_path, issue):
    folder = tmp_path / "temporary"
    folder.mkdir()
    exportd.enqueue(group=issue)
    exportd.drain(TMPDIR=folder)
    assert list(folder.iterdir()) == []


def test_another_queue_name(exportd, sql, queue, issue):
    """Jobs and messages of the two queues are separate."""
    other = {"QUEUE": "other queue"}
    asked = exportd.enqueue(group=issue, **other)
    sent = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
    push(queue, sent, name="other queue")
    exportd.drain()
    assert queue.llen("other queue") == 1
    assert [exportd.status(export)["status"] for export in (asked, sent)] == ["EARLY"] * 2
    assert exportd.ok("queue", "--json").json_lines()[0]["waiting"] == 0
    assert exportd.ok("queue", "--json", **other).json_lines()[0]["waiting"] == 2
    exportd.drain(**other)
    assert [exportd.status(export)["status"] for export in (asked, sent)] == ["VALID"] * 2


def test_redis_away_for_a_while(exportd, redis_server, sql, queue, issue):
    """Jobs in PostgreSQL go on, and messages are taken in later. The log reports it once."""
    with exportd.worker(LOCK_REDIS_URL="none") as worker:
        worker.wait_for_event("worker.registered")
        redis_server.stop()
        try:
            worker.wait_for_event("server.away")
            wait_for_state(exportd, exportd.enqueue(group=issue), "valid")
        finally:
            redis_server.start()
        sent = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
        push(queue, sent)
        wait_for_state(exportd, sent, "valid", 60)
        assert worker.stop() == 0
        said = [(line["event"], line["server"]) for line in worker.log_lines()
                if line["event"] in ("server.away", "server.back")]
    assert said == [("server.away", "redis"), ("server.back", "redis")]


def test_without_redis(exportd, sql, issue):
    """A worker alone takes the jobs of `enqueue`."""
    alone = {"REDIS_URL": "none", "CONCURRENCY": 1}
    export = exportd.enqueue(group=issue, **alone)
    with exportd.worker(**alone) as worker:
        wait_for_state(exportd, export, "valid")
        later = exportd.enqueue(group=issue, key="color", user="ann@example.com", **alone)
        wait_for_state(exportd, later, "valid")
        assert worker.stop() == 0
        assert worker.events("server.away") == []
    assert later != export and len(exportd.mails()) == 2
    expect_nothing_left(sql)


# ---- answers that never come ----

@contextlib.contextmanager
def lost_answer(postgres, database, before, last=b""):
    """A DATABASE_URL by which the statement `before`, or `last` after it, gets no answer, once. For more than a
    second after that, no connection works."""
    proxy = Proxy(postgres.port, before, last, 1.5)
    try:
        yield f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}"
        assert proxy.answers_lost == 1
    finally:
        proxy.close()


def lost_commit(postgres, database, before):
    return lost_answer(postgres, database, before, b"COMMIT")


def outcomes(sql):
    sql.execute("SELECT outcome FROM exportd.attempt ORDER BY attempt")
    return [outcome for outcome, in sql.fetchall()]


def test_the_answer_to_a_claim_is_lost(exportd, postgres, database, sql, issue):
    """30 s after the claim, the heartbeat releases a job that no thread runs. No failure counts."""
    export = exportd.enqueue(group=issue)
    with lost_answer(postgres, database, b"INSERT INTO exportd.attempt") as url:
        with exportd.worker(DATABASE_URL=url, CONCURRENCY=1) as worker:
            worker.wait_for_event("queue.returned-unheld", seconds=60)
            wait_for_state(exportd, export, "valid")
            assert worker.stop() == 0
    assert outcomes(sql) == ["lost", "valid"]
    status = exportd.status(export)
    assert (status["failures"], status["crashes"]) == (0, 0)
    assert len(exportd.mails()) == 1
    expect_nothing_left(sql)


def test_the_answer_to_a_claim_is_lost_and_then_claims_fail(exportd, postgres, database, sql,
                                                            issue):
    """Other errors of the next claim, and of the release, say nothing about the first claim."""
    export = exportd.enqueue(group=issue)
    with lost_answer(postgres, database, b"INSERT INTO exportd.attempt") as url:
        with exportd.worker(DATABASE_URL=url, CONCURRENCY=1) as worker:
            wait_for_state(exportd, export, "running")
            sql.execute("ALTER TABLE exportd.flow RENAME TO hidden")
            time.sleep(33)
            assert exportd.status(export)["state"] == "running"
            sql.execute("ALTER TABLE exportd.hidden RENAME TO flow")
            wait_for_state(exportd, export, "valid")
            assert worker.stop() == 0
    assert outcomes(sql) == ["lost", "valid"]
    assert len(exportd.mails()) == 1
    expect_nothing_left(sql)


def test_the_answer_to_an_outcome_is_lost(exportd, postgres, database, sql, issue):
    export = exportd.enqueue(group=issue)
    with lost_commit(postgres, database, b"INSERT INTO exportd.outbox") as url:
        with exportd.worker(DATABASE_URL=url, CONCURRENCY=1) as worker:
            worker.wait_for_event("dataexport.end")
            assert worker.stop() == 0
            assert worker.events("dataexport.lost") == []
    assert exportd.download(export) == exportd.tag_export(group=issue)
    sql.execute("SELECT path, (SELECT count(*) FROM exportd.object) FROM sentry_fileblob")
    assert sql.fetchall() == [(path, 0) for path in exportd.objects()]
    assert outcomes(sql) == ["valid"]
    assert len(exportd.mails()) == 1
    expect_nothing_left(sql)


def test_the_answer_to_a_postponement_is_lost(exportd, postgres, database, sql, issue):
    """The failure counts once, and the job waits as long as its row says."""
    export = exportd.enqueue(group=issue)
    with lost_commit(postgres, database, b"The fence, and the end of an attempt") as url:
        with exportd.worker(DATABASE_URL=url, CONCURRENCY=1, FAULT="page:error",
                            RETRY_BASE_SECONDS=3600) as worker:
            worker.wait_for_event("dataexport.postponed")
            assert worker.stop() == 0
    status = exportd.status(export)
    assert (status["state"], status["failures"]) == ("delayed", 1)
    assert outcomes(sql) == ["delayed"]


# What the first outcome of a job finds about its blob.
MEANWHILE_ONCE = """
CREATE SEQUENCE outcomes;
CREATE FUNCTION meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('outcomes') = 1 THEN {}; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meanwhile BEFORE UPDATE ON exportd.export FOR EACH ROW
WHEN (NEW.state = 'valid') EXECUTE FUNCTION meanwhile();
"""


@pytest.mark.parametrize("reused", [True, False])
def test_storing_a_file_again_fails_once(exportd, sql, redis_server, issue, reused):
    """The blob is gone, and then the answer to the next lock is lost. Nothing is committed until the file is
    stored."""
    exports = 1
    if reused:
        exportd.enqueue(group=issue)
        exportd.drain()
        sql.execute("DELETE FROM sentry_fileblobindex")
        exports = 2
    sql.execute(MEANWHILE_ONCE.format("DELETE FROM sentry_fileblob"))
    proxy = Proxy(redis_server.port, b"EVAL", b"SET", 0)
    with contextlib.closing(proxy):
        export = exportd.enqueue(group=issue)
        with exportd.worker(CONCURRENCY=1,
                            LOCK_REDIS_URL=f"redis://127.0.0.1:{proxy.port}/0") as worker:
            worker.wait_for_event("dataexport.end", seconds=60)
            assert worker.stop() == 0
            assert len(worker.events("dataexport.blob-gone")) == 1
        assert proxy.answers_lost == 1
    assert exportd.download(export) == exportd.tag_export(group=issue)
    assert outcomes(sql) == ["valid"] * exports and len(exportd.mails()) == exports
    exportd.ok("cleanup")
    sql.execute("SELECT (SELECT count(*) FROM exportd.object), array_agg(path) FROM sentry_fileblob")
    journalled, paths = sql.fetchone()
    assert journalled == 0 and paths == exportd.objects()


@pytest.mark.parametrize("script", [b"SET", b"EVAL"], ids=["taken", "released"])
def test_the_answer_about_an_upload_lock_is_lost(exportd, redis_server, queue, issue, script):
    """No upload waits a minute for a lock whose owner does not know that it has it."""
    proxy = Proxy(redis_server.port, script, b"l:fileblob:upload:", 0)
    with contextlib.closing(proxy):
        export = exportd.enqueue(group=issue)
        url = f"redis://127.0.0.1:{proxy.port}/0"
        with exportd.worker(LOCK_REDIS_URL=url, CONCURRENCY=1) as worker:
            wait_for_state(exportd, export, "valid")
            assert worker.stop() == 0
        assert proxy.answers_lost == 1
    assert queue.keys("l:*") == []


def test_fifty_thousand_values(exportd, sql):
    exportd.create()
    insert_group(sql, 1)
    insert_tag_values(sql, 50000)
    export = exportd.enqueue(group=1)
    exportd.drain()
    assert exportd.status(export)["rows"] == 50000
    lines = exportd.download(export).decode().split("\r\n")
    assert lines[1] == "value 50000,1,2026-03-02T02:53:20.000000Z,2026-03-02T01:53:20.000000Z"
    assert lines[50000].startswith("value 1,1,") and len(lines) == 50002


def test_an_outage_is_said_once_however_many_threads_notice(exportd, postgres, database):
    with exportd.worker("--concurrency", "4") as worker:
        worker.wait_for_event("worker.registered")
        with away(postgres, database):
            worker.wait_for_event("server.away")
            time.sleep(5)  # an idle thread checks its connections every 3 s
        worker.wait_for_event("server.back")
        time.sleep(2)
        assert worker.stop() == 0
        said = [line["server"] for name in ("server.away", "server.back")
                for line in worker.events(name)]
        assert said == ["postgres", "postgres"], worker.log_text()


class SilentMailServer(Listener):
    """Accepts connections and never answers."""

    def __init__(self):
        self.met = threading.Event()
        super().__init__()

    def serve(self, client):
        self.met.set()
        while client.recv(1000):
            pass


def test_a_mail_does_not_hold_up_the_second_signal(exportd, sql, issue):
    """The mail has a moment to be sent. Then this worker gives it up, once, and the next worker sends it."""
    exportd.enqueue(group=issue)
    with contextlib.closing(SilentMailServer()) as server:
        with exportd.worker(MAIL_URL=f"smtp://127.0.0.1:{server.port}") as worker:
            assert server.met.wait(20)
            for _ in range(2):
                worker.process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
            assert worker.process.wait(15) == 0, worker.log_text()
            assert len(worker.events("mail.delayed")) == 1
            assert worker.stop() == 0
    sql.execute("SELECT state, tries, next_try_at <= now() FROM exportd.outbox")
    assert sql.fetchall() == [("waiting", 1, True)]
    exportd.drain()
    assert len(exportd.mails()) == 1


@pytest.mark.parametrize("threads", range(6))
def test_the_system_starts_no_more_threads(exportd, sql, issue, threads):
    """The threads are heartbeat, mailer, two job threads, intake and claimer. Those that run already end again, and
    nothing was claimed."""
    export = exportd.enqueue(group=issue)
    settings = preload.settings(preload.library("thread_limit"), thread_limit=threads)
    result = exportd.run("worker", "--concurrency", 2, timeout=60, **settings)
    assert result.status == 4, result.err
    assert "the system starts no more threads" in result.err
    status = exportd.status(export)
    assert (status["state"], status["attempts"]) == ("waiting", 0)
    assert workers(sql) == []
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
