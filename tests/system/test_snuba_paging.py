# SPDX-License-Identifier: Apache-2.0
"""An export through Snuba, page by page, with a scripted server: values that are no text, servers that are
overloaded, or that sort and compare differently."""
import contextlib
import csv
import datetime
import io
import re
import subprocess
import time

import pytest

from support.scripted_snuba import ScriptedSnuba, Values, error, spell_escaped, spell_raw
from support.tagstore_rows import insert_group
from support.waiting import wait_until

DIALECTS = ["2018", "2020"]


@pytest.fixture
def snuba(exportd, sql):
    """Starts a server with the test's values, and makes the program use it. Pages do not grow, unless the test
    says so."""
    servers = contextlib.ExitStack()

    def start(answer, **settings):
        server = servers.enter_context(ScriptedSnuba(answer))
        exportd.settings.update({"TAGSTORE": "snuba", "SNUBA_URL": server.url, "RETENTION_DAYS": 0,
                                 "PAGE_SIZE_MAX": 1, **settings})
        return server

    exportd.create()
    insert_group(sql, 1)
    sql.execute("UPDATE sentry_groupedmessage SET first_seen = '2026-03-01 12:00:00+00'")
    sql.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, %s, 1)",
                ("a" * 32,))
    with servers:
        yield start


def rows_of(table):
    return list(csv.reader(io.StringIO(table.decode(), newline="")))[1:]


def numbered(values):
    """Rows with each value once. times_seen numbers them."""
    return [(value, number + 1, number % 5) for number, value in enumerate(values)]


def bound_of(body):
    return [condition[2] for condition in body["conditions"] if condition[1] in (">", ">=")]


# ---- which pages ----

def test_pages_by_value(exportd, snuba):
    server = snuba(Values(numbered([b"value %d" % n for n in range(2500)])), SNUBA_DIALECT="2020")
    rows = rows_of(exportd.tag_export())
    assert [row[0] for row in rows] == [
        f"value {n}" for n in sorted(range(2500), key=lambda n: (-(n % 5), b"value %d" % n))]
    assert [body["groupby"] for body in server.pages] == [
        ["tags_value"], ["tags[color]"], ["tags[color]"]]
    assert [body["orderby"] for body in server.pages] == [
        ["tags_value"], ["tags[color]"], ["tags[color]"]]
    order = sorted(f"value {n}" for n in range(2500))
    assert [bound_of(body) for body in server.pages] == [[], [order[999]], [order[1999]]]
    assert not any("offset" in body for body in server.pages)
    assert len({(body["from_date"], body["to_date"]) for body in server.pages}) == 1


def test_pages_by_value_in_2018(exportd, snuba):
    server = snuba(Values(numbered([b"v%d\\" % n for n in range(25)]), escaped=True),
                   SNUBA_DIALECT="2018", PAGE_SIZE=10)
    assert len(rows_of(exportd.tag_export())) == 25
    assert [body["groupby"] for body in server.pages] == [
        ["tags.value"], ["tags[color]"], ["tags[color]"]]
    assert [body["orderby"] for body in server.pages] == ["page", "tags[color]", "tags[color]"]
    assert bound_of(server.pages[1]) == ["v18\\\\"]
    assert not any("offset" in body for body in server.pages)


def test_a_tag_that_2018_keeps_apart(exportd, snuba):
    server = snuba(Values(numbered([b"", b"a", b"b"])), SNUBA_DIALECT="2018")
    assert len(rows_of(exportd.tag_export(key="release"))) == 3
    page, = server.pages
    assert page["groupby"] == ["tags[release]"] and ["tags[release]", ">=", ""] in page["conditions"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_key_that_no_column_is_named_after(exportd, snuba, dialect):
    server = snuba(Values(numbered([b"", *(b"%02d" % n for n in range(25))])),
                   SNUBA_DIALECT=dialect, PAGE_SIZE=10)
    assert len(rows_of(exportd.tag_export(key="my key"))) == 26
    assert {body["groupby"][0] for body in server.pages} <= {"tags.value", "tags_value"}
    assert len(server.pages) == 3


def test_a_limit_is_one_request_in_2020(exportd, snuba):
    server = snuba(Values(numbered([b"%04d" % n for n in range(3000)])), SNUBA_DIALECT="2020")
    rows = rows_of(exportd.tag_export(limit=2000))
    page, = server.pages
    assert page["limit"] == 2001 and page["orderby"] == ["-first_seen", "tags_value"]
    assert [row[0] for row in rows] == [
        f"{n:04}" for n in sorted(range(3000), key=lambda n: (-(n % 5), n))[:2000]]


@pytest.mark.parametrize("count, limit, asked", [
    (9999, 9999, [(10000, None)]), (10000, 9999, [(10000, None)]),
    (9999, 10000, [(10000, None)]), (10000, 10000, [(10000, None), (1, 10000)]),
    (10001, 10000, [(10000, None), (1, 10000)])])
def test_the_row_beyond_a_limit_in_2020(exportd, snuba, count, limit, asked):
    """The row is requested with the others, or separately if it does not fit into the answer."""
    server = snuba(Values(numbered([b"%05d" % n for n in range(count)])), SNUBA_DIALECT="2020")
    table, truncated = exportd.cut_tag_export(limit)
    assert [(body["limit"], body.get("offset")) for body in server.pages] == asked
    assert [row[0] for row in rows_of(table)] == [
        f"{n:05}" for n in sorted(range(count), key=lambda n: (-(n % 5), n))[:limit]]
    assert truncated is (count > limit)


@pytest.mark.parametrize("size", [1, 7, 10])
def test_the_row_beyond_a_limit_in_2018(exportd, snuba, size):
    snuba(Values(numbered([b"%02d" % n for n in range(20)])), SNUBA_DIALECT="2018", PAGE_SIZE=size)
    for limit in (1, 10, 14, 19, 20, 21):
        table, truncated = exportd.cut_tag_export(limit)
        assert (len(rows_of(table)), truncated) == (min(limit, 20), limit < 20)


def test_a_limit_is_counted_from_all_pages_in_2018(exportd, snuba):
    server = snuba(Values(numbered([b"%04d" % n for n in range(30)])), SNUBA_DIALECT="2018",
                   PAGE_SIZE=10)
    assert [row[0] for row in rows_of(exportd.tag_export(limit=7))] == [
        "0004", "0009", "0014", "0019", "0024", "0029", "0003"]
    assert len(server.pages) == 4


def test_many_values_are_sorted_on_disk(exportd, snuba):
    """There are more than the 8 MiB that are sorted in memory."""
    values = [b"%06d" % n + b"x" * 190 for n in range(60000)]
    server = snuba(Values([(value, n + 1, n * 7 % 1000) for n, value in enumerate(values)]),
                   SNUBA_DIALECT="2020", PAGE_SIZE=10000)
    rows = rows_of(exportd.tag_export())
    assert [int(row[1]) - 1 for row in rows] == sorted(
        range(60000), key=lambda n: (-(n * 7 % 1000), n))
    assert len(server.pages) == 7


# ---- values that are no text ----

ODD = [b"a\xff", b"a\xfe\xfe", b"b\xed\xa0\x80", b"b\xef\xbf\xbd", b"b\xee\x80\x80", b"c\0a", b"c\0b",
       b"cab", b"c", b"", b"\xff", b"\xff\xff", b"\xf0\x9f\x98\x80", b"\xed\xa0\x81", b"\xc3",
       b"\xef\xbf\xbd\xef\xbf\xbd", b"z", b"zz\0", b"zz"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("spell", [spell_raw, spell_escaped])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_values_that_are_no_text_come_once(exportd, snuba, dialect, spell, size):
    """The server prints other bytes than it compares by. No value is lost, none comes twice, and the export ends,
    wherever pages end."""
    rows = numbered(ODD)
    server = snuba(Values(rows, spell, escaped=dialect == "2018"), SNUBA_DIALECT=dialect)
    table = rows_of(exportd.tag_export(PAGE_SIZE=size))
    assert sorted(int(row[1]) for row in table) == [number for _, number, _ in rows]
    assert {int(row[1]): row[0] for row in table} == {
        number: expected_text(value, spell) for value, number, _ in rows}
    assert len(server.pages) <= 3 * len(ODD)


def expected_text(value, spell):
    value = value.replace(b"\0", b"")
    if spell is spell_raw:
        return value.decode("utf-8", "replace")
    return "".join("\ufffd" if 0xd800 <= ord(character) <= 0xdfff else character
                   for character in value.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("size", [1000, 10000])
def test_more_odd_values_than_a_page_can_have(exportd, snuba, size):
    """The export cannot go on, and reports that."""
    odd = [b"b\xff" + b"%05d" % n for n in range(12000)]
    server = snuba(Values(numbered([b"a", *odd])), SNUBA_DIALECT="2020", PAGE_SIZE=size)
    assert "no valid text" in exportd.fails("tag-export", *ARGUMENTS).err
    assert len(server.pages) <= 6


ARGUMENTS = ["--organization", "acme", "--project", 1, "--group", 1, "--key", "color"]


def test_values_that_begin_alike_for_too_long(exportd, snuba):
    """A request cannot tell them apart, and a page with all of them is too large."""
    server = snuba(Overloaded(numbered([b"a" * 200_000 + b"%d" % n for n in range(5)]), 2, 241),
                   SNUBA_DIALECT="2020", PAGE_SIZE=1)
    result = exportd.fails("tag-export", *ARGUMENTS)
    assert "too many values that begin with the same 100000 bytes" in result.err
    asked = [len(bound[0]) for body in server.pages if (bound := bound_of(body))]
    assert asked[:6] == [4096, 8192, 16384, 32768, 65536, 100000] and len(server.pages) == 10


# ---- servers that sort and compare differently ----

@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_server_that_goes_round_in_circles(exportd, snuba, dialect):
    values = Values(numbered([b"%02d" % n for n in range(50)]))
    values.behind = lambda rows, column, conditions: rows
    server = snuba(values, SNUBA_DIALECT=dialect, PAGE_SIZE=10)
    assert "not behind the last one" in exportd.fails("tag-export", *ARGUMENTS).err
    assert len(server.pages) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_server_that_does_not_sort(exportd, snuba, dialect):
    values = Values(numbered([b"%02d" % n for n in range(50)]))
    values.rows.reverse()
    snuba(values, SNUBA_DIALECT=dialect, PAGE_SIZE=10)
    assert "not behind the last one" in exportd.fails("tag-export", *ARGUMENTS).err


def test_a_value_that_is_null(exportd, snuba):
    snuba(Values(numbered([b"a", b"b"]), lambda value: b"null"), SNUBA_DIALECT="2020")
    assert exportd.fails("tag-export", *ARGUMENTS).err


# ---- pages that are too large ----

class Overloaded(Values):
    """Answers at most `most` rows at a time. A query that equals the one before is refused as still running."""

    def __init__(self, rows, most, code):
        super().__init__(rows)
        self.most = most
        self.code = code
        self.before = None

    def __call__(self, body, server):
        if not body["groupby"] or body["limit"] <= self.most:
            return super().__call__(body, server)
        code = 216 if body == self.before else self.code
        self.before = body
        return error(code)


def limits(server):
    return [body["limit"] for body in server.pages]


def test_pages_grow(exportd, snuba):
    """Each page is twice the one before, as long as pages come quickly."""
    server = snuba(Values(numbered([b"%05d" % n for n in range(30000)])), SNUBA_DIALECT="2020",
                   PAGE_SIZE_MAX=6000)
    assert len(rows_of(exportd.tag_export())) == 30000
    assert limits(server) == [1000, 2000, 4000, 6000, 6000, 6000, 6000]


def test_pages_that_grew_from_few_rows(exportd, snuba):
    """A page that was too large is halved down to the size of the first page, even below 50 rows."""
    server = snuba(Overloaded(numbered([b"%02d" % n for n in range(99)]), 10, 241),
                   SNUBA_DIALECT="2020", PAGE_SIZE=10, PAGE_SIZE_MAX=10000)
    assert len(rows_of(exportd.tag_export())) == 99
    assert limits(server)[:4] == [10, 20, 10, 10]


def test_pages_of_many_bytes_do_not_grow(exportd, snuba):
    server = snuba(Values(numbered([b"%04d" % n + b"x" * 5000 for n in range(3000)])),
                   SNUBA_DIALECT="2020", PAGE_SIZE_MAX=10000)
    assert len(rows_of(exportd.tag_export())) == 3000
    assert limits(server) == [1000] * 4


def test_slow_pages_do_not_grow(exportd, snuba):
    def slow(body, server):
        if body["groupby"] and len(server.pages) < 3:
            time.sleep(2.1)
        return values(body, server)

    values = Values(numbered([b"%04d" % n for n in range(50)]))
    server = snuba(slow, SNUBA_DIALECT="2020", PAGE_SIZE=10, PAGE_SIZE_MAX=10000)
    assert len(rows_of(exportd.tag_export())) == 50
    assert limits(server) == [10, 10, 10, 20, 40]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_pages_grow_again_after_a_pause(exportd, snuba, dialect):
    """Once the server is silent for longer than the client waits. After eight good pages, pages have their former
    size."""
    def pauses(body, server):
        if body["groupby"] and len(server.pages) == 3:
            time.sleep(3)
        return values(body, server)

    values = Values(numbered([b"%05d" % n for n in range(30000)]), escaped=dialect == "2018")
    server = snuba(pauses, SNUBA_DIALECT=dialect, PAGE_SIZE_MAX=10000)
    exportd.settings["SNUBA_URL"] += "?timeout=2"
    result = exportd.ok("tag-export", *ARGUMENTS)
    assert len(rows_of(result.raw)) == 30000
    assert result.err.count("tagstore.page-halved") == 1
    assert limits(server) == [1000, 2000, 4000, *[2000] * 8, 4000, 8000]


@pytest.mark.parametrize("code, name", [(241, "overload"), (159, "timeout"), (160, "timeout")])
def test_what_is_too_much_is_halved(exportd, snuba, code, name):
    server = snuba(Overloaded(numbered([b"%04d" % n for n in range(1000)]), 150, code),
                   SNUBA_DIALECT="2020")
    result = exportd.ok("tag-export", *ARGUMENTS)
    assert len(rows_of(result.raw)) == 1000
    assert limits(server) == [1000, 500, 250] + [125] * 8 + [250, 125]
    assert result.err.count("tagstore.page-halved") == 4 and name in result.err


def test_a_limit_that_is_too_much_becomes_pages(exportd, snuba):
    server = snuba(Overloaded(numbered([b"%04d" % n for n in range(1000)]), 300, 241),
                   SNUBA_DIALECT="2020", PAGE_SIZE=400)
    table = exportd.tag_export(limit=900)
    assert [row[0] for row in rows_of(table)] == [
        f"{n:04}" for n in sorted(range(1000), key=lambda n: (-(n % 5), n))[:900]]
    assert [body["limit"] for body in server.pages] == [901, 400] + [200] * 6


def test_there_is_a_floor(exportd, snuba):
    """At the smallest page, the job is released, and starts again later."""
    server = snuba(Overloaded(numbered([b"%04d" % n for n in range(1000)]), 10, 241),
                   SNUBA_DIALECT="2020", MAX_FAILURES=2)
    export = exportd.enqueue()
    exportd.drain()
    limits = [body["limit"] for body in server.pages]
    assert limits == [1000, 500, 250, 125, 62] * 2
    assert exportd.status(export)["attempts"] == 2
    assert "Query timeout. Please try again." in str(exportd.mails()[0])


def test_other_failures_are_not_halved(exportd, snuba):
    def refuse(body, server):
        return error(47) if body["groupby"] else values(body, server)

    values = Values(numbered([b"a"]))
    server = snuba(refuse, SNUBA_DIALECT="2020")
    exportd.fails("tag-export", *ARGUMENTS)
    assert len(server.pages) == 1


# ---- during reading ----

class Slow(Values):
    def __call__(self, body, server):
        if body["groupby"]:
            time.sleep(0.3)
        return super().__call__(body, server)


def test_reading_is_progress(exportd, snuba, sql):
    """No row is written before all are read. The status has the numbers of values that are read and expected."""
    snuba(Slow(numbered([b"%04d" % n for n in range(4000)])), SNUBA_DIALECT="2020", PAGE_SIZE=100)
    export = exportd.enqueue()
    with exportd.worker() as worker:
        seen, counts = set(), set()

        def moved():
            status = exportd.status(export)
            if status["rows"] == 0:
                counts.add((status["values_read"], status["rows_expected"]))
            sql.execute("SELECT progress_at FROM exportd.export WHERE progress_at IS NOT NULL"
                        " AND rows = 0")
            seen.update(row[0] for row in sql.fetchall())
            return len(seen) > 3
        wait_until(moved, "progress_at to move while nothing is written", 30)
        assert len({values for values, _ in counts if 0 < values < 4000}) > 1, counts
        assert (max(counts)[0] % 100, max(counts)[1]) == (0, 4000), counts
        with subprocess.Popen([exportd.path, "status", str(export), "--watch"], text=True,
                              env=exportd.environment({}), stdout=subprocess.PIPE) as watch:
            assert re.search(r"running  \d+00 values read  0 rows", watch.stdout.readline())
            watch.wait(30)
        assert exportd.status(export)["values_read"] == 0, "only while it runs"
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "the export", 30)
        assert max(seen) - min(seen) > datetime.timedelta(seconds=1)
        assert worker.stop() == 0


def test_a_worker_that_stops_does_not_wait_for_the_server(exportd, snuba):
    """The second signal ends a query that the server does not answer."""
    released = []

    def silent(body, server):
        while body["groupby"] and not released:
            time.sleep(0.05)
        return values(body, server)

    values = Values(numbered([b"a"]))
    server = snuba(silent, SNUBA_DIALECT="2020")
    export = exportd.enqueue()
    with exportd.worker() as worker:
        wait_until(lambda: server.pages, "the question")
        before = time.monotonic()
        worker.process.terminate()
        worker.wait_for_event("worker.signal")
        assert worker.stop() == 0
        assert time.monotonic() - before < 8
    released.append(True)
    assert exportd.status(export)["state"] == "waiting"
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
