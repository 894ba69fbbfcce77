# SPDX-License-Identifier: Apache-2.0
"""A real Redis that fails over, is full, busy, or cannot write: it counts as away, is said so once, and
the worker goes on by itself."""
import contextlib
import os
import socketserver
import threading

import pytest
import redis as redis_client

from support.events import hash_of, series
from support.servers import Redis, free_port
from support.waiting import wait_until


@pytest.fixture
def server():
    """A Redis that may be spoiled: of the test's own."""
    made = Redis()
    yield made
    made.close()


@pytest.fixture
def client(server):
    connection = server.connect()
    yield connection
    connection.close()


@pytest.fixture
def issue(exportd, sql, server):
    exportd.settings["REDIS_URL"] = server.url
    exportd.create()
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return sql.fetchone()[0]


@contextlib.contextmanager
def replica(server, client):
    """Its master has died: it takes no writes, and moves those who wait out of their waiting."""
    client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    yield
    client.execute_command("REPLICAOF", "NO", "ONE")


@contextlib.contextmanager
def stale_replica(server, client):
    """One that answers no questions without its master."""
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
    """With a script that never ends."""
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
    """We have our place; all others are thrown out."""
    client.ping()
    client.config_set("maxclients", 1)
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    yield
    client.config_set("maxclients", 1000)


TROUBLES = {"READONLY": replica, "MASTERDOWN": stale_replica, "OOM": full,
            "NOREPLICAS": without_replicas, "BUSY": busy, "clients": without_room_for_clients}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_redis_in_trouble_is_away(exportd, sql, server, client, issue, name):
    with exportd.worker(LEASE_SECONDS=4) as worker:
        worker.wait_for_event("worker.registered")
        with TROUBLES[name](server, client):
            worker.wait_for_event("server.away")
            wait_until(lambda: worker.process.poll() is None, "it lives")
        worker.wait_for_event("server.back", seconds=30)
        export = exportd.enqueue(group=issue)
        wait_until(lambda: exportd.status(export)["state"] == "valid", "the job is done", 30)
        assert worker.stop() == 0
        line, = worker.events("server.away")
        assert (line["server"], line["code"]) == ("redis", "away"), line
    sql.execute("SELECT outcome FROM exportd.attempt")
    assert sql.fetchall() == [("valid",)]


def test_a_redis_that_cannot_save(exportd, server, client, issue):
    """MISCONF: its last dump has failed, and it refuses writes."""
    client.config_set("save", "3600 1")
    blocker = os.path.join(server.folder, "dump.rdb")
    os.mkdir(blocker)  # a dump cannot be renamed to a folder
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        client.bgsave()
        worker.wait_for_event("server.away")
        os.rmdir(blocker)
        wait_until(lambda: client.bgsave(), "the next dump begins")
        worker.wait_for_event("server.back", seconds=30)
        export = exportd.enqueue(group=issue)
        wait_until(lambda: exportd.status(export)["state"] == "valid", "the job is done", 30)
        assert worker.stop() == 0
        line, = worker.events("server.away")
        assert line["code"] == "away" and "MISCONF" in line["error"], line


def test_a_redis_that_forgets_its_scripts(exportd, client, issue):
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        client.script_flush()
        export = exportd.enqueue(group=issue)
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
    assert line_of(result, "redis").startswith("FAIL") and "NOPERM" in line_of(result, "redis")


def test_check_refuses_a_user_without_the_queues_keys(exportd, server, client, issue):
    client.execute_command("ACL", "SETUSER", "limited", "on", ">word", "~other", "&*", "+@all")
    url = server.url.replace("unix://", "unix://limited:word@")
    result = exportd.fails("check", REDIS_URL=url)
    assert line_of(result, "redis").startswith("FAIL")


class OldRedis:
    """Says that it is of a version, and nothing else."""

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
    assert line.startswith("FAIL") and version in line and "6.2" in line
