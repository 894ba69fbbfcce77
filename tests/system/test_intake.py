# SPDX-License-Identifier: Apache-2.0
"""Messages move from Redis into the queue, or to the dead list; and the command `queue`."""
import contextlib
import json
import re
import signal

import pytest

from support.events import group_of, series
from support.jobs import insert_export, push
from support.proxy import Slow
from support.waiting import wait_until

INTAKE = "exportd:{data_export}:intake:0"


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def ask(sql, queue, issue, name="data_export"):
    """Requests an export as Sentry does: by a row and a message."""
    export = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "color"})
    push(queue, export, name=name)
    return export


def stats(exportd, **settings):
    return exportd.ok("queue", "stats", "--json", **settings).json_lines()[0]


def dead(exportd):
    return exportd.ok("queue", "dead", "--json").json_lines()


def wait_until_valid(exportd, exports, seconds=20):
    wait_until(lambda: {exportd.status(export)["state"] for export in exports} == {"valid"},
               "all are valid", seconds)


# ---- crashes ----

def die(exportd, fault):
    """Runs a worker that kills itself during the intake of messages, and claims nothing."""
    with exportd.worker(FAULT=f"{fault}:kill,before_claim:error", LEASE_SECONDS=2) as worker:
        assert worker.process.wait(20) == -signal.SIGKILL, worker.log_text()


@pytest.mark.parametrize("fault, committed", [("before_intake_commit", False),
                                              ("after_intake_commit", True)])
def test_an_intake_dies(exportd, sql, queue, issue, fault, committed):
    export = ask(sql, queue, issue)
    die(exportd, fault)
    assert queue.llen("data_export") == 0 and queue.llen(INTAKE) == 1
    assert exportd.status(export)["state"] == ("waiting" if committed else None)
    exportd.drain(LEASE_SECONDS=2)
    status = exportd.status(export)
    assert (status["status"], status["attempts"], status["crashes"]) == ("VALID", 1, 0)
    assert len(exportd.mails()) == 1 and dead(exportd) == []
    assert queue.llen(INTAKE) == 0


def test_a_message_that_three_intakes_die_with_is_buried(exportd, sql, queue, issue):
    """After that, the messages behind it go on, and an operator can retry it."""
    first = ask(sql, queue, issue)
    second = ask(sql, queue, issue)
    for _ in range(4):  # one intake takes all messages, three take only the first one
        die(exportd, "before_intake_commit")
    exportd.drain(LEASE_SECONDS=2)
    entry, = dead(exportd)
    assert entry["reason"] == "three intakes died with this message"
    assert json.loads(entry["message"])["data_export_id"] == first
    assert exportd.status(second)["status"] == "VALID"
    assert exportd.status(first)["state"] is None
    exportd.ok("queue", "retry", entry["id"])
    exportd.drain()
    assert exportd.status(first)["status"] == "VALID" and dead(exportd) == []


# ---- messages that could delay others ----

def test_a_message_of_80_mb_delays_nothing(exportd, redis_server, sql, queue, issue):
    """It would take more than a minute on this connection, but it never leaves Redis as a whole."""
    before = ask(sql, queue, issue)
    queue.lpush("data_export", b"x" * 80_000_000)
    behind = [ask(sql, queue, issue) for _ in range(3)]
    with contextlib.closing(Slow(redis_server.port, 1_000_000)) as link:
        with exportd.worker(REDIS_URL=f"redis://127.0.0.1:{link.port}/0") as worker:
            wait_until_valid(exportd, [before, *behind], 15)
            assert worker.stop() == 0
    entry, = dead(exportd)
    assert entry["reason"].startswith("longer than 1 MiB (80000000 bytes, SHA-1 ")
    assert entry["message"] == "x" * 2000


def test_messages_without_a_row_delay_nothing(exportd, sql, queue, issue):
    """Two hundred wait for their rows, which come late or never. A message behind them is done."""
    exports = range(1_000_001, 1_000_201)
    for export in exports:
        push(queue, export)
    behind = ask(sql, queue, issue)
    with exportd.worker() as worker:
        wait_until_valid(exportd, [behind], 5)
        assert (stats(exportd)["pending"], dead(exportd)) == (200, [])
        sql.execute("UPDATE sentry_exporteddata SET id = %s WHERE id = %s",
                    (exports[-1], insert_export(sql, {"project_id": "1", "group_id": str(issue),
                                                      "key": "color"})))
        wait_until_valid(exportd, exports[-1:], 10)
        wait_until(lambda: stats(exportd)["dead"] == 199, "the others are dead", 20)
        assert worker.stop() == 0
    assert {entry["reason"] for entry in dead(exportd)} == {"no export has this id"}


# ---- exportd queue ----

def test_stats_count_redis_and_postgres_together(exportd, sql, queue, issue):
    lists = ["data_export", "data_export\x06\x163", "data_export\x06\x163", "data_export\x06\x169"]
    exportd.ok("queue", "pause")
    for name in lists:
        ask(sql, queue, issue, name)
    expected = {"queue": "data_export", "waiting": 4, "by_step": {"0": 1, "3": 2, "6": 0, "9": 1},
                "processing": 0, "delayed": 0, "dead": 0, "workers": 0, "paused": True,
                "in_redis": 4, "pending": 0}
    assert stats(exportd) == expected
    with exportd.worker() as worker:
        wait_until(lambda: stats(exportd)["in_redis"] == 0, "all are brought in")
        worker.stop()
    by_step = {"0": 1, "3": 2, "6": 0, "9": 1}
    assert stats(exportd) == {**expected, "in_redis": 0, "by_step": by_step}
    ask(sql, queue, issue)
    assert stats(exportd) == {**expected, "in_redis": 1, "by_step": {**by_step, "0": 2}, "waiting": 5}
    text = exportd.ok("queue").out
    assert re.search(r"^waiting +5  \(priority 0: 2, 3: 2, 9: 1", text, re.M), text
    assert re.search(r"^  in Redis +1$", text, re.M), text


def test_stats_without_redis(exportd, issue):
    """The output says whether there are no messages, or whether they cannot be counted."""
    exportd.enqueue(group=issue)
    result = exportd.ok("queue", "--json", REDIS_URL="none")
    assert result.err == ""
    line, = result.json_lines()
    assert (line["waiting"], line["by_step"], line["in_redis"]) == (1, {"0": 1}, None)
    result = exportd.ok("queue", "--json", REDIS_URL="unix:///nonexistent/redis.sock")
    assert result.err.startswith("messages in Redis are not counted: ")
    assert result.json_lines() == [line]


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
    assert re.match(r"\d+  20\d\d-\d\d-\d\dT[\d:.]+Z  not valid JSON", entry[0]), entry
    assert entry[1] == r"    garb\x1bage\x0aof two lines"
    exportd.ok("queue", "resume")
    assert re.search(r"^taking +on$", exportd.ok("queue", "stats").out, re.M)


def test_queue_actions_as_json(exportd, sql, queue, issue):
    assert exportd.ok("queue", "pause", "--json").json_lines() == [
        {"action": "pause", "entry": None}]
    sql.execute("SELECT name, paused FROM exportd.queue")
    assert sql.fetchall() == [("data_export", True)]
    assert exportd.ok("queue", "resume", "--json").json_lines() == [
        {"action": "resume", "entry": None}]
    queue.lpush("data_export", "x")
    exportd.drain()
    entry, = dead(exportd)
    assert list(entry) == ["id", "date_added", "reason", "worker", "message"]
    assert exportd.ok("queue", "drop", entry["id"], "--json").json_lines() == [
        {"action": "drop", "entry": entry["id"]}]
    assert exportd.ok("queue", "dead").out == ""


@pytest.mark.parametrize("words", [
    ["nonsense"], ["retry"], ["drop"], ["stats", "1"], ["pause", "1"], ["retry", "1", "2"],
    ["retry", "1", "--all"], ["--lines"]])
def test_queue_wrong_usage(exportd, words):
    exportd.fails("queue", *words, status=2)


@pytest.mark.parametrize("entry", ["1", "1-1", "x", "0", "99999999999999999999"])
def test_queue_unknown_entry(exportd, entry):
    assert "no entry" in exportd.fails("queue", "retry", entry, status=3).err
    assert "no entry" in exportd.fails("queue", "drop", entry, status=3).err


def test_a_long_dead_list_is_shown_whole(exportd, sql):
    sql.execute("""INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker)
                   SELECT 'data_export', now(), convert_to('m' || n, 'UTF8'), 0, 'r', 'w'
                   FROM generate_series(0, 249) AS n""")
    assert [entry["message"] for entry in dead(exportd)] == [f"m{number}" for number in range(250)]
