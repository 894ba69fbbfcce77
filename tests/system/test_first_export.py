# SPDX-License-Identifier: Apache-2.0
"""An export from end to end: events are ingested, an export is requested, its CSV is stored, a mail is sent."""
import datetime
import hashlib
import json
import os
import re
import subprocess

import pytest

from support.events import event, group_of, hash_of, read_events, series
from support.expected import expected_csv
from support.program import ROOT, html_part, text_part

SAMPLE = os.path.join(ROOT, "docs", "examples", "sample-events.ndjson")
NAMES = ("payment", "voucher", "search")


@pytest.fixture
def shop(exportd, sql):
    """Ingests the sample events; returns a map from issue name to group id."""
    exportd.create()
    exportd.ok("ingest", SAMPLE)
    return {name: group_of(sql, name) for name in NAMES}


@pytest.mark.pool
def test_each_csv_is_what_the_events_say(exportd, shop):
    events = read_events(SAMPLE)
    asked = {}
    for issue, key in [("payment", "city"), ("payment", "user"), ("payment", "amount"),
                       ("payment", "release"), ("payment", "environment"), ("search", "query"),
                       ("voucher", "url"), ("voucher", "user")]:
        asked[exportd.enqueue(group=shop[issue], key=key)] = (issue, key)
    exportd.drain()
    for export, (issue, key) in asked.items():
        expected = expected_csv(events, 1, [hash_of(issue)], key)
        assert expected.count(b"\r\n") > 1, "the sample has rows for this"
        assert exportd.download(export) == expected, (issue, key)
        assert exportd.tag_export(group=shop[issue], key=key) == expected, (issue, key)


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_one_environment(exportd, shop, environment):
    events = read_events(SAMPLE)
    export = exportd.enqueue(group=shop["payment"], key="browser", environment=environment)
    exportd.drain()
    expected = expected_csv(events, 1, [hash_of("payment")], "browser", environment)
    assert expected != expected_csv(events, 1, [hash_of("payment")], "browser")
    assert exportd.download(export) == expected
    assert exportd.tag_export(group=shop["payment"], key="browser",
                              environment=environment) == expected


def test_user_export_with_an_environment(exportd, shop):
    expected = expected_csv(read_events(SAMPLE), 1, [hash_of("payment")], "user", "staging")
    assert exportd.tag_export(group=shop["payment"], key="user", environment="staging") == expected


@pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2000])
def test_page_borders(exportd, sql, count):
    exportd.create()
    events = series(count)
    exportd.ingest(events)
    export = exportd.enqueue(group=group_of(sql, "issue"))
    exportd.drain()
    assert exportd.download(export) == expected_csv(events, 1, [hash_of("issue")], "color")
    status = exportd.status(export)
    assert (status["rows"], status["pages"]) == (count, -(-count // 1000))


def test_status_shows_the_file(exportd, sql):
    """The status has the file's size and SHA-1 while the file exists, but not before and after."""
    exportd.create()
    exportd.ingest(series(3))
    export = exportd.enqueue(group=group_of(sql, "issue"))

    def shown():
        listed, = exportd.ok("status", "--json").json_lines()
        status = exportd.status(export)
        assert (listed["size"], listed["sha1"]) == (status["size"], status["sha1"])
        lines = [line.split() for line in exportd.ok("status", export).out.splitlines()]
        return (status["size"], status["sha1"]), dict(line for line in lines if len(line) == 2)

    file, words = shown()
    assert file == (None, None) and (words["size"], words["sha1"]) == ("-", "-")
    exportd.drain()
    content = exportd.download(export)
    file, words = shown()
    assert file == (len(content), hashlib.sha1(content).hexdigest())
    assert (words["size"], words["sha1"]) == (str(file[0]), file[1])
    sql.execute("UPDATE sentry_exporteddata SET date_expired = now() - interval '1 hour'")
    exportd.ok("cleanup")
    assert shown()[0] == (None, None)


@pytest.mark.parametrize("limit, rows", [(1, 1), (999, 999), (1000, 1000), (1001, 1001),
                                         (1500, 1500), (1501, 1500), (5000, 1500), (0, 1500)])
def test_limits_on_and_off_a_page_border(exportd, sql, limit, rows):
    exportd.create()
    events = series(1500)
    exportd.ingest(events)
    group = group_of(sql, "issue")
    expected = expected_csv(events, 1, [hash_of("issue")], "color", limit=limit)
    assert expected.count(b"\r\n") == rows + 1
    export = exportd.enqueue(group=group, limit=limit)
    exportd.drain()
    assert exportd.download(export) == expected
    assert exportd.tag_export(group=group, limit=limit) == expected


def test_no_rows_is_a_csv_of_the_header(exportd, sql):
    """The key exists in the project, but not in the issue."""
    exportd.create()
    exportd.ingest([event("one", tags={"color": "red"}), event("two", tags={"size": "L"})])
    export = exportd.enqueue(group=group_of(sql, "two"))
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"
    assert exportd.download(export) == b"value,times_seen,last_seen,first_seen\r\n"


def test_an_empty_user_export(exportd, sql):
    exportd.create()
    exportd.ingest([event("one", user={"id": "1"}), event("two")])
    assert exportd.tag_export(group=group_of(sql, "two"), key="user") == \
        b"value,id,email,username,ip_address,times_seen,last_seen,first_seen\r\n"


def test_ties_are_ordered_by_bytes(exportd, sql):
    """The order is not a language's, although the test database sorts by one."""
    exportd.create()
    values = ["b", "a", "B", "A", "ä", "z", "Z", "\u00e9", "e\u0301", "_", "10", "9", "😀", "\uffee", "ａ"]
    events = [event(tags={"color": value}) for value in values]
    exportd.ingest(events)
    table = exportd.tag_export(group=group_of(sql, "issue"))
    assert table == expected_csv(events, 1, [hash_of("issue")], "color")
    assert [line.split(b",")[0].decode() for line in table.split(b"\r\n")[1:-1]] == \
        sorted(values, key=str.encode)


def test_values_that_need_quotes(exportd, sql):
    exportd.create()
    values = ["a,b", 'say "hi"', '"', '""', ",", " leading", "trailing ", "tab\there", "'", "=1+2",
              "+1", "-1", "@x", "carriage\rreturn", "\\", "\\\"", ";", "e\u0301", "\u2028", "%s",
              "x" * 200, "é" * 200, "null", "NULL", "\\N", "\\."]
    start = datetime.datetime(2026, 3, 1)
    events = [event(when=start + datetime.timedelta(seconds=n), tags={"color": value})
              for n, value in enumerate(values)]
    exportd.ingest(events)
    export = exportd.enqueue(group=group_of(sql, "issue"))
    exportd.drain()
    assert exportd.download(export) == expected_csv(events, 1, [hash_of("issue")], "color")


def test_formula_guard(exportd, sql):
    exportd.create()
    events = [event(tags={"color": value}) for value in ("=1", "+1", "-1", "@1", "\t1", "1", "a=1")]
    exportd.ingest(events)
    guarded = exportd.tag_export(group=group_of(sql, "issue"), CSV_FORMULA_GUARD="on").decode()
    values = {line.split(",")[0] for line in guarded.split("\r\n")[1:-1]}
    assert values == {"'=1", "'+1", "'-1", "'@1", "'\t1", "1", "a=1"}


def test_the_first_event_that_names_a_user_wins(exportd, sql):
    exportd.create()
    events = [
        event(user={"id": "7", "email": "first@example.com", "username": "first"}),
        event(user={"id": "7", "email": "second@example.com", "username": "second"}),
        event(user={"username": "bob", "ip_address": "192.0.2.1"}),
        event(user={"username": "bob", "ip_address": "192.0.2.2"}),
        event(user={"email": "only@example.com"}),
        event(user={"ip_address": "2001:db8::1"}),
        # This user has the hash of user 7, but another tag value.
        event(user={"username": "7"}),
    ]
    exportd.ingest(events)
    table = exportd.tag_export(group=group_of(sql, "issue"), key="user")
    assert table == expected_csv(events, 1, [hash_of("issue")], "user")
    assert b"id:7,7,first@example.com,first,,2," in table
    assert b"username:7,,,,,1," in table


def test_repeating_a_file_counts_no_event_twice(exportd, sql, shop):
    before = exportd.tag_export(group=shop["payment"], key="city")
    exportd.ok("ingest", SAMPLE)
    assert exportd.tag_export(group=shop["payment"], key="city") == before


def test_rebase_time_makes_the_newest_event_now(exportd, sql):
    exportd.create()
    before = datetime.datetime.now(datetime.timezone.utc)
    exportd.ok("ingest", "--rebase-time", SAMPLE)
    sql.execute("SELECT max(last_seen), max(last_seen) - min(first_seen) FROM sentry_groupedmessage")
    newest, span = sql.fetchone()
    assert before - datetime.timedelta(seconds=2) <= newest <= before + datetime.timedelta(minutes=1)
    times = [datetime.datetime.fromisoformat(e["datetime"][:-1]) for e in read_events(SAMPLE)]
    assert span == max(times) - min(times)


def test_a_bad_line_is_named_and_skipped(exportd, sql):
    exportd.create()
    lines = [json.dumps(event(tags={"color": "red"})), "{not json", "[]", "",
             json.dumps(event(tags={"color": "blue"}))]
    result = exportd.fails("ingest", "-", stdin="\n".join(lines) + "\n")
    assert "line 2:" in result.err and "line 3:" in result.err
    assert "line 1:" not in result.err and "line 5:" not in result.err
    assert exportd.tag_export(group=group_of(sql, "issue")).count(b"\r\n") == 3


def test_enqueue_is_get_or_create(exportd, shop, sql):
    export = exportd.enqueue(group=shop["payment"], key="city")
    assert exportd.enqueue(group=shop["payment"], key="city") == export
    assert exportd.enqueue(group=shop["payment"], key="url") != export
    sql.execute("SELECT query_type, query_info, user_id IS NOT NULL, date_finished, file_id"
                " FROM sentry_exporteddata WHERE id = %s", (export,))
    info = f'{{"project_id": "1", "group_id": "{shop["payment"]}", "key": "city"}}'
    assert sql.fetchone() == (0, info, True, None, None)
    sql.execute('SELECT state, source, queue, priority, "limit", environment_id FROM exportd.export'
                " WHERE data_export_id = %s", (export,))
    assert sql.fetchone() == ("waiting", "cli", "data_export", 0, None, None)
    twin = exportd.fails("enqueue", "--organization", "acme", "--user", "ann@example.com",
                         "--project", 1, "--group", shop["payment"], "--key", "city", "--limit", 5)
    assert str(export) in twin.err and twin.out == ""
    exportd.drain()
    assert exportd.enqueue(group=shop["payment"], key="city") != export, "a finished one is no twin"


def test_enqueue_as_json(exportd, shop):
    lines = exportd.ok("enqueue", "--organization", "acme", "--user", "ann@example.com",
                       "--project", 1, "--group", shop["payment"], "--key", "city",
                       "--json").json_lines()
    assert len(lines) == 1 and isinstance(lines[0]["id"], int)


def test_user_by_id_and_by_address(exportd, shop, sql):
    sql.execute("SELECT id FROM auth_user WHERE email = 'ann@example.com'")
    export = exportd.enqueue(group=shop["payment"], key="city")
    assert exportd.enqueue(group=shop["payment"], key="city", user=sql.fetchone()[0]) == export


def test_the_rows_are_those_of_a_sentry(exportd, shop, sql):
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    content = exportd.download(export)
    sql.execute("SELECT date_added, date_finished, date_expired, file_id FROM sentry_exporteddata"
                " WHERE id = %s", (export,))
    added, finished, expired, file_id = sql.fetchone()
    assert expired - finished == datetime.timedelta(hours=672)
    assert datetime.timedelta(0) <= finished - added < datetime.timedelta(minutes=5)
    sql.execute("SELECT name, type, headers, size, checksum, blob_id, path FROM sentry_file"
                " WHERE id = %s", (file_id,))
    name = added.strftime("Issues-by-Tag_%Y-%B-%d_") + f"{export}.csv"
    assert sql.fetchone() == (name, "export.csv", '{"Content-Type": "text/csv"}', len(content),
                              hashlib.sha1(content).hexdigest(), None, None)
    sql.execute('SELECT "offset", size, checksum, path FROM sentry_fileblobindex AS i'
                " JOIN sentry_fileblob AS b ON b.id = i.blob_id WHERE file_id = %s", (file_id,))
    (offset, size, checksum, path), = sql.fetchall()
    assert (offset, size, checksum) == (0, len(content), hashlib.sha1(content).hexdigest())
    assert re.fullmatch("[0-9a-f]{2}/[0-9a-f]{4}/[0-9a-f]{26}", path)
    with open(os.path.join(exportd.store, path), "rb") as file:
        assert file.read() == content
    sql.execute("SELECT count(*) FROM exportd.object")
    assert sql.fetchone() == (0,), "the journal of objects is empty when all is well"


def test_a_file_of_several_blobs(exportd, sql):
    exportd.create()
    events = series(8000, value=lambda n: f"{n:06} " + "x" * 190)
    exportd.ingest(events)
    export = exportd.enqueue(group=group_of(sql, "issue"))
    exportd.drain()
    content = exportd.download(export)
    assert content == expected_csv(events, 1, [hash_of("issue")], "color")
    sql.execute('SELECT "offset", b.size, b.checksum FROM sentry_exporteddata AS e'
                " JOIN sentry_fileblobindex AS i ON i.file_id = e.file_id"
                ' JOIN sentry_fileblob AS b ON b.id = i.blob_id ORDER BY "offset"')
    chunks = [content[at:at + 1048576] for at in range(0, len(content), 1048576)]
    assert len(chunks) > 1
    assert sql.fetchall() == [(n * 1048576, len(chunk), hashlib.sha1(chunk).hexdigest())
                              for n, chunk in enumerate(chunks)]


def zone_with_a_change_in_ten_days():
    """A POSIX time zone whose clocks change in ten days, so that an expiry in 28 days is always after the
    change."""
    day = (datetime.date.today() + datetime.timedelta(days=10)).timetuple().tm_yday
    back = (day + 180) % 365
    return f"XST-1XDT,J{min(day, 365)}/2,J{max(back, 1)}/3"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "changing"])
def test_expiry_is_672_hours_across_a_clock_change(exportd, shop, sql, database, zone):
    zone = zone_with_a_change_in_ten_days() if zone == "changing" else zone
    sql.execute(f"ALTER DATABASE \"{database}\" SET timezone = '{zone}'")
    export = exportd.enqueue(group=shop["payment"], key="city")
    expected = expected_csv(read_events(SAMPLE), 1, [hash_of("payment")], "city")
    exportd.drain(pgtz=zone, tz=zone)
    sql.execute("SELECT extract(epoch FROM date_expired) - extract(epoch FROM date_finished)"
                " FROM sentry_exporteddata WHERE id = %s", (export,))
    assert sql.fetchone() == (672 * 3600,)
    assert exportd.download(export) == expected


def test_download_to_files(exportd, shop, tmp_path):
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    content = exportd.download(export)
    target = tmp_path / "out.csv"
    exportd.ok("download", export, "-o", target)
    assert target.read_bytes() == content
    exportd.ok("download", export)
    name = exportd.status(export)["file_name"]
    assert (tmp_path / name).read_bytes() == content
    (tmp_path / name).write_bytes(b"mine")
    refused = exportd.fails("download", export)
    assert (tmp_path / name).read_bytes() == b"mine" and name in refused.err
    assert sorted(path.name for path in tmp_path.glob("*.csv*")) == sorted([name, "out.csv"]), \
        "no temporary file stays"


def test_download_of_what_is_not_there(exportd, shop):
    exportd.fails("download", 999, status=3)
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.fails("download", export, status=3)


def test_a_damaged_object_is_noticed(exportd, shop, sql, tmp_path):
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    sql.execute("SELECT path FROM sentry_fileblob")
    path = os.path.join(exportd.store, sql.fetchone()[0])
    with open(path, "r+b") as file:
        file.write(b"V")
    target = tmp_path / "out.csv"
    exportd.fails("download", export, "-o", target)
    assert not target.exists()


def test_the_success_mail(exportd, shop, sql):
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    mail, = exportd.mails()
    assert mail["From"] == "exports@example.com"
    assert mail["To"] == "ann@example.com"
    assert mail["Subject"] == 'Export ready: "city" of PaymentError: the card was declined'
    assert re.fullmatch(r"<[^<>@\s]+@example\.com>", mail["Message-ID"])
    assert mail["Date"].datetime is not None
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert all(part.get_content_charset() == "utf-8" for part in mail.iter_parts())
    assert all(part["Content-Transfer-Encoding"] in ("quoted-printable", "8bit")
               for part in mail.iter_parts())
    sql.execute("SELECT date_expired FROM sentry_exporteddata WHERE id = %s", (export,))
    expired = sql.fetchone()[0].strftime("%-I:%M %p on %B %d, %Y (UTC)")
    link = f"https://sentry.example.com/organizations/acme/data-export/{export}/"
    for text in (text_part(mail), html_part(mail)):
        assert link in text and expired in text
    assert re.search(rf'href="{re.escape(link)}"', html_part(mail))
    text = text_part(mail)
    assert re.search(rf"^Issue:    issue {shop['payment']}  PaymentError: the card was declined$", text, re.M)
    assert all(line in text for line in ("Tag key:  city\n", "Project:  ", "Rows:     12\n",
                                         f"Export:   {export}\n"))
    assert "sentry" not in (text + html_part(mail)).replace(link, "").lower()


@pytest.fixture
def beside_a_sentry(sql):
    sql.execute("CREATE TABLE django_migrations (id int)")


def test_the_success_mail_beside_a_sentry(exportd, shop, sql, beside_a_sentry):
    """Subject and first sentences are the original's; the details of the export are below them."""
    sql.execute("UPDATE sentry_groupedmessage SET short_id = 1234 WHERE id = %s", (shop["payment"],))
    sql.execute("SELECT upper(slug) FROM sentry_project")
    slug = sql.fetchone()[0]
    export = exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    mail, = exportd.mails()
    text = text_part(mail)
    assert mail["Subject"] == "Your Download is Ready!"
    lines = text.splitlines()
    assert lines[0] == "Your Download is Ready!" and set(lines[1]) == {"-"}
    assert f"Issue:    {slug}-16J  PaymentError: the card was declined\n" in text
    assert f"Export:   {export}\n" in text and "Tag key:  city\n" in text
    assert ">Sentry</a>" in html_part(mail) and f"{slug}-16J" in html_part(mail)


def test_the_failure_mail_beside_a_sentry(exportd, shop, beside_a_sentry):
    exportd.enqueue(group=999999, key="city")
    exportd.drain()
    mail, = exportd.mails()
    assert mail["Subject"] == "Unable to Export Data"
    text = text_part(mail)
    assert text.splitlines()[0] == "Unable to Export Data"
    assert "https://docs.sentry.io/" in text and "https://help.sentry.io/" in text


def test_a_name_before_the_senders_address(exportd, shop):
    exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain(MAIL_FROM="Exports of Zürich <exports@example.com>")
    mail, = exportd.mails()
    sender, = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Exports of Zürich", "exports@example.com")


@pytest.mark.parametrize("sentry", [False, True])
def test_the_html_is_good(exportd, shop, sql, sentry):
    if sentry:
        sql.execute("CREATE TABLE django_migrations (id int)")
    exportd.enqueue(group=shop["payment"], key="city", limit=2)
    exportd.enqueue(group=999999, key="city")
    exportd.drain()
    mails = exportd.mails()
    assert len(mails) == 2
    for mail in mails:
        checked = subprocess.run(["tidy", "-quiet", "-errors", "-utf8"], input=html_part(mail),
                                 capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, ""), html_part(mail)


def test_another_organizations_project_is_not_named(exportd, shop, sql):
    exportd.create("rival", users=("eve@example.com",), projects=(2,))
    sql.execute("UPDATE sentry_project SET slug = 'secret' WHERE id = 1")
    exportd.enqueue(group=shop["payment"], key="city", organization="rival", user="eve@example.com")
    exportd.drain()
    mail, = exportd.mails()
    assert "Requested project does not exist" in text_part(mail)
    assert "secret" not in text_part(mail) and "PaymentError" not in mail.as_string()


def test_a_limit_that_left_rows_out_is_said_in_the_mail(exportd, shop):
    """Without the sentence, a user would believe that the file is complete."""
    for limit, said in [(2, True), (11, True), (12, False), (13, False), (None, False)]:
        export = exportd.enqueue(group=shop["payment"], key="city", limit=limit)
        exportd.drain()
        rows = min(limit or 12, 12)
        mail = exportd.mail_of(export)
        for text in (text_part(mail), html_part(mail)):
            assert f"It has {rows} rows (" in text
            assert ("the limit that was asked for: there are more" in text) is said


def test_the_failure_mail(exportd, shop):
    export = exportd.enqueue(group=999999, key="city")
    exportd.drain()
    mail, = exportd.mails()
    assert mail["Subject"] == 'Export failed: "city" of issue 999999'
    assert mail["To"] == "ann@example.com"
    text = text_part(mail)
    assert "What can be done:\n\n    If the error is about what was asked for" in text
    assert f"\nExport:   {export}\n" in text
    assert "\n    Requested issue does not exist\n" in text
    assert re.search(r"\d+:\d\d [AP]M on \w+ \d\d, \d{4} \(UTC\)", text)
    assert "&quot;" not in text
    payload = json.loads(text[text.index("{"):text.rindex("}") + 1])
    assert payload == {"export_type": "Issues-by-Tag", "group_id": "999999", "key": "city",
                       "project_id": "1"}
    assert "sentry.io" not in text
    assert "Requested issue does not exist" in html_part(mail)
    status = exportd.status(export)
    assert status["status"] == "FAILED"
    assert status["message"] == "Requested issue does not exist"


def test_a_failed_export_leaves_its_row_only_in_the_history(exportd, shop, sql):
    export = exportd.enqueue(group=999999, key="city")
    exportd.drain()
    sql.execute("SELECT count(*) FROM sentry_exporteddata WHERE id = %s", (export,))
    assert sql.fetchone() == (0,)
    sql.execute("SELECT state, attempt, failures FROM exportd.export WHERE data_export_id = %s",
                (export,))
    assert sql.fetchone()[0:2] == ("failed", 1)
    sql.execute("SELECT count(*) FROM sentry_file")
    assert sql.fetchone() == (0,)


def test_status_of_one_and_of_all(exportd, shop):
    good = exportd.enqueue(group=shop["payment"], key="city")
    waiting = exportd.status(good)
    assert (waiting["status"], waiting["state"], waiting["attempts"]) == ("EARLY", "waiting", 0)
    bad = exportd.enqueue(group=999999, key="city")
    exportd.drain()
    content = exportd.download(good)
    status = exportd.status(good)
    assert status["id"] == good
    assert (status["status"], status["state"]) == ("VALID", "valid")
    assert (status["rows"], status["bytes"], status["attempts"]) == (12, len(content), 1)
    assert status["mail"] == "sent"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", status["date_finished"])
    lines = exportd.ok("status", "--json").json_lines()
    assert [line["id"] for line in lines] == [bad, good], "newest first"
    assert [line["status"] for line in lines] == ["FAILED", "VALID"]
    table = exportd.ok("status").out
    assert "VALID" in table and "FAILED" in table
    exportd.fails("status", 999, status=3)


def test_the_queue_is_empty_afterwards(exportd, shop, queue):
    exportd.enqueue(group=shop["payment"], key="city")
    exportd.drain()
    assert [key for key in queue.keys("*") if queue.type(key) == b"list"] == []
    assert queue.zcard("exportd:{data_export}:delayed") == 0
    assert queue.zcard("exportd:{data_export}:workers") == 0


def test_the_log_speaks_of_the_job_and_of_no_value(exportd, shop):
    export = exportd.enqueue(group=shop["payment"], key="city")
    result = exportd.drain(LOG_LEVEL="debug")
    lines = [json.loads(line) for line in result.err.splitlines()]
    start, = [line for line in lines if line["event"] == "dataexport.start"]
    end, = [line for line in lines if line["event"] == "dataexport.end"]
    assert (start["data_export_id"], start["attempt"], start["level"]) == (export, 1, "info")
    assert (end["data_export_id"], end["attempt"], end["level"]) == (export, 1, "info")
    assert "Zürich" not in result.err and "ann@example.com" not in result.err


def test_a_discover_query_is_stored_as_sentry_writes_it(exportd, shop, sql):
    arguments = ["enqueue", "--organization", "acme", "--user", "ann@example.com",
                 "--type", "discover", "--query-info"]
    export = int(exportd.ok(*arguments, '{"query":"Z\u00fcrich" , "project":[1]}').out)
    sql.execute("SELECT query_type, query_info FROM sentry_exporteddata WHERE id = %s", (export,))
    query = {"query": "Z\u00fcrich", "project": [1]}
    assert sql.fetchone() == (1, json.dumps(query))
    assert int(exportd.ok(*arguments, json.dumps(query)).out) == export


def test_discover_says_that_it_is_not_there_yet(exportd, shop):
    result = exportd.ok("enqueue", "--organization", "acme", "--user", "ann@example.com",
                        "--type", "discover", "--query-info", '{"project": [1]}')
    exportd.drain()
    mail, = exportd.mails()
    assert "Discover processing has not been implemented yet" in text_part(mail)
    assert '"export_type": "Discover"' in text_part(mail)
    assert exportd.status(int(result.out))["status"] == "FAILED"
