# SPDX-License-Identifier: Apache-2.0
"""Estimates over all backends, compared with the export itself, and the wait for an estimate if a tagstore
does not answer."""
import contextlib
import datetime
import time

import pytest

from support.events import event
from support.scripted_http import Answer, ScriptedHttp
from support.tagstore_backends import BACKENDS, open_backend
from support.tagstore_rows import insert_group, insert_tag_values

NOW = datetime.datetime.now(datetime.timezone.utc)
ROW, USER_ROW = 80, 140  # assumed bytes
PATIENCE = 5
ENQUEUE = ["--organization", "acme", "--user", "ann@example.com", "--project", 1, "--group", 1,
           "--key", "color"]


def seconds_ago(seconds):
    return (NOW - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def arguments(group=1, key="color", project=1, organization="acme", **more):
    more = {"organization": organization, "project": project, "group": group, "key": key, **more}
    return [word for name, value in more.items() for word in (f"--{name}", value)]


def estimate(exportd, settings, **asked):
    line, = exportd.ok("estimate", *arguments(**asked), "--json", **settings).json_lines()
    return line


def exported(exportd, settings, **asked):
    """The number of rows of the export."""
    out = exportd.ok("tag-export", *arguments(**asked), **settings).raw
    return out.count(b"\r\n") - 1


@pytest.fixture(params=sorted(BACKENDS))
def backend(request):
    """30 colors, 10 of them in the environment prod; 7 users."""
    made = open_backend(request, request.param)
    made.setup()
    made.insert([event(tags={"color": f"color {n}", **({"environment": "prod"} if n % 3 == 0 else {})},
                       when=seconds_ago(100 - n), user={"id": f"u{n % 7}"}) for n in range(30)])
    return made


@pytest.mark.parametrize("asked, rows", [
    ({}, 30), ({"environment": "prod"}, 10), ({"limit": 7}, 7), ({"limit": 30}, 30),
    ({"limit": 1000}, 30), ({"environment": "prod", "limit": 11}, 10), ({"key": "user"}, 7)])
def test_as_many_rows_as_the_export_has(backend, asked, rows):
    exportd, settings = backend.exportd, backend.settings()
    asked = {"group": backend.issue("issue"), **asked}
    width = USER_ROW if asked.get("key") == "user" else ROW
    assert estimate(exportd, settings, **asked) == {"rows": rows, "bytes": rows * width}
    assert exported(exportd, settings, **asked) == rows


def test_a_worker_estimates_before_it_runs(backend):
    """The export's user sees about how many rows to expect and, from Snuba, the time range of the events."""
    export = backend.exportd.enqueue(group=backend.issue("issue"))
    limited = backend.exportd.enqueue(group=backend.issue("issue"), key="user", limit=3)
    assert backend.exportd.status(export)["rows_expected"] is None
    backend.exportd.drain(**backend.settings())
    status = backend.exportd.status(export)
    assert (status["status"], status["rows"], status["rows_expected"]) == ("VALID", 30, 30)
    assert backend.exportd.status(limited)["rows_expected"] == 3
    words = dict(line.split(maxsplit=1) for line in backend.exportd.ok("status", export).out.splitlines())
    for name in ("window_from", "window_to"):
        assert words[name] == (status[name] or "-")
    if backend.name.startswith("snuba"):
        assert status["window_from"] < seconds_ago(100)
        start, window_to, end = (datetime.datetime.fromisoformat(status[name].rstrip("Z"))
                                 for name in ("started_at", "window_to", "date_finished"))
        second = datetime.timedelta(seconds=1)
        assert start - second <= window_to <= end + second, "all events so far"
    else:
        assert status["window_from"] is status["window_to"] is None


def test_a_worker_estimates_more_rows_than_one_statement_brings(acme):
    export = acme.enqueue(group=1)
    acme.drain()
    status = acme.status(export)
    assert (status["status"], status["rows"], status["rows_expected"]) == ("VALID", 1234, 1234)


def test_a_key_of_other_issues_only(backend):
    backend.insert([event("other", tags={"shade": "dark"}, when=seconds_ago(50))])
    asked = {"group": backend.issue("issue"), "key": "shade"}
    assert estimate(backend.exportd, backend.settings(), **asked) == {"rows": 0, "bytes": 0}
    assert exported(backend.exportd, backend.settings(), **asked) == 0


def test_a_key_that_the_environment_does_not_have(backend):
    backend.insert([event("other", tags={"shade": "dark"}, when=seconds_ago(50))])
    asked = arguments(group=backend.issue("issue"), key="shade", environment="prod")
    for command in ("estimate", "tag-export"):
        result = backend.exportd.fails(command, *asked, **backend.settings(), status=3)
        assert "Requested key does not exist" in result.err and not result.out


def test_an_issue_that_was_merged(backend):
    backend.insert([event("other", tags={"color": f"other {n}"}, when=seconds_ago(50))
                    for n in range(5)])
    old, new = backend.issue("other"), backend.issue("issue")
    backend.merge(old, into=new)
    settings = backend.settings()
    assert estimate(backend.exportd, settings, group=old)["rows"] == 35
    assert exported(backend.exportd, settings, group=old) == 35


@pytest.mark.parametrize("asked, sentence", [
    ({"organization": "none"}, 'there is no organization "none"'),
    ({"project": 2}, "Requested project does not exist"),
    ({"group": 99}, "Requested issue does not exist"),
    ({"environment": "none"}, "Requested environment does not exist"),
    ({"key": "nothing"}, "Requested key does not exist")])
def test_what_is_not_there(backend, asked, sentence):
    asked = {"group": backend.issue("issue"), **asked}
    result = backend.exportd.fails("estimate", *arguments(**asked), **backend.settings(), status=3)
    assert sentence in result.err and not result.out


@pytest.mark.parametrize("dialect", ["2018", "2020"])
def test_many_values_in_snuba(exportd, sql, snuba, dialect):
    """The estimate is right within 5 per cent, by one query that needs little memory."""
    backend = BACKENDS[f"snuba-{dialect}"](exportd, sql, snuba)
    backend.setup()
    insert_group(sql, 1)
    sql.execute("UPDATE sentry_groupedmessage SET first_seen = now() - interval '40 days'")
    sql.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, %s, 1)",
                ("1" * 32,))
    backend.server.bulk_insert(400_000, values=150_000, key="color")
    before = len(backend.server.queries)
    rows = estimate(exportd, backend.settings())["rows"]
    query, = backend.server.queries[before:]
    assert [function for function, _, _ in query.body["aggregations"]][1:] == ["uniq"]
    assert rows == pytest.approx(exported(exportd, {**backend.settings(), "PAGE_SIZE": 10000}), rel=0.05)
    assert rows > 100_000


# ---- the command ----

@pytest.fixture
def acme(exportd, sql):
    """Issue 1 with 1234 colors."""
    exportd.create()
    insert_group(sql, 1)
    sql.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, %s, 1)",
                ("a" * 32,))
    insert_tag_values(sql, 1234)
    return exportd


def test_the_words_of_enqueue(acme):
    assert acme.ok("estimate", *ENQUEUE).out == "about 1234 rows, 98.7 kB\n"
    assert acme.ok("estimate", *ENQUEUE, "--limit", 1).out == "about 1 row, 80 bytes\n"
    assert acme.ok("estimate", *ENQUEUE[:2], *ENQUEUE[4:]).out == "about 1234 rows, 98.7 kB\n"


def test_nothing_is_made(acme, sql, queue):
    acme.ok("estimate", *ENQUEUE)
    sql.execute("SELECT (SELECT count(*) FROM sentry_exporteddata),"
                " (SELECT count(*) FROM exportd.export)")
    assert sql.fetchone() == (0, 0) and queue.keys() == []


def test_discover_is_unknown(acme):
    words = ["estimate", "--organization", "acme", "--type", "discover", "--query-info", "{}"]
    assert acme.ok(*words, "--json").json_lines() == [{"rows": None, "bytes": None}]
    assert acme.ok(*words).out == "unknown\n"


def test_counters_that_were_lost(acme, sql):
    """Without counters, the rows are counted."""
    for statement in ("UPDATE tagstore_grouptagkey SET values_seen = 0",
                      "DELETE FROM tagstore_grouptagkey"):
        sql.execute(statement)
        assert estimate(acme, {})["rows"] == 1234


# ---- a tagstore that does not answer ----

@contextlib.contextmanager
def takes(least, most):
    start = time.monotonic()
    yield
    assert least <= time.monotonic() - start <= most


@pytest.mark.parametrize("manner", ["silent", "hang", "drip"])
@pytest.mark.parametrize("dialect", ["2018", "2020"])
def test_a_slow_snuba(acme, dialect, manner):
    with ScriptedHttp(lambda request: Answer(200, "x" * 100, manner=manner)) as server:
        with takes(PATIENCE, PATIENCE + 2):
            result = acme.fails("estimate", *ENQUEUE, TAGSTORE="snuba", SNUBA_URL=server.url,
                                SNUBA_DIALECT=dialect)
        assert len(server.requests) == 1
    assert "no estimate from the tagstore" in result.err and "within 5000 ms" in result.err
    assert not result.out


def test_a_snuba_that_is_away(acme, tmp_path):
    with takes(0, PATIENCE):
        result = acme.fails("estimate", *ENQUEUE, status=4, TAGSTORE="snuba",
                            SNUBA_URL=f"{tmp_path}/none.sock")
    assert "no estimate from the tagstore: cannot reach the HTTP server" in result.err


@pytest.mark.parametrize("table", ["tagstore_tagkey", "tagstore_grouptagkey"])
def test_a_table_that_is_locked(acme, postgres, database, table):
    connection = postgres.connect(database)
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        with takes(1, PATIENCE + 1):
            result = acme.fails("estimate", *ENQUEUE)
    connection.close()
    assert "no estimate from the tagstore: PostgreSQL has not answered" in result.err
    assert acme.ok("estimate", *ENQUEUE).out
