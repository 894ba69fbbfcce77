# SPDX-License-Identifier: Apache-2.0
"""The input of ingest: compressed files, damaged files, bad lines of every kind."""
import gzip
import json
import os
import pty
import re
import subprocess

import pytest

from support.event_model import EventModel, EventTables
from support.events import event, series
from support.memory import peak_memory


def lines(events):
    return "".join(json.dumps(one) + "\n" for one in events).encode()


@pytest.fixture
def tables(exportd, sql):
    exportd.create(projects=(1,))
    return EventTables(sql)


# ---- gzip ----

@pytest.mark.parametrize("piped", [True, False])
def test_a_compressed_file(exportd, tables, tmp_path, piped):
    events = series(700)
    data = gzip.compress(lines(events))
    path = tmp_path / "events.gz"
    path.write_bytes(data)
    result = (exportd.ok("ingest", "-", stdin=data) if piped else exportd.ok("ingest", path))
    assert result.out == "700 lines: 700 counted, 0 repeated, 0 bad\n"
    tables.assert_agree_with(EventModel(events))
    assert exportd.ok("ingest", "-", stdin=lines(events)).out.endswith(" 700 repeated, 0 bad\n")


def test_several_members_one_behind_the_other(exportd, tables):
    """A line may continue in the next member. Zeros are padding, as in the last block of a tape."""
    events = series(50)
    text = lines(events)
    parts = [text[:100], b"", text[100:3000], text[3000:]]
    exportd.ok("ingest", "-", stdin=b"".join(map(gzip.compress, parts)) + bytes(1000))
    tables.assert_agree_with(EventModel(events))


def test_a_compressed_file_with_rebased_times(exportd, tables, sql, tmp_path):
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(lines(series(20))))
    exportd.ok("ingest", "--rebase-time", path)
    sql.execute("SELECT count(*), now() - max(datetime) < interval '1 minute' FROM sentry_message")
    assert sql.fetchall() == [(20, True)]


@pytest.mark.parametrize("flags", [[], ["--rebase-time"]])
def test_a_truncated_file_counts_what_it_has(exportd, tables, sql, tmp_path, flags):
    events = series(6000, value=lambda n: f"v{n * 7919}")
    data = gzip.compress(lines(events))
    path = tmp_path / "events.gz"
    path.write_bytes(data[:len(data) // 2])
    result = exportd.fails("ingest", *flags, path)
    total, counted = map(int, re.match(r"(\d+) lines: (\d+) counted, 0 repeated, 0 bad\n",
                                       result.out).groups())
    assert 1000 < counted == total < 6000
    assert result.err.endswith(f"behind line {counted}: the gzip data ends too early\n"), result
    if not flags:
        tables.assert_agree_with(EventModel(events[:counted]))


@pytest.mark.parametrize("damage, said", [
    (lambda data: data[:-4], "ends too early"), (lambda data: data[:5], "ends too early"),
    (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "is corrupt"),
    (lambda data: data[:2] + b"\xff" + data[3:], "is corrupt"),
    (lambda data: data + b"{}\n", "something else behind")])
def test_a_damaged_file_is_an_error(exportd, tables, damage, said):
    events = series(30)
    result = exportd.fails("ingest", "-", stdin=damage(gzip.compress(lines(events))))
    assert said in result.err and result.err.count("\n") == 1, result
    if "30 lines" in result.out:
        tables.assert_agree_with(EventModel(events))


# ---- bad lines ----

def tags_as(value):
    return event(data={"tags": value})


def without(member):
    return {name: value for name, value in event().items() if name != member}


BAD = [
    (event(message="x" * 10_000_000), "longer than 1 MiB"),
    ('{"event_id": ', "not valid JSON"), ("nonsense", "not valid JSON"), ("[]", "no JSON object"),
    (without("event_id"), "event_id"), (without("project_id"), "project_id"),
    (without("datetime"), "datetime"), (without("hashes"), "hashes"),
    (event(when="0000-12-31T23:59:59.000000Z"), "datetime"),
    (event(when="9999-01-01T00:00:00.000000Z"), "datetime is in the year 9999"),
    (event(when="10000-01-01T00:00:00.000000Z"), "datetime"),
    (event(tags={"k": "a\0b"}), "NUL"), (event(message="a\0b"), "NUL"), (event(tags={"\0": "v"}), "NUL"),
    (json.dumps(event(message="here")).replace("here", "he\0re"), "NUL"),
    (event(project=2**63), "project_id"), (event(project=2**64 + 1), "project_id"),
    (event(project=-(2**63) - 1), "project_id"), (event(event_id=2**63), "event_id"),
    (event(project=2**63 - 1), "no project 9223372036854775807"),
    (event(hashes=["h" * 33]), "hash"), (event(hashes=[5]), "hash"),
]
DROPPED = [
    (tags_as({"a": {"b": "c"}}), "no plain value"), (tags_as({"a": ["b"]}), "no plain value"),
    (tags_as({"a": None}), "no plain value"), (tags_as([["a", None]]), "no plain value"),
    (tags_as([["a", {"b": "c"}]]), "no plain value"), (tags_as([["a", "b", "c"]]), "no pair"),
    (tags_as([["a"]]), "no pair"), (tags_as([None]), "no pair"), (tags_as([[1, "a"]]), "no pair"),
    (tags_as("a"), "neither a map nor a list"),
    (event(tags={"k" * 33: "v"}), "1 to 32"), (event(tags={"": "v"}), "1 to 32"),
    (event(tags={"k\x7f": "v"}), "of [a-zA-Z0-9_.:-]"), (event(tags={"k\n": "v"}), "of [a-zA-Z0-9_.:-]"),
    (event(tags={"kéy": "v"}), "of [a-zA-Z0-9_.:-]"), (event(tags={"k y": "v"}), "of [a-zA-Z0-9_.:-]"),
    (event(tags={"k": "v" * 201}), "200 characters"), (event(tags={"k": "ü" * 201}), "200 char"),
]
GOOD = [
    tags_as({"a": 1, "b": 0.5, "c": True}), tags_as([["a", 1], ["b", 0.5], ["c", False]]),
    event(tags={"k" * 32: "v" * 200}), event(tags={"k": "ü" * 200}), event(tags={"k": 2**70}),
    event(tags={"backslash": "\\u0000"}), event(when="9998-12-31T23:59:59.999999Z"),
    event(when="0001-01-01T00:00:00.000000Z"), event(user={"id": 2**63}),
]


def test_every_bad_line_is_told_by_its_number_and_the_rest_counts(exportd, tables, sql):
    text, expected = [], []
    for number, (line, reason) in enumerate(BAD):
        text.append(json.dumps(GOOD[number]) if number < len(GOOD) else json.dumps(event()))
        text.append(line if isinstance(line, str) else json.dumps(line))
        expected.append((len(text), reason))
    result = exportd.fails("ingest", "-", stdin="\n".join(text))
    count = len(BAD)
    assert result.out == f"{2 * count} lines: {count} counted, 0 repeated, {count} bad\n"
    *told, last = result.err.splitlines()
    assert last == f"exportd ingest: {count} bad lines"
    assert len(told) == count, result.err
    for line, (number, reason) in zip(told, expected):
        assert line.startswith(f"line {number}: ") and reason in line, (line, number, reason)
    sql.execute("SELECT count(*) FROM sentry_message")
    assert sql.fetchall() == [(count,)]
    values = {name[2:]: row[0] for name, row in tables.value_rows().items() if name[1] is None}
    assert values["a", "1"] == 2 and values["c", "true"] == values["c", "false"] == 1
    assert values["k", str(2**70)] == values["backslash", "\\u0000"] == 1
    assert values["k" * 32, "v" * 200] == values["k", "ü" * 200] == 1


def test_every_tag_that_cannot_be_held_is_told_and_its_event_counts(exportd, tables, sql):
    result = exportd.ok("ingest", "-", stdin=lines([line for line, _ in DROPPED]))
    count = len(DROPPED)
    assert result.out == (f"{count} lines: {count} counted, 0 repeated, 0 bad; "
                          f"{count} tags dropped\n")
    told = result.err.splitlines()
    assert len(told) == count, result.err
    for number, (line, (_, reason)) in enumerate(zip(told, DROPPED), start=1):
        assert line.startswith(f"line {number}: dropped: ") and reason in line, (line, reason)
    sql.execute("SELECT count(*) FROM sentry_message")
    assert sql.fetchall() == [(count,)] and tables.value_rows() == {}


# ---- memory and progress ----

def peak(exportd, path):
    process = subprocess.Popen([exportd.path, "ingest", str(path)], env=exportd.environment({}),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    kib = peak_memory([process], exportd.path)
    assert process.returncode == 0
    return kib


def test_memory_does_not_grow_with_the_file(exportd, tables, tmp_path):
    """A sanitizer keeps freed memory for a while; a setting prevents that."""
    exportd.settings["asan_options"] = "quarantine_size_mb=1:exitcode=99"
    path = tmp_path / "events"
    # With lines of 4 KiB, batches have their largest size from the 4096th line on.
    padded = [json.dumps(one).ljust(4096) + "\n"
              for one in series(32_000, value=lambda n: f"v{n % 100}")]
    path.write_text("".join(padded[:12_000]))
    small = peak(exportd, path)
    path.write_text("".join(padded))
    assert 10_000 < small and peak(exportd, path) < small * 1.2


def test_progress_on_a_terminal(exportd, tables, tmp_path):
    path = tmp_path / "events"
    events = series(9000, value=lambda n: f"v{n % 100}")
    path.write_bytes(lines(events) + b"nonsense\n")
    master, slave = pty.openpty()
    done = subprocess.run([exportd.path, "ingest", str(path)], env=exportd.environment({}),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert done.returncode == 1
    assert done.stdout == b"9001 lines: 9000 counted, 0 repeated, 1 bad\n"
    assert "\r1000 lines" in shown and "\r7000 lines" in shown and "line 9001: " in shown
