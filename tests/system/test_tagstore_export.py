# SPDX-License-Identifier: Apache-2.0
"""The tagstore in Postgres. Rows of another program are exported unchanged, an export has the rows of one
moment, and ingest's sums are right up to the limits of their columns."""
import concurrent.futures
import datetime
import subprocess

import pytest

from support.events import event, hash_of, series
from support.expected import expected_csv
from support.tagstore_rows import insert_group, insert_tag_values
from support.waiting import wait_until

HEADER = b"value,times_seen,last_seen,first_seen\r\n"
USER_HEADER = b"value,id,email,username,ip_address,times_seen,last_seen,first_seen\r\n"
ARGUMENTS = ["--organization", "acme", "--project", 1, "--group", 1]


@pytest.fixture
def group(exportd, sql):
    """Organization acme with project 1 and its issue 1, without tags."""
    exportd.create()
    insert_group(sql, 1)
    return 1


def insert_key(sql, key="color", environment=0, status=0, project=1):
    sql.execute("INSERT INTO tagstore_tagkey (project_id, environment_id, key, values_seen, status)"
                " VALUES (%s, %s, %s, 0, %s) RETURNING id", (project, environment, key, status))
    return sql.fetchone()[0]


def insert_value(sql, key_id, value, times_seen=1, last_seen="2026-03-01 12:00:00+00",
                 first_seen="2026-03-01 12:00:00+00", group=1, project=1):
    sql.execute(
        """WITH stored AS (
               INSERT INTO tagstore_tagvalue
                   (project_id, key_id, value, data, times_seen, last_seen, first_seen)
               VALUES (%s, %s, %s, NULL, %s, %s, %s) RETURNING id)
           INSERT INTO tagstore_grouptagvalue
               (project_id, group_id, key_id, value_id, times_seen, last_seen, first_seen)
           SELECT %s, %s, %s, id, %s, %s, %s FROM stored""",
        (project, key_id, value, times_seen, last_seen, first_seen,
         project, group, key_id, times_seen, last_seen, first_seen))


def count_values(sql, correction=0):
    """Sets the counters by which the backend recognizes a group with few values."""
    sql.execute("DELETE FROM tagstore_grouptagkey")
    sql.execute("""INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)
                   SELECT project_id, group_id, key_id, count(*) + %s
                   FROM tagstore_grouptagvalue GROUP BY 1, 2, 3""", (correction,))


def both_ways(exportd, sql, **options):
    """Exports without counters (by COPY), and with them (by one statement, if the values are few). Both must be
    equal."""
    copied = exportd.tag_export(**options)
    count_values(sql)
    assert exportd.tag_export(**options) == copied
    return copied


def values_of(table):
    return [line.split(b",")[0].decode() for line in table.split(b"\r\n")[1:-1]]


# ---- rows ----

@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2000])
@pytest.mark.parametrize("limit", [None, 1, 999, 1000, 1001])
def test_pages_and_limits(exportd, sql, group, count, limit):
    insert_tag_values(sql, count)
    table = exportd.tag_export(limit=limit)
    if limit is not None:
        assert exportd.cut_tag_export(limit) == (table, limit < count)
    start = datetime.datetime(2026, 3, 1, 12)
    expected = []
    for n in range(count, 0, -1)[:limit]:
        seen = start + datetime.timedelta(seconds=n)
        expected.append(f"value {n},1,{seen + datetime.timedelta(hours=1):%Y-%m-%dT%H:%M:%S.%fZ},"
                        f"{seen:%Y-%m-%dT%H:%M:%S.%fZ}\r\n")
    assert table == HEADER + "".join(expected).encode()


@pytest.mark.parametrize("size", [1, 7, 10000])
def test_the_size_of_a_page_makes_no_difference(exportd, sql, group, size):
    insert_tag_values(sql, 30)
    assert exportd.tag_export(PAGE_SIZE=size) == exportd.tag_export()
    assert exportd.tag_export(limit=14, PAGE_SIZE=size) == exportd.tag_export(limit=14)


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("size", [1, 10, 29, 30, 31])
def test_rows_beyond_the_limit_are_known(exportd, sql, group, size, counted):
    insert_tag_values(sql, 30)
    if counted:
        count_values(sql)
    for limit in (1, 10, 20, 29, 30, 31, 2**63 - 1):
        table, truncated = exportd.cut_tag_export(limit, PAGE_SIZE=size)
        assert len(values_of(table)) == min(limit, 30)
        assert truncated is (limit < 30)


def test_order_is_total(exportd, sql, group):
    """Rows are ordered by time, newest first and unknown last, and rows of equal times by the value's bytes,
    although the database sorts by a language."""
    key = insert_key(sql)
    same = ["b", "B", "a", "A", "ä", "Z", "_", "10", "9", "", " ", "😀", "\uffee", "e\u0301", "é"]
    for value in same:
        insert_value(sql, key, value)
    insert_value(sql, key, "newest", first_seen="2026-03-01 12:00:00.000001+00")
    insert_value(sql, key, "oldest", first_seen="0001-01-01 00:00:00+00")
    for value in ("unknown b", "unknown A"):
        insert_value(sql, key, value, first_seen=None)
    assert values_of(both_ways(exportd, sql)) == [
        "newest", *sorted(same, key=str.encode), "oldest", "unknown A", "unknown b"]


def test_cells_as_another_program_left_them(exportd, sql, group):
    key = insert_key(sql)
    insert_value(sql, key, "", times_seen=0, first_seen=None, last_seen=None)
    insert_value(sql, key, "max", times_seen=2147483647, first_seen="9999-12-31 23:59:59.999999+00",
                 last_seen="9999-12-31 23:59:59.999999+00")
    insert_value(sql, key, "min", first_seen="0001-01-01 00:00:00+00", last_seen="-infinity")
    insert_value(sql, key, "never", first_seen="infinity", last_seen="294276-01-01 00:00:00+00")
    insert_value(sql, key, "long ago", first_seen="0002-01-01 00:00:00+00 BC",
                 last_seen="10000-01-01 00:00:00+00")
    insert_value(sql, key, 'a "b", c\nd', first_seen="1969-12-31 23:59:59.5+00")
    assert both_ways(exportd, sql) == HEADER + (
        "never,1,,\r\n"
        "max,2147483647,9999-12-31T23:59:59.999999Z,9999-12-31T23:59:59.999999Z\r\n"
        '"a ""b"", c\nd",1,2026-03-01T12:00:00.000000Z,1969-12-31T23:59:59.500000Z\r\n'
        "min,1,,0001-01-01T00:00:00.000000Z\r\n"
        "long ago,1,,\r\n"
        ",0,,\r\n").encode()


@pytest.fixture
def wide(sql):
    """The table of values with wider columns, as another program may have changed it."""
    sql.execute("ALTER TABLE tagstore_tagvalue ALTER value TYPE text")
    sql.execute("ALTER TABLE tagstore_tagvalue"
                " DROP CONSTRAINT tagstore_tagvalue_project_id_key_id_value_key")


def test_wider_columns_than_ours(exportd, sql, group, wide):
    """Long values end a page early, and nothing is cut."""
    sql.execute("ALTER TABLE tagstore_grouptagvalue ALTER times_seen TYPE bigint")
    key = insert_key(sql)
    texts = [letter * 1_000_000 for letter in "abcdefghij"]
    for text in texts:
        insert_value(sql, key, text)
    sql.execute("UPDATE tagstore_grouptagvalue SET times_seen = 3000000000")
    table = both_ways(exportd, sql)
    assert values_of(table) == texts
    assert table.count(b",3000000000,") == 10


@pytest.mark.parametrize("count, correction", [(5, -5), (5, 100000), (1500, -1499), (1001, -1)])
def test_a_wrong_counter_loses_no_row(exportd, sql, group, count, correction):
    insert_tag_values(sql, count)
    expected = [f"value {n}" for n in range(count, 0, -1)]
    assert values_of(exportd.tag_export()) == expected
    count_values(sql, correction)
    assert values_of(exportd.tag_export()) == expected
    assert values_of(exportd.tag_export(limit=1200)) == expected[:1200]


def test_a_longer_value_than_can_be(exportd, sql, group, wide):
    insert_value(sql, insert_key(sql), "x" * (1024 * 1024 + 1))
    assert "malformed" in exportd.fails("tag-export", *ARGUMENTS, "--key", "color").err


# ---- which rows ----

def test_only_the_group_the_project_and_the_environment_asked_for(exportd, sql, group):
    sql.execute("INSERT INTO sentry_environment (organization_id, project_id, name, date_added)"
                " SELECT id, NULL, 'production', now() FROM sentry_organization RETURNING id")
    production = sql.fetchone()[0]
    everywhere = insert_key(sql)
    insert_value(sql, everywhere, "everywhere")
    insert_value(sql, insert_key(sql, environment=production), "production")
    insert_value(sql, insert_key(sql, environment=production + 1), "another environment")
    insert_value(sql, insert_key(sql, environment=None), "no environment at all")
    insert_value(sql, insert_key(sql, project=2), "another project", project=2)
    insert_value(sql, insert_key(sql, key="shape"), "another key")
    insert_value(sql, everywhere, "another group", group=2)
    assert values_of(exportd.tag_export()) == ["everywhere"]
    assert values_of(exportd.tag_export(environment="production")) == ["production"]


@pytest.mark.parametrize("status, there", [(0, True), (1, False), (2, False)])
def test_a_key_pending_deletion_does_not_exist(exportd, sql, group, status, there):
    insert_value(sql, insert_key(sql, status=status), "red")
    if there:
        assert values_of(exportd.tag_export()) == ["red"]
    else:
        refused = exportd.fails("tag-export", *ARGUMENTS, "--key", "color", status=3)
        assert refused.raw == b"" and "Requested key does not exist" in refused.err


@pytest.mark.parametrize("key", ["release", "dist", "user", "filename", "function"])
def test_reserved_keys_are_looked_up_under_their_stored_name(exportd, sql, group, key):
    insert_value(sql, insert_key(sql, key=key), "plain")
    refused = exportd.fails("tag-export", *ARGUMENTS, "--key", key, status=3)
    assert "Requested key does not exist" in refused.err
    insert_value(sql, insert_key(sql, key=f"sentry:{key}"), "stored")
    assert values_of(exportd.tag_export(key=key)) == ["stored"]
    table = exportd.tag_export(key=f"sentry:{key}")
    assert table.startswith(HEADER) and values_of(table) == ["stored"]


def test_a_key_in_another_environment_only(exportd, sql, group):
    """Each environment has its own keys. The key is checked before any row is written."""
    sql.execute("INSERT INTO sentry_environment (organization_id, project_id, name, date_added)"
                " SELECT id, NULL, '', now() FROM sentry_organization")
    insert_value(sql, insert_key(sql), "red")
    refused = exportd.fails("tag-export", *ARGUMENTS, "--key", "color", "--environment", "", status=3)
    assert refused.raw == b"" and "Requested key does not exist" in refused.err


# ---- users ----

def insert_user(sql, hash_text, **attributes):
    row = {"ident": None, "email": None, "username": None, "ip_address": None, **attributes}
    sql.execute(
        """INSERT INTO sentry_eventuser
               (project_id, hash, ident, email, username, name, ip_address, date_added)
           VALUES (1, md5(%s), %s, %s, %s, NULL, %s, now())""",
        (hash_text, row["ident"], row["email"], row["username"], row["ip_address"]))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_users_are_found_page_by_page(exportd, sql, group, size):
    insert_user(sql, "7", ident="7", email="ann@example.com", username="ann",
                ip_address="192.0.2.1")
    insert_user(sql, "bob", username="bob")
    insert_user(sql, "::1", ip_address="::1")
    insert_user(sql, "a:b,c", ident="a:b,c")
    insert_user(sql, "other", ident="other")
    key = insert_key(sql, key="sentry:user")
    for value in ("id:7", "username:bob", "ip:::1", "id:a:b,c", "email:other", "id:nobody", "7", ""):
        insert_value(sql, key, value)
    times = "1,2026-03-01T12:00:00.000000Z,2026-03-01T12:00:00.000000Z\r\n"
    assert exportd.tag_export(key="user", PAGE_SIZE=size) == USER_HEADER + "".join(
        f"{cells},{times}" for cells in (
            ",,,,", "7,,,,", "email:other,,,,", "id:7,7,ann@example.com,ann,192.0.2.1",
            '"id:a:b,c","a:b,c",,,', "id:nobody,,,,", "ip:::1,,,,::1",
            "username:bob,,,bob,")).encode()


# ---- one moment ----

def test_rows_that_come_during_an_export_are_not_in_it(exportd, sql, group):
    """The export has no new, changed or deleted rows, even if it takes long."""
    insert_tag_values(sql, 5000, value="'value ' || n || repeat('x', 100)")
    before = exportd.tag_export()
    environment = exportd.environment({"PAGE_SIZE": 1000, "FAULT": "page:delay=400"})
    arguments = [exportd.path, "tag-export", *map(str, ARGUMENTS), "--key", "color"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE) as process:
        first = process.stdout.read(1000)
        sql.execute("UPDATE tagstore_grouptagvalue SET times_seen = 99, first_seen = now()"
                    " WHERE id % 3 = 0")
        sql.execute("DELETE FROM tagstore_grouptagvalue WHERE id % 3 = 1")
        rest = process.stdout.read()
    assert process.returncode == 0
    assert first + rest == before
    assert exportd.tag_export() != before


def test_a_connection_lost_on_the_way(exportd, sql, group):
    """Part of the rows with the exit status 0 would look like all of them."""
    insert_tag_values(sql, 100000, value="'value ' || n || repeat('x', 100)")
    environment = exportd.environment({"PAGE_SIZE": 1000, "FAULT": "page:delay=50"})
    arguments = [exportd.path, "tag-export", *map(str, ARGUMENTS), "--key", "color"]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.read(len(HEADER)) == HEADER
        sql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE 'COPY%%'")
        assert sql.fetchall() == [(True,)]
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert b"connection" in err or b"57P01" in err, err
    assert out.count(b"\r\n") < 100000


@pytest.mark.parametrize("point", ["first_page", "page", "last_page"])
def test_points_where_an_export_can_fail(exportd, sql, group, point):
    insert_tag_values(sql, 10)
    refused = exportd.fails("tag-export", *ARGUMENTS, "--key", "color", FAULT=f"{point}:error")
    assert point in refused.err
    assert refused.raw == b"", "ten rows were in the buffer only"


def test_a_worker_goes_on_after_an_export_that_broke_off(exportd, sql, group):
    """A connection within a COPY is closed; the next export gets a new one."""
    insert_tag_values(sql, 3000)
    insert_tag_values(sql, 10, key="shape")
    broken, good = exportd.enqueue(), exportd.enqueue(key="shape")
    exportd.drain(PAGE_SIZE=1000, MAX_FILE_BYTES=100000, CONCURRENCY=1)
    status = exportd.status(broken)
    assert (status["status"], status["attempts"]) == ("FAILED", 1)
    assert "100000 bytes" in status["message"]
    assert exportd.download(good).count(b"\r\n") == 11


# ---- recording ----

def test_sums_stay_within_their_columns(exportd, sql):
    exportd.create()
    first, second = event(tags={"color": "red"}), event(tags={"color": "red"})
    exportd.ingest([first])
    for table in ("tagstore_tagvalue", "tagstore_grouptagvalue"):
        sql.execute(f"UPDATE {table} SET times_seen = 2147483647, first_seen = NULL")
    for table in ("tagstore_tagkey", "tagstore_grouptagkey"):
        sql.execute(f"UPDATE {table} SET values_seen = 2147483647")
    exportd.ingest([second, event(tags={"color": "blue"})])
    sql.execute("SELECT DISTINCT v.value, v.times_seen, g.times_seen FROM tagstore_tagvalue v"
                " JOIN tagstore_grouptagvalue g ON g.value_id = v.id ORDER BY 1")
    assert sql.fetchall() == [("blue", 1, 1), ("red", 2147483647, 2147483647)]
    sql.execute("SELECT DISTINCT k.values_seen, g.values_seen FROM tagstore_tagkey k"
                " JOIN tagstore_grouptagkey g ON g.key_id = k.id")
    assert sql.fetchall() == [(2147483647, 2147483647)]
    assert b"red,2147483647,2026-03-01T12:00:00.000000Z,2026-03-01T12:00:00.000000Z\r\n" in \
        exportd.tag_export()


def test_an_event_keeps_its_tags_under_its_environment(exportd, sql):
    exportd.create()
    events = [event(tags={"color": "red", "environment": name}) for name in ("a", "b", "")]
    exportd.ingest(events)
    sql.execute("""SELECT m.message_id, e.name, k.key, v.value, t.date_added = m.datetime
                   FROM tagstore_eventtag t JOIN sentry_message m ON m.id = t.event_id
                   JOIN tagstore_tagkey k ON k.id = t.key_id
                   JOIN tagstore_tagvalue v ON v.id = t.value_id AND v.key_id = k.id
                   JOIN sentry_environment e ON e.id = k.environment_id
                   WHERE t.group_id = m.group_id AND t.project_id = 1""")
    assert sorted(sql.fetchall()) == sorted(
        [(events[n]["event_id"], name, "color", "red", True) for n, name in enumerate(["a", "b", ""])]
        + [(events[n]["event_id"], name, "environment", name, True)
           for n, name in enumerate(["a", "b"])])


def test_on_top_of_rows_of_another_program(exportd, sql):
    """Ingest adds to existing sums, even with unknown times, and to keys without a group's counter."""
    exportd.create()
    exportd.ingest([event(tags={"other": "x"})])
    key = insert_key(sql)
    insert_value(sql, key, "red", times_seen=5, first_seen=None,
                 last_seen="2027-01-01 00:00:00+00")
    insert_value(sql, key, "blue", times_seen=5, group=77)
    sql.execute("UPDATE tagstore_tagkey SET values_seen = 2 WHERE id = %s", (key,))
    exportd.ingest([event(tags={"color": "red"}), event(tags={"color": "blue"}),
                    event(tags={"color": "green"})])
    assert exportd.tag_export() == HEADER + b"".join(
        value + b"2026-03-01T12:00:00.000000Z\r\n" for value in (
            b"blue,1,2026-03-01T12:00:00.000000Z,", b"green,1,2026-03-01T12:00:00.000000Z,",
            b"red,6,2027-01-01T00:00:00.000000Z,"))
    sql.execute("SELECT values_seen FROM tagstore_tagkey WHERE id = %s", (key,))
    assert sql.fetchone() == (3,)
    sql.execute("SELECT values_seen FROM tagstore_grouptagkey WHERE key_id = %s", (key,))
    assert sql.fetchone() == (2,), "red was there before"


def test_writers_of_the_same_rows_do_not_deadlock(exportd, sql):
    """Four processes write the same values at once, each in another order."""
    exportd.create()
    streams = []
    for start in range(4):
        events = series(300, value=lambda n, start=start: f"value {(n * 7 + start * 50) % 60}")
        streams.append([dict(one, data={"tags": {**one["data"]["tags"],
                                                 "size": str((n + start * 3) % 11),
                                                 "environment": "ab"[(n + start) % 2]}})
                        for n, one in enumerate(events)])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(exportd.ingest, streams))
    everything = [one for stream in streams for one in stream]
    for key in ("color", "size", "environment"):
        assert exportd.tag_export(key=key) == expected_csv(everything, 1, [hash_of("issue")], key)
    sql.execute("SELECT DISTINCT values_seen FROM tagstore_tagkey WHERE key = 'color'"
                " UNION SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
                " ORDER BY 1")
    assert sql.fetchall() == [(0,), (60,)]
