# SPDX-License-Identifier: Apache-2.0
"""`exportd quota`: an organization's own values in place of the settings, and their effect."""
import datetime

import pytest

from support.events import group_of, series
from support.jobs import insert_export, push
from support.waiting import wait_until

ACME = ["--organization", "acme"]


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def test_show_and_set(exportd):
    acme = exportd.create()
    exportd.create("other", users=(), projects=())
    settings = "weight 1  max_running 1000  max_queued 100000  expiration_days 28"
    assert exportd.ok("quota", "show").out == ""
    assert exportd.ok("quota", "show", *ACME).out == f"acme  {settings}\n"
    assert exportd.ok("quota", "set", *ACME, "--weight", "2.5", "--max-queued", 1000000000).out == \
        "acme  weight 2.5 (own)  max_running 1000  max_queued 1000000000 (own)  expiration_days 28\n"
    assert exportd.ok("quota", "set", *ACME, "--weight", "default", "--max-running", 0,
                      "--json").json_lines() == [
        {"organization": "acme", "organization_id": acme, "weight": 1.0, "max_running": 0,
         "max_queued": 1000000000, "expiration_days": 28, "own": ["max_running", "max_queued"]}]
    quota, = exportd.ok("quota", "show", "--json", MAX_RUNNING=7, EXPIRATION_DAYS=9).json_lines()
    assert (quota["max_running"], quota["expiration_days"]) == (0, 9)
    exportd.ok("quota", "set", *ACME, "--max-running", "default", "--max-queued", "default")
    assert exportd.ok("quota", "show").out == ""
    for word in (["show"], ["set", "--weight", 2]):
        assert "no organization" in exportd.fails("quota", *word, "--organization", "none", status=3).err


@pytest.mark.parametrize("words", [
    [], ["fly"], ["show", "acme"], ["show", *ACME, "--weight", "2"], ["set", "--weight", "2"],
    ["set", *ACME], *(["set", *ACME, "--weight", weight] for weight in
                      ("0", "-1", "nan", "inf", "0x2", "1e2", "1001", "2 ", "1.2.3", "", ".")),
    ["set", *ACME, "--max-running", "1.5"], ["set", *ACME, "--max-queued", "-1"],
    ["set", *ACME, "--expiration-days", "0"], ["set", *ACME, "--expiration-days", "3651"]])
def test_wrong_usage(exportd, words):
    assert exportd.fails("quota", *words, status=2).out == ""


def test_as_many_wait_as_may(exportd, sql, queue, issue):
    """The limit refuses new exports of `enqueue`, but not Celery's messages. An `enqueue` that finds an equal
    export still returns it."""
    exportd.ok("quota", "set", *ACME, "--max-queued", 1)
    export = exportd.enqueue(group=issue)
    words = ["enqueue", "--force", *ACME, "--user", "ann@example.com", "--project", 1, "--group", issue, "--key"]
    assert "acme has 1 export waiting, which is the most that it may have" in \
        exportd.fails("enqueue", *words[1:], "shape").err
    assert exportd.enqueue(group=issue) == export
    push(queue, insert_export(sql, {"project_id": "1", "group_id": str(issue), "key": "size"}))
    exportd.drain()
    sql.execute("SELECT count(*) FROM exportd.export WHERE state IN ('valid', 'failed')")
    assert sql.fetchone() == (2,)
    exportd.ok("quota", "set", *ACME, "--max-queued", "default")
    assert "acme has 0 exports waiting" in exportd.fails(*words, "shape", MAX_QUEUED=0).err
    exportd.ok(*words, "shape")


def test_expiration(exportd, sql, issue):
    """The file expires after these days, and the mail says so."""
    exportd.ok("quota", "set", *ACME, "--expiration-days", 3)
    export = exportd.enqueue(group=issue)
    exportd.drain()
    sql.execute("SELECT date_expired - date_finished, date_expired FROM sentry_exporteddata")
    duration, expires = sql.fetchone()
    assert duration == datetime.timedelta(days=3)
    assert f"{expires:%B %d, %Y}" in exportd.mail_of(export).get_body(("plain",)).get_content()


def test_running(exportd, issue):
    """The exports of an organization that may run none wait, and the status gives the reason."""
    exportd.ok("quota", "set", *ACME, "--max-running", 0)
    export = exportd.enqueue(group=issue)
    with exportd.worker() as worker:
        wait_until(lambda: exportd.status(export)["reason"] ==
                   "its organization may run none: see `exportd quota`", "the reason is shown")
        exportd.ok("quota", "set", *ACME, "--max-running", 1)
        wait_until(lambda: exportd.status(export)["status"] == "VALID", "it is run")
        assert worker.stop() == 0
