# SPDX-License-Identifier: Apache-2.0
"""A starting worker waits for servers that are away."""
import contextlib
import os
import signal
import time

import pytest

from support.disk import SmallDisk, can_mount
from support.events import hash_of, series
from support.program import binary
from support.proxy import Listener, Proxy
from support.waiting import wait_until

MAIN = b"exportd worker main"  # the first connection of a worker


@pytest.fixture
def export(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of("issue"),))
    return exportd.enqueue(group=sql.fetchone()[0])


def expect_valid(exportd, export):
    wait_until(lambda: exportd.status(export)["status"] == "VALID", "it is done", 30, 0.2)


def url_through(postgres, database, port):
    return f"host=127.0.0.1 port={port} user=postgres dbname={database}"


@pytest.mark.parametrize("last", [b"FROM exportd.migration", b"has_table_privilege",
                                  b"exportd.upload_lock_kind"])
def test_a_link_that_is_cut_in_mid_answer(exportd, postgres, database, export, last):
    with contextlib.closing(Proxy(postgres.port, MAIN, last, 2)) as proxy:
        url = url_through(postgres, database, proxy.port)
        with exportd.worker(DATABASE_URL=url) as worker:
            worker.wait_for_event("server.back")
            expect_valid(exportd, export)
            assert proxy.answers_lost == 1
            assert worker.events("server.away")[0]["server"] == "postgres"
            assert worker.stop() == 0


def test_drain_does_not_wait_for_a_server(exportd, postgres, database, export):
    with contextlib.closing(Proxy(postgres.port, MAIN, b"exportd.upload_lock_kind", 2)) as proxy:
        exportd.fails("worker", "--drain",
                      DATABASE_URL=url_through(postgres, database, proxy.port), status=4)
    assert exportd.status(export)["status"] == "EARLY"


class Deaf(Listener):
    """Accepts connections and never answers."""

    def serve(self, client):
        while client.recv(4096):
            pass


def test_term_ends_a_worker_that_waits_for_postgres(exportd, postgres, database, export):
    """It waits for a server that accepts no connection, and for one that does not answer."""
    with contextlib.closing(Deaf()) as deaf:
        for port in 1, deaf.port:
            url = url_through(postgres, database, port) + " connect_timeout=2"
            with exportd.worker(DATABASE_URL=url) as worker:
                worker.wait_for_event("server.away")
                began = time.monotonic()
                assert worker.stop(signal.SIGTERM) == 0
                assert time.monotonic() - began < 8


@pytest.mark.parametrize("trouble", ["full", "read_only"])
@pytest.mark.parametrize("setting", ["TMPDIR", "STORAGE_URL"])
@pytest.mark.skipif(not can_mount(), reason="this machine allows no user namespaces")
def test_a_disk_that_is_full_or_read_only(exportd, tmp_path, postgres, database, export, setting,
                                          trouble):
    folder = tmp_path / "disk"
    exportd.settings["DATABASE_URL"] = postgres.tcp_url(database)  # another user owns the socket's folder
    value = {"TMPDIR": str(folder), "STORAGE_URL": f"file://{folder}"}[setting]
    with contextlib.closing(SmallDisk(folder, "32m")) as disk:
        below = tmp_path / "below"
        below.write_text(f'#!/bin/sh\nexec {" ".join(disk.command)} {binary()} "$@"\n')
        os.chmod(below, 0o755)
        exportd.path = str(below)
        with contextlib.ExitStack() as while_it_lasts:
            while_it_lasts.enter_context(getattr(disk, trouble)())
            assert "EXPORTD_" in exportd.fails("worker", "--drain", **{setting: value}, status=4).err
            with exportd.worker(**{setting: value}) as worker:
                worker.wait_for_event("server.away")
                assert exportd.status(export)["state"] == "waiting"
                while_it_lasts.close()
                expect_valid(exportd, export)
                assert [line["event"] for line in worker.log_lines()
                        if line["event"].startswith("server.")] == ["server.away", "server.back"]
                assert worker.stop() == 0
