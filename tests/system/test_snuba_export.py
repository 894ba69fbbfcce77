# SPDX-License-Identifier: Apache-2.0
"""Exports through a Snuba over a real ClickHouse, in both dialects. The bytes are the same as from Postgres for
the same events, for all values, and while events arrive."""
import csv
import datetime
import io
import json

import pytest

from support.clickhouse import ClickHouseError
from support.events import event, hash_of
from support.snuba.common import Refusal
from support.snuba.events import json_lines, rows_2018, rows_2020
from support.tagstore_backends import BACKENDS
from support.waiting import wait_until

csv.field_size_limit(1 << 24)
START = datetime.datetime(2026, 3, 1, 12)
ISSUE = "issue"


@pytest.fixture(params=["2018", "2020"])
def dialect(request):
    return request.param


class Installation:
    """An exportd with events in Postgres and in a Snuba."""

    def __init__(self, exportd, sql, snuba, dialect):
        self.exportd = exportd
        self.server = snuba(dialect)
        self.backend = BACKENDS[f"snuba-{dialect}"](exportd, sql, lambda _: self.server)
        self.backend.setup()
        self.settings = self.backend.settings()

    def insert(self, events):
        self.backend.insert(events)

    @property
    def issue(self):
        return self.backend.issue(ISSUE)

    def export(self, **options):
        """Exports through Snuba; returns the bytes and the requests for pages."""
        before = len(self.server.queries)
        table = self.exportd.tag_export(group=self.issue, **{**self.settings, **options})
        return table, [query for query in self.server.queries[before:] if query.body.get("groupby")]

    def expected(self, **options):
        return self.exportd.tag_export(group=self.issue, **options)

    def check(self, **options):
        table, pages = self.export(**options)
        options = {name: value for name, value in options.items() if not name.startswith("PAGE_SIZE")}
        assert table == self.expected(**options)
        return pages

    def insert_raw(self, events, change):
        """Inserts rows of the table, changed by `change`, which Sentry's pipeline does not make today."""
        bodies = [self.backend.body(each) for each in events]
        now = datetime.datetime(2026, 3, 2)
        rows = (rows_2018 if self.backend.dialect == "2018" else rows_2020)(bodies, now)
        for row in rows:
            change(row)
        self.server.clickhouse.query(
            f"INSERT INTO {self.server.dialect.table} FORMAT JSONEachRow", json_lines(rows),
            database=self.server.database)


@pytest.fixture
def installation(exportd, sql, snuba, dialect):
    return Installation(exportd, sql, snuba, dialect)


def at(second):
    return START + datetime.timedelta(seconds=second)


def events_of(values, second=0, key="color", **more):
    return [event(ISSUE, when=at(second), tags={key: value}, **more) for value in values]


def values_of(table):
    return [row[0] for row in csv.reader(io.StringIO(table.decode(), newline=""))][1:]


# ---- the same bytes ----

ODD = ["it's", 'a "quoted" one', "back\\slash", "\\", "\\'", "ends in \\", "tab\there", "line\nbreak",
       "\r\n", ",", " ", "  two", "%s %d", "emoji 😀", "😀", "é", "e\u0301", "ä", "Z", "a", "A", "_",
       "10", "9", "x" * 200, "😀" * 200, "\ue001private", "\uffee", "null", "NULL", "'", "''", "--", "/*",
       "\u2028", "\x7f", "\x01", "<b>", "{}", "[]", "$1", "`", "\ufffd", "\ufffd\ufffd"]


@pytest.mark.parametrize("size", [1, 7, 1000, 10000])
def test_odd_values(installation, size):
    installation.insert(events_of(ODD, 5) + events_of(ODD[::2], 9) + events_of(ODD[::3], 2))
    installation.check(PAGE_SIZE=size)
    table, _ = installation.export(PAGE_SIZE=size)
    assert sorted(values_of(table)) == sorted(ODD)


def test_thousands_at_equal_times(installation):
    """Pages have 1000 values, by value. The order is by time, and thousands of values share a first_seen."""
    values = [f"value {n:05}" for n in range(2500)]
    installation.insert([event(ISSUE, when=at(n % 3), tags={"color": value})
                         for n, value in enumerate(values)])
    pages = installation.check(PAGE_SIZE_MAX=1000)
    assert 3 <= len(pages) <= 4
    assert len({(page.body["from_date"], page.body["to_date"]) for page in pages}) == 1
    assert not any("offset" in page.body for page in pages)
    assert all(page.status == 200 for page in pages)
    assert len(set(json.dumps(page.body) for page in pages)) == len(pages)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_values_as_pages_have(installation, count):
    installation.insert(events_of([f"{n}" for n in range(10 * count)]))
    assert len(installation.check(PAGE_SIZE=10, PAGE_SIZE_MAX=10)) == count + 1


def test_limits(installation):
    installation.insert([event(ISSUE, when=at(n % 4), tags={"color": f"{n:03}"}) for n in range(40)])
    for limit in (1, 10, 11, 39, 40, 41, 2**63 - 1):
        pages = installation.check(limit=limit, PAGE_SIZE=10)
        assert installation.backend.dialect == "2018" or len(pages) == 1 or limit > 41
        _, truncated = installation.exportd.cut_tag_export(
            limit, group=installation.issue, PAGE_SIZE=10, **installation.settings)
        assert truncated is (limit < 40)


def test_the_longest_limit_of_one_answer(installation):
    """The additional row after the limit does not fit into the answer."""
    installation.insert([event(ISSUE, when=at(n % 4), tags={"color": f"{n}"}) for n in range(10001)])
    for limit, requests in ((9999, 1), (10000, 2)):
        pages = installation.check(limit=limit, PAGE_SIZE=10000)
        assert installation.backend.dialect == "2018" or len(pages) == requests
        _, truncated = installation.exportd.cut_tag_export(
            limit, group=installation.issue, PAGE_SIZE=10000, **installation.settings)
        assert truncated


def test_environments(installation):
    for number, environment in enumerate(["production", "staging", "it's\\"]):
        installation.insert([event(ISSUE, when=at(number + n), tags={
            "color": f"{environment} {n % 3}", "environment": environment}) for n in range(10)])
    installation.insert(events_of(["none"]))
    for environment in ("production", "staging", "it's\\", "", None):
        installation.check(environment=environment)
        installation.check(environment=environment, PAGE_SIZE=1)
        installation.check(environment=environment, limit=1)
    assert len(values_of(installation.export(environment="staging")[0])) == 3
    assert values_of(installation.export(environment="")[0]) == ["none"]


def test_an_environment_that_is_empty(installation):
    """In 2020 the column is empty for such an event; it is NULL for an event without the tag."""
    installation.insert(events_of(["none"]))
    installation.insert([event(ISSUE, tags={"color": "empty", "environment": ""}),
                         event(ISSUE, tags={"color": "named", "environment": "production"})])
    installation.check(environment="")
    assert sorted(values_of(installation.export(environment="")[0])) == ["empty", "none"]


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_a_tag_that_is_a_number(installation, size):
    """Snuba stores os.rooted as 0 and 1."""
    installation.insert([event(ISSUE, when=at(n), tags={"os.rooted": ["yes", "no"][n % 2], "other": "x"})
                         for n in range(5)])
    installation.insert([event(ISSUE, tags={"other": "x"})])
    installation.check(key="os.rooted", PAGE_SIZE=size)
    installation.check(key="os.rooted", PAGE_SIZE=size, limit=1)
    table, _ = installation.export(key="os.rooted", PAGE_SIZE=size)
    assert [line.split(",")[:2] for line in table.decode().splitlines()[1:]] == [["no", "2"], ["yes", "3"]]


LONG = 300_000  # bytes: longer than ClickHouse accepts a query


@pytest.mark.parametrize("size", [1, 2, 3])
def test_values_too_long_for_a_request(installation, size):
    """Requests name such values by their beginning, wherever pages end. Values that come again are left out."""
    values = [letter * LONG for letter in ("a", "b", "é'\\", "😀")] + [
        "c" * 30_000 + f"{n}" * LONG for n in range(3)] + ["d", "z"]
    installation.insert(events_of(["first"]))
    for number, value in enumerate(values):
        installation.insert_raw(events_of(["x"], number), lambda row: row.update(
            {"tags.value": [value], "event_id": f"{number:032x}"}))
    table, pages = installation.export(PAGE_SIZE=size, PAGE_SIZE_MAX=1)
    assert sorted(values_of(table)) == sorted([*values, "first"])
    assert all(page.status == 200 for page in pages)


def test_a_key_of_another_environment(installation):
    """The key does not exist in the export's environment."""
    installation.insert(events_of(["a"]))
    installation.insert([event(ISSUE, tags={"shape": "round", "environment": "production"})])
    arguments = ["--organization", "acme", "--project", 1, "--group", installation.issue, "--key",
                 "color", "--environment", "production"]
    result = installation.exportd.fails("tag-export", *arguments, **installation.settings, status=3)
    assert "Requested key does not exist" in result.err
    assert len(installation.server.queries) == 1


def test_other_issues(installation):
    """Other issues' values count only if they were merged with this one, found by its own and by the old id."""
    installation.insert(events_of(["a", "b"], 9))
    installation.insert([event("other", when=at(3), tags={"color": value}) for value in "bc"])
    other = installation.backend.issue("other")
    installation.check(PAGE_SIZE=1)
    assert sorted(values_of(installation.export()[0])) == ["a", "b"]
    installation.backend.merge(other, installation.issue)
    pages = installation.check(PAGE_SIZE=1, PAGE_SIZE_MAX=1)
    assert sorted(values_of(installation.export()[0])) == ["a", "b", "c"] and len(pages) == 4
    table = installation.exportd.tag_export(group=other, **installation.settings)
    assert table == installation.expected()


def test_an_issue_without_hashes(installation, sql):
    """In 2018 nothing leads to its events. The export must not have the events of all issues."""
    installation.insert(events_of(["a"]) + [event("other", tags={"color": "b"})])
    issue = installation.issue
    sql.execute("DELETE FROM sentry_grouphash WHERE group_id = %s", (issue,))
    table = installation.exportd.tag_export(group=issue, **installation.settings)
    assert values_of(table) == ([] if installation.backend.dialect == "2018" else ["a"])


def test_retention(installation):
    """The number of days that an export goes back; 0: no limit. A key that was last seen before does not exist."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    installation.insert([event(ISSUE, when=now - datetime.timedelta(days=days, minutes=1),
                               tags={"color": f"{days} days", "shape" if days else "size": "x"})
                         for days in (0, 3, 10, 80)])
    for days, count in ((1, 1), (3, 1), (4, 2), (79, 3), (0, 4)):
        for options in ({}, {"limit": 9}, {"PAGE_SIZE": 1}):
            table, _ = installation.export(RETENTION_DAYS=days, **options)
            assert len(values_of(table)) == count, (days, options)
    result = installation.exportd.fails(
        "tag-export", "--organization", "acme", "--project", 1, "--group", installation.issue, "--key",
        "shape", **{**installation.settings, "RETENTION_DAYS": 2}, status=3)
    assert "Requested key does not exist" in result.err


def test_users(installation):
    """The key `user`, with the users' attributes from Postgres."""
    installation.insert([
        event(ISSUE, when=at(n % 5), user={"id": f"{n}", "email": f"user{n}@example.com",
                                           "username": f"ü{n}", "ip_address": f"10.0.0.{n}"})
        for n in range(30)])
    installation.insert([event(ISSUE, user={"email": "only@example.com"}),
                         event(ISSUE, tags={"user": "id:unknown"})])
    table, _ = installation.export(key="user", PAGE_SIZE=7)
    assert table == installation.expected(key="user")
    assert b"user7@example.com" in table and len(values_of(table)) == 32


@pytest.mark.parametrize("key", ["environment", "release", "dist", "level", "server_name", "url",
                                 "browser.name", "os", "my-key", "a:b", "a.b"])
def test_keys_that_are_columns(installation, key):
    """The column is NULL for an event without the tag."""
    installation.insert([event(ISSUE, when=at(n % 3), tags={key: f"{n % 7}"} if n % 2 else {"x": "y"})
                         for n in range(30)])
    installation.check(key=key)
    installation.check(key=key, PAGE_SIZE=2)
    installation.check(key=key, limit=3)


def test_empty_values_that_come_in(installation):
    """Ingest and Snuba's pipeline both drop empty values."""
    installation.insert(events_of(["", "a", "b", ""], 3))
    installation.check()
    assert values_of(installation.export()[0]) == ["a", "b"]


def test_empty_values_that_are_there(installation, sql):
    """In old rows, an event with an empty value differs from one without the tag. As in Postgres, the export has
    the row."""
    def empty(row):
        row["tags.value"][row["tags.key"].index("color")] = ""

    installation.insert(events_of(["a", "b", "c"], 3) + [event(ISSUE, tags={"shape": "round"})])
    empties = [event(ISSUE, when=at(n), tags={"color": "to be none"}) for n in (1, 4)]
    installation.exportd.ingest(empties)
    sql.execute("UPDATE tagstore_tagvalue SET value = '' WHERE value = 'to be none'")
    installation.insert_raw(empties, empty)
    for options in ({}, {"PAGE_SIZE": 1}, {"PAGE_SIZE": 2}, {"limit": 2}, {"limit": 4}):
        installation.check(**options)
    assert values_of(installation.export()[0]) == ["a", "b", "c", ""]


def test_values_that_are_no_text(installation):
    """Bytes that are not UTF-8 become U+FFFD, and each value comes once."""
    values = [b"a\xff", b"a\xfe", b"b\xed\xa0\x80", b"b\xee\x80\x80", b"c\0a", b"c\0b", b"\xff", b"z"]
    installation.insert(events_of(["first"]))
    for number, value in enumerate(values):
        hexadecimal = value.hex()
        column = ", group_id, retention_days" if installation.backend.dialect == "2020" else ""
        number_of = f", {installation.issue}, 90" if column else ""
        installation.server.clickhouse.query(
            f"INSERT INTO {installation.server.dialect.table} (event_id, project_id, primary_hash,"
            f" timestamp, tags.key, tags.value{column}) SELECT '{number:032}', 1, '{hash_of(ISSUE)}',"
            f" toDateTime('2026-03-01 12:00:01'), ['color'], [unhex('{hexadecimal}')]{number_of}",
            database=installation.server.database)
    for size in (1, 2, 3, 100):
        table, _ = installation.export(PAGE_SIZE=size)
        assert len(values_of(table)) == len(values) + 1, size
        assert {"first", "z"} < set(values_of(table))


# ---- by the worker ----

def test_the_worker_writes_the_same(installation):
    installation.insert([event(ISSUE, when=at(n % 9), tags={"color": value})
                         for n, value in enumerate(ODD * 3)])
    exportd = installation.exportd
    export = exportd.enqueue(group=installation.issue)
    exportd.drain(**installation.settings, PAGE_SIZE=10)
    status = exportd.status(export)
    assert status["status"] == "VALID" and status["rows"] == len(ODD)
    assert exportd.download(export) == installation.expected()


def test_an_issue_out_of_the_window(installation, sql):
    """The export fails with a message of its own, and without a retry."""
    installation.insert(events_of(["a"]))
    sql.execute("UPDATE sentry_groupedmessage SET first_seen = now() + interval '1 day'")
    exportd = installation.exportd
    export = exportd.enqueue(group=installation.issue)
    exportd.drain(**installation.settings)
    assert exportd.status(export)["attempts"] == 1
    assert "Invalid date range. Please try a more recent date range." in str(exportd.mails()[0])


def test_without_the_tables_of_the_tagstore(installation, sql):
    """A worker with Snuba does not need them, and `check` does not look for them."""
    installation.insert(events_of(["a", "b"]))
    expected = installation.expected()
    for table in ("grouptagvalue", "grouptagkey", "eventtag", "tagvalue", "tagkey"):
        sql.execute(f"DROP TABLE tagstore_{table} CASCADE")
    exportd = installation.exportd
    out = exportd.ok("check", **installation.settings).out
    assert f"dialect {installation.backend.dialect}" in out
    assert "tagstore_" in exportd.fails("check").out
    export = exportd.enqueue(group=installation.issue)
    exportd.drain(**installation.settings)
    assert exportd.download(export) == expected


# ---- while events arrive ----

def test_what_arrives_meanwhile(installation):
    """Before each page, events arrive with old and new values, and one event that is older than all. No value
    comes twice, and no old value is lost."""
    values = [f"{n:03}" for n in range(60)]
    installation.insert(events_of(values, 100))
    expected = values_of(installation.expected())
    rounds = []

    def arrive(request):
        if not request.body.get("groupby"):
            return
        rounds.append(request)
        late = [event(ISSUE, when=at(1), tags={"color": value}) for value in values]
        now = [event(ISSUE, when=datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
                     + datetime.timedelta(seconds=60), tags={"color": f"new {len(rounds)}"})]
        installation.server.insert([installation.backend.body(each) for each in late + now])

    installation.server.on_query = arrive
    table, pages = installation.export(PAGE_SIZE=7, PAGE_SIZE_MAX=7)
    assert sorted(values_of(table)) == sorted(expected)
    assert len(pages) == len(rounds) > 8
    assert len({(page.body["from_date"], page.body["to_date"]) for page in pages}) == 1


def test_what_arrives_before_the_end_of_reading_is_not_half_there(installation):
    """A value whose first_seen changes between two pages keeps its place, because pages are by value."""
    values = [f"{n:03}" for n in range(30)]
    installation.insert([event(ISSUE, when=at(100 + n), tags={"color": value})
                         for n, value in enumerate(values)])
    moved = [values[0], values[10], values[29]]

    def move(request):
        if len([query for query in installation.server.queries if query.body.get("groupby")]) == 2:
            installation.server.insert([
                installation.backend.body(event(ISSUE, when=at(1), tags={"color": value}))
                for value in moved])

    installation.server.on_query = move
    table, _ = installation.export(PAGE_SIZE=10)
    assert sorted(values_of(table)) == values


# ---- overload ----

def test_overload_is_halved(installation):
    installation.insert(events_of([f"{n:04}" for n in range(600)]))

    def refuse(request):
        if request.body.get("limit", 0) > 200:
            raise installation.server.dialect.failure(
                request.sql, ClickHouseError(241, "DB::Exception: Memory limit (for query) exceeded"))

    installation.server.on_query = refuse
    table, pages = installation.export()
    installation.server.on_query = None
    assert table == installation.expected()
    assert [page.body["limit"] for page in pages] == [1000, 500, 250] + [125] * 5


def test_a_server_that_is_away_for_a_while(installation):
    """The job waits, which does not count as a failure, and goes on."""
    installation.insert(events_of(["a", "b"]))
    refusals = []

    def refuse(request):
        if len(refusals) < 2:  # the key, of two attempts
            refusals.append(request)
            raise Refusal(503, "text/html", "<html>")

    installation.server.on_query = refuse
    exportd = installation.exportd
    export = exportd.enqueue(group=installation.issue)
    with exportd.worker(**installation.settings) as worker:
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "the export", 60)
        assert worker.stop() == 0
    status = exportd.status(export)
    assert status["attempts"] == 3 and status["failures"] == 0
    assert exportd.download(export) == installation.expected()


# ---- check, compare, and commands that do not use Snuba ----

def test_check_tells_the_other_dialect(installation):
    other = "2020" if installation.backend.dialect == "2018" else "2018"
    settings = {**installation.settings, "SNUBA_DIALECT": other}
    out = installation.exportd.fails("check", **settings).out
    assert f"the server speaks the dialect {installation.backend.dialect}" in out
    nowhere = {**settings, "SNUBA_URL": "http://127.0.0.1:1"}
    out = installation.exportd.fails("check", status=4, **nowhere).out
    assert "failed  snuba" in out and "speaks" not in out


COMPARE = ["--left", "postgres", "--right", "snuba"]


def test_compare(installation):
    exportd = installation.exportd
    installation.insert(events_of(["a", "b", "c"], 1.5) + events_of(["a"], 7.25))
    ask = ["get_group_tag_values", "--project", 1, "--group", installation.issue, "--key", "color"]
    settings = {name: value for name, value in installation.settings.items() if name != "TAGSTORE"}
    assert exportd.ok("tagstore", "compare", *ask, *COMPARE, **settings).out == "equal\n"
    exportd.ingest(events_of(["c", "d"], 9))
    result = exportd.fails("tagstore", "compare", *ask, *COMPARE, **settings)
    lines = result.out.splitlines()
    told = [(side, json.loads(line)) for side, line in (line.split(": ", 1) for line in lines)]
    assert [(side, row["value"], row["times_seen"]) for side, row in told] == [
        ("right", "c", 1), ("left", "c", 2), ("left", "d", 1)]
    assert "the answers differ: 2 lines of postgres, 1 of snuba" in result.err


def test_compare_what_is_not_there(installation):
    exportd = installation.exportd
    installation.insert(events_of(["a"]))
    exportd.ingest(events_of(["x"], key="shape"))
    ask = ["get_tag_key", "--project", 1]
    settings = {name: value for name, value in installation.settings.items() if name != "TAGSTORE"}
    assert exportd.ok("tagstore", "compare", *ask, "--key", "none", *COMPARE, **settings).out == \
        "equal\n"
    out = exportd.fails("tagstore", "compare", *ask, "--key", "shape", *COMPARE, **settings).out
    assert "right: not found" in out and "left: {" in out
    gone = {**settings, "SNUBA_URL": "http://127.0.0.1:1"}
    result = exportd.fails("tagstore", "compare", *ask, "--key", "color", *COMPARE, **gone, status=4)
    assert "right (snuba)" in result.err and not result.out


@pytest.mark.parametrize("arguments, message", [
    (["compare", "get_tag_keys", "--project", 1], "compare needs --left BACKEND and --right BACKEND"),
    (["compare", "get_tag_keys", "--project", 1, "--left", "postgres"], "--right"),
    (["compare", "--left", "postgres", "--right", "snuba"], "compare needs a METHOD"),
    (["compare", "get_nothing", *COMPARE], "no method 'get_nothing'"),
    (["get_tag_keys", "--project", 1, *COMPARE], "--left and --right belong to compare"),
    (["get_tag_keys", "get_tag_key", "--project", 1], "one method at a time"),
    (["compare", "get_tag_keys", "--project", 1, "--left", "postgres", "--right", "mysql"],
     "no tagstore 'mysql'"),
])
def test_compare_wrongly(exportd, arguments, message):
    exportd.create()
    assert message in exportd.fails("tagstore", *arguments, status=2).err


def test_commands_that_write_to_postgres(exportd):
    exportd.create()
    for arguments in (["ingest", "-"], ["group", "merge", "--into", 1, 2]):
        assert "EXPORTD_TAGSTORE=postgres" in exportd.fails(*arguments, status=2, TAGSTORE="snuba").err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1218?nonsense=1", "http://127.0.0.1:1218?timeout=0"])
def test_a_wrong_url(exportd, url):
    assert "EXPORTD_SNUBA_URL" in exportd.fails("status", status=2, TAGSTORE="snuba", SNUBA_URL=url).err
