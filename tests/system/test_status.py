# SPDX-License-Identifier: Apache-2.0
"""exportd status: lists with filters and pages, and the progress bar of --watch."""
import os
import subprocess

import pytest

from support.waiting import wait_until


@pytest.fixture
def exports(exportd, sql):
    """Six exports of two users. SQL writes their outcomes as a worker does."""
    exportd.create(users=("ann@example.com", "bob@example.com"))
    ids = [exportd.enqueue(group=number, user=user) for number, user in
           enumerate(["ann@example.com", "bob@example.com"] * 3, start=1)]
    for state, chosen in [("valid", ids[0]), ("failed", ids[1]), ("cancelled", ids[2]),
                          ("running", ids[3])]:
        sql.execute("UPDATE exportd.export SET state = %s, cause = 'trouble of a server'"
                    " WHERE data_export_id = %s", (state, chosen))
    sql.execute("UPDATE sentry_exporteddata SET date_finished = now(),"
                " date_expired = now() + interval '1 day' WHERE id = %s", (ids[0],))
    sql.execute("DELETE FROM sentry_exporteddata WHERE id IN (%s, %s)", (ids[1], ids[2]))
    return ids


def listed(exportd, *arguments):
    result = exportd.ok("status", "--json", *arguments)
    assert result.err == ""
    return [line["id"] for line in result.json_lines()]


def test_filters(exportd, exports):
    newest = exports[::-1]
    assert listed(exportd) == newest
    assert listed(exportd, "--organization", "acme") == newest
    assert listed(exportd, "--user", "Ann@example.com") == newest[1::2]
    assert listed(exportd, "--organization", "acme", "--user", "bob@example.com") == newest[0::2]
    assert listed(exportd, "--user", 424242) == []
    assert listed(exportd, "--type", "issues-by-tag") == newest
    assert listed(exportd, "--type", "discover") == []
    for state, expected in [("waiting", newest[:2]), ("running", [exports[3]]), ("delayed", []),
                            ("valid", [exports[0]]), ("failed", [exports[1]]),
                            ("cancelled", [exports[2]]), ("gone", [])]:
        assert listed(exportd, "--state", state) == expected
    assert listed(exportd, "--user", "ann@example.com", "--state", "waiting") == [exports[4]]
    for missing in (["--organization", "nowhere"], ["--user", "eve@example.com"]):
        assert "there is no" in exportd.fails("status", *missing, status=3).err


def test_what_has_become_of_them(exportd, exports):
    statuses = [exportd.status(export)["status"] for export in exports]
    assert statuses == ["VALID", "FAILED", "CANCELLED", "EARLY", "EARLY", "EARLY"]
    failed = exportd.status(exports[1])
    assert (failed["cause"], failed["big"], failed["crashes"]) == ("trouble of a server", False, 0)
    assert "trouble of a server" in exportd.ok("status", exports[1]).out


def test_pages(exportd, exports):
    first = exportd.ok("status", "--limit", 4)
    assert first.err == f"4 of 6 exports; older ones: --before {exports[2]}\n"
    assert len(first.out.splitlines()) == 5
    assert listed(exportd, "--limit", 4) == exports[:1:-1]
    assert listed(exportd, "--limit", 4, "--before", exports[2]) == exports[1::-1]
    assert exportd.ok("status", "--before", exports[2]).err == ""
    assert exportd.ok("status", "--limit", 6).err == ""
    half = exportd.ok("status", "--limit", 1, "--user", "ann@example.com")
    assert half.err == f"1 of 3 exports; older ones: --before {exports[4]}\n"


@pytest.mark.parametrize("arguments", [
    ["--state", "early"], ["--type", "tags"], ["--limit", "0"], ["--limit", "1001"],
    ["--before", "0"], ["--before", "x"], ["--organization"], ["7", "--limit", "3"],
    ["7", "--state", "valid"], ["7", "--organization", "acme", "--watch"]])
def test_wrong_usage(exportd, arguments):
    assert exportd.fails("status", *arguments, status=2).out == ""


class Watch:
    """`exportd status ID --watch` on a terminal."""

    def __init__(self, exportd, export):
        self.master, terminal = os.openpty()
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen(
            [exportd.path, "status", str(export), "--watch"], env=exportd.environment({}),
            cwd=exportd.folder, stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.PIPE)
        os.close(terminal)
        self.out = ""

    def read(self):
        try:
            self.out += os.read(self.master, 65536).decode()
        except OSError:  # no new output, or the program has ended
            pass
        return self.out

    def wait_for(self, text):
        wait_until(lambda: text in self.read(), f"{text!r} is shown")

    def close(self):
        self.process.kill()
        self.process.communicate()
        os.close(self.master)


@pytest.fixture
def watch(exportd, exports):
    watching = Watch(exportd, exports[3])
    yield watching
    watching.close()


def test_watch_shows_how_far_it_is(exports, watch, sql):
    def update(values):
        sql.execute(f"UPDATE exportd.export SET {values} WHERE data_export_id = {exports[3]}")

    watch.wait_for("[=== ")  # no estimate: the block moves to and fro
    assert "%" not in watch.out
    update("rows_expected = 1000, rows = 0, started_at = now()")
    watch.wait_for("[                ] EARLY  running  0 rows  0 bytes  attempt 0  0 %\r")
    update("rows = 250, progress_at = started_at + interval '100 seconds'")
    watch.wait_for("[====            ] EARLY  running  250 rows  0 bytes  attempt 0  25 %  5 min left")
    update("rows = 500, progress_at = started_at + interval '3 hours'")
    watch.wait_for("50 %  3 h 00 min left")
    update("rows = 1000, progress_at = started_at + interval '100 seconds'")
    watch.wait_for("99 %  0 s left")
    update("rows = 1001")  # the estimate was wrong
    watch.wait_for("1001 rows  0 bytes  attempt 0\r")
    update("state = 'valid', rows = 1002")
    sql.execute("UPDATE sentry_exporteddata SET date_finished = now(), date_expired = now()"
                " + interval '1 day' WHERE id = %s", (exports[3],))
    watch.wait_for("[================] VALID  valid  1002 rows  0 bytes  attempt 0\r\n")
    assert watch.process.wait(10) == 0


def test_watch_of_a_cancelled_export(exportd, exports):
    result = exportd.fails("status", exports[2], "--watch", status=1)
    assert "the export is CANCELLED" in result.err
