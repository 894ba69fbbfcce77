# SPDX-License-Identifier: Apache-2.0
"""Jobs sent by a real Celery, as Sentry does."""
import base64
import datetime
import json
import os
import pickle
import subprocess
import sys
import uuid

import celery
import kombu
import pytest

from support.events import group_of, series
from support.jobs import insert_export

TASK = "sentry.data_export.tasks.assemble_download"
OLD_TASK = "sentry.tasks.data_export.assemble_download"
LISTS = {0: b"data_export", 3: b"data_export\x06\x163", 6: b"data_export\x06\x166",
         9: b"data_export\x06\x169"}


@pytest.fixture(params=["unix", "tcp"])
def broker(request, redis_server):
    return f"redis+socket://{redis_server.socket}" if request.param == "unix" \
        else redis_server.tcp_url


def make_app(broker, protocol=2, serializer="json"):
    app = celery.Celery(broker=broker, set_as_current=False)
    app.conf.update(
        task_serializer=serializer, task_protocol=protocol, task_default_queue="data_export",
        task_queues=[kombu.Queue("data_export", kombu.Exchange("default", type="direct"),
                                 routing_key="data_export")])
    return app


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


@pytest.fixture
def ask(sql, issue):
    """Makes an export row for `key` and returns its id."""
    return lambda key="color": insert_export(sql, {"project_id": "1", "group_id": str(issue),
                                                   "key": key})


@pytest.mark.parametrize("protocol", [1, 2])
def test_both_protocols(exportd, queue, broker, ask, protocol):
    export = ask()
    with make_app(broker, protocol) as app:
        app.send_task(TASK, kwargs={"data_export_id": export, "limit": 2, "environment_id": None})
    envelope = json.loads(queue.lindex("data_export", 0))
    assert envelope["content-type"] == "application/json"
    assert ("task" in envelope["headers"]) == (protocol == 2)
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["rows"]) == ("VALID", 2)
    assert queue.llen("data_export") == 0


@pytest.mark.parametrize("arguments", [
    {"kwargs": {"data_export_id": None}},
    {"args": [None]},
    {"args": [None, 2]},
    {"kwargs": {"data_export_id": None, "__transaction_id": "x", "unknown": [1, {"a": None}]}}])
@pytest.mark.parametrize("task, protocol", [(TASK, 1), (TASK, 2), (OLD_TASK, 1)])
def test_spellings_of_the_arguments(exportd, redis_server, ask, task, protocol, arguments):
    export = ask()
    filled = json.loads(json.dumps(arguments))
    if "args" in filled:
        filled["args"][0] = export
    else:
        filled["kwargs"]["data_export_id"] = export
    with make_app(redis_server.tcp_url, protocol) as app:
        app.send_task(task, **filled)
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"


@pytest.mark.parametrize("protocol", [1, 2])
@pytest.mark.parametrize("name, arguments, rows", [
    (TASK, {"export_limit": 2, "environment_id": None}, 2),
    (TASK, {"export_limit": 2, "offset": 1, "batch_size": 1, "bytes_written": 99,
            "export_retries": 3}, 2),
    ("sentry.data_export.tasks.merge_blobs", {}, 3)])
def test_what_newer_sentries_say(exportd, redis_server, ask, protocol, name, arguments, rows):
    """The limit has another name. A message about a part of an export, or about its end, starts the whole
    export."""
    export = ask()
    with make_app(redis_server.tcp_url, protocol) as app:
        app.send_task(name, kwargs={"data_export_id": export, **arguments})
    assert "queue.unknown-argument" not in exportd.drain().err
    status = exportd.status(export)
    assert (status["status"], status["rows"]) == ("VALID", rows)
    assert exportd.ok("queue", "dead").out == ""


def test_merging_a_finished_export_changes_nothing(exportd, redis_server, ask):
    export = ask()
    with make_app(redis_server.tcp_url) as app:
        app.send_task(TASK, kwargs={"data_export_id": export})
        exportd.drain()
        before = exportd.status(export)
        app.send_task("sentry.data_export.tasks.merge_blobs", args=[export])
        exportd.drain()
    assert exportd.status(export) == before
    assert len(exportd.mails()) == 1 and exportd.ok("queue", "dead").out == ""


def test_an_unknown_argument_is_a_warning(exportd, redis_server, ask):
    export = ask()
    with make_app(redis_server.tcp_url) as app:
        app.send_task(TASK, kwargs={"data_export_id": export, "format": "jsonl", "nothing": None,
                                    "__transaction_id": "x"})
    log = [json.loads(line) for line in exportd.drain().err.splitlines()]
    warning, = [line for line in log if line["event"] == "queue.unknown-argument"]
    assert (warning["level"], warning["data_export_id"], warning["names"]) == \
        ("warning", export, "format")
    assert exportd.status(export)["status"] == "VALID"


@pytest.mark.parametrize("protocol", [1, 2])
def test_another_task_goes_to_the_dead_list(exportd, redis_server, ask, protocol):
    export = ask()
    with make_app(redis_server.tcp_url, protocol) as app:
        app.send_task("sentry.tasks.email.send_email", kwargs={"message": "x"})
        app.send_task(TASK, kwargs={"data_export_id": export})
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    entry, = exportd.ok("queue", "dead", "--json").json_lines()
    assert "sentry.tasks.email.send_email" in entry["reason"]


@pytest.mark.parametrize("protocol", [1, 2])
def test_an_expired_message_is_a_failure_with_its_mail(exportd, redis_server, ask, protocol):
    export = ask()
    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    with make_app(redis_server.tcp_url, protocol) as app:
        app.send_task(TASK, kwargs={"data_export_id": export}, expires=past)
    exportd.drain()
    assert exportd.status(export)["status"] == "FAILED"
    assert len(exportd.mails()) == 1


@pytest.mark.parametrize("protocol", [1, 2])
def test_an_eta_is_waited_for(exportd, sql, redis_server, ask, protocol):
    export = ask()
    eta = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)
    with make_app(redis_server.tcp_url, protocol) as app:
        app.send_task(TASK, kwargs={"data_export_id": export}, eta=eta)
    exportd.drain()
    sql.execute("SELECT min(started_at) FROM exportd.attempt WHERE data_export_id = %s"
                " AND outcome = 'valid'", (export,))
    assert sql.fetchone()[0] >= eta - datetime.timedelta(milliseconds=50)


def test_priorities_are_served_in_order(exportd, sql, queue, broker, ask):
    """The messages are sent in reverse order, and one thread runs the jobs. Jobs of equal priority run in the
    order of their arrival."""
    exports = {}
    with make_app(broker) as app:
        for priority in (9, 6, 3, 0):
            for turn in range(2):
                exports[priority, turn] = ask(f"key-{priority}-{turn}")
                app.send_task(TASK, kwargs={"data_export_id": exports[priority, turn]},
                              priority=priority)
    for priority, name in LISTS.items():
        assert queue.llen(name) == 2, priority
    stats = exportd.ok("queue", "stats", "--json").json_lines()[0]
    assert stats["waiting"] == 8
    exportd.drain("--concurrency", 1)
    sql.execute("SELECT data_export_id FROM exportd.attempt ORDER BY started_at, data_export_id")
    served = [row[0] for row in sql.fetchall()]
    assert served == [exports[key] for key in sorted(exports)]


def test_the_keys_of_kombu_are_left_alone(exportd, queue, redis_server, ask):
    export = ask()
    with make_app(redis_server.tcp_url) as app:
        app.send_task(TASK, kwargs={"data_export_id": export})
    queue.sadd("_kombu.binding.default", "data_export\x06\x16\x06\x16data_export")
    queue.hset("unacked", "tag", "a message of a Python worker")
    exportd.drain()
    assert queue.scard("_kombu.binding.default") == 1 and queue.hlen("unacked") == 1


# ---- pickle bodies, as a Sentry of 2020 sends them ----

# A separate process, because kombu reads the environment variable when it is loaded.
PRODUCER = """
import datetime, json, sys, celery, kombu
broker, protocol, calls = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
with celery.Celery(broker=broker) as app:
    app.conf.update(
        task_serializer="pickle", task_protocol=protocol, task_default_queue="data_export",
        task_queues=[kombu.Queue("data_export", kombu.Exchange("default", type="direct"),
                                 routing_key="data_export")])
    for call in calls:
        for name in "eta", "expires":
            if isinstance(call.get(name), str):
                call[name] = datetime.datetime.fromisoformat(call[name])
        app.send_task(**call)
"""


def produce(broker, protocol, pickle_protocol, *calls):
    subprocess.run([sys.executable, "-c", PRODUCER, broker, str(protocol), json.dumps(calls)],
                   env={**os.environ, "PICKLE_PROTOCOL": str(pickle_protocol)}, check=True,
                   timeout=60)


def body_of(message):
    envelope = json.loads(message)
    assert envelope["content-type"] == "application/x-python-serialize"
    assert envelope["content-encoding"] == "binary"
    return base64.b64decode(envelope["body"])


@pytest.mark.parametrize("pickle_protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("protocol", [1, 2])
def test_pickle(exportd, queue, redis_server, ask, protocol, pickle_protocol):
    """Every spelling of the arguments, both names of the task; eta and expires in the future."""
    keys = [ask() for _ in range(4)]
    produce(redis_server.tcp_url, protocol, pickle_protocol,
            {"name": TASK, "kwargs": {"data_export_id": keys[0], "limit": 2,
                                      "environment_id": None}},
            {"name": OLD_TASK, "kwargs": {"data_export_id": keys[1]}},
            {"name": TASK, "args": [keys[2], None, None], "expires": 3600},
            {"name": TASK, "args": [keys[3]], "countdown": 1, "expires": 3600,
             "kwargs": {"limit": 1, "__transaction_id": "x",
                        "unknown": [1, 2 ** 80, 0.5, {"a": [None, True, "\u20ac"]}]}})
    bodies = [body_of(message) for message in queue.lrange("data_export", 0, -1)]
    assert len(bodies) == 4
    assert all(body[:2] == bytes([0x80, pickle_protocol]) for body in bodies)
    exportd.drain()
    assert [exportd.status(key)["status"] for key in keys] == ["VALID"] * 4
    assert exportd.status(keys[0])["rows"] == 2
    assert exportd.ok("queue", "dead", "--json").json_lines() == []


@pytest.mark.parametrize("pickle_protocol", [2, 4])
def test_pickled_times(exportd, sql, redis_server, ask, pickle_protocol):
    """In protocol 1, the times are in the pickle itself."""
    now = datetime.datetime.now(datetime.timezone.utc)
    late, old = ask(), ask()
    eta = now + datetime.timedelta(seconds=4)
    produce(redis_server.tcp_url, 1, pickle_protocol,
            {"name": TASK, "kwargs": {"data_export_id": late}, "eta": eta.isoformat()},
            {"name": TASK, "kwargs": {"data_export_id": old},
             "expires": (now - datetime.timedelta(minutes=5)).isoformat()})
    exportd.drain()
    assert exportd.status(old)["status"] == "FAILED"
    assert exportd.status(late)["status"] == "VALID"
    sql.execute("SELECT min(started_at) FROM exportd.attempt WHERE data_export_id = %s"
                " AND outcome = 'valid'", (late,))
    assert sql.fetchone()[0] >= eta - datetime.timedelta(milliseconds=50)


@pytest.mark.parametrize("protocol", [1, 2])
def test_pickled_priorities(exportd, sql, queue, broker, ask, protocol):
    exports = {}
    with make_app(broker, protocol, "pickle") as app:
        for priority in (9, 6, 3, 0):
            exports[priority] = ask(f"key-{priority}")
            app.send_task(TASK, kwargs={"data_export_id": exports[priority]}, priority=priority)
    for name in LISTS.values():
        body_of(queue.lindex(name, 0))
    exportd.drain("--concurrency", 1)
    sql.execute("SELECT data_export_id FROM exportd.attempt ORDER BY started_at")
    assert [row[0] for row in sql.fetchall()] == [exports[key] for key in sorted(exports)]


@pytest.mark.parametrize("protocol", [1, 2])
@pytest.mark.parametrize("serializer", ["json", "pickle"])
def test_compressed_bodies(exportd, queue, redis_server, ask, serializer, protocol):
    read, unread = ask(), ask()
    with make_app(redis_server.tcp_url, protocol, serializer) as app:
        app.send_task(TASK, kwargs={"data_export_id": read}, compression="gzip")
        app.send_task(TASK, kwargs={"data_export_id": unread}, compression="bzip2")
    assert json.loads(queue.lindex("data_export", -1))["headers"]["compression"] \
        == "application/x-gzip"
    exportd.drain()
    assert exportd.status(read)["status"] == "VALID"
    entry, = exportd.ok("queue", "dead", "--json").json_lines()
    assert "application/x-bz2" in entry["reason"]


def opcode_string(text):
    return b"U" + bytes([len(text)]) + text.encode()


def pickle_of_python_2(export):
    """The opcodes that Python 2's cPickle writes for a call (data_export_id is a long there)."""
    memo = iter(range(1, 256))

    def put(opcodes):
        return opcodes + b"q" + bytes([next(memo)])

    def text(value):
        return put(opcode_string(value))

    number = export.to_bytes(8, "little")
    out = b"\x80\x02" + put(b"}") + b"("
    for name, value in [("expires", b"N"), ("utc", b"\x88")]:
        out += text(name) + value
    out += text("args") + put(b"]")
    for name in ("chord", "callbacks", "errbacks", "taskset"):
        out += text(name) + b"N"
    out += text("id") + text(str(uuid.uuid4())) + text("retries") + b"K\x00"
    out += text("task") + text(TASK) + text("timelimit") + put(b"NN\x86") + text("eta") + b"N"
    out += text("kwargs") + put(b"}") + b"("
    out += text("environment_id") + b"N" + text("limit") + b"N"
    out += text("data_export_id") + b"\x8a\x08" + number + b"uu."
    assert pickle.loads(out)["kwargs"]["data_export_id"] == export
    return out


def envelope_of(body, **headers):
    return json.dumps({
        "body": base64.b64encode(body).decode(), "content-type": "application/x-python-serialize",
        "content-encoding": "binary", "headers": headers,
        "properties": {"body_encoding": "base64", "correlation_id": str(uuid.uuid4()),
                       "reply_to": str(uuid.uuid4()), "delivery_mode": 2,
                       "delivery_tag": str(uuid.uuid4()),
                       "delivery_info": {"priority": 0, "exchange": "default",
                                         "routing_key": "data_export"}}})


def test_a_message_of_python_2(exportd, queue, ask):
    export = ask()
    queue.lpush("data_export", envelope_of(pickle_of_python_2(export)))
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"


def test_pickles_of_more_than_data_are_kept(exportd, queue, tmp_path, ask):
    """exportd calls nothing that the pickle names. The dead list has the reason, and the next job runs."""
    class Call:
        def __reduce__(self):
            return open, (str(tmp_path / "called"), "w")

    export = ask()
    bodies = [
        pickle.dumps(((export,), {"x": Call()}, {}), 2),
        pickle.dumps(((export,), {"x": datetime.date(2030, 1, 1)}, {}), 4),
        pickle.dumps(((export,), {}, {}), 0),
        pickle.dumps(((export,), {}, {}), 4)[:-5],
        b"\x80\x02)q\x01" + b"h\x01\x86q\x01" * 64 + b".",
        b"\x80\x02" + b"(" * 500000,
    ]
    for body in bodies:
        queue.lpush("data_export", envelope_of(body, task=TASK))
    queue.lpush("data_export", envelope_of(pickle_of_python_2(export)))
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    reasons = "\n".join(entry["reason"] for entry in
                        exportd.ok("queue", "dead", "--json").json_lines())
    assert reasons.count("\n") == len(bodies) - 1
    for reason in ("GLOBAL at byte", "STACK_GLOBAL at byte", "no pickle of protocol 2 to 5",
                   "FRAME at byte 2: it ends too early", "more than 100000 values",
                   "nested more than 100 deep"):
        assert reason in reasons, reasons
    assert not (tmp_path / "called").exists()
