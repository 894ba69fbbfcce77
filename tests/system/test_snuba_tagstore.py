# SPDX-License-Identifier: Apache-2.0
"""Properties of the tagstore over Snuba only: its requests, and their time range."""
import bisect
import contextlib
import datetime
import json

import pytest

from support.events import event
from support.scripted_snuba import ScriptedSnuba, error
from support.tagstore_backends import BACKENDS, open_backend

NAMES = ["snuba-2018", "snuba-2020"]


@pytest.fixture(params=NAMES)
def backend(request):
    made = open_backend(request, request.param)
    made.setup()
    return made


@pytest.fixture(params=NAMES)
def scripted(request, exportd):
    """Answers requests of get_tag_keys by a function of the body; see ask_keys."""
    def start(answer):
        server = servers.enter_context(ScriptedSnuba(answer))
        exportd.settings.update(TAGSTORE="snuba", SNUBA_URL=server.url,
                                SNUBA_DIALECT=BACKENDS[request.param].dialect)
        return server

    exportd.create()
    with contextlib.ExitStack() as servers:
        yield start


def seconds_ago(seconds):
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return now - datetime.timedelta(seconds=seconds)


def asked(backend, method, **arguments):
    """The bodies of the requests of one method."""
    before = len(backend.server.queries)
    backend.ask(method, **arguments)
    return [request.body for request in backend.server.queries[before:]]


def test_search_filter_asks_once_with_both_conditions(backend):
    backend.insert([event(tags={"foo": "bar", "baz": "quux", "environment": "test"})])
    group = backend.issue("issue")
    body, = asked(backend, "get_group_ids_for_search_filter", project=1, environment="test",
                  tag=["foo=bar", "baz=quux"])
    assert body["project"] == [1]
    for condition in (["tags[foo]", "=", "bar"], ["tags[baz]", "=", "quux"], ["project_id", "IN", [1]],
                      ["environment", "IN", ["test"]]):
        assert condition in body["conditions"]
    if backend.dialect == "2018":
        hashes = [event()["hashes"]]
        assert (body["groupby"], body["issues"]) == (["issue"], [[group, *hashes]])
    else:
        assert body["groupby"] == ["group_id"] and "issues" not in body


@pytest.mark.parametrize("method, arguments, requests", [
    ("get_tag_key", {"key": "foo"}, 1), ("get_tag_keys", {}, 1),
    ("get_tag_value", {"key": "foo", "value": "bar"}, 1),
    ("get_top_group_tag_values", {"group": 1, "key": "foo"}, 1),
    ("get_first_release", {}, 1), ("get_release_tags", {"version": "1"}, 1),
    ("get_group_event_ids", {"group": 1, "tag": ["foo=bar", "baz=quux"]}, 1),
    ("get_group_ids_for_users", {"ident": "user"}, 1),
    ("get_group_tag_values_for_users", {"ident": "user"}, 1),
    ("get_groups_user_counts", {"group": [1, 2]}, 1),
    ("get_group_ids_for_users", {"ident": ""}, 0),
    ("get_group_ids_for_users", {"ip": "no address"}, 0),
    ("get_group_event_ids", {"group": 1, "tag": "foo="}, 0),
])
def test_how_many_requests(backend, method, arguments, requests):
    backend.insert([event(tags={"foo": "bar", "release": "1"}, user={"id": "user"})])
    assert len(asked(backend, method, project=1, **arguments)) == requests


@pytest.mark.parametrize("method, arguments", [
    ("get_group_ids_for_search_filter", {"tag": "foo=bar"}),
    ("get_group_ids_for_users", {"ident": "user", "limit": 0}),
    ("get_group_list_tag_value", {"key": "foo", "value": "bar"}), ("get_groups_user_counts", {})])
def test_many_groups(backend, method, arguments):
    """ClickHouse takes at most 497 groups in the map of 2018."""
    backend.insert([event(f"issue {n}", tags={"foo": "bar"}, user={"id": "user"}) for n in range(501)])
    ids = sorted(backend.issue(f"issue {n}") for n in range(501))
    if "ids" not in method:
        arguments = {**arguments, "group": ids}
    before = len(backend.server.queries)
    lines = backend.ask(method, project=1, **arguments)
    assert sorted(line["group_id"] for line in lines) == ids
    if backend.dialect == "2018":
        asked = [len(request.body["issues"]) for request in backend.server.queries[before:]]
        assert max(asked) <= 250 and sum(asked) == 501


def test_hashes_that_are_none(backend):
    """If an event's hash is another text, it is found in the form that Snuba stores."""
    backend.insert([event(tags={"foo": "bar"}, hashes=["my own"])])
    group = backend.group_id(1, "my own")
    value, = backend.ask("get_group_tag_value", project=1, group=group, key="foo", value="bar")
    assert value["times_seen"] == 1
    found = backend.ask("get_group_ids_for_search_filter", project=1, tag="foo=bar")
    assert [line["group_id"] for line in found] == [group]


def test_no_request_uses_offset(backend):
    backend.insert([event(tags={f"key-{n}": "v" for n in range(30)}) for _ in range(3)])
    for body in [*asked(backend, "get_tag_keys", project=1),
                 *asked(backend, "get_group_tag_keys_and_top_values", project=1,
                        group=backend.issue("issue"))]:
        assert "offset" not in body and body["limit"] <= 10000


def test_retention(backend, exportd):
    """Events are found for this number of days; 0: no limit."""
    backend.insert([event(when=seconds_ago(10 * 86400 + 60), tags={"foo": "old"}),
                    event(when=seconds_ago(60), tags={"foo": "new"})])
    settings = backend.settings()
    for days, count in ((0, 2), (11, 2), (10, 1), (1, 1)):
        line, = exportd.ok("tagstore", "get_tag_key", "--project", 1, "--key", "foo",
                           **{**settings, "RETENTION_DAYS": days}).json_lines()
        assert line["times_seen"] == count, days


def test_group_that_begins_in_the_future(backend, sql):
    backend.insert([event(tags={"foo": "bar"})])
    sql.execute("UPDATE sentry_groupedmessage SET first_seen = now() + interval '1 hour'")
    result = backend.run("get_group_tag_key", project=1, group=backend.issue("issue"), key="foo")
    assert result.status == 1 and result.out == ""
    assert result.err == ("exportd tagstore: Invalid date range. Please try a more recent date"
                          " range.\n")


def test_a_tag_that_is_a_number(backend):
    """Each method returns the same texts of os.rooted as Postgres."""
    backend.insert([event(when=seconds_ago(60 + n), tags={"os.rooted": ["yes", "no"][n % 2], "foo": "bar"})
                    for n in range(5)])
    backend.insert([event(when=seconds_ago(70), tags={"foo": "other"})])
    postgres = BACKENDS["postgres"](backend.exportd, backend.sql)
    place = {"project": 1, "group": backend.issue("issue")}
    key = {**place, "key": "os.rooted"}
    for method, arguments in (
            ("get_group_tag_key", key), ("get_group_tag_keys", place), ("get_group_tag_value_count", key),
            ("get_group_tag_value", {**key, "value": "yes"}), ("get_group_tag_value", {**key, "value": "no"}),
            ("get_group_tag_value", {**key, "value": "1"}), ("get_group_tag_values", key),
            ("get_group_list_tag_value", {**key, "value": "yes"}),
            ("get_top_group_tag_values", key), ("get_group_tag_keys_and_top_values", place),
            ("get_group_event_ids", {**place, "tag": "os.rooted=yes"}),
            ("get_group_event_ids", {**place, "tag": ["os.rooted=no", "os.rooted=yes"]}),
            ("get_group_event_ids", {**place, "tag": ["os.rooted=no", "foo=other"]}),
            ("get_group_ids_for_search_filter", {"project": 1, "tag": "os.rooted=no"}),
            ("get_group_ids_for_search_filter", {"project": 1, "tag": "os.rooted=1"}),
            ("get_group_ids_for_search_filter", {"project": 1, "any": ["os.rooted", "foo"]})):
        assert backend.ask(method, **arguments) == postgres.ask(method, **arguments), (method, arguments)


# ---- servers with odd answers ----

def keys_answer(body, keys):
    """An answer to get_tag_keys, each key seen once."""
    rows = []
    for key in keys:
        rows.append({name: key for name in body["groupby"]})
        for function, column, alias in body["aggregations"]:
            rows[-1][alias] = key if (function, column) == ("min", "tags_key") else 1
    names = [*body["groupby"], *(alias for _, _, alias in body["aggregations"])]
    return 200, json.dumps({"data": rows, "error": None,
                            "meta": [{"name": name, "type": "String"} for name in names]}).encode()


def behind(body):
    """The text that the keys of a page must exceed."""
    return max([literal for column, operator, literal in body["conditions"]
                if (column, operator) == ("tags_key", ">")], default="")


def test_pages_of_keys(exportd, scripted):
    """Each page requests the keys after the last key of the page before."""
    keys = [f"k{n:05}" for n in range(20001)]
    server = scripted(lambda body, _: keys_answer(
        body, [key for key in keys if key > behind(body)][:body["limit"]]))
    lines = exportd.ok("tagstore", "get_tag_keys", "--project", 1).json_lines()
    assert [line["key"] for line in lines] == keys
    assert [behind(body) for body in server.pages] == ["", "k09999", "k19999"]
    for body in server.pages:
        assert body["orderby"] in ("page", ["page"]) and body["limit"] == 10000
        assert [body[name] for name in ("from_date", "to_date")] == [
            server.pages[0][name] for name in ("from_date", "to_date")]


@pytest.mark.parametrize("answer", [
    lambda body, _: keys_answer(body, ["b", "a"]),
    lambda body, _: keys_answer(body, ["a", "a"]),
    lambda body, _: keys_answer(body, [f"k{n:05}" for n in range(10000)]),
], ids=["not sorted", "twice", "the same page for ever"])
def test_pages_that_lead_nowhere(exportd, scripted, answer):
    server = scripted(answer)
    result = exportd.fails("tagstore", "get_tag_keys", "--project", 1)
    assert "a page that is not sorted" in result.err and result.out == ""
    assert len(server.requests) <= 2


def test_pages_of_texts_that_may_be_something_else(exportd, scripted):
    """A text that is not UTF-8 becomes U+FFFD, but the server sorts it by its own bytes. So no page may begin
    after it."""
    keys = [*(f"k{n:05}" for n in range(9999)), "l\ufffd", "m", "\ufffd", "😀", "\ufffda"]
    server = scripted(lambda body, _: keys_answer(body, keys[
        keys.index(behind(body)) + 1 if behind(body) else 0:][:body["limit"]]))
    lines = exportd.ok("tagstore", "get_tag_keys", "--project", 1).json_lines()
    assert [line["key"] for line in lines] == sorted(keys, key=str.encode)
    assert [behind(body) for body in server.pages] == ["", "k09998"]


def test_pages_of_texts_with_nul(exportd, scripted):
    """The texts lose their NUL, but keep the order that they have in the server with it."""
    keys = [*(f"k{n:05}" for n in range(9996)), "l\0b", "la", "lz", "m\0", "m\0z", "ma", "o"]
    server = scripted(lambda body, _: keys_answer(body, keys[
        keys.index(behind(body)) + 1 if behind(body) else 0:][:body["limit"]]))
    lines = exportd.ok("tagstore", "get_tag_keys", "--project", 1).json_lines()
    assert [line["key"] for line in lines] == sorted(key.replace("\0", "") for key in keys)
    assert [behind(body) for body in server.pages] == ["", "lz"]


def test_a_page_of_nothing_else(exportd, scripted):
    server = scripted(lambda body, _: keys_answer(body, [f"{n}\ufffd" for n in range(10000)]))
    result = exportd.fails("tagstore", "get_tag_keys", "--project", 1)
    assert "10000 values in a row that are no valid text" in result.err and result.out == ""
    assert len(server.requests) == 1


def test_overload_asks_for_less(exportd, scripted):
    server = scripted(lambda body, _: error(241) if body["limit"] > 2500 else keys_answer(body, ["a"]))
    assert [line["key"] for line in exportd.ok(
        "tagstore", "get_tag_keys", "--project", 1).json_lines()] == ["a"]
    assert [body["limit"] for body in server.pages] == [10000, 5000, 2500]


def test_pages_grow_again(exportd, scripted):
    keys = [f"k{n:05}" for n in range(60000)]
    server = scripted(lambda body, server: error(241) if len(server.pages) == 1 else keys_answer(
        body, keys[bisect.bisect_right(keys, behind(body)):][:body["limit"]]))
    lines = exportd.ok("tagstore", "get_tag_keys", "--project", 1).json_lines()
    assert [line["key"] for line in lines] == keys
    assert [body["limit"] for body in server.pages] == [10000, *[5000] * 8, 10000, 10000, 10000]


def test_overload_to_the_end(exportd, scripted):
    server = scripted(lambda _body, _: error(241))
    result = exportd.fails("tagstore", "get_tag_keys", "--project", 1)
    assert result.out == ""
    assert [body["limit"] for body in server.pages] == [10000, 5000, 2500, 1250, 625, 312, 156]


def test_too_slow_is_not_asked_again(exportd, scripted):
    server = scripted(lambda _body, _: error(159))
    assert exportd.fails("tagstore", "get_tag_keys", "--project", 1).out == ""
    assert len(server.requests) == 1
