# SPDX-License-Identifier: Apache-2.0
"""The Snuba-compatible query server of the tests behaves as the Snubas of 2018 and 2020 do, where exportd or
its tests depend on it. (test_snuba_recordings.py compares it with recorded exchanges.)"""
import fcntl
import hashlib
import os
import socket
import threading
import time
from datetime import datetime, timedelta

import pytest

from support.clickhouse import ClickHouse, ClickHouseError, needs_clickhouse
from support.snuba.asking import ask, connect
from support.snuba.common import Refusal

NOW = datetime(2026, 5, 20, 12, 0, 0)
HASH = "a" * 32
BOTH_2018 = ["2018", "2018apr19"]
ALL = [*BOTH_2018, "2020"]
NASTY = ["plain", "it's", 'say "x"', "back\\slash", "ends\\", "\\'", "tab\there", "two\nlines", "prød ☃",
         "🎉", "x" * 200, "%_`", "\\\\", "null"]


def event(number, tags=None, ago=60, group=7, digest=HASH, user=None, project=1, **more):
    """An event in the form of either dialect."""
    return {"event_id": f"{number:032x}", "group_id": group, "primary_hash": digest,
            "project_id": project, "message": "a message", "platform": "c",
            "datetime": f"{NOW - timedelta(seconds=ago):%Y-%m-%dT%H:%M:%S.%fZ}",
            "data": {"received": 1779278400, "tags": tags or {}, "user": user or {},
                     "sentry.interfaces.User": user or {}}, **more}


def escaped(text):
    """A literal of 2018, with escapes for ClickHouse."""
    return "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02X}"
                   for byte in text.replace("\\", "\\\\").encode())


def at(seconds_ago, zone=""):
    return f"{NOW - timedelta(seconds=seconds_ago):%Y-%m-%dT%H:%M:%S}{zone}"


def count(dialect):
    return "count" if dialect == "2018" else "count()"


def cmx(dialect):
    return [[count(dialect), "", "n"], ["min", "timestamp", "first_seen"],
            ["max", "timestamp", "last_seen"]]


def question(**fields):
    return {"project": [1], "from_date": at(90 * 86400), "to_date": at(-1), "groupby": [], **fields}


@pytest.fixture
def make(snuba):
    def new(dialect, *events, **options):
        server = snuba(dialect, **options)
        server.clock = lambda: NOW
        server.insert(list(events))
        return server
    return new


def how_many(server, dialect, **fields):
    answer = ask(server, question(aggregations=[[count(dialect), "", "n"]], **fields))
    assert answer.status == 200, answer.text
    return answer.data[0]["n"]


def is_page(answer, status):
    return answer.status == status and answer.content_type == "text/html; charset=utf-8"


def clickhouse_code(answer):
    """The code of an error in either form; None for data."""
    error = answer.json.get("error")
    if isinstance(error, str):
        assert answer.json["data"] == answer.json["meta"] == []
        return int(error.split(".")[0].removeprefix("Code: "))
    return error and error["code"]


# Events in, and out again

@pytest.mark.parametrize("dialect", ALL)
def test_insert_and_drop_over_http(snuba, dialect):
    server = snuba(dialect)
    server.clock = lambda: NOW
    prefix = "/tests/events" if dialect == "2020" else "/tests"
    answer = ask(server, [event(1, {"foo": "bar"})], path=f"{prefix}/insert")
    assert (answer.status, answer.content_type, answer.text) == (200, "text/plain", "ok")
    assert how_many(server, dialect) == 1
    assert ask(server, "", path=f"{prefix}/drop").text == "ok"
    assert how_many(server, dialect) == 0


@pytest.mark.parametrize("body", [
    [event(1)], [[2, "insert", event(1)]], [2, "insert", event(1)], [2, "insert", event(1), {}]])
def test_insert_takes_messages_too_in_2020(make, body):
    server = make("2020")
    assert ask(server, body, path="/tests/events/insert").text == "ok"
    assert how_many(server, "2020") == 1


@pytest.mark.parametrize("body", [[{"event_id": "1" * 32}], 5, [[]], [event(1, {"a": "b"}, data=None)]])
def test_insert_of_nonsense_is_a_page(make, body):
    assert is_page(ask(make("2020"), body, path="/tests/events/insert"), 500)


def test_insert_needs_a_group_in_2020(make):
    server = make("2020")
    lacking = event(1)
    del lacking["group_id"]
    assert is_page(ask(server, [lacking], path="/tests/events/insert"), 500)


@pytest.mark.parametrize("dialect", ALL)
def test_tags_become_text_and_empty_ones_vanish(make, dialect):
    tags = [["foo", 100], ["bar", True], ["empty", ""], ["none", None]]
    server = make(dialect, event(1, tags))
    answer = ask(server, question(groupby=["tags.key", "tags.value"], arrayjoin="tags",
                                  aggregations=cmx(dialect)))
    assert sorted((row["tags.key"], row["tags.value"]) for row in answer.data) == \
        [("bar", "True"), ("foo", "100")]


@pytest.mark.parametrize("dialect", ALL)
def test_times_are_whole_seconds(make, dialect):
    server = make(dialect, event(1, {"foo": "bar"}, ago=59.25))
    row = ask(server, question(groupby=["tags[foo]"], aggregations=cmx(dialect))).data[0]
    assert row["first_seen"] == row["last_seen"] == at(60, "+00:00")


def test_retention_drops_events_in_2020(make):
    day = 86400
    server = make("2020", event(1, ago=91 * day), event(2, ago=89 * day),
                  event(3, ago=31 * day, retention_days=30), event(4, ago=29 * day, retention_days=30))
    rows = ask(server, question(groupby=["event_id"], from_date=at(200 * day))).data
    assert {int(row["event_id"], 16) for row in rows} == {2, 4}


# The columns

@pytest.mark.parametrize("dialect", ALL)
def test_absent_tag_is_empty_and_absent_promoted_tag_null(make, dialect):
    server = make(dialect, event(1))
    row = ask(server, question(groupby=["tags[foo]", "tags[environment]"],
                               aggregations=cmx(dialect))).data[0]
    assert row["tags[foo]"] == "" and row["tags[environment]"] is None


@pytest.mark.parametrize("dialect, release, listed", [
    ("2018", "tags[release]", []), ("2018", "release", []),
    ("2020", "tags[sentry:release]", ["environment", "sentry:release", "sentry:user"])])
def test_promoted_tags(make, dialect, release, listed):
    """Promoted tags are columns. In 2018 they are removed from the tags, and lose their prefix."""
    server = make(dialect, event(1, {"environment": "prod", "sentry:release": 1.5,
                                     "sentry:user": "id:1", "foo": "bar"}))
    row = ask(server, question(groupby=[release, "environment"], aggregations=cmx(dialect))).data[0]
    assert row[release] == "1.5" and row["environment"] == "prod"
    keys = ask(server, question(groupby=["tags.key"], arrayjoin="tags",
                                aggregations=cmx(dialect))).data
    assert sorted(each["tags.key"] for each in keys) == sorted(["foo", *listed])


@pytest.mark.parametrize("dialect", ALL)
def test_users(make, dialect):
    server = make(dialect, event(1, user={"id": 5, "email": "a@example.com"}),
                  event(2, user={"username": "b", "ip_address": "127.0.0.1"}), event(3))
    users = [[["user_id", "IN", ["5"]], ["username", "IN", ["b"]]]]
    assert how_many(server, dialect, conditions=users) == 2
    assert how_many(server, dialect, conditions=[["ip_address", "=", "127.0.0.1"]]) == 1
    assert how_many(server, dialect, conditions=[["email", "IS NOT NULL", None]]) == 1


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_issues_of_2018_are_mapped_from_hashes(make, dialect):
    server = make(dialect, event(1), event(2, digest="b" * 32), event(3, digest="c" * 32))
    issues = [[7, [HASH, "b" * 32]], [70000, ["d" * 32]]]
    ask_issues = question(groupby=["issue"], aggregations=cmx(dialect), orderby="-n", issues=issues)
    assert [(row["issue"], row["n"]) for row in ask(server, ask_issues).data] == [(7, 2), (0, 1)]
    assert how_many(server, dialect, issues=issues, conditions=[["issue", "IN", [7, 8]]]) == 2
    assert how_many(server, dialect, issues=[], conditions=[["issue", "IN", [7]]]) == 0


def test_groups_of_2020(make):
    server = make("2020", event(1), event(2, group=8))
    assert how_many(server, "2020", conditions=[["group_id", "IN", [7]]]) == 1
    unknown = ask(server, question(groupby=["issue"], aggregations=cmx("2020")))
    assert (unknown.status, clickhouse_code(unknown)) == (500, 47)
    assert is_page(ask(server, question(issues=[[7, [HASH]]], aggregations=cmx("2020"))), 500)


def test_tags_key_and_value_of_2020(make):
    server = make("2020", event(1, {"a": "1", "b": "2"}), event(2, {"a": "2"}))
    ask_values = question(groupby=["tags_value"], conditions=[["tags_key", "=", "a"]],
                          aggregations=[["count()", "", "n"], ["uniq", "event_id", "events"]],
                          orderby="tags_value")
    assert ask(server, ask_values).data == [{"tags_value": "1", "n": 1, "events": 1},
                                            {"tags_value": "2", "n": 1, "events": 1}]
    ask_keys = question(groupby=["tags_key"], orderby="tags_key",
                        aggregations=[["uniq", "tags_value", "values"], ["top3", "tags_value", "top"]])
    assert [(row["tags_key"], row["values"], sorted(row["top"])) for row in ask(server, ask_keys).data] \
        == [("a", 2, ["1", "2"]), ("b", 1, ["2"])]


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_tags_key_of_2018_needs_an_aggregate_over_it(make, dialect):
    server = make(dialect, event(1, {"a": "1"}))
    lonely = question(groupby=["tags_key"], aggregations=[[count(dialect), "", "n"]])
    assert clickhouse_code(ask(server, lonely)) == 179
    lonely["aggregations"].append(["uniq", "tags_value", "values"])
    assert {"tags_key": "a", "n": 1, "values": 1} in ask(server, lonely).data


def test_an_empty_environment(make):
    """In 2020 it is not NULL."""
    server = make("2020", event(1, {"environment": ""}), event(2))
    assert how_many(server, "2020", conditions=[["environment", "IS NULL", None]]) == 1
    assert how_many(server, "2020", conditions=[["environment", "IN", [""]]]) == 1
    assert how_many(server, "2020", conditions=[["tags_key", "=", "environment"]]) == 0


@pytest.mark.parametrize("dialect", ALL)
def test_a_column_of_numbers(make, dialect):
    """The column is that of os.rooted. In 2020 the tags also have its text."""
    server = make(dialect, event(1, {"os.rooted": "yes"}), event(2, {"os.rooted": "no"}), event(3))
    body = question(groupby=["tags[os.rooted]"], aggregations=cmx(dialect))
    assert {row["tags[os.rooted]"] for row in ask(server, body).data} == {0, 1, None}
    assert clickhouse_code(ask(server, {**body, "conditions": [["tags[os.rooted]", "!=", ""]]})) == 43
    if dialect == "2020":
        body = question(groupby=["tags_value"], aggregations=cmx(dialect),
                        conditions=[["tags_key", "=", "os.rooted"]])
        assert {row["tags_value"] for row in ask(server, body).data} == {"yes", "no"}


def issues_of(groups):
    return [[group, [f"{group:032x}"]] for group in range(1, groups + 1)]


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_how_many_groups_a_map_may_have(make, dialect):
    server = make(dialect, event(1, digest=f"{497:032x}"), event(2, digest=f"{1:032x}"))
    body = question(aggregations=cmx(dialect), groupby=["issue"], issues=issues_of(497))
    assert {row["issue"]: row["n"] for row in ask(server, body).data} == {1: 1, 497: 1}
    assert clickhouse_code(ask(server, {**body, "issues": issues_of(498)})) == 167
    assert is_page(ask(server, {**body, "issues": issues_of(950)}), 500)
    many = [[1, [f"{n:032x}" for n in range(3900)]]]
    assert {row["issue"]: row["n"] for row in ask(server, {**body, "issues": many}).data} == {1: 2}


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_what_a_hash_is(make, dialect):
    """The table has an MD5 for any text of the event; a request must have 32 lower-case hexadecimal digits."""
    digest = hashlib.md5(b"my own").hexdigest()
    server = make(dialect, event(1, digest="my own"))
    body = question(aggregations=cmx(dialect), groupby=["issue"])
    assert [row["issue"] for row in ask(server, {**body, "issues": [[3, [digest]]]}).data] == [3]
    for bad in ("my own", digest.upper(), digest[1:], digest + "0"):
        assert is_page(ask(server, {**body, "issues": [[3, [bad]]]}), 400)


# Paging by value

@pytest.mark.parametrize("dialect", ALL)
def test_paging_by_value_sees_each_once(make, dialect):
    """In 2018 the literal has escapes for ClickHouse; in 2020 it has none."""
    server = make(dialect, *[event(number, {"foo": value, "other": "x"})
                             for number, value in enumerate(NASTY)])
    seen, last = [], ""
    while len(seen) <= len(NASTY):
        literal = last if dialect == "2020" else escaped(last)
        page = ask(server, question(groupby=["tags[foo]"], aggregations=cmx(dialect),
                                    conditions=[["tags[foo]", ">", literal]], orderby="tags[foo]",
                                    limit=3)).data
        if not page:
            break
        seen += [row["tags[foo]"] for row in page]
        last = seen[-1]
    assert seen == sorted(NASTY, key=str.encode)


@pytest.mark.parametrize("dialect", BOTH_2018)
@pytest.mark.parametrize("operator, wrap", [("=", str), ("IN", lambda text: [text])])
def test_literals_of_python_2(make, dialect, operator, wrap):
    """Bytes above 0x7F give an HTML page. Written as escapes, they reach ClickHouse."""
    server = make(dialect, event(1, {"foo": "prød ☃"}))
    body = question(aggregations=cmx(dialect), conditions=[["tags[foo]", operator, wrap("prød ☃")]])
    assert is_page(ask(server, body), 500)
    assert how_many(server, dialect, conditions=[["tags[foo]", operator, wrap(escaped("prød ☃"))]]) == 1


@pytest.mark.parametrize("dialect, value, found", [
    ("2018", "a\\\\b", 1), ("2020", "a\\b", 1), ("2020", "a\\\\b", 0)])
def test_backslashes_of_literals(make, dialect, value, found):
    server = make(dialect, event(1, {"foo": "a\\b"}))
    assert how_many(server, dialect, conditions=[["tags[foo]", "=", value]]) == found


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_a_lone_backslash_breaks_the_sql_of_2018(make, dialect):
    answer = ask(make(dialect), question(conditions=[["tags[foo]", "=", "a\\"]]))
    assert clickhouse_code(answer) == 62


def test_keyset_in_having_of_2020(make):
    server = make("2020", *[event(number, {"foo": f"v{number}"}, ago=60 + number // 2)
                            for number in range(6)])
    seen, having = [], []
    while len(seen) < 10:
        rows = ask(server, question(groupby=["tags_value"], conditions=[["tags_key", "=", "foo"]],
                                    aggregations=cmx("2020"), having=having, limit=1,
                                    orderby=["-first_seen", "tags_value"])).data
        if not rows:
            break
        seen.append(rows[0]["tags_value"])
        then = f"'{rows[0]['first_seen'][:19]}'"
        having = [[["or", ["less", ["first_seen", "toDateTime", [then]],
                           "and", ["equals", ["first_seen", "toDateTime", [then]],
                                   "greater", ["tags_value", f"'{seen[-1]}'"]]]], "=", 1]]
    assert seen == [f"v{number}" for number in range(6)]


def test_newline_in_a_function_is_a_page(make):
    having = [[["greater", ["tags_value", "'a\nb'"]], "=", 1]]
    answer = ask(make("2020"), question(groupby=["tags_value"], aggregations=cmx("2020"), having=having))
    assert is_page(answer, 500)


# Time ranges

@pytest.mark.parametrize("dialect, found", [("2018", 1), ("2018apr19", 1), ("2020", 0)])
def test_to_date_is_inclusive_in_2018_only(make, dialect, found):
    server = make(dialect, event(1, ago=60))
    assert how_many(server, dialect, to_date=at(60)) == found
    assert how_many(server, dialect, from_date=at(60)) == 1


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("since, until", [("garbage", "x"), (at(0), at(10))])
def test_wrong_time_ranges_are_pages(make, dialect, since, until):
    assert is_page(ask(make(dialect), question(from_date=since, to_date=until)), 500)


@pytest.mark.parametrize("dialect, status", [("2018", 500), ("2018apr19", 500), ("2020", 200)])
def test_two_kinds_of_zone(make, dialect, status):
    body = question(from_date=at(10), to_date=at(0, "Z"), aggregations=cmx(dialect))
    assert ask(make(dialect), body).status == status


@pytest.mark.parametrize("dialect", ALL)
def test_default_range_is_five_days_until_now(make, dialect):
    server = make(dialect, event(1, ago=5 * 86400 - 60), event(2, ago=5 * 86400 + 60))
    body = {"project": [1], "groupby": [], "aggregations": [[count(dialect), "", "n"]]}
    assert ask(server, body).data == [{"n": 1}]
    server.clock = lambda: NOW + timedelta(days=6)
    assert ask(server, body).data == [{"n": 0}]


# Limits, order, having

def test_limits_of_2020(make):
    server = make("2020", *[event(number) for number in range(1005)])
    body = question(groupby=["event_id"])
    assert len(ask(server, body).data) == 1000
    assert len(ask(server, {**body, "limit": 10000}).data) == 1005
    assert len(ask(server, {**body, "limit": 0}).data) == 0
    for wrong in (10001, -1, 1.5, 2.0, "5", None):
        answer = ask(server, {**body, "limit": wrong})
        assert answer.status == 400
        assert answer.json["error"]["type"] == "schema" and answer.json["error"]["path"] == ["limit"]


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_limits_of_2018(make, dialect):
    server = make(dialect, *[event(number) for number in range(1005)])
    body = question(groupby=["event_id"])
    assert len(ask(server, body).data) == 1005
    assert len(ask(server, {**body, "limit": 10, "offset": 1000}).data) == 5
    assert is_page(ask(server, {**body, "offset": 1}), 400)
    assert is_page(ask(server, {**body, "limit": "5"}), 400)
    assert clickhouse_code(ask(server, {**body, "limit": -1})) == 170


@pytest.mark.parametrize("dialect", BOTH_2018)
def test_order_of_2018(make, dialect):
    """2018 sorts by an alias, ignores a column without one, and refuses a list."""
    server = make(dialect, event(1, {"foo": "b"}), event(2, {"foo": "a"}))
    ask(server, question(groupby=["event_id"], orderby="-event_id"))
    assert "ORDER BY" not in server.queries[-1].sql
    rows = ask(server, question(groupby=["tags[foo]"], orderby="-tags[foo]")).data
    assert [row["tags[foo]"] for row in rows] == ["b", "a"]
    assert is_page(ask(server, question(groupby=["tags[foo]"], orderby=["-tags[foo]"])), 400)


def test_having_is_ignored_on_17_april_and_honoured_later(make):
    two = [event(1, {"foo": "b"}), event(2, {"foo": "a"}), event(3, {"foo": "a"})]
    for dialect, rows in (("2018", 2), ("2018apr19", 1), ("2020", 1)):
        body = question(groupby=["tags[foo]"], aggregations=cmx(dialect), having=[["n", ">", 1]])
        assert len(ask(make(dialect, *two), body).data) == rows
    body = question(aggregations=[["count()", "", "n"]], having=[["n", ">", 1]])
    assert is_page(ask(make("2018apr19"), body), 500)
    assert is_page(ask(make("2020"), body), 500)


def test_totals_of_2020(make):
    server = make("2020", event(1), event(2, group=8))
    answer = ask(server, question(groupby=["group_id"], aggregations=[["count()", "", "n"]],
                                  totals=True)).json
    assert answer["totals"] == {"group_id": None, "n": 2}
    assert "totals" not in ask(server, question(groupby=["group_id"])).json


# Refused requests

@pytest.mark.parametrize("dialect", BOTH_2018)
@pytest.mark.parametrize("body", [
    "", "{not json", [1], {"groupby": []}, question(project="1"), question(project=[]),
    question(groupby=["a; DROP"]), question(conditions=[["event_id", "LIKE", "x"]]),
    question(groupby=["tags[a b]"]), question(aggregations=[["count", ""]])])
def test_refusals_of_2018_are_pages(make, dialect, body):
    assert is_page(ask(make(dialect), body), 400)


@pytest.mark.parametrize("function", ["count()", "sum", "any", "nosuch"])
def test_functions_of_17_april(make, function):
    assert is_page(ask(make("2018"), question(aggregations=[[function, "", "n"]])), 400)


def test_unknown_properties_are_ignored_in_2018(make):
    assert ask(make("2018"), question(bogus=1, dataset="events", selected_columns=[])).status == 200


@pytest.mark.parametrize("body, kind", [
    ("", "json"), ("{not json", "json"), (question(project="1"), "schema"), (question(project=[0]), "schema"),
    (question(groupby=["tags[a b]"]), "schema"), (question(from_date=5), "schema"),
    (question(conditions=[["event_id", "REGEXP", "x"]]), "schema"),
    (question(conditions=[["event_id", "="]]), "schema"),
    (question(groupby=["sentry:release"]), "schema"),
    (question(having=[[["n", ">", 1], ["n", "<", 5]]]), "schema")])
def test_refusals_of_2020_are_json(make, body, kind):
    answer = ask(make("2020"), body)
    assert answer.status == 400 and answer.content_type == "application/json"
    assert answer.json["error"]["type"] == kind and answer.json["error"]["message"]


@pytest.mark.parametrize("body", [{"groupby": []}, [1], question(bogus=1), question(dataset="events"),
                                  question(conditions=[["timestamp", "=", "notadate"]])])
def test_violations_at_the_root_are_pages_in_2020(make, body):
    assert is_page(ask(make("2020"), body), 500)


def test_datasets_of_2020(make):
    server = make("2020", event(1))
    body = question(aggregations=[["count()", "", "n"]])
    assert ask(server, {**body, "dataset": "events"}, path="/query").data == [{"n": 1}]
    answer = ask(server, {**body, "dataset": "nosuch"}, path="/query")
    assert answer.status == 404 and answer.json["error"]["type"] == "dataset"


@pytest.mark.parametrize("dialect, method, path, status", [
    ("2018", "POST", "/nosuch", 404), ("2018", "POST", "/events/query", 404), ("2018", "GET", "/query", 200),
    ("2020", "POST", "/nosuch", 405), ("2020", "PUT", "/events/query", 405),
    ("2020", "POST", "/nosuch/query", 500), ("2020", "GET", "/events/query", 200),
    ("2020", "GET", "/query", 302)])
def test_paths_and_methods(make, dialect, method, path, status):
    body = question(aggregations=[[count(dialect), "", "n"]])
    assert ask(make(dialect), body, method, path).status == status


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded",
                                          "multipart/form-data; boundary=x"])
def test_forms_are_seen_as_empty(make, content_type):
    assert is_page(ask(make("2018"), question(), content_type=content_type), 400)
    answer = ask(make("2020"), question(), content_type=content_type)
    assert answer.status == 400 and answer.json["error"]["type"] == "json"


@pytest.mark.parametrize("dialect, status", [("2018", 200), ("2018apr19", 500), ("2020", 500)])
@pytest.mark.parametrize("fields, code", [
    ({"groupby": ["nosuch"]}, 47), ({"conditions": [["tags[foo]", "IN", []]]}, 62)])
def test_errors_of_clickhouse(make, dialect, status, fields, code):
    answer = ask(make(dialect), question(aggregations=cmx(dialect), **fields))
    assert (answer.status, clickhouse_code(answer)) == (status, code)


@pytest.mark.parametrize("dialect", ALL)
def test_memory_limit_is_a_real_one(make, dialect):
    server = make(dialect)
    server.bulk_insert(50_000, values=50_000, since=NOW - timedelta(days=31))
    body = question(groupby=["tags[big]"], aggregations=cmx(dialect), limit=10)
    server.settings = {"max_memory_usage": 1 << 20}
    assert clickhouse_code(ask(server, body)) == 241
    server.settings = {}
    assert len(ask(server, body).data) == 10


def test_rate_limit(make):
    server = make("2020")
    server.rate_limit = "project concurrent of 5 exceeds limit of 4"
    answer = ask(server, question(aggregations=cmx("2020")))
    assert answer.status == 429
    assert answer.json["error"] == {"type": "rate-limited", "message": "rate limit exceeded",
                                    "detail": server.rate_limit}
    server.rate_limit = None
    assert how_many(server, "2020") == 0


# The server itself

@pytest.mark.parametrize("dialect", ALL)
def test_connections_are_kept_and_requests_logged(make, dialect):
    server = make(dialect)
    connection = connect(server)
    for project in (1, 2, 3):
        assert ask(server, question(project=project, aggregations=cmx(dialect)),
                   connection=connection).status == 200
        local = connection.sock.getsockname()
        assert project == 1 or local == first
        first = local
    connection.close()
    assert [request.body["project"] for request in server.queries] == [1, 2, 3]
    assert all(request.status == 200 and f"project_id IN ({request.body['project']})" in request.sql
               for request in server.queries)
    assert sorted(request.time for request in server.queries) == [each.time for each in server.queries]


def test_connection_closed_without_a_word(make):
    server = make("2018")
    server.close_after_answer = True
    connection = connect(server)
    assert ask(server, question(), connection=connection).status == 200
    assert connection.sock.recv(1) == b""
    connection.close()


def test_expectations_are_not_answered(make):
    server = make("2020")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(100)
        connection.settimeout(30)
        connection.sendall(b"{}")
        assert connection.recv(100).startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("dialect", ALL)
def test_unix_socket(make, tmp_path, dialect):
    server = make(dialect, event(1), unix_socket=tmp_path / "snuba.sock")
    assert server.url == str(tmp_path / "snuba.sock")
    assert how_many(server, dialect) == 1


def test_something_happens_before_an_answer(make):
    server = make("2020", event(1))
    server.on_query = lambda request: server.insert([event(len(server.queries) + 1)])
    assert [how_many(server, "2020") for _ in range(3)] == [2, 3, 4]

    def refuse(_request):
        raise Refusal(503, "text/plain", "busy")
    server.on_query = refuse
    assert ask(server, question()).status == 503 and server.queries[-1].status == 503


@pytest.mark.parametrize("dialect", ALL)
def test_bulk_insert(make, dialect):
    server = make(dialect)
    server.bulk_insert(20_000, values=500, group=9, key="big", since=NOW - timedelta(days=10),
                       seconds=9 * 86400)
    rows = ask(server, question(groupby=["tags[big]"], aggregations=cmx(dialect), limit=1000,
                                orderby="-first_seen")).data
    assert len(rows) == 500 and sum(row["n"] for row in rows) == 20_000
    assert {row["tags[big]"] for row in rows} == {f"user-{1000000 + number}@example.com"
                                                  for number in range(500)}
    assert min(row["first_seen"] for row in rows) >= at(10 * 86400)
    assert max(row["last_seen"] for row in rows) <= at(86400, "+00:00")


def test_two_servers_share_no_table(make):
    one, other = make("2020", event(1)), make("2020")
    assert (how_many(one, "2020"), how_many(other, "2020")) == (1, 0)


# The ClickHouse below

@needs_clickhouse
def test_clickhouse_stops_starts_and_cleans_up():
    """A second start finds the data of the first, and waits until its lock file is released."""
    server = ClickHouse()
    try:
        server.query("CREATE TABLE numbers (n UInt64) ENGINE = MergeTree ORDER BY n")
        server.query("INSERT INTO numbers VALUES (1), (2)")
        port = server.port
        server.stop()
        with open(f"{server.folder}/data/status", "w") as status:
            fcntl.flock(status, fcntl.LOCK_EX)
            threading.Timer(2, fcntl.flock, (status, fcntl.LOCK_UN)).start()
            started = time.monotonic()
            server.start()
        assert time.monotonic() - started > 1.9
        assert server.port == port
        assert server.rows("SELECT sum(n) AS s FROM numbers")[1] == [[3]]
        assert os.stat(server.folder).st_mode & 0o077 == 0
    finally:
        server.close()
    assert not os.path.exists(server.folder) and server.process.poll() is not None


def test_clickhouse_errors_are_told(clickhouse):
    with pytest.raises(ClickHouseError) as told:
        clickhouse.query("SELECT 1 FROM nowhere")
    assert told.value.code == 60
    with pytest.raises(ClickHouseError) as told:
        # This error comes after a good beginning.
        clickhouse.rows("SELECT throwIf(number = 399999) FROM numbers(400000)", max_block_size=10000)
    assert told.value.code == 395
