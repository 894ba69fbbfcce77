# SPDX-License-Identifier: Apache-2.0
"""An operator sees in CLIENT LIST of Redis which part of exportd a connection belongs to."""
import pytest

from support.events import group_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def names(queue):
    return {client["name"] for client in queue.client_list()} - {""}


def test_names_in_the_client_list(exportd, queue, issue):
    assert names(queue) == set()
    exportd.enqueue(group=issue)
    with exportd.worker(FAULT="page:delay=1500"):
        wait_until(lambda: names(queue) == {"exportd-intake", "exportd-locks"}, "both are named")


def test_a_server_that_refuses_the_name(exportd, queue, redis_server, issue):
    queue.execute_command("ACL", "SETUSER", "plain", "on", ">word", "~*", "+@all", "-client")
    try:
        url = f"unix://plain:word@{redis_server.socket}"
        export = exportd.enqueue(group=issue)
        exportd.drain(REDIS_URL=url)
        assert exportd.status(export)["status"] == "VALID"
        with exportd.worker(REDIS_URL=url) as worker:
            worker.wait_for_event("worker.started")
            assert names(queue) == set() and worker.events("server.away") == []
    finally:
        queue.execute_command("ACL", "DELUSER", "plain")
