#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How fast are events counted?

Makes events with 8 tags each, and ingests them with one process and with two at once (half of the events
each), each time into an empty database. In the same run COPY writes the rows that ingest has made into an
empty database with the same tables, indexes and foreign keys, also over one connection and over two. That is
the limit for any writer of these tables. Prints events per second, peak memory and the ratio to that COPY.

    cmake --preset release && cmake --build --preset release
    tests/bench/ingest_bench.py                # build/release/exportd, 100,000 events
    tests/bench/ingest_bench.py --program PATH --events 20000 --rounds 1

Goal: 10,000 events/s with two processes on two cores, and memory that does not grow with the file.
"""
import argparse
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.memory import peak_memory  # noqa: E402
from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres, Redis  # noqa: E402

# The tables that ingest writes, the referenced ones first.
TABLES = ("sentry_environment", "sentry_environmentproject", "sentry_release",
          "sentry_release_project", "sentry_eventuser", "sentry_groupedmessage",
          "sentry_grouphash", "sentry_message", "tagstore_tagkey", "tagstore_tagvalue",
          "tagstore_grouptagkey", "tagstore_grouptagvalue", "tagstore_eventtag",
          "exportd.event_user_attributes", "exportd.sampled_event")
# The tables' rows in two halves, for two connections: those of the large tables by event or value.
SPLIT = {"sentry_message": "id", "tagstore_eventtag": "event_id",
         "exportd.event_user_attributes": "event_id",
         "tagstore_tagvalue": "id", "tagstore_grouptagvalue": "id"}
TAGS = 8


def make_event(pick, number):
    when = datetime.datetime(2026, 3, 1) + datetime.timedelta(milliseconds=10 * number)
    issue = min(int(pick.expovariate(1 / 40)), 499)  # some issues are frequent, most are rare
    tags = {"environment": pick.choice(["production", "staging", "testing"]),
            "level": pick.choice(["error", "warning", "info"]),
            "release": f"1.{pick.randrange(5)}", "server_name": f"web-{pick.randrange(50)}",
            "browser": f"Browser {pick.randrange(40)}", "os": f"System {pick.randrange(15)}",
            "url": f"https://example.com/page/{pick.randrange(1000)}"}
    assert len(tags) + 1 == TAGS  # and the user's tag
    return {"event_id": f"{pick.getrandbits(128):032x}", "project_id": 1,
            "hashes": [hashlib.md5(b"%d" % issue).hexdigest()],
            "message": f"something broke in place {issue}", "platform": "python",
            "datetime": when.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "data": {"received": 1772323200 + number / 100, "tags": tags,
                     "sentry.interfaces.User": {"id": str(pick.randrange(5000)),
                                                "email": "jane@example.com"}}}


def write_events(path, count, seed):
    pick = random.Random(seed)
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            file.write(json.dumps(make_event(pick, number)) + "\n")


def run_at_once(commands, environment):
    """Runs commands at once: the seconds until all have succeeded, their output, the largest peak memory in KiB."""
    with contextlib.ExitStack() as stack:
        outputs = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in commands]
        start = time.monotonic()
        running = [subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=out)
                   for command, out in zip(commands, outputs)]
        peak = peak_memory(running, commands[0][0])
        seconds = time.monotonic() - start
        for process, out in zip(running, outputs):
            if process.returncode != 0:
                raise RuntimeError(f"{process.args[0]} ended with status {process.returncode}")
            out.seek(0)
        return seconds, [out.read() for out in outputs], peak


class Bench:
    def __init__(self, folder, postgres, redis, program, count):
        self.folder, self.postgres, self.program, self.count = folder, postgres, program, count
        postgres.create_database("template")
        self.exportd = Exportd(folder, {"DATABASE_URL": postgres.url("template"),
                                        "REDIS_URL": redis.url})
        self.exportd.ok("migrate", "--standalone")
        self.exportd.create()
        self.halves = [os.path.join(folder, f"events-{half}") for half in (0, 1)]
        for half, path in enumerate(self.halves):
            write_events(path, count // 2, half)

    def new_database(self, name):
        self.postgres.drop_database(name)
        self.postgres.create_database(name, "template")
        return self.postgres.url(name)

    def ingest(self, processes):
        """Ingests into the database `ingested`, which keeps the rows."""
        url = self.new_database("ingested")
        inputs = self.halves
        if processes == 1:
            inputs = [os.path.join(self.folder, "events")]
            with open(inputs[0], "wb") as whole:
                for half in self.halves:
                    with open(half, "rb") as part:
                        whole.write(part.read())
        seconds, outputs, peak = run_at_once(
            [[self.program, "ingest", path] for path in inputs],
            self.exportd.environment({"DATABASE_URL": url}))
        counted = sum(int(out.split(": ")[1].split()[0]) for out in outputs)
        self.check("ingested", counted)
        return seconds, peak

    def check(self, database, counted):
        """Checks the rows, so that a wrong result fails."""
        with self.postgres.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT (SELECT count(*) FROM sentry_message),"
                           " (SELECT sum(times_seen) FROM sentry_groupedmessage),"
                           " (SELECT count(*) FROM tagstore_eventtag)")
            found = cursor.fetchone()
        connection.close()
        if (counted, *found) != (self.count, self.count, self.count, TAGS * self.count):
            raise RuntimeError(f"{database}: {counted} events counted, rows: {found}")

    def unload(self):
        """Writes the rows of `ingested` to files, the large tables in halves."""
        with self.postgres.connect("ingested") as connection, connection.cursor() as cursor:
            for table in TABLES:
                for half in (0, 1):
                    condition = (f"{SPLIT[table]} % 2 = {half}" if table in SPLIT
                                 else str(half == 0))
                    with open(self.path(table, half), "wb") as file:
                        cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE {condition}"
                                           " ORDER BY 1) TO STDOUT", file)
        connection.close()

    def path(self, table, half):
        return os.path.join(self.folder, f"{table}-{half}")

    def script(self, tables, halves):
        lines = "".join(f"\\copy {table} FROM '{self.path(table, half)}'\n"
                        for table in tables for half in halves)
        return f"BEGIN;\n{lines}COMMIT;\n"

    def copy(self, connections):
        """Copies the tables to which both halves refer first, then the others at once."""
        url = self.new_database("copied")
        halves = [(0, 1)] if connections == 1 else [(0,), (1,)]
        first = [table for table in TABLES if table not in SPLIT]
        steps = [[self.script(first, (0,))],
                 [self.script(["tagstore_tagvalue"], one) for one in halves],
                 [self.script([table for table in SPLIT if table != "tagstore_tagvalue"], one)
                  for one in halves]]
        seconds = 0
        for scripts in steps:
            commands = []
            for number, text in enumerate(scripts):
                path = os.path.join(self.folder, f"copy-{number}.sql")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                commands.append(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", path])
            seconds += run_at_once(commands, self.exportd.environment({}))[0]
        self.check("copied", self.count)
        return seconds, 0


def report(name, number, events, results, reference):
    seconds = min(result[0] for result in results)
    peak = max(result[1] for result in results)
    memory = f"{peak / 1024:6.1f} MiB" if peak else " " * 10
    print(f"{events:>8} events  {name} x {number} {seconds:7.2f} s {events / seconds:>8.0f} events/s"
          f" {memory}  {seconds / reference:5.2f} x COPY", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Benchmark of ingest against COPY")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    events = arguments.events // 2 * 2
    postgres, redis = Postgres(), Redis()
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            bench = Bench(folder, postgres, redis, os.path.realpath(arguments.program), events)
            results = {}
            for _ in range(arguments.rounds):
                for number in (1, 2):
                    results.setdefault(("ingest", number), []).append(bench.ingest(number))
                bench.unload()
                for number in (1, 2):
                    results.setdefault(("COPY  ", number), []).append(bench.copy(number))
            for (name, number), measured in results.items():
                reference = min(result[0] for result in results["COPY  ", number])
                report(name, number, events, measured, reference)
    finally:
        redis.close()
        postgres.close()


if __name__ == "__main__":
    main()
