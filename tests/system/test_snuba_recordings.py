# SPDX-License-Identifier: Apache-2.0
"""Holds the Snuba-compatible query server of the tests against exchanges that were recorded from real Snubas.
They are no part of the repository: TEST_SNUBA_RECORDINGS names the folder of 2018apr17.ndjson (17
April 2018), 2018.ndjson (19 April) and 2020.ndjson.

Every request is sent again and its answer compared: status and content type always; type and code of errors; the
SQL of 2020's answers; the data if the recorded inserts contain it. Only the answers named in TEXT_ONLY_IN_PART and
those about project 20 are not compared as a whole."""
import json
import os
import re
import threading
from datetime import datetime

import pytest

from support.clickhouse import ClickHouse, needs_clickhouse
from support.snuba import SnubaServer
from support.snuba.asking import ask
from support.waiting import wait_until

FOLDER = os.environ.get("TEST_SNUBA_RECORDINGS")
FILES = {"2018apr17": "2018apr17.ndjson", "2018apr19": "2018.ndjson", "2020": "2020.ndjson"}
# The time of the recorded requests: the defaults of from_date and to_date end there.
CLOCKS = {"2018apr17": datetime(2026, 11, 21, 1, 30, 28), "2018apr19": datetime(2026, 11, 21, 1, 29, 47),
          "2020": datetime(2026, 11, 21, 1, 32, 12)}
EVENTS_OF_2020 = ("insert", "insert_v2_message", "eventstream_insert")

# Its three million events were not recorded, so the rows of its answers cannot be made.
UNRECORDED_PROJECT = 20

# Answers that are compared without their body, each with the reason.
TEXT_ONLY_IN_PART = {
    "get": "the page with a form for queries is of no use to a client",
    "get_unqualified": "the page of a redirection is that of the web framework",
}

# Requests to 2018's servers after their tables had been lost or dropped.
AFTER_DROP = {"after_clickhouse_restart", "after_redis_restart", "err_redis_down",
              "ctype_application_json_cs", "ctype_application_octet-stream", "ctype_text_plain"}
# Requests to the server of 19 April with the events of the 17th.
OVER_APRIL_17 = {"promoted_expansion", "promoted_expansion_no_cond", "tags_key_cond_on_key",
                 "tags_key_value_any_trick", "tags_value_having_any_trick",
                 "tags_value_where_key_any_trick"}
# Recorded with other settings of the server, or while a part of it was away.
SETTINGS = {
    "err_max_result_rows_396": {"max_result_rows": 1},
    "err_memory_limit_241": {"max_memory_usage": 100000},
    "err_memory_limit_241_big": {"max_memory_usage": 8 << 20},
    "err_too_many_rows_158": {"max_rows_to_group_by": 1},
    "err_timeout_159": {"max_execution_time": 1, "max_block_size": 1, "max_threads": 1},
}
RATE_LIMITS = {
    "err_rate_limit_global_429": "global concurrent of 1 exceeds limit of 0",
    "err_rate_limit_project_429": "project concurrent of 1 exceeds limit of 0",
    "err_rate_limit_per_second_429": "project per-second of 1 exceeds limit of 0",
    "warm_rate": "project per-second of 1 exceeds limit of 0",
}
MANY_EVENTS = {"err_memory_limit_241_big", "err_timeout_159", "err_query_id_running_216"}

pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="TEST_SNUBA_RECORDINGS names no folder of recordings"),
    pytest.mark.xdist_group("snuba_recordings"),
]


def recorded(version):
    if not FOLDER:
        return []
    with open(os.path.join(FOLDER, FILES[version])) as file:
        return [json.loads(line) for line in file]


def inserts(version):
    named = {exchange["name"]: exchange["request"] for exchange in recorded(version)}
    wanted = EVENTS_OF_2020 if version == "2020" else ("insert",)
    return [(named[name]["path"], named[name]["body"]) for name in wanted]


@pytest.fixture(scope="module")
def servers(clickhouse):
    """A function that returns the server for a state (dialect, events of, many); each server is made once."""
    made = {}

    def server(dialect, events=None, many=False):
        if (dialect, events, many) not in made:
            new = made[dialect, events, many] = SnubaServer(clickhouse, dialect)
            new.clock = lambda: CLOCKS[events or dialect]
            for path, body in inserts(events) if events else []:
                assert ask(new, body, path=path).text == "ok"
            if many:
                new.bulk_insert(80_000, values=80_000, project=UNRECORDED_PROJECT, group=2001,
                                since=datetime(2026, 10, 1))
        return made[dialect, events, many]

    yield server
    for each in made.values():
        each.close()
    assert not [fault for each in made.values() for fault in each.faults]


def projects(exchange):
    body = exchange["request"].get("body")
    project = body.get("project") if isinstance(body, dict) else None
    return project if isinstance(project, list) else [project]


def state(version, name):
    if version == "2020":
        return version, None if name == "drop" else version, name in MANY_EVENTS
    if name in AFTER_DROP or name in ("insert", "drop"):
        return version, None
    return version, "2018apr17" if name in OVER_APRIL_17 else version


def moment(version, exchange):
    """The time of the request: if it does not name the end of its time range, the recorded SQL has it."""
    found = re.search(r"timestamp < toDateTime\('([^']+)'\)", str(exchange["response"]))
    body = exchange["request"].get("body")
    if version == "2020" and found and "to_date" not in body:
        return datetime.fromisoformat(found[1])
    return CLOCKS["2018apr17" if exchange["name"] in OVER_APRIL_17 else version]


def send(server, exchange):
    request = exchange["request"]
    name = exchange["name"]
    kind = "application/json"
    if name == "no_content_type":
        kind = None
    elif name.startswith("ctype_"):
        kind = name.removeprefix("ctype_").replace("_", "/", 1).replace("_cs", "; charset=utf-8")
    body = request["raw_body"] if "raw_body" in request else request["body"]
    return ask(server, body, request["method"], request["path"], kind)


def error_of(answer):
    """Type and code of an error, by which a client decides."""
    error = answer["error"]
    if isinstance(error, dict):
        return error["type"], error.get("code"), error.get("detail"), error.get("path")
    return error and re.match(r"Code: (\d+)\.", error)[1]


def rows_of(answer):
    """The rows, comparable: topK returns equally frequent values in any order."""
    rows = [{name: sorted(value) if isinstance(value, list) and name == "top" else value
             for name, value in row.items()} for row in answer["data"] if isinstance(row, dict)]
    return rows, sum(not isinstance(row, dict) for row in answer["data"])


def compare(exchange, answer):
    assert (answer.status, answer.content_type) == (exchange["status"], exchange["content_type"])
    expected = exchange["response"]
    name = exchange["name"]
    if answer.content_type != "application/json":
        # Pages that were too long to record are marked.
        if name not in TEXT_ONLY_IN_PART and expected != "(long: left out)":
            assert answer.text == expected
        return
    got = answer.json
    if "error" in expected:
        assert error_of(got) == error_of(expected)
    if name == "err_query_id_running_216" or "sql" in expected:
        assert got["sql"] == expected["sql"]
    if "meta" in expected:
        assert got["meta"] == expected["meta"]
    if "data" in expected and UNRECORDED_PROJECT not in projects(exchange):
        rows, cut = rows_of(expected)
        assert (rows_of(got)[0][:len(rows)] if cut else rows_of(got)[0]) == rows
        assert got.get("totals") == expected.get("totals")


EXCHANGES = [pytest.param(version, exchange, id=f"{version}-{exchange['name']}")
             for version in FILES for exchange in recorded(version)
             if exchange["name"] not in ("err_clickhouse_down", "err_query_id_running_216")]


@pytest.mark.parametrize("version, exchange", EXCHANGES)
def test_answers_as_recorded(servers, version, exchange):
    name = exchange["name"]
    server = servers(*state(version, name))
    server.clock = lambda: moment(version, exchange)
    server.settings = SETTINGS.get(name, {})
    server.rate_limit = RATE_LIMITS.get(name)
    server.redis_down = name == "err_redis_down"
    if name.startswith(("insert", "eventstream_insert")):
        # Not into the tables of the others, whose answers show what it inserted.
        server = servers(version, None)
        server.clock = lambda: CLOCKS[version]
    compare(exchange, send(server, exchange))


@needs_clickhouse
@pytest.mark.parametrize("version", FILES)
def test_clickhouse_is_away(version):
    """The error has each version's own form, and the data comes again when ClickHouse is back."""
    exchange = next(each for each in recorded(version) if each["name"] == "err_clickhouse_down")
    clickhouse = ClickHouse()
    try:
        server = SnubaServer(clickhouse, version)
        server.clock = lambda: moment(version, exchange)
        clickhouse.stop()
        answer = send(server, exchange)
        compare(exchange, answer)
        assert answer.json["error"] == exchange["response"]["error"]
        clickhouse.start()
        assert "data" in send(server, exchange).json
        server.close()
    finally:
        clickhouse.close()


def test_query_is_running_already(servers, clickhouse):
    exchange = next(each for each in recorded("2020") if each["name"] == "err_query_id_running_216")
    server = servers("2020", "2020", True)
    server.rate_limit = None
    server.settings = {"query_id": "once", "max_block_size": 1, "max_threads": 1,
                       "max_execution_time": 5}
    slow = threading.Thread(target=send, args=(server, exchange))
    slow.start()
    wait_until(lambda: clickhouse.query("SELECT count() FROM system.processes WHERE query_id = 'once'")
               == "1\n", "the first query runs")
    try:
        compare(exchange, send(server, exchange))
    finally:
        clickhouse.query("KILL QUERY WHERE query_id = 'once' SYNC")
        slow.join()


def test_what_is_too_old_is_dropped(servers):
    """The two recorded inserts older than their retention leave no rows; the others do."""
    server = servers("2020", None)
    server.drop()
    for exchange in recorded("2020"):
        if exchange["name"].startswith("insert_too_old"):
            assert send(server, exchange).text == "ok"
    count = {"project": [10], "from_date": "2026-01-01T00:00:00", "to_date": "2027-01-01T00:00:00",
             "aggregations": [["count()", "", "count"]]}
    assert ask(server, count).data == [{"count": 0}]


def test_the_lists_name_recorded_exchanges():
    named = {exchange["name"] for version in FILES for exchange in recorded(version)}
    listed = AFTER_DROP | OVER_APRIL_17 | MANY_EVENTS | set(SETTINGS) | set(RATE_LIMITS) \
        | set(TEXT_ONLY_IN_PART)
    assert listed <= named
