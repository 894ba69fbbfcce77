#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is an export through Snuba, and what does it need?

Inserts events with many values of one tag into a private ClickHouse behind the tests' Snuba. Exports all values
by `tag-export`, at several page sizes and in both dialects, and once with a server that is silent in the middle
for longer than the program waits. Prints rows per second, the program's CPU time, the time that it waits for the
server, and its peak memory. In the same run ClickHouse alone returns the same rows in one query: the best that a
server can do.

    cmake --preset release && cmake --build --preset release
    tests/bench/snuba_bench.py                 # build/release/exportd, 1,000,000 events, 100,000 values
    tests/bench/snuba_bench.py --program PATH --events 100000 --values 10000 --sizes 1000 --dialects 2020

Goal: a pause costs little more than its own length, the program needs less than 64 MiB, and it waits most of the
time, because the server sums up all rows for each page.
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.clickhouse import ClickHouse  # noqa: E402
from support.memory import peak_memory  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres, Redis  # noqa: E402
from support.snuba import SnubaServer  # noqa: E402
from support.tagstore_rows import insert_group  # noqa: E402

GROUP, DIGEST, KEY = 1, "7" * 32, "big"
TIMEOUT = 5  # seconds that the program waits for an answer

REFERENCE = """
    SELECT tags.value[indexOf(tags.key, '{key}')] AS value, count(), max(timestamp) AS last_seen,
           min(timestamp) AS first_seen
    FROM {table} WHERE project_id = 1 AND value != '' GROUP BY value
    ORDER BY first_seen DESC, value FORMAT CSV"""


def prepare(exportd, cursor):
    exportd.create()
    insert_group(cursor, GROUP)
    cursor.execute("UPDATE sentry_groupedmessage SET first_seen = now() - interval '90 days'")
    cursor.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, %s, %s)",
                   (DIGEST, GROUP))


def pause(server, seconds):
    """The server takes `seconds` for the fourth page."""
    pages = []

    def wait(request):
        if request.body.get("groupby"):
            pages.append(request)
            time.sleep(seconds if len(pages) == 4 else 0)

    server.on_query = wait


def measure(exportd, server, dialect, size, path):
    """(seconds, CPU seconds, KiB, requests) of one tag-export to a file."""
    settings = {"TAGSTORE": "snuba", "SNUBA_URL": f"{server.url}?timeout={TIMEOUT}",
                "SNUBA_DIALECT": dialect, "RETENTION_DAYS": 0, "PAGE_SIZE": size}
    before = len(server.queries)
    used = cpu_of_children()
    start = time.monotonic()
    with open(path, "wb") as out:
        process = subprocess.Popen(
            [exportd.path, "tag-export", "--organization", "acme", "--project", "1", "--group",
             str(GROUP), "--key", KEY], env=exportd.environment(settings), stdout=out)
        peak = peak_memory([process], os.path.realpath(exportd.path))
    seconds = time.monotonic() - start
    if process.returncode != 0:
        raise RuntimeError(f"tag-export ended with status {process.returncode}")
    return seconds, cpu_of_children() - used, peak, len(server.queries) - before


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def count_rows(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file) - 1


def report(exportd, server, dialect, size, folder):
    path = os.path.join(folder, "export.csv")
    seconds, cpu, memory, requests = measure(exportd, server, dialect, size, path)
    rows = count_rows(path)
    print(f"{dialect}  page size {size:5}: {rows} rows in {seconds:7.2f} s = {rows / seconds:8.0f} rows/s;"
          f" CPU {cpu:5.2f} s, waiting {seconds - cpu:7.2f} s; peak {memory / 1024:5.1f} MiB;"
          f" {requests} requests", flush=True)


def run_dialect(exportd, clickhouse, dialect, arguments, folder):
    server = SnubaServer(clickhouse, dialect)
    try:
        server.bulk_insert(arguments.events, values=arguments.values, project=1, group=GROUP,
                           digest=DIGEST, key=KEY)
        start = time.monotonic()
        clickhouse.query(REFERENCE.format(key=KEY, table=server.dialect.table),
                         database=server.database)
        print(f"{dialect}  ClickHouse alone, one query: {time.monotonic() - start:7.2f} s")
        for size in arguments.sizes:
            report(exportd, server, dialect, size, folder)
        pause(server, arguments.pause)
        print(f"{dialect}  with a pause of {arguments.pause} s, of which {TIMEOUT} s are waited for:")
        report(exportd, server, dialect, arguments.sizes[0], folder)
    finally:
        server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--values", type=int, default=100_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--pause", type=float, default=7)
    parser.add_argument("--dialects", nargs="+", default=["2018", "2020"])
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    postgres, redis, clickhouse = Postgres(), Redis(), ClickHouse()
    try:
        with tempfile.TemporaryDirectory() as folder:
            postgres.create_database("bench")
            exportd = Exportd(folder, {"DATABASE_URL": postgres.url("bench"), "REDIS_URL": redis.url})
            exportd.ok("migrate", "--standalone")
            connection = postgres.connect("bench")
            with connection.cursor() as cursor:
                prepare(exportd, cursor)
            connection.close()
            for dialect in arguments.dialects:
                run_dialect(exportd, clickhouse, dialect, arguments, folder)
    finally:
        for server in (clickhouse, redis, postgres):
            server.close()


if __name__ == "__main__":
    main()
