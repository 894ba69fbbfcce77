"""Jobs put by a real Celery, as Sentry does it."""
import datetime
import json

import celery
import kombu
import pytest

from support.events import hash_of, series
from support.jobs import insert_export

TASK = "sentry.data_export.tasks.assemble_download"
OLD_TASK = "sentry.tasks.data_export.assemble_download"
LISTS = {0: b"data_export", 3: b"data_export\x06\x163", 6: b"data_export\x06\x166",
         9: b"data_export\x06\x169"}


@pytest.fixture(params=["unix", "tcp"])
def broker(request, redis_server):
    return f"redis+socket://{redis_server.socket}" if request.param == "unix" \
        else redis_server.tcp_url


def make_app(broker, protocol=2):
    app = celery.Celery(broker=broker, set_as_current=False)
    app.conf.update(
        task_serializer="json", task_protocol=protocol, task_default_queue="data_export",
        task_queues=[kombu.Queue("data_export", kombu.Exchange("default", type="direct"),
                                 routing_key="data_export")])
    return app


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


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
    """Sent in the opposite order; one thread takes them. Equal ones: first come, first served."""
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
