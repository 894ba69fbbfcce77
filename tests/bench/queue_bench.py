#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What does the queue cost PostgreSQL: how long is a claim, and how many claims and ends fit into a second?

Runs the statements of common/job/sql/ themselves, prepared as the program does, over three queues:

  empty     a new queue
  full      1,000,000 finished and 100,000 waiting exports of 500 organizations, 50 running
  snapshot  the same, while a snapshot is held open for 20,000 jobs, as pg_dump does: dead rows of claims
  cannot be removed

For a claim, it prints the time in the server (median and 99th percentile of 200) and the pages read. For
claims and ends, several connections claim and end a job each, again and again; each step is a transaction,
that of a claim unsynced. Each line has the ratio to the first line.

    tests/bench/queue_bench.py
    tests/bench/queue_bench.py --jobs 4000 --connections 4 --finished 100000

Goal: with the snapshot, a claim stays below 20 ms.
"""
import argparse
import contextlib
import os
import pathlib
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.program import ROOT, Exportd  # noqa: E402
from support.queue_rows import (claim_next, end_job, explain_claim, fill_queue,  # noqa: E402
                                hold_snapshot, prepare, work_in_server)
from support.servers import Postgres  # noqa: E402

CLAIMS = 200


def make_queue(postgres, name, folder, **rows):
    postgres.create_database(name)
    Exportd(folder, {"DATABASE_URL": postgres.url(name)}).ok("migrate", "--standalone")
    with contextlib.closing(postgres.connect(name)) as connection:
        fill_queue(connection.cursor(), **rows)


def time_claims(postgres, name):
    """The claims' milliseconds, sorted, and the pages of the last one. Each claim is rolled back."""
    with contextlib.closing(postgres.connect(name)) as connection:
        sql = connection.cursor()
        claims = [explain_claim(sql) for _ in range(CLAIMS)]
    return sorted(ms for _, ms in claims), claims[-1][0]


def rate(postgres, name, jobs, connections):
    """Jobs per second that are claimed and ended."""
    def work(number):
        with contextlib.closing(postgres.connect(name)) as connection:
            sql = connection.cursor()
            prepare(sql)
            barrier.wait()
            for n in range(jobs // connections):
                run = f"bench:{number}:{n}:{time.monotonic_ns()}"
                end_job(sql, claim_next(sql, run), run)

    barrier = threading.Barrier(connections + 1)
    threads = [threading.Thread(target=work, args=(n,)) for n in range(connections)]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.monotonic()
    for thread in threads:
        thread.join()
    return jobs / (time.monotonic() - start)


class Report:
    def __init__(self):
        self._first = None

    def line(self, name, times, pages, jobs_a_second):
        median = statistics.median(times)
        self._first = self._first or (median, jobs_a_second)
        print(f"{name:9} claim: median {median:6.2f} ms ({median / self._first[0]:5.1f} x),"
              f" p99 {times[int(len(times) * 0.99)]:6.2f} ms, {pages:6} pages;"
              f"  {jobs_a_second:6.0f} claims and ends/s"
              f" ({jobs_a_second / self._first[1]:4.2f} x)", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Benchmark of claims")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--jobs", type=int, default=2000, help="of each rate")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--finished", type=int, default=1_000_000)
    parser.add_argument("--held", type=int, default=20_000, help="jobs while the snapshot is held")
    parser.add_argument("--folder", default="/tmp")
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    postgres, report = Postgres(parent=arguments.folder), Report()

    def measure(title, name):
        report.line(title, *time_claims(postgres, name),
                    rate(postgres, name, arguments.jobs, arguments.connections))

    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            make_queue(postgres, "small", folder, finished=0, waiting=arguments.jobs + 1, running=0)
            make_queue(postgres, "full", folder, finished=arguments.finished)
            measure("empty", "small")
            measure("full", "full")
            with hold_snapshot(postgres.connect("full")), \
                    contextlib.closing(postgres.connect("full")) as connection:
                work_in_server(connection.cursor(), arguments.held)
                measure("snapshot", "full")
    finally:
        postgres.close()


if __name__ == "__main__":
    main()
