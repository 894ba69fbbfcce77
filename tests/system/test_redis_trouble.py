# SPDX-License-Identifier: Apache-2.0
"""A real Redis that fails over, is full, is busy, or cannot write, while it has messages. It counts as away,
which is logged once. No message is lost or done twice, and jobs in PostgreSQL go on."""
import contextlib
import os
import socketserver
import threading

import pytest
import redis as redis_client

from support.events import group_of, series
from support.jobs import insert_export, push
from support.servers import Redis, free_port
from support.waiting import wait_until


KEYS = ("color", "shape", "size")


@pytest.fixture
def server():
    """The test's own Redis, which it may break."""
    made = Redis()
    yield made
    made.close()


@pytest.fixture
def client(server):
    connection = server.connect()
    yield connection
    connection.close()


@pytest.fixture
def issue(exportd, sql, server, redis_server):
    """An issue. The upload locks are in the other Redis."""
    exportd.settings.update(REDIS_URL=server.url, LOCK_REDIS_URL=redis_server.url)
    exportd.create()
    for key in KEYS:
        exportd.ingest(series(3, key=key))
    return group_of(sql, "issue")


@contextlib.contextmanager
def replica(server, client):
    """Becomes the replica of a dead master: it refuses writes, and ends blocking commands."""
    client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    yield
    client.execute_command("REPLICAOF", "NO", "ONE")


@contextlib.contextmanager
def stale_replica(server, client):
    """Becomes a replica that answers no reads without its master."""
    client.config_set("replica-serve-stale-data", "no")
    with replica(server, client):
        yield


@contextlib.contextmanager
def full(server, client):
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", 1)
    yield
    client.config_set("maxmemory", 0)


@contextlib.contextmanager
def without_replicas(server, client):
    client.config_set("min-replicas-to-write", 1)
    yield
    client.config_set("min-replicas-to-write", 0)


@contextlib.contextmanager
def busy(server, client):
    """Runs a script that never ends."""
    client.config_set("lua-time-limit", 100)

    def loop():
        with contextlib.suppress(redis_client.exceptions.ResponseError):
            server.connect().eval("while true do end", 0)
    thread = threading.Thread(target=loop)
    thread.start()
    yield
    client.execute_command("SCRIPT", "KILL")
    thread.join()


@contextlib.contextmanager
def without_room_for_clients(server, client):
    """Closes all connections except ours, and accepts no new ones."""
    client.ping()
    client.config_set("maxclients", 1)
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    client.config_set("maxclients", 1000)


@contextlib.contextmanager
def without_disk(server, client):
    """Makes its last dump fail, so that it refuses writes."""
    client.config_set("save", "3600 1")
    blocker = os.path.join(server.folder, "dump.rdb")
    os.mkdir(blocker)  # a dump cannot be renamed to a folder
    client.bgsave()
    wait_until(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err", "it failed")
    yield
    os.rmdir(blocker)
    wait_until(client.bgsave, "the next dump begins")


TROUBLES = {"READONLY": replica, "MASTERDOWN": stale_replica, "OOM": full,
            "NOREPLICAS": without_replicas, "BUSY": busy, "MISCONF": without_disk,
            "clients": without_room_for_clients}


def push_job(sql, client, issue, key):
    export = insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": key})
    push(client, export)
    return export


def outcomes(sql):
    sql.execute("SELECT data_export_id, outcome FROM exportd.attempt ORDER BY 1")
    return sql.fetchall()


@pytest.mark.parametrize("name", TROUBLES)
def test_a_redis_in_trouble_is_away(exportd, sql, server, client, issue, name):
    """The trouble begins when one message is committed but not yet removed, and another waits."""
    with exportd.worker(LEASE_SECONDS=4, FAULT="after_intake_commit:delay=2000") as worker:
        worker.wait_for_event("worker.registered")
        taken = push_job(sql, client, issue, "color")
        wait_until(lambda: exportd.status(taken)["state"] != "-", "the first one is taken in")
        waiting = push_job(sql, client, issue, "shape")
        with TROUBLES[name](server, client):
            worker.wait_for_event("server.away")
            beside = exportd.enqueue(group=issue, key="size")
            wait_until(lambda: exportd.status(beside)["state"] == "valid", "it needs no Redis", 30)
            assert worker.process.poll() is None
        worker.wait_for_event("server.back", seconds=30)
        wait_until(lambda: exportd.status(waiting)["state"] == "valid", "the other is done", 30)
        wait_until(lambda: client.keys("*data_export*") == [], "nothing is left")
        assert worker.stop() == 0
        line, = worker.events("server.away")
        assert (line["server"], line["code"]) == ("redis", "away"), line
        assert [line["server"] for line in worker.events("server.back")] == ["redis"]
    assert outcomes(sql) == [(export, "valid") for export in (taken, waiting, beside)]
    assert len(exportd.mails()) == 3


def test_a_redis_that_forgets_its_scripts(exportd, sql, client, issue):
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        client.script_flush()
        export = push_job(sql, client, issue, "color")
        wait_until(lambda: exportd.status(export)["state"] == "valid", "the job is done", 30)
        assert worker.stop() == 0
        assert worker.events("server.away") == []


# ---- exportd check ----

def line_of(result, name):
    found = [line for line in result.out.splitlines() if line.split()[1] == name]
    assert len(found) == 1, result
    return found[0]


def test_check_refuses_a_user_without_scripts(exportd, server, client, issue):
    client.execute_command("ACL", "SETUSER", "limited", "on", ">word", "~*", "&*", "+@all", "-eval",
                           "-evalsha")
    url = server.url.replace("unix://", "unix://limited:word@")
    result = exportd.fails("check", REDIS_URL=url)
    for command in ("eval", "evalsha"):
        assert f"NOPERM to {command}:" in result.out


def test_check_refuses_a_user_without_the_queues_keys(exportd, server, client, issue):
    client.execute_command("ACL", "SETUSER", "limited", "on", ">word", "~other", "&*", "+@all")
    url = server.url.replace("unix://", "unix://limited:word@")
    result = exportd.fails("check", REDIS_URL=url)
    assert "NOPERM to lrem data_export: " in result.out, result


def test_check_of_a_user_with_just_the_queues_keys(exportd, server, client, issue):
    """The user may not read the lists of other priorities, which is no failure."""
    client.execute_command("ACL", "SETUSER", "limited", "on", ">word", "&*", "+@all", "~data_export",
                           "~data_export\x06\x16[369]", "~exportd:{data_export}:intake:[0369]",
                           "~exportd:{data_export}:intake:cut", "~exportd:{data_export}:intake:check",
                           "~unacked")
    out = exportd.ok("check", REDIS_URL=server.url.replace("unix://", "unix://limited:word@")).out
    assert "may not look whether messages of other priorities are left behind" in out


class OldRedis:
    """Only reports its version."""

    def __init__(self, path, version):
        info = f"redis_version:{version}\r\nrole:master\r\n".encode()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while line := self.rfile.readline():
                    words = []
                    for _ in range(int(line[1:])):
                        self.rfile.readline()
                        words.append(self.rfile.readline().strip().upper())
                    answer = b"$%d\r\n%s\r\n" % (len(info), info) if words[0] == b"INFO" \
                        else b"+OK\r\n"
                    self.wfile.write(answer)

        self.server = socketserver.ThreadingUnixStreamServer(path, Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("version", ["6.0.16", "5.0.3", "2.8.24"])
def test_check_refuses_an_old_redis(exportd, tmp_path, version):
    old = OldRedis(str(tmp_path / "old.sock"), version)
    try:
        result = exportd.fails("check", REDIS_URL=f"unix://{tmp_path}/old.sock",
                               LOCK_REDIS_URL=exportd.settings["REDIS_URL"])
    finally:
        old.close()
    line = line_of(result, "redis")
    assert line.startswith("failed") and version in line and "6.2" in line
