#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long does each read method of the tagstore take?

Inserts values into the tagstore's tables by SQL (support/tagstore_rows.py: two keys, a million values each, in one
group, for one environment and for all of them) and runs each method several times. Prints the median time of the
whole command and the lines of the answer. The time includes start and connection, which is about the time of
get_tag_value, because that method reads one row.

    cmake --preset release && cmake --build --preset release
    tests/bench/tagstore_bench.py              # build/release/exportd, 1,000,000 values of a key
    tests/bench/tagstore_bench.py --program PATH --values 100000 --rounds 3
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.program import ROOT, Exportd  # noqa: E402
from support.servers import Postgres  # noqa: E402
from support.tagstore_rows import fill_tagstore, insert_environment  # noqa: E402

KEY, GROUP = ["--key", "key-2"], ["--group", "1"]
VALUE = [*KEY, "--value", "value 1"]
USERS = ["--ident", "user 3", "--email", "user5@example.com", "--ip", "10.0.0.9"]
QUESTIONS = {
    "get_tag_value": VALUE,
    "get_tag_key": KEY,
    "get_tag_keys": [],
    "get_tag_values": KEY,
    "get_group_tag_key": [*GROUP, *KEY],
    "get_group_tag_keys": GROUP,
    "get_group_tag_value": [*GROUP, *VALUE],
    "get_group_tag_values": [*GROUP, *KEY],
    "get_group_list_tag_value": [*GROUP, *VALUE],
    "get_group_tag_value_count": [*GROUP, *KEY],
    "get_top_group_tag_values": [*GROUP, *KEY],
    "get_group_tag_keys_and_top_values": GROUP,
    "get_first_release": GROUP,
    "get_last_release": GROUP,
    "get_release_tags": ["--version", "value 1"],
    "get_group_event_ids": [*GROUP, "--tag", "key-2=value 1"],
    "get_group_ids_for_search_filter": ["--any", "key-2", "--tag", "release=value 1"],
    "get_group_ids_for_users": USERS,
    "get_group_tag_values_for_users": USERS,
    "get_groups_user_counts": GROUP,
}


def ask(exportd, method, arguments):
    """(seconds, lines) of a method that must find an answer."""
    command = [exportd.path, "tagstore", method, "--project", "1", *arguments]
    start = time.monotonic()
    done = subprocess.run(command, env=exportd.environment({}), stdout=subprocess.PIPE, check=True)
    return time.monotonic() - start, done.stdout.count(b"\n")


def main():
    parser = argparse.ArgumentParser(description="Benchmark of the tagstore's read methods")
    parser.add_argument("--program", default=os.path.join(ROOT, "build", "release", "exportd"))
    parser.add_argument("--values", type=int, default=1_000_000, help="of each key")
    parser.add_argument("--keys", type=int, default=2)
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    os.environ["TEST_EXPORTD"] = arguments.program
    postgres = Postgres()
    try:
        with tempfile.TemporaryDirectory(prefix="exportd-bench-") as folder:
            postgres.create_database("bench")
            exportd = Exportd(folder, {"DATABASE_URL": postgres.url("bench")})
            exportd.ok("migrate", "--standalone")
            exportd.create()
            connection = postgres.connect("bench")
            with connection.cursor() as cursor:
                insert_environment(cursor)
                fill_tagstore(cursor, arguments.values, arguments.keys, arguments.groups)
                cursor.execute("CHECKPOINT")  # else the first methods wait for the disk
            connection.close()
            print(f"{arguments.values} values of each of {arguments.keys} keys in"
                  f" {arguments.groups} group(s), twice; median of {arguments.rounds}", flush=True)
            for method, words in QUESTIONS.items():
                times = [ask(exportd, method, words) for _ in range(arguments.rounds)]
                median = statistics.median(seconds for seconds, _ in times)
                print(f"{method:<36} {1000 * median:9.1f} ms {times[0][1]:>9} lines", flush=True)
    finally:
        postgres.close()


if __name__ == "__main__":
    main()
