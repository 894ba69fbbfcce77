# SPDX-License-Identifier: Apache-2.0
"""The life of a job (docs/job-life.md): crashes at each fault point, rescue, retries; and the commands
queue and status that show it."""
import contextlib
import hashlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from support.events import hash_of, series
from support.expected import expected_csv
from support.jobs import insert_export, push
from support.waiting import wait_until

PROCESSING = "exportd:{data_export}:processing:*"
CRASHES = "exportd:{data_export}:crashes"
DELAYED = "exportd:{data_export}:delayed"
# The shortest lease: a dead worker's jobs come back after two seconds.
LEASE = {"LEASE_SECONDS": 2}
EVENTS = series(3)


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(EVENTS)
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


def taken(queue):
    return [message for key in queue.keys(PROCESSING) for message in queue.lrange(key, 0, -1)]


def attempts(sql, export):
    sql.execute("""SELECT outcome FROM exportd.attempt WHERE data_export_id = %s
                   ORDER BY attempt""", (export,))
    return [outcome for outcome, in sql.fetchall()]


def die(exportd, fault, seconds=20):
    """A worker that has to kill itself at a fault point."""
    with exportd.worker(FAULT=fault, **LEASE) as worker:
        status = worker.process.wait(seconds)
        assert status == -signal.SIGKILL, worker.log_text()


def process_state(worker):
    with open(f"/proc/{worker.process.pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def expect_one_result(exportd, sql, queue, export):
    """However often it was tried: one file, one mail, nothing left over."""
    status = exportd.status(export)
    assert (status["status"], status["state"], status["mail"]) == ("VALID", "valid", "sent")
    assert exportd.download(export) == expected_csv(EVENTS, 1, [hash_of("issue")], "color")
    sql.execute("SELECT count(*) FROM sentry_file")
    assert sql.fetchone() == (1,)
    assert taken(queue) == [] and queue.llen("data_export") == 0
    assert queue.zcard(DELAYED) == 0
    return status


# ---- crashes ----

@pytest.mark.parametrize("fault, outcomes, failures", [
    ("after_take:kill", ["valid"], 0),
    ("before_claim:kill", ["valid"], 0),
    ("after_claim:kill", ["crashed", "valid"], 1),
    ("page:kill", ["crashed", "valid"], 1),
    ("last_page:kill", ["crashed", "valid"], 1),
    ("object_write:kill", ["crashed", "valid"], 1),
    ("blob_row:kill", ["crashed", "valid"], 1),
    ("before_commit:kill", ["crashed", "valid"], 1),
    ("after_commit:kill", ["valid"], 0),
    ("after_leave:kill", ["valid"], 0),
])
def test_a_worker_dies(exportd, sql, queue, issue, fault, outcomes, failures):
    export = exportd.enqueue(group=issue)
    die(exportd, fault)
    assert len(taken(queue)) == (0 if fault == "after_leave:kill" else 1)
    # What would end by itself after one or two minutes: the upload lock of the dead, and the hold of
    # the mail that it may just have been sending.
    for lock in queue.keys("l:fileblob:upload:*"):
        assert 0 < queue.ttl(lock) <= 60
        queue.delete(lock)
    sql.execute("UPDATE exportd.outbox SET next_try_at = now() WHERE state = 'waiting'")
    exportd.drain(**LEASE)
    status = expect_one_result(exportd, sql, queue, export)
    assert attempts(sql, export) == outcomes
    assert (status["attempts"], status["failures"]) == (len(outcomes), failures)
    assert len(exportd.mails()) == 1


def test_a_worker_dies_after_the_mail_server_said_yes(exportd, sql, queue, issue):
    """At least once: the second copy has the same Message-ID (and so the same file name here)."""
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
    exportd.drain(**LEASE)
    assert len(exportd.mails()) == 1
    assert exportd.status(export)["attempts"] == 1
    assert exportd.ok("queue", "dead", "--json").out == "", "its redelivery is no garbage"
    assert taken(queue) == []


def test_a_job_that_kills_every_worker_fails_with_a_mail(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    for _ in range(2):
        die(exportd, "after_claim:kill")
    exportd.drain(MAX_FAILURES=2, **LEASE)
    status = exportd.status(export)
    assert (status["status"], status["failures"]) == ("FAILED", 2)
    assert attempts(sql, export) == ["crashed", "crashed", "failed"]
    assert len(exportd.mails()) == 1


def kill_ten(exportd, queue):
    """Ten workers die with the message before they have claimed it; eight of them on paper only."""
    message = queue.lindex("data_export", 0)
    name = hashlib.sha1(message).hexdigest().encode()
    die(exportd, "after_take:kill")
    die(exportd, "after_take:kill")
    assert queue.hgetall(CRASHES) == {name: b"1"}, "the second is to come"
    queue.hincrby(CRASHES, name, 8)


def test_a_message_that_kills_ten_workers_ends_with_a_mail(exportd, sql, queue, issue):
    """Without a claim nothing in the database can count: the message's own count does."""
    export = exportd.enqueue(group=issue)
    kill_ten(exportd, queue)
    exportd.drain(MAX_FAILURES=100, **LEASE)
    status = exportd.status(export)
    assert (status["status"], status["message"]) == ("FAILED", "Internal processing failure")
    assert len(exportd.mails()) == 1
    assert exportd.ok("queue", "dead").out == ""
    assert queue.hgetall(CRASHES) == {}


def test_a_message_that_kills_eleven_workers_is_buried(exportd, queue):
    """One that leads nowhere cannot be mailed about."""
    queue.lpush("data_export", json.dumps({"data_export_id": 4711}))
    kill_ten(exportd, queue)
    die(exportd, "after_take:kill")
    exportd.drain(**LEASE)
    entry, = exportd.ok("queue", "dead", "--json").json_lines()
    assert entry["reason"] == "11 workers died while they held this message"
    assert queue.hgetall(CRASHES) == {}


def test_deaths_behind_the_claim_bury_nobody(exportd, sql, queue, issue):
    """They are counted by the row, which ends with a mail however many are allowed."""
    export = exportd.enqueue(group=issue)
    for _ in range(2):
        die(exportd, "after_claim:kill")
    assert [int(count) for count in queue.hvals(CRASHES)] == [], "the claim has forgotten the first"
    sql.execute("UPDATE exportd.export SET failures = 20")
    exportd.drain(MAX_FAILURES=21, **LEASE)
    status = exportd.status(export)
    assert (status["status"], status["failures"]) == ("FAILED", 21)
    assert len(exportd.mails()) == 1


@pytest.mark.parametrize("fault", ["page:stop", "before_commit:stop"])
def test_a_stopped_worker_loses_its_job_and_changes_nothing(exportd, sql, queue, issue, fault):
    """SIGSTOP for longer than the lease: another worker does the job; the one that comes back finds
    the fence passed. Stopped in its transaction, it keeps the job until the server ends that."""
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT=fault, **LEASE) as worker:
        wait_until(lambda: process_state(worker) == "T", "it is stopped")
        exportd.drain(**LEASE)
        expect_one_result(exportd, sql, queue, export)
        worker.process.send_signal(signal.SIGCONT)
        worker.wait_for_event("queue.rescued-meanwhile")
        assert worker.stop() == 0
    assert attempts(sql, export) == ["crashed", "valid"]
    assert len(exportd.mails()) == 1
    expect_one_result(exportd, sql, queue, export)


def test_a_living_worker_is_not_rescued(exportd, sql, queue, issue):
    """A job that takes many leases is nobody else's as long as its worker beats."""
    exportd.ingest(series(60, key="shade"))
    export = exportd.enqueue(group=issue, key="shade")
    with exportd.worker(PAGE_SIZE=1, FAULT="page:delay=120", **LEASE) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "running", "it runs")
        exportd.drain(**LEASE)
        assert worker.stop() == 0
    assert exportd.status(export)["status"] == "VALID"
    assert attempts(sql, export) == ["valid"]


# ---- failures that pass ----

def test_a_retry_with_back_off(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    with exportd.worker(FAULT="before_commit:error", RETRY_BASE_SECONDS=3600) as worker:
        wait_until(lambda: exportd.status(export)["state"] == "delayed", "it is delayed")
        worker.stop()
    status = exportd.status(export)
    assert (status["status"], status["attempts"], status["failures"]) == ("EARLY", 1, 1)
    assert status["message"] and status["next_try_at"] > status["date_added"]
    assert exportd.mails() == []
    (message, due), = queue.zrange(DELAYED, 0, -1, withscores=True)
    assert json.loads(message)["data_export_id"] == export
    assert 3500 < due / 1000 - time.time() < 4600
    stats, = exportd.ok("queue", "--json").json_lines()
    assert (stats["delayed"], stats["waiting"], stats["processing"]) == (1, 0, 0)
    queue.zadd(DELAYED, {message: 1})
    exportd.drain()
    expect_one_result(exportd, sql, queue, export)
    assert attempts(sql, export) == ["delayed", "valid"]


def test_drain_waits_for_the_delayed_set(exportd, sql, queue, issue):
    """The base pause of these tests is a second: the retry happens within one drain."""
    export = exportd.enqueue(group=issue)
    exportd.drain(FAULT="page:error")
    expect_one_result(exportd, sql, queue, export)
    assert attempts(sql, export) == ["delayed", "valid"]


def test_a_failure_that_stays_is_mailed_after_its_budget(exportd, sql, queue, issue):
    export = exportd.enqueue(group=issue)
    faults = ",".join(f"page:error:{n}" for n in range(1, 4))
    exportd.drain(FAULT=faults, MAX_FAILURES=3)
    status = exportd.status(export)
    assert (status["status"], status["attempts"]) == ("FAILED", 3)
    assert status["message"] == "Internal processing failure"
    assert attempts(sql, export) == ["delayed", "delayed", "failed"]
    assert len(exportd.mails()) == 1


def test_missing_tables_mail_nobody_at_once(exportd, sql, queue, issue):
    with exportd.worker(RETRY_BASE_SECONDS=3600) as worker:
        worker.wait_for_event("worker.registered")  # a worker does not start without its tables
        sql.execute("ALTER TABLE tagstore_grouptagvalue RENAME TO hidden")
        export = exportd.enqueue(group=issue)
        wait_until(lambda: exportd.status(export)["state"] == "delayed", "it is delayed")
        worker.stop()
    assert exportd.mails() == []
    sql.execute("ALTER TABLE hidden RENAME TO tagstore_grouptagvalue")
    (message, _), = queue.zrange(DELAYED, 0, -1, withscores=True)
    queue.zadd(DELAYED, {message: 1})
    exportd.drain()
    expect_one_result(exportd, sql, queue, export)


def test_one_job_in_each_priority_list(exportd, sql, queue, issue):
    """All of step 0, then 3, 6, 9, whichever came first."""
    exports = {}
    for step, name in ((9, "data_export\x06\x169"), (6, "data_export\x06\x166"),
                       (3, "data_export\x06\x163"), (0, "data_export")):
        exports[step] = insert_export(sql, {"project_id": "1", "group_id": str(issue),
                                            "key": "color", "step": step})
        queue.lpush(name, json.dumps({"data_export_id": exports[step], "limit": None,
                                      "environment_id": None}))
    stats, = exportd.ok("queue", "stats", "--json").json_lines()
    assert stats["by_step"] == {"0": 1, "3": 1, "6": 1, "9": 1} and stats["waiting"] == 4
    exportd.drain(CONCURRENCY=1)
    sql.execute("SELECT data_export_id FROM exportd.attempt ORDER BY started_at")
    assert [row for row, in sql.fetchall()] == [exports[step] for step in (0, 3, 6, 9)]


def test_a_job_whose_message_was_lost_can_be_asked_for_again(exportd, sql, queue, issue):
    """The same as an enqueue that died between its COMMIT and its message."""
    export = exportd.enqueue(group=issue)
    queue.flushall()
    assert exportd.enqueue(group=issue) == export
    exportd.drain()
    expect_one_result(exportd, sql, queue, export)


def test_a_restored_database(exportd, sql, queue, issue):
    """The same id with another date is another job, though exportd remembers this one as done."""
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


# ---- exportd queue ----

def test_queue_as_text(exportd, queue, issue):
    queue.lpush("data_export", b"garb\x1bage\nof two lines")
    exportd.drain()
    exportd.enqueue(group=issue)
    exportd.ok("queue", "pause")
    text = exportd.ok("queue").out
    assert re.search(r"^waiting +1 ", text, re.M), text
    assert re.search(r"^dead +1 ", text, re.M), text
    assert re.search(r"^taking +paused ", text, re.M), text
    entry = exportd.ok("queue", "dead").out.splitlines()
    assert len(entry) == 2
    assert re.match(r"\d+-\d+  20\d\d-\d\d-\d\dT[\d:.]+Z  not valid JSON", entry[0]), entry
    assert entry[1] == r"    garb\x1bage\x0aof two lines"
    exportd.ok("queue", "resume")
    assert re.search(r"^taking +on$", exportd.ok("queue", "stats").out, re.M)


def test_queue_actions_as_json(exportd, queue, issue):
    assert exportd.ok("queue", "pause", "--json").json_lines() == [
        {"action": "pause", "entry": None}]
    assert queue.ttl("exportd:{data_export}:paused") == -1
    assert exportd.ok("queue", "resume", "--json").json_lines() == [
        {"action": "resume", "entry": None}]
    queue.lpush("data_export", "x")
    exportd.drain()
    dead, = exportd.ok("queue", "dead", "--json").json_lines()
    assert list(dead) == ["id", "date_added", "reason", "worker", "message"]
    assert exportd.ok("queue", "drop", dead["id"], "--json").json_lines() == [
        {"action": "drop", "entry": dead["id"]}]
    assert exportd.ok("queue", "dead").out == ""


@pytest.mark.parametrize("words", [
    ["nonsense"], ["retry"], ["drop"], ["stats", "1-1"], ["pause", "1-1"], ["retry", "1-1", "2-2"],
    ["--lines"]])
def test_queue_wrong_usage(exportd, words):
    exportd.fails("queue", *words, status=2)


@pytest.mark.parametrize("entry", ["1-1", "x", "0-0", "99999999999999999999-1"])
def test_queue_unknown_entry(exportd, entry):
    assert "no entry" in exportd.fails("queue", "retry", entry).err
    assert "no entry" in exportd.fails("queue", "drop", entry).err


def test_a_long_dead_list_is_shown_whole(exportd, queue):
    for number in range(250):
        queue.xadd("exportd:{data_export}:dead", {"message": f"m{number}", "reason": "r",
                                                  "worker": "w"})
    entries = exportd.ok("queue", "dead", "--json").json_lines()
    assert [entry["message"] for entry in entries] == [f"m{number}" for number in range(250)]


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
    assert "no export 4711" in exportd.fails("status", 4711).err
    assert "no export 4711" in exportd.fails("status", 4711, "--json").err
    assert "no export 4711" in exportd.fails("status", 4711, "--watch").err


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
    """Runs a command whose output is a terminal; gives it and the terminal's other end."""
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
    """What has been written within so many seconds, or until its end."""
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
