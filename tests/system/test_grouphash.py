# SPDX-License-Identifier: Apache-2.0
"""Group hashes: the group of a new hash, sampling, and the last processed event."""
import collections
import concurrent.futures
import datetime
import json

import pytest

from support.event_model import EventModel, EventTables
from support.events import event, hash_of

START = datetime.datetime(2026, 3, 1, 12)


def rows(sql, query, *parameters):
    sql.execute(query, parameters)
    return sql.fetchall()


def lines(events):
    return "".join(json.dumps(one) + "\n" for one in events)


def counted(result):
    return int(result.out.split(": ")[1].split()[0])


@pytest.fixture
def tables(exportd, sql):
    exportd.create(projects=(1, 2))
    return EventTables(sql)


# ---- the group of a new hash ----

ROUNDS = 100
PROCESSES = 8


def run_at_once(exportd, inputs, **settings):
    with concurrent.futures.ThreadPoolExecutor(len(inputs)) as pool:
        return list(pool.map(lambda text: exportd.run("ingest", "-", stdin=text, **settings),
                             inputs))


def free_hashes(sql, names):
    """Inserts hashes without a group, so that no process waits for another's new row."""
    sql.execute("INSERT INTO sentry_grouphash (project_id, hash) SELECT 1, unnest(%s)", (names,))


def test_a_hundred_races_for_three_new_hashes(exportd, tables, sql):
    """Each process has an event for each of the three hashes. In every other round the hashes exist already, and
    each process waits before its COMMIT, so that the others see them without a group. In two rounds of four
    all processes also have the same event, which makes all but one of them start again."""
    everything = []
    for number in range(ROUNDS):
        names = [f"round {number} hash {letter}" for letter in "abc"]
        common = [event(hashes=[names[number % 3]], tags={"color": "all"})] if number % 4 > 1 else []
        settings = {}
        if number % 2 == 1:
            free_hashes(sql, names)
            settings["FAULT"] = "ingest_before_commit:delay=20"
        parts = [[event(hashes=[name], tags={"color": str(process), "round": str(number)})
                  for name in names[process % 3:] + names[:process % 3]]
                 for process in range(PROCESSES)]
        results = run_at_once(exportd, [lines(part + common) for part in parts], **settings)
        assert [result.status for result in results] == [0] * PROCESSES, results
        assert sum(map(counted, results)) == 3 * PROCESSES + len(common), results
        everything += sum(parts, common)
    model = EventModel(everything)
    assert len(model.groups) == 3 * ROUNDS
    assert rows(sql, "SELECT count(*), count(DISTINCT group_id) FROM sentry_grouphash") == [
        (3 * ROUNDS, 3 * ROUNDS)]
    assert rows(sql, "SELECT count(*) FROM sentry_groupedmessage") == [(3 * ROUNDS,)]
    tables.assert_agree_with(model)


def test_events_with_all_three_hashes_end_in_one_group(exportd, tables, sql):
    everything = []
    for number in range(10):
        names = [f"round {number} hash {letter}" for letter in "abc"]
        parts = [[event(hashes=names[process % 3:] + names[:process % 3]) for _ in range(3)]
                 for process in range(PROCESSES)]
        results = run_at_once(exportd, [lines(part) for part in parts])
        assert [result.status for result in results] == [0] * PROCESSES, results
        everything += sum(parts, [])
    assert rows(sql, """SELECT count(DISTINCT group_id), count(*) FROM sentry_grouphash
                        GROUP BY left(hash, 8)""") == [(1, 3)] * 10
    tables.assert_agree_with(EventModel(everything))


# ---- sampling ----

BY_COUNT = [(50, 1), (1000, 2), (10000, 10), (100000, 50), (1000000, 300), (10000000, 2000),
            (float("inf"), 10000)]
BY_SILENCE = [(3600, 1), (360, 10), (60, 60), (float("-inf"), 10000)]


def keeps(times_seen, silence):
    count = next(keep for bound, keep in BY_COUNT if times_seen <= bound)
    quiet = next(keep for bound, keep in BY_SILENCE if silence >= bound)
    return times_seen % count == 0 or times_seen % quiet == 0


def sampled_model(events):
    """The ids of the stored events. `events` are in order, each of one group."""
    seen = collections.Counter()
    last = {}
    stored = set()
    for one in events:
        name = (one["project_id"], one["hashes"][0])
        when = datetime.datetime.strptime(one["datetime"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
            tzinfo=datetime.timezone.utc).timestamp()
        now = one["data"].get("received", when)
        if name not in last or keeps(seen[name], now - last[name]):
            stored.add(one["event_id"])
        seen[name] += 1
        last[name] = max(last.get(name, when), when)
    return stored


def burst(count, issue="burst", project=1, gap=1, start=START):
    return [event(issue, project, start + datetime.timedelta(seconds=gap * number),
                  {"number": str(number % 7)}, {"id": str(number % 5)}) for number in range(count)]


def stored_ids(sql):
    return {name for name, in rows(sql, "SELECT message_id FROM sentry_message")}


@pytest.mark.parametrize("parts", [1, 5])
def test_a_sampled_project_counts_all_and_stores_some(exportd, tables, sql, parts):
    events = burst(1300) + burst(30, "seldom", gap=4000) + burst(60, "other", project=2)
    sampled = [one for one in events if one["project_id"] == 1]
    size = len(events) // parts
    for start in range(0, len(events), size):
        exportd.ingest(events[start:start + size], SAMPLED_PROJECTS="1")
    expected = sampled_model(sampled) | {one["event_id"] for one in events[-60:]}
    assert stored_ids(sql) == expected
    assert 500 < len(expected) < 700
    model = EventModel(events)
    assert tables.group_rows() == model.group_rows()
    assert tables.group_value_rows() == model.group_value_rows()
    assert tables.value_rows() == model.value_rows()
    assert rows(sql, "SELECT count(*) FROM tagstore_eventtag WHERE event_id NOT IN"
                     " (SELECT id FROM sentry_message)") == [(0,)]
    assert rows(sql, "SELECT count(DISTINCT event_id) FROM tagstore_eventtag") == [
        (len(expected),)]


def test_repeating_a_sampled_event_counts_nothing(exportd, tables, sql):
    events = burst(300)
    exportd.ingest(events, SAMPLED_PROJECTS="2,1")
    for settings in ({"SAMPLED_PROJECTS": "1"}, {}):
        assert exportd.ingest(events, **settings).out == (
            "300 lines: 0 counted, 300 repeated, 0 bad\n")
    assert tables.group_rows() == EventModel(events).group_rows()


def test_several_at_once_sample_no_event_twice(exportd, tables, sql):
    events = burst(400)
    exportd.settings["SAMPLED_PROJECTS"] = "1"
    results = run_at_once(exportd, [lines(events), lines(events[::-1]), lines(events[200:])])
    assert [result.status for result in results] == [0, 0, 0], results
    assert sum(map(counted, results)) == 400
    assert tables.group_rows() == EventModel(events).group_rows()
    assert tables.value_rows() == EventModel(events).value_rows()
    assert rows(sql, """SELECT count(*) FROM exportd.sampled_event s JOIN sentry_message m
                        USING (project_id, message_id)""") == [(0,)]


def test_received_decides_about_the_silence(exportd, tables, sql):
    """The group's 61st to 63rd event come an hour after the last one: by `received` only, by `datetime` only, by
    neither."""
    exportd.ingest(burst(61))
    last = START + datetime.timedelta(seconds=60)
    hour = last + datetime.timedelta(hours=1)
    after = burst(1, start=last) + burst(1, start=hour) + burst(1, start=last)
    after[0]["data"]["received"] = hour.replace(tzinfo=datetime.timezone.utc).timestamp()
    after[1]["data"]["received"] = last.replace(tzinfo=datetime.timezone.utc).timestamp()
    for one in after:
        exportd.ingest([one], SAMPLED_PROJECTS="1")
    stored = stored_ids(sql)
    # 61 is odd, but kept after an hour of silence; 62 is even; 63 is odd and without silence
    assert [one["event_id"] in stored for one in after] == [True, True, False]


def test_the_event_that_reopens_a_group_is_stored(exportd, tables, sql):
    exportd.ingest(burst(101))
    more = burst(3, start=START + datetime.timedelta(seconds=101))
    sql.execute("UPDATE sentry_groupedmessage SET status = 1")
    exportd.ingest(more, SAMPLED_PROJECTS="1")
    stored = stored_ids(sql)
    # times_seen is 101, 102, 103: odd ones are not stored, except the first, which reopens the group
    assert [one["event_id"] in stored for one in more] == [True, True, False]
    assert rows(sql, "SELECT status FROM sentry_groupedmessage") == [(0,)]


@pytest.mark.parametrize("value", ["x", "1,", ",1", "0", "-1", "1;2", "9223372036854775808", "1 2"])
def test_a_wrong_list_of_projects_is_refused(exportd, value):
    result = exportd.fails("ingest", "-", stdin="", status=2, SAMPLED_PROJECTS=value)
    assert "EXPORTD_SAMPLED_PROJECTS" in result.err


# ---- the last processed event ----

def last_processed(exportd, *hashes, project=1):
    return exportd.ok("grouphash", "last-processed", "--project", project, *hashes).json_lines()


def test_the_last_processed_event_of_each_hash(exportd, tables, sql, queue):
    events = [event(hashes=["a", "b"]), event(hashes=["b"]), event(hashes=["c"]),
              event(hashes=["c", "a"], when="2020-01-01T00:00:00.000000Z"),
              event(project=2, hashes=["a"])]
    exportd.ingest(events)
    ids = {(project, name): identifier for project, name, identifier in rows(
        sql, "SELECT project_id, hash, id FROM sentry_grouphash")}
    assert last_processed(exportd, "c", "nobody", "a", "b", "a") == [
        {"hash": "c", "grouphash_id": ids[1, "c"], "event_id": events[3]["event_id"]},
        {"hash": "nobody", "grouphash_id": None, "event_id": None},
        {"hash": "a", "grouphash_id": ids[1, "a"], "event_id": events[0]["event_id"]},
        {"hash": "b", "grouphash_id": ids[1, "b"], "event_id": events[1]["event_id"]},
        {"hash": "a", "grouphash_id": ids[1, "a"], "event_id": events[0]["event_id"]}]
    assert [one["event_id"] for one in last_processed(exportd, "a", "c", project=2)] == [
        events[4]["event_id"], None]
    # "a" belongs to another group than the fourth event, so it is not the last event of that hash
    key = f"last-processed-event:1:{ids[1, 'c'] % 16}"
    assert queue.hget(key, ids[1, "c"]).decode() == events[3]["event_id"]
    exportd.ingest(events[:1])  # a repeated event does not count
    assert last_processed(exportd, "b")[0]["event_id"] == events[1]["event_id"]
    exportd.ingest([event(hashes=["b"], event_id="f" * 32)])
    assert last_processed(exportd, "b")[0]["event_id"] == "f" * 32


def test_many_hashes_in_one_pipeline(exportd, tables):
    names = [f"hash {number}" for number in range(3000)]
    events = [event(hashes=[name]) for name in names]
    exportd.ingest(events)
    found = last_processed(exportd, *names[::-1])
    assert [one["event_id"] for one in found] == [one["event_id"] for one in events[::-1]]


def test_a_sampled_event_is_not_the_last_processed_one(exportd, tables, sql):
    events = burst(54)
    exportd.ingest(events, SAMPLED_PROJECTS="1")
    stored = stored_ids(sql)
    assert [one["event_id"] in stored for one in events[50:]] == [True, False, True, False]
    assert last_processed(exportd, hash_of("burst"))[0]["event_id"] == events[52]["event_id"]


def test_events_count_while_redis_is_away(exportd, tables):
    events = burst(6000)
    result = exportd.ingest(events, REDIS_URL="unix:///nowhere/redis.sock")
    assert result.out == "6000 lines: 6000 counted, 0 repeated, 0 bad\n"
    assert result.err.count("\n") == 1 and "Redis cannot be reached" in result.err
    tables.assert_agree_with(EventModel(events))
    exportd.fails("grouphash", "last-processed", "--project", 1, "a",
                  REDIS_URL="unix:///nowhere/redis.sock", status=4)


def test_an_unknown_project_has_no_answer(exportd, tables):
    result = exportd.fails("grouphash", "last-processed", "--project", 99, "a", status=3)
    assert "there is no project 99" in result.err and result.out == ""


def test_wrong_use_of_grouphash(exportd):
    for arguments in [[], ["last-processed"], ["last-processed", "a"],
                      ["last-processed", "--project", 1], ["other", "--project", 1, "a"]]:
        exportd.fails("grouphash", *arguments, status=2)
