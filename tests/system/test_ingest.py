# SPDX-License-Identifier: Apache-2.0
"""Ingest saves events as groups, event users, environments, releases and tags."""
import concurrent.futures
import datetime
import hashlib
import json
import random

import pytest

from support.event_model import EventModel, EventTables, score
from support.events import event, hash_of
from support.waiting import wait_until

UTC = datetime.timezone.utc


def lines(events):
    return "".join(json.dumps(one) + "\n" for one in events)


def rows(sql, query, *parameters):
    sql.execute(query, parameters)
    return sql.fetchall()


def group_of(sql, name, project=1):
    return rows(sql, "SELECT group_id FROM sentry_grouphash WHERE project_id = %s AND hash = %s",
                project, name)[0][0]


def some_events(count, seed, projects=(1, 2), issues=7):
    """Random events that share many hashes, tags and users."""
    pick = random.Random(seed)
    events = []
    for _ in range(count):
        tags = {"environment": pick.choice(["production", "staging", ""]),
                "release": pick.choice(["1.0", "1.1", ""]), "number": pick.randrange(40),
                "color": pick.choice(["red", "green", "blüe", 'say "hi", \\ {you}', "NULL"]),
                "level": pick.choice(["info", "error"])}
        kept = {key: tags[key] for key in tags if pick.random() < 0.8}
        user = pick.choice([None, {"id": str(pick.randrange(9))}, {"ip_address": "::1"},
                            {"username": "jane", "email": "jane@example.com"}])
        when = datetime.datetime(2026, 3, 1) + datetime.timedelta(
            seconds=pick.randrange(86400), microseconds=pick.choice([0, 1, 999999]))
        hashes = [hash_of(f"issue {pick.randrange(issues)}")
                  for _ in range(pick.choice([1, 1, 1, 2, 3]))]
        events.append(event(project=pick.choice(projects), when=when, tags=kept, user=user,
                            hashes=list(dict.fromkeys(hashes))))
    return events


@pytest.fixture
def tables(exportd, sql):
    exportd.create(projects=(1, 2))
    return EventTables(sql)


# ---- groups ----

LINKING = [["h1"], ["h2"], ["h3", "h2", "h1"], ["h3"], ["h1", "h4"], ["h5", "h4"], ["h6", "h7"],
           ["h7", "h5"]]
LINKED = {"h1": "h1", "h2": "h2", "h3": "h2", "h4": "h1", "h5": "h1", "h6": "h6", "h7": "h6"}


@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
def test_the_first_hash_with_a_group_decides(exportd, tables, at_once):
    events = [event(hashes=hashes) for hashes in LINKING]
    for batch in [events] if at_once else [[one] for one in events]:
        exportd.ingest(batch)
    assert tables.hash_rows() == {(1, name): (1, group) for name, group in LINKED.items()}
    tables.assert_agree_with(EventModel(events))


def test_hashes_of_different_projects_are_different(exportd, tables):
    exportd.ingest([event(project=1, hashes=["same"]), event(project=2, hashes=["same"])])
    assert set(tables.group_rows()) == {(1, "same"), (2, "same")}


def test_a_hash_without_a_group_is_taken_over(exportd, tables, sql):
    sql.execute("""INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES (1, 'free', NULL)
                   RETURNING id""")
    hash_id = sql.fetchone()[0]
    exportd.ingest([event(hashes=["bound"]), event(hashes=["free", "bound"])])
    assert tables.hash_rows() == {(1, "free"): (1, "bound"), (1, "bound"): (1, "bound")}
    assert rows(sql, "SELECT id FROM sentry_grouphash WHERE hash = 'free'") == [(hash_id,)]


def test_the_columns_of_a_new_group(exportd, sql, tables):
    first = "2026-03-01T12:00:00.000001Z"
    last = "2026-03-01T12:00:07.500000Z"
    exportd.ingest([
        event("one", when="2026-03-01T12:00:03.000000Z", message="the first line",
              tags={"level": "warning", "logger": "x" * 70, "release": "1.0"}),
        event("one", when=first, message="another", tags={"level": "fatal", "release": "2.0"}),
        event("one", when=last)])
    assert rows(sql, """SELECT message, platform, level, logger, status, times_seen, first_seen,
                        last_seen, active_at, score, short_id, is_public, time_spent_total,
                        time_spent_count, num_comments, resolved_at, view, data, version
                        FROM sentry_groupedmessage g JOIN sentry_release r
                        ON r.id = g.first_release_id""") == [(
        "the first line", "python", 30, "x" * 64, 0, 3,
        datetime.datetime(2026, 3, 1, 12, 0, 0, 1, UTC),
        datetime.datetime(2026, 3, 1, 12, 0, 7, 500000, UTC),
        datetime.datetime(2026, 3, 1, 12, 0, 0, 1, UTC),
        score(3, datetime.datetime(2026, 3, 1, 12, 0, 7, 500000, UTC)),
        None, False, 0, 0, 0, None, None, None, "1.0")]


def test_a_known_group_is_counted_on(exportd, sql, tables):
    exportd.ingest([event("one", when="2026-03-01T12:00:00.000000Z", message="the first line")])
    exportd.ingest([event("one", when="2026-03-02T12:00:00.000000Z"),
                    event("one", when="2026-02-01T12:00:00.000000Z")])
    last = datetime.datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert rows(sql, """SELECT message, times_seen, first_seen, last_seen, score
                        FROM sentry_groupedmessage""") == [
        ("the first line", 3, datetime.datetime(2026, 2, 1, 12, tzinfo=UTC), last, score(3, last))]


def test_a_resolved_group_is_reopened_and_an_ignored_one_is_not(exportd, sql, tables):
    exportd.ingest([event("resolved"), event("ignored")])
    for name, status in [("resolved", 1), ("ignored", 2)]:
        sql.execute("UPDATE sentry_groupedmessage SET status = %s WHERE id = %s",
                    (status, group_of(sql, hash_of(name))))
    exportd.ingest([event("resolved"), event("ignored")])
    assert rows(sql, """SELECT status, active_at > now() - interval '1 minute', times_seen
                        FROM sentry_groupedmessage ORDER BY id""") == [(0, True, 2), (2, False, 2)]


def test_the_score_stays_within_its_column(exportd, sql, tables):
    exportd.ingest([event("far", when="9998-12-31T23:59:59.999999Z"),
                    event("long ago", when="0001-01-01T00:00:00.000000Z")])
    assert sorted(rows(sql, "SELECT score FROM sentry_groupedmessage")) == [
        (-2147483648,), (2147483647,)]


def test_an_event_row(exportd, sql, tables):
    one = event("one", message="it's \"broken\"\n\\ ünd {so}", platform=None)
    del one["platform"]
    exportd.ingest([one])
    assert rows(sql, """SELECT message_id, project_id, group_id, message, platform, datetime,
                        time_spent, data FROM sentry_message""") == [
        (one["event_id"], 1, group_of(sql, hash_of("one")), one["message"], None,
         datetime.datetime(2026, 3, 1, 12, tzinfo=UTC), None, None)]


# ---- repeats ----

def test_no_event_counts_twice(exportd, tables):
    events = some_events(30, 1)
    twin = dict(events[0], project_id=3 - events[0]["project_id"])
    result = exportd.ingest(events + [events[3], events[0], twin])
    assert result.out == "33 lines: 31 counted, 2 repeated, 0 bad\n"
    result = exportd.ingest(events + [twin])
    assert result.out == "31 lines: 0 counted, 31 repeated, 0 bad\n"
    tables.assert_agree_with(EventModel(events + [twin]))


def test_an_event_id_is_a_uuid_in_any_spelling(exportd, tables):
    one = event(event_id="ABCDEF0123456789abcdef0123456789")
    other = event(event_id="abcdef01-2345-6789-abcd-ef0123456789")
    assert exportd.ingest([one, other]).out == "2 lines: 1 counted, 1 repeated, 0 bad\n"


# ---- events that cannot be counted ----

def test_bad_lines_are_told_by_number_and_skipped(exportd, tables):
    good = some_events(4, 2)
    text = "\n".join([json.dumps(good[0]), "not json", "", json.dumps(good[1]),
                      json.dumps(event(project=99)), json.dumps(event(hashes=[])),
                      json.dumps(event(message=7)),
                      json.dumps(good[2]) + "\r", "{" + " " * 1024 * 1024 + "}",
                      json.dumps(event(message=["red"])), json.dumps(good[3])])
    result = exportd.fails("ingest", "-", stdin=text)
    assert result.out == "10 lines: 4 counted, 0 repeated, 6 bad\n"
    told = result.err.splitlines()
    assert [line.split(":")[0] for line in told[:-1]] == [
        f"line {number}" for number in (2, 5, 6, 7, 9, 10)], told
    assert told[1] == "line 5: there is no project 99"
    assert told[4] == "line 9: the line is longer than 1 MiB"
    assert "red" not in result.err
    tables.assert_agree_with(EventModel(good))


def test_a_bad_tag_is_dropped_and_its_event_counts(exportd, tables):
    bad = [({"a b": "v"}, "1 to 32"), ({"a/b": "v"}, "1 to 32"), ({"k" * 33: "v"}, "1 to 32"),
           ({"k": "v" * 201}, "200 characters"), ({"k": None}, "no plain value"),
           ({"k": "red\nblue"}, "a newline"), ({"environment": "a/b"}, "a slash")]
    good = [event(tags={"color": f"green {n}"}, user={"id": "7"}) for n in range(len(bad))]
    text = [json.dumps(one | {"data": {**one["data"], "tags": {**tags, **one["data"]["tags"]}}})
            for one, (tags, _) in zip(good, bad)]
    good.append(event(tags={"color": "green"}))
    text.append(json.dumps(good[-1] | {"data": {"tags": {"a b": 1, "color": "green", "k": []}}}))
    result = exportd.ok("ingest", "-", stdin="\n".join(text))
    assert result.out == "8 lines: 8 counted, 0 repeated, 0 bad; 9 tags dropped\n"
    told = result.err.splitlines()
    assert len(told) == 8, told
    for number, (line, (_, reason)) in enumerate(zip(told, bad), start=1):
        assert line.startswith(f"line {number}: dropped: ") and reason in line, (line, reason)
    assert told[7].endswith("of [a-zA-Z0-9_.:-], and 1 more"), told
    assert "red" not in result.err
    tables.assert_agree_with(EventModel(good))
    again = exportd.ok("ingest", "-", stdin="\n".join(text))
    assert (again.out, again.err) == ("8 lines: 0 counted, 8 repeated, 0 bad\n", "")


def flat(one, **members):
    """The same event with all parts on the level of event_id, as in Sentry's JSON and in its SDKs."""
    data = one["data"]
    return {**{name: value for name, value in one.items() if name != "data"},
            "user": data.get("sentry.interfaces.User"), **members}


def test_events_as_sentry_and_its_sdks_write_them(exportd, tables):
    """Sentry's JSON has the tags as pairs and repeats some as members; an SDK's event has some as members
    only."""
    names = {"environment": "production", "release": "shop@1.0", "dist": "7", "level": "warning",
             "logger": "web", "server_name": "web-1", "transaction": "/cart"}
    user = {"id": "7", "email": "jane@example.com", "ip_address": "192.0.2.7"}
    sentry = event(tags={"color": "red", "level": "warning"}, user=user)
    sentry["data"]["tags"]["environment"] = "production"
    sdk = event(tags={"color": "blue", **names}, user=user)
    pairs = [[key, value] for key, value in sentry["data"]["tags"].items()]
    text = [flat(sentry, tags=[*pairs, ["sentry:user", "id:7"]], environment="production",
                 level="warning", project=1, time_spent=None, received=1772366400.0,
                 culprit="shop.cart", title="issue happened", metadata={}, contexts={}),
            flat(sdk, tags={"color": "blue"}, sdk={"name": "sentry.python"}, extra={}, **names)]
    result = exportd.ok("ingest", "-", stdin=lines(text))
    assert (result.out, result.err) == ("2 lines: 2 counted, 0 repeated, 0 bad\n", "")
    tables.assert_agree_with(EventModel([sentry, sdk]))


def test_a_bad_attribute_of_a_user_is_dropped(exportd, tables):
    good = [event(user={"id": "7"}), event(user={"username": "jane"}), event()]
    users = [{"id": "7", "email": "e" * 76}, {"id": {"a": 1}, "username": "jane"}, ["jane"]]
    text = [json.dumps(one | {"data": {**one["data"], "sentry.interfaces.User": user}})
            for one, user in zip(good, users)]
    result = exportd.ok("ingest", "-", stdin="\n".join(text))
    assert result.out == "3 lines: 3 counted, 0 repeated, 0 bad; 3 tags dropped\n"
    tables.assert_agree_with(EventModel(good))


def test_what_the_database_refuses_does_not_hold_up_the_rest(exportd, sql, tables):
    """The table of event users can store project ids of 32 bits only."""
    huge = 3_000_000_000
    sql.execute("""INSERT INTO sentry_project
                   (id, slug, name, organization_id, public, date_added, status)
                   SELECT %s, 'huge', name, organization_id, public, date_added, status
                   FROM sentry_project WHERE id = 1""", (huge,))
    good = some_events(40, 3)
    bad = [event(project=huge, user={"id": "7"}), event(project=huge, user={"id": "8"})]
    events = good[:13] + bad[:1] + good[13:30] + bad[1:] + good[30:]
    result = exportd.fails("ingest", "-", stdin=lines(events))
    assert result.out == "42 lines: 40 counted, 0 repeated, 2 bad\n"
    told = result.err.splitlines()
    assert told[0].startswith("line 14: PostgreSQL error 22003"), told
    assert told[1].startswith("line 32: PostgreSQL error 22003"), told
    tables.assert_agree_with(EventModel(good))


def test_an_empty_input(exportd, tables):
    for text in ("", "\n\n"):
        assert exportd.ok("ingest", "-", stdin=text).out == "0 lines: 0 counted, 0 repeated, 0 bad\n"


def test_what_stops_everything(exportd, tmp_path, postgres, empty_database):
    one = lines([event()])
    assert "missing.json" in exportd.fails("ingest", "missing.json", status=3).err
    assert "directory" in exportd.fails("ingest", tmp_path).err
    exportd.fails("ingest", status=2)
    exportd.fails("ingest", "a", "b", status=2)
    result = exportd.fails("ingest", "-", stdin=one, DATABASE_URL=postgres.url(empty_database))
    assert "sentry_project" in result.err and result.out == ""
    exportd.fails("ingest", "-", stdin=one, DATABASE_URL="host=/nowhere", status=4)


# ---- environments, releases, users ----

def test_environments_and_releases(exportd, sql, tables):
    exportd.create("other", projects=(3,))
    exportd.ingest([
        event("one", 1, tags={"environment": "prod", "release": "1.0"}),
        event("two", 1, tags={"environment": "prod", "sentry:release": "1.0"}),
        event("one", 1, tags={"release": "2.0"}),
        event("three", 2, tags={"environment": "prod", "release": "1.0"}),
        event("one", 3, tags={"environment": "prod", "release": "1.0"})])
    exportd.ingest([event("four", 1, tags={"environment": "dev", "release": "1.0"})])
    assert rows(sql, """SELECT slug, e.name, array_agg(p.project_id ORDER BY p.project_id),
                        bool_or(is_hidden), bool_or(e.project_id IS NOT NULL)
                        FROM sentry_environment e JOIN sentry_organization o
                        ON o.id = e.organization_id JOIN sentry_environmentproject p
                        ON p.environment_id = e.id GROUP BY 1, 2 ORDER BY 1, 2""") == [
        ("acme", "", [1], None, False), ("acme", "dev", [1], None, False),
        ("acme", "prod", [1, 2], None, False), ("other", "prod", [3], None, False)]
    assert rows(sql, """SELECT slug, version, r.new_groups, p.project_id, p.new_groups
                        FROM sentry_release r JOIN sentry_organization o ON o.id = r.organization_id
                        JOIN sentry_release_project p ON p.release_id = r.id
                        ORDER BY 1, 2, 4""") == [
        ("acme", "1.0", 4, 1, 3), ("acme", "1.0", 4, 2, 1), ("acme", "2.0", 0, 1, 0),
        ("other", "1.0", 1, 3, 1)]


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def test_whoever_names_a_user_first_wins(exportd, sql, tables):
    exportd.ingest([
        event(user={"id": "7", "email": "ann@example.com", "ip_address": "10.0.0.1"}),
        event(user={"id": "7", "username": "later", "email": "later@example.com"}),
        event(project=2, user={"id": "7"}),
        event(user={"username": "jane", "email": "jane@example.com"}),
        event(user={"email": "jöe@example.com", "ip_address": "2001:db8::1"}),
        event(user={"ip_address": "10.0.0.1"}),
        event(user={}),
        event(user={"id": "8", "ip_address": "not an address"})])
    exportd.ingest([event(user={"id": "7", "username": "even later"}),
                    event(user={"username": "jane", "ip_address": "10.0.0.9"})])
    assert sorted(rows(sql, """SELECT project_id, hash, ident, email, username, name,
                               host(ip_address) FROM sentry_eventuser"""), key=str) == sorted([
        (1, md5("7"), "7", "ann@example.com", None, None, "10.0.0.1"),
        (2, md5("7"), "7", None, None, None, None),
        (1, md5("jane"), None, "jane@example.com", "jane", None, None),
        (1, md5("jöe@example.com"), None, "jöe@example.com", None, None, "2001:db8::1"),
        (1, md5("10.0.0.1"), None, None, None, None, "10.0.0.1"),
        (1, md5("8"), "8", None, None, None, None)], key=str)
    assert {name[3]: row[0] for name, row in tables.value_rows().items()
            if name[:3] == (1, None, "sentry:user")} == {
        "id:7": 3, "username:jane": 2, "email:jöe@example.com": 1, "ip:10.0.0.1": 1, "id:8": 1}


# ---- tags ----

@pytest.mark.parametrize("batches", [1, 7])
def test_all_counts_are_those_of_the_events(exportd, tables, batches):
    events = some_events(700, 4)
    size = len(events) // batches
    for start in range(0, len(events), size):
        exportd.ingest(events[start:start + size])
    tables.assert_agree_with(EventModel(events))


def test_tags_in_all_their_spellings(exportd, sql, tables):
    exportd.ingest([
        event("one", tags={"number": 100, "half": 0.5, "yes": True, "empty": "", "user": "id:9"}),
        event("one", data={"tags": [["number", "100"], ["dist", "a"]]}, user={"id": "7"})])
    exportd.ingest([event("one", tags={"user": "id:9"}, user={"id": "7"})])
    assert {name[2:]: row[0] for name, row in tables.value_rows().items() if name[1] is None} == {
        ("number", "100"): 2, ("half", "0.5"): 1, ("yes", "true"): 1, ("sentry:user", "id:9"): 1,
        ("sentry:dist", "a"): 1, ("sentry:user", "id:7"): 1}


# ---- times ----

@pytest.mark.parametrize("piped", [True, False])
def test_rebased_times_end_now(exportd, sql, tables, tmp_path, piped):
    events = [event(when="2017-05-16T00:00:00.250000Z"), event(when="2017-05-15T23:00:00.000000Z"),
              event(when="2017-05-16T00:00:00.000000Z", project=99)]
    path = tmp_path / "events"
    path.write_text(lines(events[:2]) + "nonsense\n")
    if piped:
        result = exportd.fails("ingest", "--rebase-time", "-", stdin=path.read_bytes())
    else:
        result = exportd.fails("ingest", "--rebase-time", path)
    assert result.out == "3 lines: 2 counted, 0 repeated, 1 bad\n"
    assert result.err.startswith("line 3: ")
    assert rows(sql, """SELECT now() - max(datetime) < interval '1 minute', now() >= max(datetime),
                        max(datetime) - min(datetime) FROM sentry_message""") == [
        (True, True, datetime.timedelta(seconds=3600, microseconds=250000))]
    assert rows(sql, "SELECT count(*) FROM sentry_groupedmessage WHERE last_seen = (SELECT"
                     " max(datetime) FROM sentry_message)") == [(1,)]
    assert not [name for name in tmp_path.iterdir() if name.name.startswith("exportd-ingest")]


# ---- several writers, and kills ----

def ingest_at_once(exportd, inputs):
    with concurrent.futures.ThreadPoolExecutor(len(inputs)) as pool:
        return list(pool.map(lambda text: exportd.run("ingest", "-", stdin=text), inputs))


def test_several_at_once_count_each_event_once(exportd, tables):
    """Three processes ingest their own events, which share groups, users and tags, and then all the same last
    part. The order of hashes can matter only within one process."""
    shared = some_events(600, 9, issues=50)
    parts = [some_events(1500, seed, issues=50) for seed in (5, 6, 7)]
    for one in shared + sum(parts, []):
        one["hashes"] = one["hashes"][:1]
    results = ingest_at_once(exportd, [lines(part + shared) for part in parts])
    assert [result.status for result in results] == [0, 0, 0], results
    counted = [int(result.out.split(": ")[1].split()[0]) for result in results]
    assert sum(counted) == 3 * 1500 + 600, results
    tables.assert_agree_with(EventModel(shared + sum(parts, [])))


def test_no_hash_changes_groups_under_contention(exportd, tables, sql):
    """Processes link hashes in different orders. In each case, every event counts in a group to which one of its
    hashes leads."""
    parts = [some_events(1200, seed, projects=(1,), issues=30) for seed in (11, 12, 13)]
    results = ingest_at_once(exportd, [lines(part) for part in parts])
    assert [result.status for result in results] == [0, 0, 0], results
    groups = tables.hash_rows()
    assert None not in {name for _, name in groups.values()}
    assert sum(row[0] for row in tables.group_rows().values()) == 3600
    assert tables.messages_per_group() == {name: row[0] for name, row in tables.group_rows().items()}
    group_of_event = dict(rows(sql, "SELECT message_id, group_id FROM sentry_message"))
    group_of_hash = dict(rows(sql, "SELECT hash, group_id FROM sentry_grouphash"))
    for one in sum(parts, []):
        assert group_of_event[one["event_id"]] in {group_of_hash[name] for name in one["hashes"]}


def test_one_samples_what_the_other_would_store(exportd, tables, sql):
    """Of a group's events within a second, the 52nd is sampled and the 53rd stored. Here both are the same event,
    and the second process looks for it before the first one's COMMIT."""
    exportd.settings["SAMPLED_PROJECTS"] = "1"
    events = [event(when=datetime.datetime(2026, 3, 1)) for _ in range(52)]
    assert exportd.ingest(events[:51]).out.startswith("51 lines: 51 counted")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(exportd.run, "ingest", "-", stdin=lines(events[51:]),
                           FAULT="ingest_before_commit:delay=2000")
        wait_until(lambda: rows(sql, """SELECT FROM pg_stat_activity JOIN pg_locks USING (pid)
                                        WHERE datname = current_database() AND state = 'idle in transaction'
                                        AND relation = 'exportd.sampled_event'::regclass
                                        AND mode = 'RowExclusiveLock'"""), "it is about to commit")
        quick = exportd.run("ingest", "-", stdin=lines(events[51:]))
        assert [slow.result().out, quick.out] == ["1 line: 1 counted, 0 repeated, 0 bad\n",
                                                  "1 line: 0 counted, 1 repeated, 0 bad\n"]
    assert tables.group_rows() == EventModel(events).group_rows()
    assert rows(sql, "SELECT count(*) FROM sentry_message") == [(51,)]


@pytest.mark.parametrize("fault, done", [
    ("ingest_prepared:kill:2", 1000), ("ingest_before_commit:kill:2", 1000),
    ("ingest_before_commit:kill:3", 3000), ("ingest_after_commit:kill:3", 7000)])
def test_killed_in_the_middle_and_run_again(exportd, tables, sql, fault, done):
    """The first batch has 1000 events, and each further one twice as many. Values that were made but not counted
    do not count as seen."""
    events = some_events(9000, 8)
    result = exportd.run("ingest", "-", stdin=lines(events), FAULT=fault)
    assert result.status == -9, result
    assert rows(sql, "SELECT count(*) FROM sentry_message") == [(done,)]
    model = EventModel(events[:done])
    assert tables.group_rows() == model.group_rows()
    assert tables.hash_rows() == model.hash_rows()
    assert tables.group_value_rows() == model.group_value_rows()
    assert tables.group_key_rows() == model.group_key_rows()
    assert {name: row for name, row in tables.value_rows().items()
            if row != (0, None, None)} == model.value_rows()
    assert exportd.ingest(events).out == (
        f"9000 lines: {9000 - done} counted, {done} repeated, 0 bad\n")
    tables.assert_agree_with(EventModel(events))
