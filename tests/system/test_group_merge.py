# SPDX-License-Identifier: Apache-2.0
"""Merging groups: `exportd group merge`. EventModel, a model in memory that merges too, computes the expected
rows."""
import concurrent.futures
import datetime
import json
import os
import random
import signal
import subprocess

import pytest

from support.event_model import EventModel, EventTables, score
from support.events import event, group_of, hash_of, series
from support.tagstore_rows import insert_group
from support.waiting import wait_until

UTC = datetime.timezone.utc
LARGEST = 2147483647


def lines(events):
    return "".join(json.dumps(one) + "\n" for one in events)


def rows(sql, query, *parameters):
    sql.execute(query, parameters)
    return sql.fetchall()


def redirects(sql):
    return dict(rows(sql, "SELECT previous_group_id, group_id FROM sentry_groupredirect"))


def name_of(issue, project=1):
    """The model's name of the issue's group."""
    return (project, hash_of(issue))


def assert_users_follow(sql):
    """An event's user is found by the event's group."""
    assert rows(sql, """SELECT count(*) > 0, count(*) FILTER (WHERE u.group_id <> m.group_id)
                        FROM exportd.event_user_attributes u
                        JOIN sentry_message m ON m.id = u.event_id""") == [(True, 0)]


def everything(sql):
    """All rows that a merge can change."""
    tables = ["sentry_groupedmessage", "sentry_grouphash", "sentry_message", "sentry_groupredirect",
              "tagstore_tagkey", "tagstore_tagvalue", "tagstore_grouptagkey",
              "tagstore_grouptagvalue", "tagstore_eventtag", "exportd.event_user_attributes"]
    return {table: rows(sql, f"SELECT * FROM {table} ORDER BY 1") for table in tables}


@pytest.fixture
def tables(exportd, sql):
    exportd.create(projects=(1, 2))
    return EventTables(sql)


def some_events(count, seed, issues=6):
    """Events of one hash each. The issues share many tags and users."""
    pick = random.Random(seed)
    events = []
    for _ in range(count):
        tags = {"environment": pick.choice(["production", "staging", ""]),
                "release": pick.choice(["1.0", "1.1"]), "number": pick.randrange(30),
                "color": pick.choice(["red", "green", "blüe", "x" * 200, "NULL"])}
        kept = {key: tags[key] for key in tags if pick.random() < 0.7}
        when = datetime.datetime(2026, 3, 1) + datetime.timedelta(seconds=pick.randrange(86400))
        events.append(event(f"issue {pick.randrange(issues)}", when=when, tags=kept,
                            user=pick.choice([None, {"id": str(pick.randrange(5))}])))
    return events


# ---- the result of a merge ----

def test_all_rows_are_those_of_one_group(exportd, tables, sql):
    events = [
        event("old", when="2026-03-01T12:00:00.000001Z",
              tags={"color": "red", "environment": "staging"}),
        event("old", when="2026-03-04T12:00:00.000000Z", tags={"size": "big"}),
        event("new", when="2026-03-02T12:00:00.000000Z", tags={"color": "red"}),
        event("new", when="2026-03-03T12:00:00.000000Z", tags={"color": "blue"}),
        event("alone", when="2026-02-01T12:00:00.000000Z", tags={"color": "red"}),
        event("old", project=2, tags={"color": "red"})]
    exportd.ingest(events)
    old, new = group_of(sql, "old"), group_of(sql, "new")
    result = exportd.ok("group", "merge", "--into", new, old)
    assert result.out == f"merged group {old} into group {new}: 2 events, 1 hash, 0 redirects\n"
    model = EventModel(events)
    model.merge(name_of("new"), name_of("old"))
    tables.assert_agree_with(model)
    assert rows(sql, "SELECT times_seen, first_seen FROM sentry_groupedmessage WHERE id = %s",
                new) == [(4, datetime.datetime(2026, 3, 1, 12, 0, 0, 1, UTC))]
    assert redirects(sql) == {old: new}
    exportd.ingest(events + [event("old"), event("new")])
    assert group_of(sql, "old") == new
    assert rows(sql, "SELECT times_seen FROM sentry_groupedmessage WHERE id = %s", new) == [(6,)]


def test_columns_of_the_group_that_remains(exportd, tables, sql):
    first = datetime.datetime(2026, 3, 1, 12, tzinfo=UTC)
    last = datetime.datetime(2026, 3, 9, 12, tzinfo=UTC)
    exportd.ingest([event("a", when="2026-03-05T12:00:00.000000Z", message="the one that stays",
                          tags={"release": "2.0", "level": "warning"}),
                    event("b", when="2026-03-01T12:00:00.000000Z", tags={"release": "1.0"}),
                    event("b", when="2026-03-09T12:00:00.000000Z")])
    a, b = group_of(sql, "a"), group_of(sql, "b")
    sql.execute("UPDATE sentry_groupedmessage SET num_comments = 2, status = 1, short_id = 77"
                " WHERE id = %s", (b,))
    sql.execute("UPDATE sentry_groupedmessage SET num_comments = NULL, status = 2 WHERE id = %s",
                (a,))
    exportd.ok("group", "merge", "--into", a, b)
    assert rows(sql, """SELECT g.id, message, level, g.status, times_seen, first_seen, last_seen,
                        num_comments, score, r.version, short_id FROM sentry_groupedmessage g
                        JOIN sentry_release r ON r.id = g.first_release_id""") == [
        (a, "the one that stays", 30, 2, 3, first, last, 2, score(3, last), "2.0", None)]
    assert rows(sql, """SELECT p.organization_id = r.organization_id, group_id, previous_group_id,
                        previous_short_id, previous_project_slug FROM sentry_groupredirect r,
                        sentry_project p WHERE p.id = 1""") == [(True, a, b, 77, "project-1")]


def test_counters_stay_within_their_columns(exportd, tables, sql):
    exportd.ingest([event("a", tags={"color": "red"}), event("b", tags={"color": "red"})])
    a, b = group_of(sql, "a"), group_of(sql, "b")
    sql.execute("UPDATE sentry_groupedmessage SET times_seen = %s, num_comments = %s",
                (LARGEST, LARGEST))
    sql.execute("UPDATE tagstore_grouptagvalue SET times_seen = %s", (LARGEST,))
    exportd.ok("group", "merge", "--into", a, b)
    assert rows(sql, "SELECT times_seen, num_comments FROM sentry_groupedmessage") == [
        (LARGEST, LARGEST)]
    assert rows(sql, "SELECT DISTINCT group_id, times_seen FROM tagstore_grouptagvalue") == [
        (a, LARGEST)]


def test_tags_that_came_without_events(exportd, tables, sql):
    exportd.ingest([event("a", tags={"color": "red"})])
    a = group_of(sql, "a")
    insert_group(sql, 900)
    sql.execute("""INSERT INTO tagstore_grouptagvalue
                   (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
                   SELECT project_id, 900, key_id, value_id, 40, NULL, '2001-01-01 00:00:00+00'
                   FROM tagstore_grouptagvalue""")
    exportd.ok("group", "merge", "--into", a, 900)
    assert rows(sql, """SELECT DISTINCT group_id, times_seen, first_seen, last_seen
                        FROM tagstore_grouptagvalue""") == [
        (a, 41, datetime.datetime(2001, 1, 1, tzinfo=UTC),
         datetime.datetime(2026, 3, 1, 12, tzinfo=UTC))]
    assert rows(sql, "SELECT DISTINCT group_id, values_seen FROM tagstore_grouptagkey") == [(a, 1)]


def test_several_groups_and_older_redirects(exportd, tables, sql):
    """After a ← b, then c ← a and d, one redirect leads from every old id to c."""
    events = [event(issue, tags={"color": issue}) for issue in "abcd"]
    exportd.ingest(events)
    a, b, c, d = (group_of(sql, issue) for issue in "abcd")
    exportd.ok("group", "merge", "--into", a, b)
    result = exportd.ok("group", "merge", "--into", c, a, d, "--json")
    assert result.json_lines() == [
        {"group_id": a, "into": c, "merged": True, "events": 2, "hashes": 2, "redirects": 1},
        {"group_id": d, "into": c, "merged": True, "events": 1, "hashes": 1, "redirects": 0}]
    assert redirects(sql) == {a: c, b: c, d: c}
    model = EventModel(events)
    model.merge(name_of("c"), *(name_of(issue) for issue in "abd"))
    tables.assert_agree_with(model)


def test_an_export_by_the_old_id(exportd, tables, sql):
    exportd.ingest(series(30, issue="a") + series(20, issue="b", value=lambda n: f"other {n}"))
    a, b = group_of(sql, "a"), group_of(sql, "b")
    exportd.ok("group", "merge", "--into", a, b)
    export = exportd.enqueue(group=b)
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    csv = exportd.download(export)
    assert csv == exportd.tag_export(group=a) == exportd.tag_export(group=b)
    assert len(csv.splitlines()) == 1 + 50


# ---- wrong and repeated requests ----

def test_repeating_is_no_error(exportd, tables, sql):
    exportd.ingest([event("a"), event("b"), event("c")])
    a, b, c = (group_of(sql, issue) for issue in "abc")
    exportd.ok("group", "merge", "--into", a, b)
    before = everything(sql)
    result = exportd.ok("group", "merge", "--into", a, b)
    assert result.out == f"group {b} was merged into group {a} before\n"
    assert everything(sql) == before
    result = exportd.ok("group", "merge", "--into", b, c, c)  # b was merged into a before
    assert result.out == (f"merged group {c} into group {a}: 1 event, 1 hash, 0 redirects\n"
                          f"group {c} was merged into group {a} before\n")
    assert redirects(sql) == {b: a, c: a}


def test_refused(exportd, tables, sql):
    """If one group is refused, none is merged, not even those before it."""
    exportd.ingest([event("a"), event("b"), event("c"), event("d"), event("a", project=2)])
    a, b, c, d = (group_of(sql, issue) for issue in "abcd")
    other = group_of(sql, "a", project=2)
    exportd.ok("group", "merge", "--into", c, d)
    before = everything(sql)
    for into, groups, reason in [
            (a, [b, 999], "there is no group 999"),
            (999, [b], "there is no group 999"),
            (2**63 - 1, [b], f"there is no group {2**63 - 1}"),
            (a, [b, a], f"group {a} cannot be merged into itself"),
            (d, [c], f"group {c} cannot be merged into itself"),
            (d, [d], f"group {d} cannot be merged into itself"),
            (a, [b, other], f"groups {other} and {a} belong to different projects"),
            (a, [b, d], f"group {d} was merged into group {c}")]:
        status = 3 if reason.startswith("there is no") else 1
        result = exportd.fails("group", "merge", "--into", into, *groups, status=status)
        assert reason in result.err and result.out == "", result
    assert everything(sql) == before


@pytest.mark.parametrize("arguments", [
    ["group"], ["group", "merge", "1"], ["group", "merge", "--into", "1"],
    ["group", "split", "--into", "1", "2"], ["group", "merge", "--into", "1", "x"],
    ["group", "merge", "--into", "1", "0"], ["group", "merge", "--into", "1", str(2**63)],
    ["group", "merge", "--into", "-1", "2"], ["group", "merge", "--into", "1", "--force", "2"]])
def test_wrong_usage(exportd, arguments):
    exportd.fails(*arguments, status=2, DATABASE_URL="host=/nowhere")


def test_refused_in_the_database_of_a_sentry(exportd, tables, sql):
    exportd.ingest([event("a"), event("b")])
    sql.execute("CREATE TABLE django_migrations (id serial, app text, name text)")
    before = everything(sql)
    result = exportd.fails("group", "merge", "--into", group_of(sql, "a"), group_of(sql, "b"))
    assert "the database of a Sentry" in result.err
    assert everything(sql) == before


# ---- merges and ingests at the same time ----

@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_ingests_and_merges(exportd, tables, sql, seed):
    """Batches, some of them repeated, and merges take turns. After each, the tables agree with the model, and at
    most one redirect leads from every old id to its group."""
    pick = random.Random(seed)
    issues = [f"issue {n}" for n in range(6)]
    events = [event(issue) for issue in issues] + some_events(400, seed)
    exportd.ingest(events[:6])
    model = EventModel(events[:6])
    issue_of = {group_of(sql, issue): issue for issue in issues}
    for start in range(6, len(events), 80):
        batch = events[start:start + 80] + pick.sample(events[:start], 5)
        exportd.ingest(batch)
        for one in batch:
            model.add(one)
        into, *merged = pick.sample(issues, pick.choice([2, 3]))
        target = group_of(sql, into)
        ids = {group_of(sql, issue) for issue in merged} - {target}
        if ids:
            exportd.ok("group", "merge", "--into", target, *ids)
            model.merge(name_of(into), *map(name_of, merged))
        tables.assert_agree_with(model)
        leads_to = redirects(sql)
        assert {leads_to.get(old, old): group_of(sql, issue) for old, issue in issue_of.items()} == \
            {group_of(sql, issue): group_of(sql, issue) for issue in issues}
    exportd.ingest(events)
    tables.assert_agree_with(model)
    assert_users_follow(sql)


def in_background(exportd, *arguments, stdin=""):
    process = subprocess.Popen(
        [exportd.path, *map(str, arguments)], env=exportd.environment({}), cwd=exportd.folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return lambda: process.communicate(stdin, timeout=120) + (process.returncode,)


def test_merges_while_events_come_in(exportd, tables, sql):
    """Three processes ingest events of the same hashes and of new ones, while two others merge their groups.
    Nothing is lost or counted twice."""
    issues = [f"issue {n}" for n in range(6)]
    first = [event(issue, tags={"color": "first"}) for issue in issues]
    exportd.ingest(first)
    groups = [group_of(sql, issue) for issue in issues]
    parts = [some_events(2500, seed) + [event("new", tags={"color": str(n)}) for n in range(50)]
             for seed in (21, 22, 23)]
    for part, seed in zip(parts, (1, 2, 3)):
        random.Random(seed).shuffle(part)
    merges = [["--into", groups[0], groups[1]], ["--into", groups[2], groups[3]],
              ["--into", groups[2], groups[4]], ["--into", groups[5], groups[0], groups[2]]]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        running = [pool.submit(in_background(exportd, "ingest", "-", stdin=lines(part)))
                   for part in parts]
        for arguments in merges:
            twice = [pool.submit(in_background(exportd, "group", "merge", *arguments))
                     for _ in range(2)]
            results = [one.result() for one in twice]
            assert [status for _, _, status in results] == [0, 0], results
            assert sorted(out.startswith("merged") for line, _, _ in results
                          for out in line.splitlines()) == \
                [False] * (len(arguments) - 2) + [True] * (len(arguments) - 2), results
        done = [one.result() for one in running]
    assert [(status, err) for _, err, status in done] == [(0, "")] * 3, done
    model = EventModel(first + sum(parts, []))
    model.merge(name_of("issue 5"), *map(name_of, issues[:5]))
    tables.assert_agree_with(model)
    assert_users_follow(sql)
    assert redirects(sql) == {group: groups[5] for group in groups[:5]}


def test_a_new_event_waits_for_the_merge(exportd, tables, sql):
    """When the event's hash is read, it still leads to the old group."""
    events = [event("a"), event("b"), event("b")]
    exportd.ingest(events[:2])
    a, b = group_of(sql, "a"), group_of(sql, "b")
    merge = subprocess.Popen(
        [exportd.path, "group", "merge", "--into", str(a), str(b)], cwd=exportd.folder,
        env=exportd.environment({"FAULT": "merge_before_commit:delay=1500"}),
        stdout=subprocess.PIPE)
    wait_until(lambda: rows(sql, """SELECT FROM pg_stat_activity WHERE query ~ 'groupedmessage'
                                    AND state = 'idle in transaction'
                                    AND datname = current_database()"""), "the merge is done")
    exportd.ingest(events[2:])
    assert merge.wait(20) == 0
    merge.stdout.close()
    model = EventModel(events)
    model.merge(name_of("a"), name_of("b"))
    tables.assert_agree_with(model)


def test_two_merges_of_one_another(exportd, tables, sql):
    """One of them wins; the other reports the reason, and nothing is lost."""
    for n in range(5):
        exportd.ingest([event(f"a{n}"), event(f"b{n}")])
        a, b = group_of(sql, f"a{n}"), group_of(sql, f"b{n}")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda pair: exportd.run("group", "merge", "--into", *pair),
                                    [(a, b), (b, a)]))
        done, failed = sorted(results, key=lambda result: result.status)
        assert done.status == 0 and failed.status in (1, 3) and failed.err.strip(), results
        assert rows(sql, "SELECT times_seen FROM sentry_groupedmessage WHERE id IN (%s, %s)",
                    a, b) == [(2,)]
        assert group_of(sql, f"a{n}") == group_of(sql, f"b{n}") in (a, b)


@pytest.mark.parametrize("fault, merged", [
    ("merge_before_commit:kill:2", 1), ("merge_after_commit:kill:2", 2),
    ("merge_before_commit:error:1", 0)])
def test_killed_in_the_middle_and_run_again(exportd, tables, sql, fault, merged):
    issues = [f"issue {n}" for n in range(6)]
    events = [event(issue) for issue in issues] + some_events(300, 31)
    exportd.ingest(events)
    groups = [group_of(sql, issue) for issue in issues]
    result = exportd.run("group", "merge", "--into", *groups, FAULT=fault)
    assert result.status == (-9 if "kill" in fault else 1), result
    model = EventModel(events)
    if merged:
        model.merge(*map(name_of, issues[:1 + merged]))
    tables.assert_agree_with(model)
    assert redirects(sql) == {group: groups[0] for group in groups[1:1 + merged]}
    result = exportd.ok("group", "merge", "--into", *groups)
    assert result.out.count("merged group") == 5 - merged
    model.merge(*map(name_of, issues))
    tables.assert_agree_with(model)


def start_export(exportd, issue, fault):
    return subprocess.Popen(
        [exportd.path, "tag-export", "--organization", "acme", "--project", "1", "--group",
         str(issue), "--key", "color"], env=exportd.environment({"FAULT": fault}),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("rounds", [1, 2])
def test_an_export_that_has_just_found_its_issue(exportd, tables, sql, rounds):
    """The export is stopped after it has found its issue and before it reads the values. In the meantime, the
    values move to another issue."""
    issues = [f"issue {n}" for n in range(4)]
    exportd.ingest([event(issue, tags={"color": issue}) for issue in issues])
    *groups, once = [group_of(sql, issue) for issue in issues]
    exportd.ok("group", "merge", "--into", groups[0], once)
    faults = ",".join(f"issue_found:stop:{n}" for n in range(1, rounds + 1))
    with start_export(exportd, once, faults) as process:
        for merged, into in zip(groups, groups[1:rounds + 1]):
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), status
            exportd.ok("group", "merge", "--into", into, merged)
            process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out == exportd.tag_export(group=groups[rounds])
    assert out.count(b"issue ") == rounds + 2
