# SPDX-License-Identifier: Apache-2.0
"""The life of a job (docs/job-life.md): crashes at each fault point, decisions after failures, retries, order;
and the command `status`, which shows them."""
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from support.events import group_of, hash_of, series
from support.expected import expected_csv
from support.jobs import insert_export, push
from support.waiting import wait_until

# The shortest lease: after two seconds, the jobs of a dead worker wait again.
LEASE = {"LEASE_SECONDS": 2}
EVENTS = series(3)


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(EVENTS)
    return group_of(sql, "issue")


def column(sql, query, *parameters):
    sql.execute(query, parameters)
    return [value for value, in sql.fetchall()]


def attempts(sql, export):
    return column(sql, """SELECT outcome FROM exportd.attempt WHERE data_export_id = %s
                          ORDER BY attempt""", export)


def die(exportd, fault, seconds=20):
    """Runs a worker that must kill itself at a fault point."""
    with exportd.worker(FAULT=fault, **LEASE) as worker:
        status = worker.process.wait(seconds)
        assert status == -signal.SIGKILL, worker.log_text()


def process_state(worker):
    with open(f"/proc/{worker.process.pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def expect_one_result(exportd, sql, export):
    """After any number of attempts: one file, one mail, nothing else."""
    status = exportd.status(export)
    assert (status["status"], status["state"], status["mail"]) == ("VALID", "valid", "sent")
    assert exportd.download(export) == expected_csv(EVENTS, 1, [hash_of("issue")], "color")
    sql.execute("SELECT count(*) FROM sentry_file")
    assert sql.fetchone() == (1,)
    stats, = exportd.ok("queue", "--json").json_lines()
    names = ("waiting", "in_redis", "processing", "delayed", "pending")
    assert [stats[name] for name in names] == [0] * 5
    return status


# ---- crashes ----

@pytest.mark.parametrize("fault, outcomes, crashes", [
    ("before_claim:kill", ["valid"], 0),
    ("claimed:kill", ["crashed", "valid"], 1),
    ("after_claim:kill", ["crashed", "valid"], 1),
    ("page:kill", ["crashed", "valid"], 1),
    ("last_page:kill", ["crashed", "valid"], 1),
    ("object_write:kill", ["crashed", "valid"], 1),
    ("blob_row:kill", ["crashed", "valid"], 1),
    ("before_commit:kill", ["crashed", "valid"], 1),
    ("after_commit:kill", ["valid"], 0),
])
def test_a_worker_dies(exportd, sql, queue, issue, fault, outcomes, crashes):
    export = exportd.enqueue(group=issue)
    die(exportd, fault)
    # These would end after one or two minutes: the dead worker's upload lock, and the hold of the mail that it
    # may have been sending.
    for lock in queue.keys("l:fileblob:upload:*"):
        assert 0 < queue.ttl(lock) <= 60
        queue.delete(lock)
    sql.execute("UPDATE exportd.outbox SET next_try_at = now() WHERE state = 'waiting'")
    exportd.drain(**LEASE)
    status = expect_one_result(exportd, sql, export)
    assert attempts(sql, export) == outcomes
    assert (status["attempts"], status["failures"], status["crashes"]) == (len(outcomes), 0, crashes)
    assert len(exportd.mails()) == 1


def test_a_worker_dies_after_the_mail_server_said_yes(exportd, sql, issue):
    """The mail is sent at least once. A second copy has the same Message-ID, and so the same file name here."""
    export = exportd.enqueue(group=issue)
    die(exportd, "after_smtp:kill")
    before = [mail["Message-ID"] for mail in exportd.mails()]
    assert len(before) == 1
    assert exportd.status(export)["mail"] == "waiting"
    sql.execute("UPDATE exportd.outbox SET next_try_at = now()")  # the end of its hold
    exportd.drain(**LEASE)
    assert {mail["Message-ID"] for mail in exportd.mails()} == set(before)
    assert exportd.status(export)["mail"] == "sent"


def test_a_failing_export_whose_worker_dies_is_mailed_once(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue, key="nosuchkey")
    die(exportd, "after_commit:kill")
    assert exportd.status(export)["status"] == "FAILED"
    push(queue, export)
    exportd.drain(**LEASE)
    assert len(exportd.mails()) == 1
    assert exportd.status(export)["attempts"] == 1
    assert exportd.ok("queue", "dead", "--json").out == "", "its message once more is no garbage"


def test_a_job_that_ten_workers_die_with_fails_with_a_mail(exportd, sql, issue):
    """SQL adds eight of the ten crashes. The last attempt writes its failure and nothing else."""
    export = exportd.enqueue(group=issue)
    die(exportd, "page:kill")
    sql.execute("UPDATE exportd.export SET crashes = crashes + 8")
    die(exportd, "page:kill")
    exportd.drain(FAULT="page:kill", **LEASE)
    status = exportd.status(export)
    assert (status["status"], status["failures"], status["crashes"]) == ("FAILED", 0, 10)
    assert status["message"] == "Internal processing failure"
    assert status["cause"] == "10 workers died while they ran this export"
    assert attempts(sql, export) == ["crashed", "crashed", "failed"]
    assert len(exportd.mails()) == 1


def test_crashes_are_no_failures(exportd, sql, issue):
    """A crash does not count as a failure, even if only few failures are allowed."""
    export = exportd.enqueue(group=issue)
    for _ in range(2):
        die(exportd, "after_claim:kill")
    exportd.drain(MAX_FAILURES=1, **LEASE)
    status = exportd.status(export)
    assert (status["status"], status["failures"], status["crashes"]) == ("VALID", 0, 2)


def test_every_job_of_a_dead_worker_waits_again(exportd, postgres, database, sql, queue, issue):
    """A crash counts for all its jobs, because any of them may be the cause. Then the worker is removed from the
    list."""
    users = ("ann@example.com", "bob@example.com")
    exportd.create(users=users, projects=())
    exports = [exportd.enqueue(group=issue, user=user) for user in users]
    with contextlib.closing(postgres.connect(database)) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE sentry_fileblob IN ACCESS EXCLUSIVE MODE")
        with exportd.worker(**LEASE) as worker:
            wait_until(lambda: all(exportd.status(export)["state"] == "running" for export in exports),
                       "both run")
            worker.kill()
    for lock in queue.keys("l:fileblob:upload:*"):
        queue.delete(lock)
    with exportd.worker(**LEASE) as worker:
        wait_until(lambda: [attempts(sql, export) for export in exports] == [["crashed", "valid"]] * 2,
                   "both are done by another worker")
        assert [line["jobs"] for line in worker.events("worker.rescued")] == [2]
        wait_until(lambda: len(column(sql, "SELECT instance FROM exportd.worker")) == 1,
                   "the dead one is off the list")
        assert worker.stop() == 0
    assert [exportd.status(export)["crashes"] for export in exports] == [1, 1]
    assert column(sql, "SELECT instance FROM exportd.worker") == []


@pytest.mark.parametrize("fault", ["page:stop", "before_commit:stop"])
def test_a_stopped_worker_loses_its_job_and_changes_nothing(exportd, sql, issue, fault):
    """After a SIGSTOP for longer than the lease, another worker does the job. The first one comes back and finds
    its fence gone; as it lives, no crash counts. If it is stopped in its transaction, it keeps the job until the
    server ends that transaction."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT=fault, **LEASE) as worker:
        wait_until(lambda: process_state(worker) == "T", "it is stopped")
        exportd.drain(**LEASE)
        assert attempts(sql, export) == ["crashed", "valid"]
        worker.process.send_signal(signal.SIGCONT)
        worker.wait_for_event("dataexport.lost")
        assert worker.stop() == 0
    assert attempts(sql, export) == ["silent", "valid"]
    assert len(exportd.mails()) == 1
    assert expect_one_result(exportd, sql, export)["crashes"] == 0


def test_the_job_of_a_living_worker_is_left_to_it(exportd, sql, issue):
    """The job may take many leases, as long as its worker beats."""
    exportd.ingest(series(60, key="shade"))
    export = exportd.enqueue(group=issue, key="shade")
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=120", **LEASE) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
        exportd.drain(**LEASE)
        assert worker.stop() == 0
    assert exportd.status(export)["status"] == "VALID"
    assert attempts(sql, export) == ["valid"]


# ---- failures that pass ----

def test_a_retry_with_back_off(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="before_commit:error", RETRY_BASE_SECONDS=3600) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "delayed", "it is delayed")
        worker.stop()
    status = exportd.status(export)
    assert (status["status"], status["attempts"], status["failures"]) == ("EARLY", 1, 1)
    assert status["message"] and status["next_try_at"] > status["date_added"]
    assert exportd.mails() == []
    sql.execute("SELECT extract(epoch FROM next_try_at - now()) FROM exportd.export")
    assert 3500 < sql.fetchone()[0] < 4600
    stats, = exportd.ok("queue", "--json").json_lines()
    assert (stats["delayed"], stats["waiting"], stats["processing"]) == (1, 0, 0)
    sql.execute("UPDATE exportd.export SET next_try_at = now()")
    exportd.drain()
    expect_one_result(exportd, sql, export)
    assert attempts(sql, export) == ["delayed", "valid"]


NO_MAIL_SERVER = {"MAIL_URL": "smtp://127.0.0.1:1"}


def test_drain_need_not_wait_for_mails(exportd, issue):
    export = exportd.enqueue(group=issue)
    exportd.drain("--ignore-mail", timeout=60, **NO_MAIL_SERVER)
    status = exportd.status(export)
    assert (status["status"], status["mail"]) == ("VALID", "waiting")
    assert "--drain" in exportd.fails("worker", "--ignore-mail", status=2).err


def test_drain_says_on_a_terminal_what_it_waits_for(exportd, issue):
    """It waits for a mail that cannot be sent, and for a delayed job."""
    exportd.enqueue(group=issue)
    exportd.drain("--ignore-mail", **NO_MAIL_SERVER)
    exportd.enqueue(group=issue, key="size")
    terminal, end = pty.openpty()
    settings = {**NO_MAIL_SERVER, "FAULT": "issue_found:error", "RETRY_BASE_SECONDS": 3600}
    process = subprocess.Popen([exportd.path, "worker", "--drain"], stdin=subprocess.DEVNULL,
                               stderr=end, env=exportd.environment(settings), cwd=exportd.folder)
    os.close(end)
    try:
        said = ""
        while "waiting for 0 messages, 1 job, 1 mail\r\n" not in said:
            assert select.select([terminal], [], [], 30)[0], said
            said += os.read(terminal, 65536).decode()
        time.sleep(7)
        said = os.read(terminal, 65536).decode()
        assert 1 <= said.count("waiting for") <= 3, said
    finally:
        process.terminate()
        process.wait(30)
        os.close(terminal)


def test_drain_waits_for_delayed_jobs(exportd, sql, issue):
    """In these tests the first pause is a second, so the retry happens within one drain."""
    export = exportd.enqueue(group=issue)
    exportd.drain(FAULT="page:error")
    expect_one_result(exportd, sql, export)
    assert attempts(sql, export) == ["delayed", "valid"]


def test_a_failure_that_stays_is_mailed_after_its_budget(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    faults = ",".join(f"page:error:{n}" for n in range(1, 4))
    exportd.drain(FAULT=faults, MAX_FAILURES=3)
    status = exportd.status(export)
    assert (status["status"], status["attempts"]) == ("FAILED", 3)
    assert status["message"] == "Internal processing failure"
    assert attempts(sql, export) == ["delayed", "delayed", "failed"]
    assert len(exportd.mails()) == 1


def test_missing_tables_mail_nothing_at_once(exportd, sql, issue):
    with exportd.worker(RETRY_BASE_SECONDS=3600) as worker:
        worker.wait_for_event("worker.registered")  # a worker does not start without the tables
        sql.execute("ALTER TABLE tagstore_grouptagvalue RENAME TO hidden")
        export = exportd.enqueue(group=issue)
        wait_until(lambda: exportd.status(export)["state"] == "delayed", "it is delayed")
        worker.stop()
    assert exportd.mails() == []
    sql.execute("ALTER TABLE hidden RENAME TO tagstore_grouptagvalue")
    sql.execute("UPDATE exportd.export SET next_try_at = now()")
    exportd.drain()
    expect_one_result(exportd, sql, export)


# ---- order ----

def order_of_attempts(sql):
    return column(sql, "SELECT data_export_id FROM exportd.attempt ORDER BY started_at")


def test_one_job_in_each_priority_list(exportd, sql, queue, issue):
    """Jobs of step 0 run first, then 3, 6, 9, in any order of arrival."""
    exports = {}
    for step, name in ((9, "data_export\x06\x169"), (6, "data_export\x06\x166"),
                       (3, "data_export\x06\x163"), (0, "data_export")):
        exports[step] = insert_export(sql, {"project_id": "1", "group_id": str(issue),
                                            "key": "color", "step": step})
        push(queue, exports[step], name=name)
    exportd.drain(CONCURRENCY=1)
    assert order_of_attempts(sql) == [exports[step] for step in (0, 3, 6, 9)]
    assert column(sql, "SELECT priority FROM exportd.export ORDER BY data_export_id") == [9, 6, 3, 0]


def test_users_of_one_organization_take_turns(exportd, sql, issue):
    exportd.create(users=("ann@example.com", "bob@example.com"), projects=())
    asked = [exportd.enqueue(group=issue, key=key) for key in ("color", "one", "two", "three")]
    later = [exportd.enqueue(group=issue, key=key, user="bob@example.com") for key in ("color", "one")]
    exportd.drain(CONCURRENCY=1)
    assert order_of_attempts(sql) == [asked[0], later[0], asked[1], later[1], asked[2], asked[3]]


def test_priority_is_no_rank_among_organizations(exportd, sql, queue, issue):
    """Each has two jobs. The urgent ones do not run before the other organization's turn."""
    exportd.create("other", users=("eve@example.com",), projects=(2,))
    urgent, other = ([insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"},
                                    user=user, organization=organization) for _ in range(2)]
                     for user, organization in (("ann@example.com", "acme"),
                                                ("eve@example.com", "other")))
    for export in other:
        push(queue, export, name="data_export\x06\x169")
    for export in urgent:
        push(queue, export)
    exportd.drain(CONCURRENCY=1)
    organizations = [export in urgent for export in order_of_attempts(sql)]
    assert organizations in ([True, False] * 2, [False, True] * 2)


# ---- servers that lose data ----

def test_redis_loses_all_its_keys(exportd, sql, queue, issue):
    """A job of `enqueue` has never been in Redis."""
    export = exportd.enqueue(group=issue)
    queue.flushall()
    assert exportd.enqueue(group=issue) == export
    exportd.drain()
    expect_one_result(exportd, sql, export)
    assert attempts(sql, export) == ["valid"]


def test_a_restored_database(exportd, sql, queue, issue):
    """The same id with another date is another job, although exportd has this id as done."""
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("UPDATE exportd.export SET date_added = date_added - interval '1 day'")
    sql.execute("""UPDATE sentry_exporteddata SET file_id = NULL, date_finished = NULL,
                   date_expired = NULL""")
    assert exportd.status(export)["status"] == "EARLY"
    push(queue, export)
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["attempts"], status["failures"]) == ("VALID", 2, 0)


# ---- exportd status ----

def test_status_as_a_table_and_as_a_block(exportd, sql, issue):
    first = exportd.enqueue(group=issue)
    second = exportd.enqueue(group=issue, key="nosuchkey")
    exportd.drain()
    never = insert_export(sql, {"project_id": "1"})
    lines = exportd.ok("status").out.splitlines()
    assert lines[0].split()[:3] == ["ID", "STATUS", "STATE"]
    assert [line.split()[:3] for line in lines[1:]] == [
        [str(never), "EARLY", "-"], [str(second), "FAILED", "failed"],
        [str(first), "VALID", "valid"]]
    assert lines[2].endswith("Requested key does not exist")
    block = dict(line.split(None, 1) for line in exportd.ok("status", first).out.splitlines())
    assert block["status"] == "VALID" and block["rows"] == "3" and block["mail"] == "sent"
    assert block["file_name"].endswith(f"_{first}.csv") and block["worker"] == "-"


@pytest.mark.parametrize("words", [["x"], ["0"], ["-1"], ["1", "2"], ["--watch"]])
def test_status_wrong_usage(exportd, words):
    exportd.fails("status", *words, status=2)


def test_status_of_an_unknown_id(exportd):
    assert "no export 4711" in exportd.fails("status", 4711, status=3).err
    assert "no export 4711" in exportd.fails("status", 4711, "--json", status=3).err
    assert "no export 4711" in exportd.fails("status", 4711, "--watch", status=3).err


def test_watch_without_a_terminal_prints_changes(exportd, issue):
    export = exportd.enqueue(group=issue)
    watcher = subprocess.Popen([exportd.path, "status", str(export), "--watch"],
                               env=exportd.environment({}), stdout=subprocess.PIPE, text=True)
    time.sleep(2.5)
    exportd.drain()
    out, _ = watcher.communicate(timeout=20)
    assert watcher.returncode == 0
    lines = out.splitlines()
    assert lines[0] == \
        "EARLY  waiting  0 rows  0 bytes  attempt 0  place 1: no worker is there to run it"
    assert lines[-1].startswith("VALID  valid  3 rows  ") and lines[-1].endswith("attempt 1")
    assert len(lines) == len(set(lines)), "a line only when something has changed"


def test_watch_ends_with_status_1_after_a_failure(exportd, issue):
    export = exportd.enqueue(group=issue, key="nosuchkey")
    exportd.drain()
    result = exportd.fails("status", export, "--watch", "--json")
    assert [line["status"] for line in result.json_lines()] == ["FAILED"]
    assert "Requested key does not exist" in result.err


@contextlib.contextmanager
def on_a_terminal(exportd, *arguments):
    """Runs a command with a terminal as its output; returns the process and the terminal's other end."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([exportd.path, *map(str, arguments)],
                               env=exportd.environment({}), stdin=subprocess.DEVNULL,
                               stdout=theirs, stderr=subprocess.PIPE)
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.communicate()
        os.close(ours)


def read_terminal(end, seconds):
    """Reads what is written within `seconds`, or until the end."""
    text = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([end], [], [], 0.1)[0]:
            continue
        try:
            text += os.read(end, 65536)
        except OSError:  # the other side is closed
            break
    return text.decode()


def test_watch_draws_on_a_terminal(exportd, issue):
    export = exportd.enqueue(group=issue)
    with on_a_terminal(exportd, "status", export, "--watch") as (process, end):
        early = read_terminal(end, 2.5)
        exportd.drain()
        late = read_terminal(end, 10)
        assert process.wait(10) == 0
    frames = early.split("\r\x1b[K")[1:]
    assert len(frames) >= 2 and len(set(frames)) == len(frames), "the block wanders"
    assert all(re.fullmatch(r"\[ *=== *\] EARLY  waiting  0 rows.*", frame) for frame in frames)
    assert re.search(r"\[={16}\] VALID  valid  3 rows  \d+ bytes  attempt 1\r\n$", late)


def test_control_characters_do_not_reach_a_terminal(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    sql.execute("UPDATE exportd.export SET message = E'red \\x1b[31m alert\\r'")
    with on_a_terminal(exportd, "status", export) as (_, end):
        text = read_terminal(end, 10)
    assert "\x1b" not in text and r"red \x1b[31m alert\x0d" in text
