# SPDX-License-Identifier: Apache-2.0
"""Exports are for members: a user who has left the organization before the export ran gets no file."""
import pytest

from support.events import group_of, series
from support.program import text_part

SENTENCE = "The user who asked for this export is no longer an active member of the organization"


@pytest.fixture
def issue(exportd, sql):
    exportd.create(users=("ann@example.com", "bob@example.com"))
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def leave(sql):
    sql.execute("DELETE FROM sentry_organizationmember USING auth_user u"
                " WHERE user_id = u.id AND u.email = 'ann@example.com'")


@pytest.mark.parametrize("change", [
    leave,
    lambda sql: sql.execute("UPDATE auth_user SET is_active = false WHERE email = 'ann@example.com'")])
def test_one_who_has_left(exportd, sql, issue, change):
    export, other = exportd.enqueue(group=issue), exportd.enqueue(group=issue, user="bob@example.com")
    change(sql)
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["message"]) == ("FAILED", SENTENCE)
    assert status["cause"] == SENTENCE and status["failures"] == 0 and status["attempts"] == 1
    assert exportd.status(other)["status"] == "VALID"
    failure, = [mail for mail in exportd.mails() if SENTENCE in text_part(mail)]
    assert failure["to"] == "ann@example.com"


def test_a_superuser_needs_no_membership(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    leave(sql)
    sql.execute("UPDATE auth_user SET is_superuser = true WHERE email = 'ann@example.com'")
    exportd.drain()
    assert exportd.status(export)["status"] == "VALID"


def test_an_export_of_no_user(exportd, sql, issue):
    export = exportd.enqueue(group=issue)
    sql.execute("UPDATE sentry_exporteddata SET user_id = NULL")
    exportd.drain()
    status = exportd.status(export)
    assert (status["status"], status["mail"]) == ("VALID", "none")
