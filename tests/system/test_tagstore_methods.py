# SPDX-License-Identifier: Apache-2.0
"""The read methods of the tagstore over all backends: the fixture of the original's own test, with every answer
that it asserts, and the right answers where the original was wrong."""
import datetime
import re

import pytest

from support.tagstore_backends import BACKENDS, open_backend
from support.units import run_unit

G1, G2 = "1" * 32, "2" * 32
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
METHODS = """get_tag_key get_tag_keys get_tag_value get_tag_values get_group_tag_key get_group_tag_keys
    get_group_tag_value get_group_tag_values get_group_list_tag_value get_group_tag_value_count
    get_top_group_tag_values get_group_tag_keys_and_top_values get_first_release get_last_release
    get_release_tags get_group_event_ids get_group_ids_for_search_filter get_group_ids_for_users
    get_group_tag_values_for_users get_groups_user_counts""".split()


def seconds_ago(seconds):
    return (NOW - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fixture_event(digit, group, seconds, tags, user, email=None):
    user = {"id": user, "email": email} if email else {"id": user}
    return {"event_id": digit * 32, "primary_hash": group, "project_id": 1, "message": "message",
            "platform": "python", "datetime": seconds_ago(seconds),
            "data": {"received": NOW.timestamp() - seconds, "tags": tags,
                     "sentry.interfaces.User": user}}


def fixture_events():
    tags = {"foo": "bar", "baz": "quux", "environment": "test"}
    return [
        fixture_event("1", G1, 1, {**tags, "sentry:release": 100}, "user1", "user1@sentry.io"),
        fixture_event("2", G1, 2, {**tags, "sentry:release": 200}, "user2", "user2@sentry.io"),
        fixture_event("3", G2, 2, {"browser": "chrome", "environment": "test"}, "user1"),
    ]


@pytest.fixture(params=sorted(BACKENDS))
def backend(request):
    made = open_backend(request, request.param)
    made.setup(projects=(1, 2))
    return made


@pytest.fixture
def store(backend):
    """The backend with the fixture, and the ids of its two groups."""
    backend.insert(fixture_events())
    backend.g1, backend.g2 = (backend.group_id(1, value) for value in (G1, G2))
    return backend


def values(lines):
    return [line["value"] for line in lines]


def groups(lines):
    return [line["group_id"] for line in lines]


def events(lines):
    return [line["event_id"] for line in lines]


IN = {"project": 1, "environment": "test"}


# ---- the answers that the original asserts ----

def test_search_filter(store):
    ask = "get_group_ids_for_search_filter"
    assert groups(store.ask(ask, **IN, tag=["foo=bar", "baz=quux"])) == [store.g1]
    assert groups(store.ask(ask, **IN, any="foo")) == [store.g1]
    assert groups(store.ask(ask, **IN, any=["foo", "browser"])) == []
    assert groups(store.ask(ask, **IN, any="environment")) == [store.g1, store.g2]
    assert groups(store.ask(ask, **IN, tag="foo=bar", empty="baz")) == []


def test_keys_and_top_values(store):
    lines = store.ask("get_group_tag_keys_and_top_values", **IN, group=store.g1)
    assert sorted(lines, key=lambda line: line["id"]) == [
        {"id": key, "name": label, "key": key, "uniqueValues": 1, "totalValues": 2,
         "topValues": [{"id": value, "name": value, "key": key, "value": value}]}
        for key, label, value in [("baz", "Baz", "quux"), ("foo", "Foo", "bar")]]


def test_top_values(store):
    line, = store.ask("get_top_group_tag_values", **IN, group=store.g1, key="foo", limit=1)
    assert line == {"key": "foo", "value": "bar", "times_seen": 2, "first_seen": seconds_ago(2),
                    "last_seen": seconds_ago(1), "group_id": store.g1}


def test_value_count(store):
    ask = "get_group_tag_value_count"
    assert store.ask(ask, **IN, group=store.g1, key="foo") == [{"count": 2}]
    assert store.ask(ask, **IN, group=store.g2, key="foo") == [{"count": 0}]


def test_group_keys(store):
    ask = "get_group_tag_keys"
    line, = store.ask("get_group_tag_key", **IN, group=store.g1, key="foo")
    assert (line["key"], line["times_seen"], line["group_id"]) == ("foo", 2, store.g1)
    lines = store.ask(ask, **IN, group=store.g1)
    assert [(line["key"], line["times_seen"]) for line in lines] == [("baz", 2), ("foo", 2)]
    assert [line["key"] for line in store.ask(ask, **IN, group=store.g2)] == ["browser"]
    assert len(store.ask(ask, **IN, group=store.g1, limit=1)) == 1


def test_group_values(store):
    assert values(store.ask("get_group_tag_values", **IN, group=store.g1, key="foo")) == ["bar"]
    assert values(store.ask("get_group_tag_value", **IN, group=store.g1, key="foo",
                            value="bar")) == ["bar"]
    assert store.ask("get_group_tag_values", **IN, group=store.g1, key="notreal") == []
    lines = store.ask("get_group_list_tag_value", **IN, group=[store.g2, store.g1], key="foo",
                      value="bar")
    assert [(line["group_id"], line["times_seen"], line["last_seen"]) for line in lines] == [
        (store.g1, 2, seconds_ago(1))]


@pytest.mark.parametrize("method, arguments", [
    ("get_tag_key", {"key": "notreal"}),
    ("get_tag_value", {"key": "foo", "value": "notreal"}),
    ("get_tag_value", {"key": "foo", "value": ""}),
    ("get_group_tag_key", {"key": "notreal", "group": G1}),
    ("get_group_tag_key", {"key": "foo", "group": G2}),
    ("get_group_tag_value", {"key": "foo", "value": "notreal", "group": G1}),
    ("get_group_tag_value", {"key": "foo", "value": "bar", "group": G2}),
])
def test_not_found(store, method, arguments):
    if "group" in arguments:
        arguments = {**arguments, "group": {G1: store.g1, G2: store.g2}[arguments["group"]]}
    result = store.run(method, **IN, **arguments)
    kind = "value" if "value" in method else "key"
    assert result.status == 3 and result.out == ""
    assert re.fullmatch(rf"exportd tagstore: .*no such tag {kind}\n",
                        result.err)


def test_user_counts(store):
    assert store.ask("get_groups_user_counts", **IN, group=[store.g1, store.g2, 4711]) == [
        {"group_id": store.g1, "count": 2}, {"group_id": store.g2, "count": 1},
        {"group_id": 4711, "count": 0}]


def test_first_and_last_release(store):
    for group, first, last in [(store.g1, "200", "100"), (store.g2, None, None),
                               (None, "200", "100")]:
        assert store.ask("get_first_release", project=1, group=group) == [{"release": first}]
        assert store.ask("get_last_release", project=1, group=group) == [{"release": last}]


def test_groups_of_users(store):
    ask = "get_group_ids_for_users"
    assert groups(store.ask(ask, project=1, ident="user1")) == [store.g1, store.g2]
    assert groups(store.ask(ask, project=1, ident="user1", limit=1)) == [store.g1]
    assert groups(store.ask(ask, project=1, ident="user2")) == [store.g1]
    assert groups(store.ask(ask, project=2, ident="user1")) == []


def test_values_of_users(store):
    def asked(**users):
        return [(line["key"], line["value"], line["last_seen"]) for line in
                store.ask("get_group_tag_values_for_users", project=1, **users)]
    user1 = ("sentry:user", "user1", seconds_ago(1))
    user2 = ("sentry:user", "user2", seconds_ago(2))
    assert asked(ident="user1") == [user1]
    assert asked(ident="user2") == [user2]
    assert asked(email="user1@sentry.io", ident="user2") == [user1, user2]


def test_release_tags(store):
    lines = store.ask("get_release_tags", project=1, version="100")
    assert lines == [{"key": "release", "value": "100", "times_seen": 1,
                      "first_seen": seconds_ago(1), "last_seen": seconds_ago(1),
                      "group_id": None}]


def test_event_ids(store):
    def asked(group, *tags):
        return events(store.ask("get_group_event_ids", **IN, group=group, tag=list(tags)))
    both = ["1" * 32, "2" * 32]
    assert asked(store.g1, "foo=bar") == both
    assert asked(store.g1, "foo=bar", "release=200") == both
    assert asked(store.g1, "release=200") == ["2" * 32]
    assert asked(store.g2, "browser=chrome") == ["3" * 32]
    assert asked(store.g2, "browser=ie") == []


def test_interface_in_c(store):
    """The same through tagstore.h: tests/unit/tagstore/methods_test.c."""
    run_unit("tagstore_methods", **store.unit_environment(), TEST_G1=store.g1,
             TEST_G2=store.g2, TEST_NOW=int(NOW.timestamp()),
             TEST_ENVIRONMENT=store.environment_id("test"))


# ---- right answers where the original was wrong ----

def test_distinct_values_are_counted(backend):
    backend.insert([fixture_event(digit, G1, 5, {"color": color}, "user")
                    for digit, color in [("1", "red"), ("2", "blue"), ("3", "red")]])
    group = backend.group_id(1, G1)
    line, = backend.ask("get_group_tag_keys_and_top_values", project=1, group=group)
    assert (line["uniqueValues"], line["totalValues"]) == (2, 3)
    assert [top["value"] for top in line["topValues"]] == ["red", "blue"]


def test_events_of_another_group_are_left_out(store):
    assert events(store.ask("get_group_event_ids", **IN, group=store.g2, tag="foo=bar")) == []
    tags = ["environment=test"]
    assert events(store.ask("get_group_event_ids", **IN, group=store.g2, tag=tags)) == ["3" * 32]


@pytest.mark.parametrize("method, arguments", [
    ("get_group_event_ids", {**IN, "group": 1}),
    ("get_group_ids_for_users", {"project": 1}),
    ("get_group_tag_values_for_users", {"project": 1}),
    ("get_group_ids_for_users", {"project": 1, "ident": "", "email": ""}),
    ("get_group_ids_for_users", {"project": 1, "ip": "no address"}),
])
def test_no_alternatives_find_nothing(store, method, arguments):
    assert store.ask(method, **arguments) == []


def test_more_than_a_thousand_values(backend):
    """They come in one page, and in many."""
    backend.insert([{**fixture_event("1", G1, 5, {"n": number}, "user"),
                     "event_id": f"{number:032x}"} for number in range(2345)])
    group = backend.group_id(1, G1)
    for where in ({"project": 1}, {"project": 1, "group": group}):
        method = "get_group_tag_values" if "group" in where else "get_tag_values"
        lines = backend.ask(method, **where, key="n")
        assert values(lines) == sorted(map(str, range(2345)))
    assert len(backend.ask("get_group_event_ids", project=1, group=group,
                           tag=[f"n={n}" for n in range(2345)])) == 2345


def test_users_of_several_projects_are_not_mixed(backend):
    """The same ident in two projects means two users, each with its own sums."""
    event = fixture_event("1", G1, 5, {}, "user1", "user1@sentry.io")
    other = {**fixture_event("2", G1, 3, {}, "user1"), "project_id": 2}
    backend.insert([event, other])
    lines = backend.ask("get_group_tag_values_for_users", project=[1, 2], ident="user1")
    assert [(line["project_id"], line["times_seen"], line["last_seen"]) for line in lines] == [
        (2, 1, seconds_ago(3)), (1, 1, seconds_ago(5))]
    assert groups(backend.ask("get_group_ids_for_users", project=2, ident="user1")) == [
        backend.group_id(2, G1)]


def test_users_are_found_by_what_the_event_says(backend):
    """They are not found by the stored user, which has the attributes of its first event."""
    first = fixture_event("1", G1, 5, {}, "user1", "old@sentry.io")
    second = fixture_event("2", G2, 4, {}, "user1", "new@sentry.io")
    third = fixture_event("3", G2, 3, {}, "")
    third["data"]["sentry.interfaces.User"] = {"email": "new@sentry.io", "ip_address": "::1"}
    backend.insert([first, second, third])
    ask = "get_group_tag_values_for_users"
    line, = backend.ask(ask, project=1, email="new@sentry.io")
    assert (line["value"], line["times_seen"], line["last_seen"]) == ("user1", 1, seconds_ago(4))
    assert backend.ask(ask, project=1, ip="0:0:0:0:0:0:0:1") == []  # an event without an ident
    g1, g2 = (backend.group_id(1, value) for value in (G1, G2))
    assert groups(backend.ask("get_group_ids_for_users", project=1, ip="0:0::1")) == [g2]
    assert groups(backend.ask("get_group_ids_for_users", project=1, email="old@sentry.io")) == [g1]


@pytest.mark.parametrize("address, forms", [
    ("::ffff:1.2.3.4", ["::ffff:102:304", "::FFFF:1.2.3.4", "0:0:0:0:0:ffff:102:304"]),
    ("::1.2.0.0", ["::102:0", "::1.2.0.0"]), ("1.2.3.4", ["1.2.3.4"]),
    ("2001:DB8:0:0:1:0:0:1", ["2001:db8::1:0:0:1", "2001:db8:0:0:1::1"]),
])
def test_forms_of_addresses(backend, address, forms):
    event = fixture_event("1", G1, 5, {}, "user")
    event["data"]["sentry.interfaces.User"] = {"id": "user", "ip_address": address}
    backend.insert([event])
    group = backend.group_id(1, G1)
    for form in [address, *forms]:
        assert groups(backend.ask("get_group_ids_for_users", project=1, ip=form)) == [group], form
    assert groups(backend.ask("get_group_ids_for_users", project=1, ip="1.2.3.5")) == []


def test_columns_of_old_are_asked_for_but_not_listed(store):
    assert [line["key"] for line in store.ask("get_tag_keys", project=1)] == [
        "baz", "foo", "browser"]
    for key, count in [("environment", 3), ("sentry:release", 2), ("release", 2), ("user", 3)]:
        line, = store.ask("get_tag_key", project=1, key=key)
        assert (line["times_seen"], line["group_id"]) == (count, None)
    assert values(store.ask("get_tag_values", project=1, key="user")) == ["id:user1", "id:user2"]


def test_environments_are_told_apart(store):
    store.insert([fixture_event("4", G1, 0, {"foo": "bar", "environment": "prod"}, "user3")])
    def times(**where):
        line, = store.ask("get_group_tag_value", project=1, group=store.g1, key="foo", value="bar",
                          **where)
        return line["times_seen"], line["last_seen"]
    assert times() == (3, seconds_ago(0))
    assert times(environment="test") == (2, seconds_ago(1))
    assert times(environment="prod") == (1, seconds_ago(0))
    assert store.ask("get_groups_user_counts", project=1, group=store.g1)[0]["count"] == 3
    assert events(store.ask("get_group_event_ids", project=1, environment="prod", group=store.g1,
                            tag="foo=bar")) == ["4" * 32]


def test_one_event_has_to_meet_all_conditions(backend):
    """Two events of a group that meet one condition each are not enough."""
    backend.insert([fixture_event("1", G1, 5, {"foo": "bar"}, "user"),
                    fixture_event("2", G1, 4, {"baz": "quux", "foo": "other"}, "user"),
                    fixture_event("3", G2, 3, {"baz": "quux", "foo": "bar"}, "user")])
    def asked(**conditions):
        return groups(backend.ask("get_group_ids_for_search_filter", project=1, **conditions))
    g1, g2 = (backend.group_id(1, value) for value in (G1, G2))
    assert asked(tag=["foo=bar", "baz=quux"]) == [g2]
    assert asked(tag="foo=bar", any="baz") == [g2]
    assert asked(any=["foo", "baz"]) == [g1, g2]
    assert asked(tag=["foo=bar", "foo=other"]) == []
    assert asked(tag=["foo=bar", "foo=bar"]) == [g1, g2]


# ---- difficult values ----

TROUBLE = ["it's", '"quoted"', "back\\slash", "\\", "\\\\'", "\\n", "a\tb", "line\nbreak", "\n",
           "emoji 😀", "é", "e\u0301", "ü" * 200, "x" * 200, "'" * 200, "%s {x} $1", "a,b;c", "tags[n]",
           ") OR (1", "-", "--", "null", "0", " ", "\u2028", "\ufffd"]


@pytest.fixture
def troubled(backend):
    """Each value is in an event of its own, and so is the empty text, which counts as no value."""
    backend.insert([{**fixture_event("1", G1, 5, {"n": value, "m": "m"}, "user"),
                     "event_id": f"{number:032x}"} for number, value in enumerate([*TROUBLE, ""])])
    return {"project": 1, "group": backend.group_id(1, G1)}


def test_trouble_in_lists(backend, troubled):
    by_value = sorted(TROUBLE, key=str.encode)
    assert values(backend.ask("get_group_tag_values", **troubled, key="n")) == by_value
    assert values(backend.ask("get_top_group_tag_values", **troubled, key="n", limit=0)) == by_value
    assert values(backend.ask("get_top_group_tag_values", **troubled, key="n")) == by_value[:3]
    m, n = [line for line in backend.ask("get_group_tag_keys_and_top_values", **troubled)
            if line["id"] in "mn"]
    assert (m["totalValues"], m["uniqueValues"]) == (len(TROUBLE) + 1, 1)
    assert (n["totalValues"], n["uniqueValues"]) == (len(TROUBLE), len(TROUBLE))
    assert [top["value"] for top in n["topValues"]] == by_value[:10]


def test_trouble_in_questions(backend, troubled):
    for number, value in enumerate(TROUBLE):
        asked = {"key": "n", "value": value}
        for method in ("get_tag_value", "get_group_tag_value", "get_group_list_tag_value"):
            where = {"project": 1} if method == "get_tag_value" else troubled
            line, = backend.ask(method, **where, **asked)
            assert (line["value"], line["times_seen"]) == (value, 1)
        assert events(backend.ask("get_group_event_ids", **troubled, tag=f"n={value}")) == [
            f"{number:032x}"]
        assert groups(backend.ask("get_group_ids_for_search_filter", project=1, any="m",
                                  tag=f"n={value}")) == [troubled["group"]]
    assert len(backend.ask("get_group_event_ids", **troubled,
                           tag=[f"n={value}" for value in TROUBLE])) == len(TROUBLE)
    assert backend.ask("get_group_tag_value", **troubled, key="n", value="line\\nbreak") is None
    assert backend.ask("get_group_event_ids", **troubled, tag="n=") == []
    assert backend.ask("get_group_ids_for_search_filter", project=1, tag=["n=", "m=m"]) == []


def test_trouble_in_releases_and_users(backend):
    names = ["it's", "a\\", '"', "1.0 (ü)", "😀"]
    backend.insert([{**fixture_event("1", G1, 5, {"release": name, "environment": name}, name, name),
                     "event_id": f"{number:032x}"} for number, name in enumerate(names)])
    group = backend.group_id(1, G1)
    lines = backend.ask("get_release_tags", project=1, version=[*names, "", "1.0", names[0]])
    assert values(lines) == sorted(names, key=str.encode)
    for name in names:
        line, = backend.ask("get_group_tag_values_for_users", project=1, ident=name)
        assert line["value"] == name
        line, = backend.ask("get_group_tag_values_for_users", project=1, email=name)
        assert line["value"] == name
        line, = backend.ask("get_release_tags", project=1, environment=name, version=names)
        assert (line["value"], line["times_seen"]) == (name, 1)
        assert groups(backend.ask("get_group_ids_for_users", project=1, ident=name)) == [group]
    assert backend.ask("get_groups_user_counts", project=1, group=group) == [
        {"group_id": group, "count": len(names)}]
    assert backend.ask("get_first_release", project=1) == [{"release": '"'}]
    assert backend.ask("get_last_release", project=1, group=group) == [{"release": '"'}]


@pytest.mark.parametrize("key", ["a b", "clé", "k]", "it's", "back\\", "x" * 33])
def test_keys_that_are_none(store, key):
    """Ingest and Sentry refuse these keys, so no event has one. They are not found."""
    where = {"project": 1, "group": store.g1}
    assert store.ask("get_tag_key", project=1, key=key) is None
    assert store.ask("get_group_tag_value", **where, key=key, value="v") is None
    assert store.ask("get_group_tag_values", **where, key=key) == []
    assert store.ask("get_top_group_tag_values", **where, key=key) == []
    assert store.ask("get_group_tag_value_count", **where, key=key) == [{"count": 0}]
    assert store.ask("get_group_event_ids", **where, tag=f"{key}=v") == []
    assert store.ask("get_group_ids_for_search_filter", project=1, any=key) == []
    result = store.run("get_group_ids_for_search_filter", project=1, any=key, tag="foo=bar")
    if store.name == "snuba-2018" and key != "x" * 33:  # two tags in one query, one of them without a column
        assert result.status == 1 and "the 2018 dialect has no" in result.err, result
    else:
        assert result.status == 0 and result.out == "", result


# ---- more rows than fit into one answer ----

def test_events_without_an_environment(backend):
    backend.insert([fixture_event("1", G1, 5, {"foo": "bar", "environment": "test"}, "user"),
                    fixture_event("2", G1, 4, {"foo": "bar"}, "user")])
    line, = backend.ask("get_tag_key", project=1, key="foo", environment="")
    assert line["times_seen"] == 1
    group = backend.group_id(1, G1)
    assert events(backend.ask("get_group_event_ids", project=1, group=group, environment="",
                              tag="foo=bar")) == ["2" * 32]


def test_ties_of_top_values(backend):
    """Many values were seen equally often and equally late. The answer has the first ones bytewise; a value that
    was seen later comes before them."""
    backend.insert([{**fixture_event("1", G1, 50 if number != 700 else 49, {"n": f"v{number:04}"},
                                     "user"), "event_id": f"{number:032x}"}
                    for number in range(1200)])
    lines = backend.ask("get_top_group_tag_values", project=1, group=backend.group_id(1, G1), key="n")
    assert values(lines) == ["v0700", "v0000", "v0001"]


def test_ties_of_releases(backend):
    backend.insert([{**fixture_event("1", G1, 50, {"release": f"v{number:04}"}, "user"),
                     "event_id": f"{number:032x}"} for number in range(1200)])
    for method in ("get_first_release", "get_last_release"):
        assert backend.ask(method, project=1) == [{"release": "v0000"}]
    lines = backend.ask("get_release_tags", project=1, version=[f"v{n:04}" for n in range(1100)])
    assert values(lines) == [f"v{n:04}" for n in range(1100)]


def test_more_than_a_page_of_everything(backend):
    """Thousands of groups, keys and users: each answer is one list."""
    backend.insert([{**fixture_event("1", f"{number:032x}", 50 - number % 2,
                                     {f"key-{number:04}": "v", "all": "v"}, f"user {number:04}",
                                     "one@x.io"),
                     "event_id": f"{number:032x}"} for number in range(1500)])
    ids = sorted(backend.group_id(1, f"{number:032x}") for number in range(1500))
    found = groups(backend.ask("get_group_ids_for_search_filter", project=1, tag="all=v"))
    assert found == ids
    found = groups(backend.ask("get_group_ids_for_users", project=1, email="one@x.io", limit=0))
    late = {backend.group_id(1, f"{number:032x}") for number in range(1, 1500, 2)}
    assert found == sorted(ids, key=lambda group: (group not in late, group))
    assert groups(backend.ask("get_group_ids_for_users", project=1, email="one@x.io")) == found[:100]
    lines = backend.ask("get_group_tag_values_for_users", project=1, email="one@x.io", limit=0)
    assert values(lines) == [f"user {n:04}" for n in (*range(1, 1500, 2), *range(0, 1500, 2))]
    lines = backend.ask("get_tag_keys", project=1)
    assert [line["key"] for line in lines] == ["all", *(f"key-{n:04}" for n in range(1500))]
    lines = backend.ask("get_group_list_tag_value", project=1, group=ids, key="all", value="v")
    assert groups(lines) == ids
    counts = backend.ask("get_groups_user_counts", project=1, group=[*ids, ids[0]])
    assert counts == [{"group_id": group, "count": 1} for group in [*ids, ids[0]]]


def test_more_than_a_page_of_ties(backend):
    """Many events of one second, and some later ones. Each value is seen once."""
    backend.insert([{**fixture_event("1", G1, 60 if number < 10500 else number % 50,
                                     {"n": "v", "m": f"m{number:05}"}, "user"),
                     "event_id": f"{number:032x}"} for number in range(11000)])
    where = {"project": 1, "group": backend.group_id(1, G1)}
    late = sorted(range(10500, 11000), key=lambda number: (number % 50, number))
    assert events(backend.ask("get_group_event_ids", **where, tag="n=v")) == [
        f"{number:032x}" for number in [*late, *range(10500)]]
    assert values(backend.ask("get_top_group_tag_values", **where, key="m", limit=12)) == [
        f"m{number:05}" for number in late[:12]]


def test_groups_of_many_hashes(store, sql):
    """There are more hashes than fit into one request of a backend that finds groups by hashes."""
    for group in (store.g1, store.g2):
        sql.execute("INSERT INTO sentry_grouphash (project_id, hash, group_id) SELECT 1,"
                    " md5(%s || '-' || n), %s FROM generate_series(1, 3900) AS n", (group, group))
    ids = [store.g1, store.g2]
    assert groups(store.ask("get_group_ids_for_search_filter", **IN, any="environment")) == ids
    assert groups(store.ask("get_group_ids_for_users", project=1, ident="user1")) == ids
    assert groups(store.ask("get_group_ids_for_users", project=1, ident="user1", limit=1)) == ids[:1]
    assert [line["count"] for line in store.ask("get_groups_user_counts", **IN, group=ids)] == [2, 1]
    assert groups(store.ask("get_group_list_tag_value", **IN, group=ids, key="environment",
                            value="test")) == ids
    assert events(store.ask("get_group_event_ids", **IN, group=store.g2, tag="browser=chrome")) == [
        "3" * 32]


# ---- rows of other programs, or of an unfinished deletion, in Postgres ----

def test_key_that_is_being_deleted(store, sql):
    if store.name != "postgres":
        pytest.skip("has no such rows")
    sql.execute("UPDATE tagstore_tagkey SET status = 1 WHERE key IN ('foo', 'sentry:release')")
    where = {"project": 1, "group": store.g1}
    assert store.ask("get_tag_key", project=1, key="foo") is None
    assert store.ask("get_group_tag_key", **where, key="foo") is None
    assert store.ask("get_tag_value", project=1, key="foo", value="bar") is None
    assert store.ask("get_group_tag_value", **where, key="foo", value="bar") is None
    assert store.ask("get_group_list_tag_value", **where, key="foo", value="bar") == []
    assert store.ask("get_tag_values", project=1, key="foo") == []
    assert store.ask("get_group_tag_value_count", **where, key="foo") == [{"count": 0}]
    assert store.ask("get_top_group_tag_values", **where, key="foo") == []
    assert [line["key"] for line in store.ask("get_group_tag_keys", **where)] == ["baz"]
    assert [line["id"] for line in store.ask("get_group_tag_keys_and_top_values", **where)] == [
        "baz"]
    assert store.ask("get_first_release", **where) == [{"release": None}]
    assert store.ask("get_release_tags", project=1, version="100") == []
    assert store.ask("get_group_event_ids", **where, tag="foo=bar") == []
    for filters in ({"tag": "foo=bar"}, {"any": "foo"}, {"any": ["foo", "baz"]}):
        assert store.ask("get_group_ids_for_search_filter", project=1, **filters) == []


def test_rows_that_count_nothing(store, sql):
    """Rows that were made but never counted, rows of an empty value, and times beyond the years that can be
    printed."""
    if store.name != "postgres":
        pytest.skip("has no such rows")
    sql.execute(
        """WITH made AS (
               INSERT INTO tagstore_tagvalue
                 (project_id, key_id, value, data, times_seen, last_seen, first_seen)
               SELECT 1, k.id, value, NULL, times, last, first FROM tagstore_tagkey k,
                 (VALUES ('', 5, now(), now()), ('unseen', 0, NULL, NULL),
                         ('odd', 1, 'infinity', '-infinity'),
                         ('late', 1, '20000-01-01', NULL)) AS v (value, times, last, first)
               WHERE k.key = 'foo' RETURNING *)
           INSERT INTO tagstore_grouptagvalue
             (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
           SELECT 1, %s, key_id, id, times_seen, last_seen, first_seen FROM made""", (store.g1,))
    where = {"project": 1, "group": store.g1, "key": "foo"}
    for method, arguments in [("get_tag_key", {"project": 1, "key": "foo"}),
                              ("get_group_tag_key", where)]:
        line, = store.ask(method, **arguments)
        assert (line["times_seen"], line["values_seen"]) == (4, 3)
    assert store.ask("get_group_tag_value_count", **where) == [{"count": 4}]
    for value in ("", "unseen"):
        assert store.ask("get_tag_value", project=1, key="foo", value=value) is None
        assert store.ask("get_group_tag_value", **where, value=value) is None
        assert store.ask("get_group_list_tag_value", **where, value=value) == []
    line, = store.ask("get_group_tag_value", **where, value="odd")
    assert (line["times_seen"], line["first_seen"], line["last_seen"]) == (1, None, None)
    assert sorted(values(store.ask("get_group_tag_values", **where))) == ["bar", "late", "odd"]
    assert sorted(values(store.ask("get_tag_values", project=1, key="foo"))) == [
        "bar", "late", "odd"]
    top = store.ask("get_top_group_tag_values", **where, limit=0)
    assert sorted(values(top)) == ["bar", "late", "odd"] and top[0]["value"] == "bar"


# ---- the command ----

def test_values_that_look_like_options(backend):
    backend.insert([fixture_event("1", G1, 5, {"foo": "--limit", "baz": "a=b=c"}, "user")])
    line, = backend.exportd.ok("tagstore", "get_tag_value", "--project=1", "--key=foo",
                               "--value=--limit", **backend.settings()).json_lines()
    assert line["value"] == "--limit"
    assert events(backend.ask("get_group_event_ids", project=1, group=backend.group_id(1, G1),
                              tag="baz=a=b=c")) == ["1" * 32]


def test_help_lists_every_method(exportd):
    text = exportd.ok("tagstore", "help", DATABASE_URL="host=/nowhere").out
    assert re.findall(r"(?m)^(get_\w+) --project ID", text) == METHODS
    assert len(re.findall(r"(?m)^    \S", text)) == len(METHODS)


@pytest.mark.parametrize("arguments, message", [
    ([], "an argument is missing"),
    (["get_nothing", "--project", 1], "no method 'get_nothing'"),
    (["get_tag_key", "--key", "foo"], "--project is missing"),
    (["get_tag_key", "--project", 1], "--key is missing"),
    (["get_tag_key", "--project", 1, "--project", 2, "--key", "foo"], "--project is given twice"),
    (["get_tag_key", "--project", 1, "--key", "foo", "--group", 1], "get_tag_key takes no --group"),
    (["get_tag_keys", "--project", 1, "--limit", -1], "--limit: not a whole number from 0"),
    (["get_group_event_ids", "--project", 1, "--group", 1, "--tag", "foo"], "KEY=VALUE is needed"),
    (["get_group_event_ids", "--project", 1, "--group", 1, "--tag", "=x"], "KEY=VALUE is needed"),
    (["get_group_ids_for_search_filter", "--project", 1], "--tag, --any or --empty is missing"),
])
def test_usage(store, exportd, arguments, message):
    result = exportd.fails("tagstore", *arguments, status=2)
    assert message in result.err and result.out == ""


def test_what_is_not_there(store):
    assert "there is no project 99" in store.exportd.fails(
        "tagstore", "get_tag_keys", "--project", 99, status=3).err
    assert "no environment 'nowhere'" in store.exportd.fails(
        "tagstore", "get_tag_keys", "--project", 1, "--environment", "nowhere", status=3).err


def test_environment_of_several_organizations(store):
    store.exportd.create("other", users=(), projects=(3,))
    result = store.exportd.fails("tagstore", "get_release_tags", "--project", 1, "--project", 3,
                                 "--version", 1, "--environment", "test")
    assert "different organizations" in result.err
    assert store.ask("get_release_tags", project=[1, 3], version=["200", "7"])[0]["value"] == "200"
