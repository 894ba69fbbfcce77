# SPDX-License-Identifier: Apache-2.0
"""exportd create: rows as Sentry makes them, repeated calls, races, ids."""
import concurrent.futures

import pytest

RULES = {
    "organization": ["", "123", "Acme", "a b", "caf\u00e9", "x" * 51],
    "user": ["", "ann", "@example.com", "ann@", "a@b@c", "a nn@example.com",
             "ann@example.com\r\nBcc: eve@example.com", "x" * 64 + "@example.com"],
    "project": ["", "7", "Web", "a/b", "x" * 51],
}


def create(exportd, *words, **options):
    out = exportd.ok("create", *words, **options).out
    assert out == f"{int(out)}\n", out
    return int(out)


@pytest.fixture
def acme(exportd):
    return create(exportd, "organization", "acme")


def row(cursor, query, *parameters):
    cursor.execute(query, parameters)
    rows = cursor.fetchall()
    assert len(rows) == 1, rows
    return rows[0]


def insert_user(cursor, username, email):
    cursor.execute(
        "INSERT INTO auth_user (password, username, first_name, email, is_staff, is_active,"
        " is_superuser, is_managed, is_password_expired, date_joined)"
        " VALUES ('!', %s, '', %s, false, true, false, false, false, now()) RETURNING id",
        (username, email))
    return cursor.fetchone()[0]


def test_organization(exportd, sql):
    made = create(exportd, "organization", "acme")
    assert row(sql, "SELECT id, name, slug, status, default_role, flags,"
                    " date_added > now() - interval '1 minute' FROM sentry_organization") == (
        made, "acme", "acme", 0, "member", 1, True)


def test_user(exportd, sql, acme):
    made = create(exportd, "user", "ann@example.com", "--organization", "acme")
    assert row(sql, "SELECT id, username, email, password, first_name, is_active, is_staff,"
                    " is_superuser, is_managed, is_password_expired, last_login FROM auth_user") == (
        made, "ann@example.com", "ann@example.com", "!", "", True, False, False, False, False, None)
    assert row(sql, "SELECT organization_id, user_id, email, role, flags, has_global_access,"
                    " invite_status, type FROM sentry_organizationmember") == (
        acme, made, None, "member", 0, True, 0, 50)


def test_project(exportd, sql, acme):
    made = create(exportd, "project", "web", "--organization", "acme")
    assert row(sql, "SELECT id, slug, name, organization_id, public, status, platform"
                    " FROM sentry_project") == (made, "web", "web", acme, False, 0, None)


@pytest.mark.parametrize("what, name", [(what, name) for what in RULES for name in RULES[what]])
def test_rules(exportd, sql, acme, what, name):
    owner = [] if what == "organization" else ["--organization", "acme"]
    result = exportd.fails("create", what, name, *owner)
    assert ("an e-mail address is" if what == "user" else "a slug is") in result.err
    assert result.out == ""
    assert row(sql, "SELECT (SELECT count(*) FROM sentry_organization),"
                    " (SELECT count(*) FROM auth_user),"
                    " (SELECT count(*) FROM sentry_project)") == (1, 0, 0)


@pytest.mark.parametrize("words", [
    ["organization", "acme"],
    ["user", "ann@example.com", "--organization", "first"],
    ["project", "web", "--organization", "first"],
    ["project", "web", "--organization", "first", "--id", "40"],
])
def test_many_at_once(exportd, words):
    create(exportd, "organization", "first")
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: create(exportd, *words), range(6)))
    assert len(set(made)) == 1


def test_one_address_in_another_case(exportd, sql, acme):
    made = create(exportd, "user", "Ann@Example.com", "--organization", "acme")
    assert create(exportd, "user", "ann@example.COM", "--organization", "acme") == made
    assert row(sql, "SELECT email FROM auth_user") == ("Ann@Example.com",)


def test_user_of_a_second_organization(exportd, sql, acme):
    other = create(exportd, "organization", "other")
    made = create(exportd, "user", "ann@example.com", "--organization", "acme")
    assert create(exportd, "user", "ann@example.com", "--organization", "other") == made
    sql.execute("SELECT organization_id, user_id FROM sentry_organizationmember ORDER BY id")
    assert sql.fetchall() == [(acme, made), (other, made)]


def test_several_users_of_one_address(exportd, sql, acme):
    """A member is preferred, then the lowest id."""
    first = insert_user(sql, "first", "ann@example.com")
    second = insert_user(sql, "second", "ann@example.com")
    sql.execute("INSERT INTO sentry_organizationmember (organization_id, user_id, role, flags,"
                " date_added, has_global_access, type)"
                " VALUES (%s, %s, 'owner', 0, now(), true, 50)", (acme, second))
    assert create(exportd, "user", "ann@example.com", "--organization", "acme") == second
    create(exportd, "organization", "other")
    assert create(exportd, "user", "ann@example.com", "--organization", "other") == first
    assert row(sql, "SELECT role FROM sentry_organizationmember WHERE organization_id = %s",
               acme) == ("owner",)


def test_address_that_is_the_name_of_somebody_else(exportd, sql, acme):
    """An export of "ann" must not be mailed to eve."""
    insert_user(sql, "ann@example.com", "eve@example.com")
    result = exportd.fails("create", "user", "ann@example.com", "--organization", "acme")
    assert "another address" in result.err
    sql.execute("SELECT count(*) FROM sentry_organizationmember")
    assert sql.fetchone() == (0,)


def test_same_project_slug_in_two_organizations(exportd, acme):
    create(exportd, "organization", "other")
    first = create(exportd, "project", "web", "--organization", "acme")
    assert create(exportd, "project", "web", "--organization", "other") != first


def test_project_ids(exportd, sql, acme):
    project = ["--organization", "acme"]
    assert create(exportd, "project", "nine", *project, "--id", 9) == 9
    assert create(exportd, "project", "ten", *project) == 10
    assert create(exportd, "project", "two", *project, "--id", 2) == 2  # never moved back
    assert create(exportd, "project", "two", *project, "--id", 2) == 2
    assert create(exportd, "project", "two", *project) == 2
    assert create(exportd, "project", "after", *project) > 10
    largest = 2147483647
    assert create(exportd, "project", "last", *project, "--id", largest) == largest
    assert create(exportd, "project", "beyond", *project) == largest + 1


def test_project_id_conflicts(exportd, sql, acme):
    create(exportd, "organization", "other")
    create(exportd, "project", "web", "--organization", "acme", "--id", 5)
    result = exportd.fails("create", "project", "api", "--organization", "acme", "--id", 5)
    assert "id 5 is that of another project" in result.err
    exportd.fails("create", "project", "web", "--organization", "other", "--id", 5)
    result = exportd.fails("create", "project", "web", "--organization", "acme", "--id", 6)
    assert "with id 5" in result.err
    assert row(sql, "SELECT id, slug, organization_id FROM sentry_project") == (5, "web", acme)


@pytest.mark.parametrize("words", [
    ["team", "x"],
    ["organization", "x", "--organization", "acme"],
    ["organization", "x", "--id", "1"],
    ["user", "ann@example.com", "--organization", "acme", "--id", "1"],
    ["project", "web", "--organization", "acme", "--id", "2147483648"],
    ["project", "web", "extra", "--organization", "acme"],
])
def test_usage(exportd, words):
    assert exportd.fails("create", *words, status=2).out == ""
