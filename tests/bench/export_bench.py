#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast is an export, and how much memory does it take?

Inserts distinct values of one tag into the tagstore's tables by SQL. Exports them by `tag-export`, and by a
worker with a file store and a mail folder. In the same run `psql \\copy` writes the same rows, with the query
that a user would write. Prints rows per second, the program's peak memory, and the ratio of its time to that
of \\copy; each is the best of several rounds.

    cmake --preset release && cmake --build --preset release
    tests/bench/export_bench.py                # build/release/exportd, 100,000 and 1,000,000 values
    tests/bench/export_bench.py --program PATH --rows 100000 --rounds 1

Goal: a ratio of at most 1.5, less than 64 MiB, and ten times the time for ten times the rows.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.memory import peak_memory  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres, Redis  # noqa: E402
from support.tagstore_rows import insert_group, insert_tag_values  # noqa: E402

REFERENCE = """\\copy (
    SELECT v.value, g.times_seen, g.last_seen, g.first_seen
    FROM tagstore_grouptagvalue g
    JOIN tagstore_tagvalue v ON v.id = g.value_id
    JOIN tagstore_tagkey k ON k.id = g.key_id
    WHERE g.project_id = 1 AND g.group_id = 1 AND k.environment_id = 0 AND k.key = '{key}'
    ORDER BY g.first_seen DESC NULLS LAST, v.value COLLATE "C"
) TO '{path}' WITH (FORMAT csv, HEADER)"""


def timed(command, program, environment, **streams):
    """(seconds, KiB) of a command that must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, **streams)
    peak = peak_memory([process], program)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with status {process.returncode}")
    return seconds, peak


class Bench:
    def __init__(self, folder, postgres, redis):
        self.folder = folder
        self.postgres = postgres
        postgres.create_database("bench")
        self.exportd = Exportd(folder, {
            "DATABASE_URL": postgres.url("bench"), "REDIS_URL": redis.url,
            "STORAGE_URL": f"file://{folder}/files", "MAIL_URL": f"file://{folder}/mail"})
        self.program = os.path.realpath(self.exportd.path)
        self.environment = self.exportd.environment({})
        self.exportd.ok("migrate", "--standalone")
        self.exportd.create()

    def fill(self, sizes):
        connection = self.postgres.connect("bench")
        with connection.cursor() as cursor:
            insert_group(cursor, 1)
            for rows in sizes:
                insert_tag_values(cursor, rows, key=f"key-{rows}",
                                  value="'value ' || md5(n::text)")
            cursor.execute("VACUUM ANALYZE")
        connection.close()

    def copy(self, rows):
        path = os.path.join(self.folder, "reference.csv")
        query = " ".join(REFERENCE.format(key=f"key-{rows}", path=path).split())
        seconds, _ = timed(["psql", "-qX", "-d", self.postgres.url("bench"), "-c", query], "",
                           self.environment)
        return seconds, 0, path

    def tag_export(self, rows):
        path = os.path.join(self.folder, "tag-export.csv")
        with open(path, "wb") as out:
            seconds, peak = timed(
                [self.program, "tag-export", "--organization", "acme", "--project", "1", "--group",
                 "1", "--key", f"key-{rows}"], self.program, self.environment, stdout=out)
        return seconds, peak, path

    def worker(self, rows):
        """The time of the job from its claim to its outcome. It excludes start and drain, which cost the
        same for any number of rows."""
        export = self.exportd.enqueue(key=f"key-{rows}")
        _, peak = timed([self.program, "worker", "--drain", "--concurrency", "1"],
                        self.program, self.environment, stderr=subprocess.DEVNULL)
        connection = self.postgres.connect("bench")
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM ended_at - started_at)::float"
                           " FROM exportd.attempt WHERE data_export_id = %s", (export,))
            (seconds,), = cursor.fetchall()
        connection.close()
        path = os.path.join(self.folder, "worker.csv")
        self.exportd.ok("download", export, "-o", path)
        return seconds, peak, path

    def measure(self, name, rows):
        """Measures, and checks the number of rows, so that a wrong result fails."""
        seconds, peak, path = getattr(self, name)(rows)
        with open(path, "rb") as file:
            made = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1
        os.unlink(path)
        if made != rows:
            raise RuntimeError(f"{name}: {made} rows instead of {rows}")
        return seconds, peak


def report(rows, name, results, reference):
    seconds = min(result[0] for result in results)
    peak = max(result[1] for result in results)
    memory = f"{peak / 1024:7.1f} MiB" if peak else " " * 11
    print(f"{rows:>9} rows  {name:<10} {seconds:7.2f} s {rows / seconds:>10.0f} rows/s {memory}"
          f"  {seconds / reference:5.2f} x \\copy", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Benchmark of exports against psql \\copy")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--rows", type=int, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    sizes = sorted(arguments.rows or [100_000, 1_000_000])
    postgres, redis = Postgres(), Redis()
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            bench = Bench(folder, postgres, redis)
            bench.fill(sizes)
            for rows in sizes:
                names = ("copy", "tag_export", "worker")
                results = {name: [] for name in names}
                for _ in range(arguments.rounds):
                    for name in names:
                        results[name].append(bench.measure(name, rows))
                reference = min(seconds for seconds, _ in results["copy"])
                for name in names:
                    report(rows, name, results[name], reference)
    finally:
        redis.close()
        postgres.close()


if __name__ == "__main__":
    main()
