# SPDX-License-Identifier: Apache-2.0
"""`exportd group list`: the issues of a project."""
import re
import unicodedata

import pytest

from support.events import event

LIST = ["group", "list", "--project"]


@pytest.fixture
def project(exportd, sql):
    """Issues that were seen a minute after each other: the last one is the newest. They have numbers, as
    Sentry's have."""
    exportd.create(projects=(1, 2))
    for number in range(5):
        when = f"2026-03-01T12:0{number}:00.123456Z"
        exportd.ingest([event(f"issue {number}", when=when) for _ in range(number + 1)])
    exportd.ingest([event("elsewhere", project=2)])
    sql.execute("UPDATE sentry_groupedmessage SET short_id = times_seen * 32")
    return 1


def test_the_newest_come_first(exportd, project):
    lines = exportd.ok(*LIST, project, "--json").json_lines()
    assert [list(line) for line in lines] == [["id", "short_id", "title", "times_seen", "last_seen"]] * 5
    assert [line["title"] for line in lines] == [f"issue {n} happened" for n in (4, 3, 2, 1, 0)]
    assert [line["times_seen"] for line in lines] == [5, 4, 3, 2, 1]
    assert lines[0]["last_seen"] == "2026-03-01T12:04:00.123456Z"
    assert [line["short_id"] for line in lines] == [f"PROJECT-1-{n}0" for n in (5, 4, 3, 2, 1)]
    assert exportd.ok(*LIST, "project-1", "--json").json_lines() == lines
    table = exportd.ok(*LIST, project).out.splitlines()
    assert table[0].split("  ")[-1] == "TITLE" and len(table) == 6
    assert table[1].split() == [str(lines[0]["id"]), "PROJECT-1-50", "5", "2026-03-01", "12:04:00",
                                "issue", "4", "happened"]


def test_pages(exportd, sql, project):
    sql.execute("UPDATE sentry_groupedmessage SET last_seen = '2026-01-01Z' WHERE times_seen < 4")
    whole = exportd.ok(*LIST, project, "--json").json_lines()
    pages, before = [], []
    while True:
        result = exportd.ok(*LIST, project, "--limit", 2, "--json", *before)
        pages += result.json_lines()
        if not result.err:
            break
        assert result.err == f"there are more groups: --before {pages[-1]['id']}\n"
        before = ["--before", pages[-1]["id"]]
    assert pages == whole and len(whole) == 5
    assert exportd.ok(*LIST, project, "--limit", 5).err == ""


def test_an_issue_without_a_number_and_with_lines(exportd, sql, project):
    sql.execute("UPDATE sentry_groupedmessage SET short_id = NULL, message = E'first\\nsecond'"
                " WHERE times_seen = 5")
    line = exportd.ok(*LIST, project, "--json").json_lines()[0]
    assert (line["short_id"], line["title"]) == (None, "first")
    assert exportd.ok(*LIST, project).out.splitlines()[1].split()[1] == "-"


def test_what_is_not_there(exportd, project):
    exportd.fails(*LIST, 99, status=3)
    exportd.fails(*LIST, "none", status=3)
    assert len(exportd.ok(*LIST, 1, "--organization", "acme", "--json").json_lines()) == 5
    exportd.fails(*LIST, 1, "--organization", "none", status=3)
    exportd.fails(*LIST, 1, "--before", 4711, status=3)


@pytest.mark.parametrize("words", [
    ["group"], ["group", "list"], [*LIST, 1, "--into", 2], [*LIST, 1, "5"], [*LIST, 1, "--limit", 0],
    ["group", "merge", 1], ["group", "merge", "--into", 1], ["group", "merge", 2, "--into", 1, "--limit", 5]])
def test_wrong_usage(exportd, words):
    assert exportd.fails(*words, status=2).out == ""


def columns_of(text):
    """On a terminal: a wide character takes two, a combining one none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
               for char in text)


def test_columns_stand_below_each_other(exportd):
    """In every script."""
    users = [f"{name}@example.com" for name in ("李小龙", "zoe\u0301", "josé", "ann", "한국어", "\U0001f4a9")]
    exportd.create(users=users)
    for user in users:
        exportd.enqueue(user=user)
    title, *lines = exportd.ok("status").out.splitlines()
    assert len(lines) == len(users)
    for line in lines:
        before_mail = re.fullmatch(r"(.*@example\.com +)\S+ +-", line).group(1)
        assert columns_of(before_mail) == title.index("MAIL"), lines
