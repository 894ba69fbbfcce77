#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast does the intake move Celery's messages into PostgreSQL, and how much memory does it need?

The queue is paused, so that nothing is claimed. The clock runs from the worker's start until Redis has no
messages left. Prints messages per second, and how much the worker's peak memory exceeds that of an idle one.

    cmake --preset release && cmake --build --preset release
    tests/bench/intake_bench.py --messages 100000
"""
import argparse
import os
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.jobs import push  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres, Redis  # noqa: E402
from support.waiting import wait_until  # noqa: E402


def most_memory(worker):
    """The worker's peak memory, in KiB."""
    with open(f"/proc/{worker.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def measure(exportd, redis, sql, messages):
    sql.execute("""INSERT INTO sentry_exporteddata (date_added, query_type, query_info,
                     organization_id, user_id)
                   SELECT now(), 0, '{}', o.id, u.id
                   FROM generate_series(1, %s), sentry_organization o, auth_user u RETURNING id""",
                (messages,))
    for export, in sql.fetchall():
        push(redis, export)
    start = time.monotonic()
    with exportd.worker() as worker:
        wait_until(lambda: redis.llen("data_export") == 0, "all are taken", 600, 0.02)
        seconds = time.monotonic() - start
        memory = most_memory(worker)
        wait_until(lambda: count(sql) == messages, "all are in PostgreSQL", 60)
        worker.stop()
    return seconds, memory


def count(sql):
    sql.execute("SELECT count(*) FROM exportd.export")
    return sql.fetchone()[0]


def idle_memory(exportd):
    with exportd.worker() as worker:
        worker.wait_for_event("worker.registered")
        time.sleep(1)
        memory = most_memory(worker)
        worker.stop()
    return memory


def main():
    parser = argparse.ArgumentParser(description="Benchmark of the intake")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--messages", type=int, default=100000)
    parser.add_argument("--folder", default="/tmp")
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    postgres, redis = Postgres(parent=arguments.folder), Redis(parent=arguments.folder)
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-", dir=arguments.folder) as folder:
            postgres.create_database("bench")
            exportd = Exportd(folder, {
                "DATABASE_URL": postgres.url("bench"), "REDIS_URL": redis.url,
                "STORAGE_URL": f"file://{folder}/files", "MAIL_URL": f"file://{folder}/mail"})
            exportd.ok("migrate", "--standalone")
            exportd.create()
            exportd.ok("queue", "pause")
            idle = idle_memory(exportd)
            sql = postgres.connect("bench").cursor()
            seconds, memory = measure(exportd, redis.connect(), sql, arguments.messages)
            print(f"{arguments.messages} messages in {seconds:.1f} s: "
                  f"{arguments.messages / seconds:.0f} a second; memory {memory / 1024:.1f} MiB, "
                  f"{memory / idle:.2f} times that of an idle worker")
    finally:
        redis.close()
        postgres.close()


if __name__ == "__main__":
    main()
