#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What does `tag-export` cost in addition to the server's own work?

Inserts a million distinct values of one tag into the tagstore's tables by SQL and exports them by `tag-export`.
In the same run `psql \\copy` writes the same rows to a file, by the statement that exportd sends, taken from the
server's log, but with CSV instead of binary. Prints the time of each (the best of several rounds that take
turns), their ratio, and the program's peak resident memory.

    cmake --preset release && cmake --build --preset release
    tests/bench/tag_export_bench.py            # build/release/exportd, 1,000,000 values
    tests/bench/tag_export_bench.py --program PATH --rows 100000 --rounds 3

Goal: a ratio of at most 1.1, and at most 16 MiB.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.memory import peak_memory  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres  # noqa: E402
from support.tagstore_rows import insert_group, insert_tag_values  # noqa: E402

COPY = re.compile(r"statement: COPY (\(SELECT .*\)) TO STDOUT \(FORMAT binary\)$", re.MULTILINE)


class Bench:
    def __init__(self, folder, postgres, rows):
        self.folder = folder
        self.postgres = postgres
        self.rows = rows
        postgres.create_database("bench")
        self.exportd = Exportd(folder, {"DATABASE_URL": postgres.url("bench")})
        self.program = os.path.realpath(self.exportd.path)
        self.exportd.ok("migrate", "--standalone")
        self.exportd.create()
        self._fill()
        self.statement = self._logged_statement()

    def _fill(self):
        connection = self.postgres.connect("bench")
        with connection.cursor() as cursor:
            insert_group(cursor, 1)
            insert_tag_values(cursor, self.rows, value="'value ' || md5(n::text)")
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")
        connection.close()

    def _logged_statement(self):
        self._tag_export("logged.csv", {"PGOPTIONS": "-c log_statement=all"})
        with open(os.path.join(self.postgres.folder, "log"), encoding="utf-8") as log:
            return COPY.findall(log.read())[-1]

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _tag_export(self, name, environment=None):
        """(seconds, peak KiB)"""
        with open(self._path(name), "wb") as out:
            start = time.monotonic()
            process = subprocess.Popen(
                [self.program, "tag-export", "--organization", "acme", "--project", "1", "--group", "1",
                 "--key", "color"],
                env={**self.exportd.environment({}), **(environment or {})}, stdin=subprocess.DEVNULL,
                stdout=out)
            peak = peak_memory([process], self.program)
            seconds = time.monotonic() - start
        if process.returncode != 0:
            raise RuntimeError(f"tag-export ended with status {process.returncode}")
        return seconds, peak

    def tag_export(self):
        seconds, peak = self._tag_export("exportd.csv")
        self._check("exportd.csv")
        return seconds, peak

    def copy(self):
        command = f"\\copy {self.statement} TO '{self._path('psql.csv')}' WITH (FORMAT csv, HEADER)"
        start = time.monotonic()
        process = subprocess.Popen(["psql", "-qX", "-d", self.postgres.url("bench"), "-c", command],
                                   stdin=subprocess.DEVNULL)
        peak_memory([process], "")  # so that both programs are watched in the same way
        seconds = time.monotonic() - start
        if process.returncode != 0:
            raise RuntimeError(f"psql ended with status {process.returncode}")
        self._check("psql.csv")
        return seconds

    def _check(self, name):
        """Checks the number of lines, so that a wrong result fails."""
        with open(self._path(name), "rb") as file:
            made = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b"")) - 1
        os.unlink(self._path(name))
        if made != self.rows:
            raise RuntimeError(f"{name}: {made} rows instead of {self.rows}")


def main():
    parser = argparse.ArgumentParser(description="Benchmark of tag-export against psql \\copy")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    postgres = Postgres()
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            bench = Bench(folder, postgres, arguments.rows)
            copies, exports = [], []
            for _ in range(arguments.rounds):
                copies.append(bench.copy())
                exports.append(bench.tag_export())
            copy = min(copies)
            export = min(seconds for seconds, _ in exports)
            peak = max(peak for _, peak in exports)
            print(f"{arguments.rows} rows, best of {arguments.rounds}:"
                  f" \\copy {copy:.2f} s, tag-export {export:.2f} s, ratio {export / copy:.2f},"
                  f" peak memory {peak / 1024:.1f} MiB", flush=True)
    finally:
        postgres.close()


if __name__ == "__main__":
    main()
