# SPDX-License-Identifier: Apache-2.0
"""exportd migrate: the tables it makes, repeated calls, races, and databases that it refuses."""
import concurrent.futures
import os
import subprocess

import psycopg2
import pytest

from support.events import series
from support.program import ROOT, Exportd
from support.waiting import wait_until

LOCK = 2020032517  # the key of pg_advisory_xact_lock in every migration
SENTRY_TABLES = """
    auth_user sentry_useremail sentry_useroption sentry_organization sentry_organizationmember
    sentry_project sentry_environment sentry_environmentproject sentry_file sentry_fileblob
    sentry_fileblobindex sentry_fileblobowner sentry_exporteddata sentry_groupedmessage
    sentry_groupredirect sentry_grouphash sentry_eventuser sentry_message sentry_release
    sentry_release_project tagstore_tagkey tagstore_tagvalue tagstore_grouptagkey
    tagstore_grouptagvalue tagstore_eventtag""".split()
OWN_TABLES = {"migration", "export", "attempt", "outbox", "object", "event_user_attributes",
              "sampled_event", "flow", "organization", "worker", "queue", "dead", "intake_try",
              "audit", "upload_lock", "upload_lock_kind"}
OWN, STANDALONE = (
    [f"{folder}/{name}" for name in sorted(os.listdir(os.path.join(ROOT, "migrations", folder)))]
    for folder in ("exportd", "standalone"))


@pytest.fixture
def program(tmp_path, postgres, empty_database):
    return Exportd(tmp_path, {"DATABASE_URL": postgres.url(empty_database)})


@pytest.fixture
def empty_sql(postgres, empty_database):
    """A cursor on the database that `program` works on."""
    connection = postgres.connect(empty_database)
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


@pytest.fixture
def sentry_sql(postgres, database, tmp_path):
    """A database like Sentry's: its tables with a few rows and Django's table of migrations, but no tables of
    exportd."""
    connection = postgres.connect(database)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA exportd CASCADE")
        cursor.execute("CREATE TABLE public.django_migrations (id serial PRIMARY KEY, app text)")
        cursor.execute("INSERT INTO sentry_organization (name, slug, status, date_added,"
                       " default_role, flags) VALUES ('Acme', 'acme', 0, now(), 'member', 1)")
        yield cursor
    connection.close()


@pytest.fixture
def limited_role(postgres):
    """A role that may only log in."""
    postgres.execute("CREATE ROLE limited LOGIN")
    yield "limited"
    postgres.execute("DROP ROLE limited")


def one(cursor, query, *parameters):
    cursor.execute(query, parameters)
    return cursor.fetchone()[0]


def column(cursor, query, *parameters):
    cursor.execute(query, parameters)
    return [row[0] for row in cursor.fetchall()]


def recorded(cursor):
    return column(cursor, "SELECT name FROM exportd.migration ORDER BY name")


def tables(cursor, schema):
    return set(column(cursor, "SELECT tablename FROM pg_tables WHERE schemaname = %s", schema))


def dump(postgres, database):
    """The whole database as SQL, without exportd's schema."""
    done = subprocess.run(
        [postgres.program("pg_dump"), "--exclude-schema=exportd", postgres.url(database)],
        check=True, capture_output=True, text=True)
    # Newer versions of pg_dump write a random word.
    return [line for line in done.stdout.splitlines() if "restrict" not in line]


def migrate_at_once(program, cursor, count, *arguments):
    """Starts `count` migrations that all wait until the last one has started."""
    cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        runs = [pool.submit(program.run, "migrate", *arguments) for _ in range(count)]
        try:
            wait_until(lambda: one(cursor, "SELECT count(*) FROM pg_locks WHERE NOT granted"
                                           " AND locktype = 'advisory' AND database ="
                                           " (SELECT oid FROM pg_database"
                                           "  WHERE datname = current_database())") == count,
                       f"{count} migrations wait for the lock")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))
        return [run.result() for run in runs]


def test_own_tables_only(program, empty_sql):
    assert program.ok("migrate").out == f"applied {len(OWN)} migrations\n"
    assert tables(empty_sql, "exportd") == OWN_TABLES
    assert tables(empty_sql, "public") == set()
    assert recorded(empty_sql) == OWN


def test_repeat(program, empty_sql):
    """migrate uses no Redis, which has no data about this database."""
    program.settings["REDIS_URL"] = "unix:///nowhere.sock"
    program.ok("migrate", "--standalone")
    before = recorded(empty_sql)
    assert program.ok("migrate", "--standalone").out == "nothing to apply\n"
    assert program.ok("migrate").out == "nothing to apply\n"
    assert recorded(empty_sql) == before


def test_standalone_after_own_tables(program, empty_sql):
    program.ok("migrate")
    program.ok("migrate", "--standalone")
    assert tables(empty_sql, "public") == set(SENTRY_TABLES)
    assert recorded(empty_sql) == OWN + STANDALONE


def test_no_defaults_but_ids(program, empty_sql):
    program.ok("migrate", "--standalone")
    empty_sql.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_default IS NOT NULL")
    types = {table: (name, type) for table, name, type in empty_sql.fetchall()}
    assert types.pop("auth_user") == ("id", "integer")
    assert set(types) == set(SENTRY_TABLES) - {"auth_user"}
    assert set(types.values()) == {("id", "bigint")}


def test_foreign_keys(program, empty_sql):
    """Each foreign key is deferred, and an index begins with its column."""
    program.ok("migrate", "--standalone")
    empty_sql.execute(
        "SELECT conrelid::regclass || '.' || attname, condeferrable AND condeferred,"
        "  EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])"
        " FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
        " WHERE contype = 'f'")
    keys = {name: (deferred, indexed) for name, deferred, indexed in empty_sql.fetchall()}
    assert {"sentry_exporteddata.organization_id", "sentry_exporteddata.user_id",
            "sentry_fileblobindex.file_id", "sentry_fileblobindex.blob_id", "sentry_file.blob_id",
            "tagstore_grouptagkey.key_id", "tagstore_tagvalue.key_id",
            "sentry_project.organization_id"} <= set(keys)
    # Locks keep the rows to which these refer: migrations/standalone/0004_tagstore.sql says how.
    assert [name for name in keys
            if name.startswith(("tagstore_grouptagvalue.", "tagstore_eventtag."))] == []
    assert "sentry_exporteddata.file_id" not in keys
    assert "sentry_eventuser.project_id" not in keys
    assert [name for name, good in keys.items() if good != (True, True)] == []
    assert one(empty_sql, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"
                          " AND connamespace = 'exportd'::regnamespace") == 0


def test_exporteddata(program, empty_sql):
    program.ok("migrate", "--standalone")
    empty_sql.execute(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'sentry_exporteddata' ORDER BY ordinal_position")
    assert empty_sql.fetchall() == [
        ("id", "bigint", "NO"),
        ("date_added", "timestamp with time zone", "NO"),
        ("date_finished", "timestamp with time zone", "YES"),
        ("date_expired", "timestamp with time zone", "YES"),
        ("query_type", "integer", "NO"),
        ("query_info", "text", "NO"),
        ("organization_id", "bigint", "NO"),
        ("user_id", "integer", "YES"),
        ("file_id", "bigint", "YES")]
    names = column(empty_sql, "SELECT indexname FROM pg_indexes"
                              " WHERE tablename = 'sentry_exporteddata'")
    assert {"sentry_exporteddata_organization_id_0be1ce88", "sentry_exporteddata_user_id_948c0003",
            "sentry_exporteddata_file_id_a9a0b802",
            "sentry_exporteddata_date_expired_cfab38e7"} <= set(names)


@pytest.mark.parametrize("statement", [
    "INSERT INTO sentry_exporteddata (date_added, query_type, query_info, organization_id)"
    " VALUES (now(), -1, '{}', 1)",
    "INSERT INTO sentry_fileblob (size, checksum, timestamp) VALUES (-1, 'a', now())",
    "INSERT INTO sentry_fileblobindex (file_id, blob_id, \"offset\") VALUES (1, 1, -1)",
    "INSERT INTO tagstore_tagkey (project_id, key, values_seen, status) VALUES (1, 'a', -1, 0)",
    "INSERT INTO sentry_fileblob (checksum, timestamp) VALUES ('a', now()), ('a', now())",
    "INSERT INTO sentry_grouphash (project_id, hash) VALUES (1, 'a'), (1, 'a')",
    "INSERT INTO sentry_environment (organization_id, name, date_added)"
    " VALUES (1, '', now()), (1, '', now())",
])
def test_constraints(sql, statement):
    with pytest.raises(psycopg2.IntegrityError):
        sql.execute(statement)


@pytest.mark.parametrize("isolation", ["read committed", "serializable"])
def test_many_at_once(program, empty_sql, empty_database, isolation):
    """It works with each default isolation of the database."""
    empty_sql.execute(f'ALTER DATABASE "{empty_database}"'
                      f" SET default_transaction_isolation TO '{isolation}'")
    results = migrate_at_once(program, empty_sql, 4, "--standalone")
    assert [result.status for result in results] == [0, 0, 0, 0], results
    counts = [int(result.out.split()[1]) if result.out.startswith("applied") else 0
              for result in results]
    assert sum(counts) == len(recorded(empty_sql)) == len(OWN + STANDALONE)


def migrate_partly(program, cursor, count):
    """Leaves the database as an older exportd did that had only the first migrations."""
    program.ok("migrate")
    cursor.execute("CREATE TABLE public.kept AS SELECT * FROM exportd.migration ORDER BY name"
                   " LIMIT %s", (count,))
    cursor.execute("DROP SCHEMA exportd CASCADE")
    cursor.execute("CREATE SCHEMA exportd")
    cursor.execute("CREATE TABLE exportd.migration (name text PRIMARY KEY, checksum varchar(40)"
                   " NOT NULL, applied_at timestamptz NOT NULL)")
    cursor.execute("INSERT INTO exportd.migration SELECT * FROM public.kept")
    cursor.execute("DROP TABLE public.kept")
    for name in OWN[:count]:
        with open(os.path.join(ROOT, "migrations", name)) as file:
            cursor.execute(file.read())


@pytest.mark.parametrize("count", range(1, len(OWN)))
def test_upgrade_keeps_what_is_there(program, empty_sql, queue, redis_server, count):
    migrate_partly(program, empty_sql, count)
    empty_sql.execute(
        "INSERT INTO exportd.export (data_export_id, date_added, organization_id, query_type,"
        "  query_info, state, attempt, failures, worker, rows, bytes, pages)"
        " VALUES (1, now(), 1, 0, '{}', 'running', 3, 1, 'w', 5, 6, 7)")
    empty_sql.execute(
        "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime, tries,"
        "  next_try_at, state) VALUES (1, '<1@x>', 'ann@x.io', 'text', 2, now(), 'given-up')")
    out = program.ok("migrate", REDIS_URL=redis_server.url).out
    assert out == f"applied {len(OWN) - count} migration{'s'[:len(OWN) - count != 1]}\n"
    assert one(empty_sql, "SELECT (state, attempt, worker, rows)::text FROM exportd.export") == (
        "(running,3,w,5)")
    assert one(empty_sql, "SELECT (state, tries, mime)::text FROM exportd.outbox") == (
        "(given-up,2,text)")
    for table in ("export", "outbox"):
        with pytest.raises(psycopg2.errors.CheckViolation):
            empty_sql.execute(f"UPDATE exportd.{table} SET state = 'done'")


def test_changed_migration(program, empty_sql):
    program.ok("migrate")
    empty_sql.execute("UPDATE exportd.migration SET checksum = repeat('0', 40)")
    for arguments in (["migrate"], ["migrate", "--standalone"]):
        result = program.fails(*arguments)
        assert "exportd/0001_jobs.sql was applied with another text" in result.err
    assert tables(empty_sql, "public") == set()


def test_changed_standalone_migration_is_seen_without_the_flag(program, empty_sql):
    program.ok("migrate", "--standalone")
    empty_sql.execute("UPDATE exportd.migration SET checksum = repeat('0', 40)"
                      " WHERE name = 'standalone/0004_tagstore.sql'")
    assert "standalone/0004_tagstore.sql" in program.fails("migrate").err


def test_missing_migration(program, empty_sql):
    """The database has seen a newer exportd."""
    program.ok("migrate")
    empty_sql.execute("INSERT INTO exportd.migration VALUES ('exportd/0999_future.sql', 'x', now())")
    result = program.fails("migrate", "--standalone")
    assert "exportd/0999_future.sql, which this exportd does not know" in result.err
    assert tables(empty_sql, "public") == set()


def test_half_a_migration_is_none(program, empty_sql, queue, redis_server):
    """A table exists already, but not in Sentry's form."""
    empty_sql.execute("CREATE TABLE public.sentry_exporteddata (id integer)")
    result = program.fails("migrate", "--standalone")
    assert "migration standalone/0002_files_and_exports.sql" in result.err
    assert "sentry_file" not in tables(empty_sql, "public")
    assert recorded(empty_sql) == OWN + STANDALONE[:1]
    empty_sql.execute("DROP TABLE public.sentry_exporteddata")
    assert program.ok("migrate", "--standalone", REDIS_URL=redis_server.url).out == (
        f"applied {len(STANDALONE) - 1} migrations\n")


def test_sentry_is_not_altered(program, postgres, database, sentry_sql):
    before = dump(postgres, database)
    assert any("sentry_exporteddata" in line for line in before)
    url = postgres.url(database)
    assert program.ok("migrate", DATABASE_URL=url).out == f"applied {len(OWN)} migrations\n"
    assert dump(postgres, database) == before
    assert tables(sentry_sql, "exportd") == OWN_TABLES


@pytest.mark.parametrize("schema, table", [
    ("public", "django_migrations"), ("tracker", "django_migrations"),
    ("public", "south_migrationhistory")])
def test_standalone_is_refused_for_a_sentry(program, empty_sql, empty_database, schema, table):
    empty_sql.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    empty_sql.execute(f"CREATE TABLE {schema}.{table} (id integer)")
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO tracker, public')
    result = program.fails("migrate", "--standalone")
    assert "database of a Sentry" in result.err
    assert tables(empty_sql, "public") | tables(empty_sql, "exportd") <= {table}
    program.ok("migrate")


def test_search_path(program, empty_sql, empty_database):
    """Stand-alone tables are made in the schema of the search path, because all commands use it. A function with
    the name of one of the server's changes nothing."""
    empty_sql.execute('CREATE SCHEMA "o\'ther"')
    empty_sql.execute('CREATE FUNCTION "o\'ther".now() RETURNS timestamptz LANGUAGE sql'
                      " AS 'SELECT NULL::timestamptz'")
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO "o\'ther", pg_catalog')
    program.ok("migrate", "--standalone")
    assert tables(empty_sql, "o'ther") == set(SENTRY_TABLES)
    assert tables(empty_sql, "public") == set()
    empty_sql.execute('DROP FUNCTION "o\'ther".now()')
    program.create()
    program.ingest(series(3), REDIS_URL="none")
    assert program.tag_export(group=1).count(b"\r\n") == 4


@pytest.mark.parametrize("path, schema", [
    ("exportd, public", "public"), ("pg_catalog, none, other", "other"),
    ('"$user", public', "public"), ("public, other", "public")])
def test_schema_of_the_search_path(program, empty_sql, empty_database, path, schema):
    """Stand-alone tables are never made in the schema of exportd's own tables. It exists first, and often a role
    has the same name."""
    empty_sql.execute("CREATE SCHEMA other")
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO {path}')
    program.ok("migrate")
    program.ok("migrate", "--standalone")
    assert tables(empty_sql, schema) == set(SENTRY_TABLES)
    assert tables(empty_sql, "exportd") == OWN_TABLES


@pytest.mark.parametrize("schema", ["public", "my-Schema"])
def test_stand_alone_tables_stay_together(program, empty_sql, empty_database, schema):
    """Those of a later version go where those are that the search path finds."""
    empty_sql.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO "{schema}"')
    program.ok("migrate", "--standalone")
    empty_sql.execute(f'DROP TABLE "{schema}".sentry_message, "{schema}".tagstore_eventtag')
    empty_sql.execute("DELETE FROM exportd.migration WHERE name IN"
                      " ('standalone/0003_groups_and_events.sql', 'standalone/0004_tagstore.sql')")
    empty_sql.execute("CREATE SCHEMA other")
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO other, "{schema}"')
    program.ok("migrate", "--standalone")
    assert tables(empty_sql, schema) == set(SENTRY_TABLES)
    assert tables(empty_sql, "other") == set()


def test_no_schema_for_stand_alone_tables(program, empty_sql, empty_database):
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET search_path TO none')
    assert "names no schema" in program.fails("migrate", "--standalone").err
    program.ok("migrate")


def test_read_only_default(program, empty_sql, empty_database):
    empty_sql.execute(f'ALTER DATABASE "{empty_database}" SET default_transaction_read_only TO on')
    program.ok("migrate", "--standalone")


def test_role_without_rights(program, postgres, empty_database, empty_sql, limited_role):
    url = postgres.url(empty_database).replace("user=postgres", f"user={limited_role}")
    result = program.fails("migrate", DATABASE_URL=url)
    assert "permission denied for database" in result.err
    assert "grant this role CREATE on the database" in result.err
    # An owner makes the schema: that is enough for exportd's own tables ...
    empty_sql.execute(f"CREATE SCHEMA exportd AUTHORIZATION {limited_role}")
    try:
        program.ok("migrate", DATABASE_URL=url)
        assert program.ok("migrate", DATABASE_URL=url).out == "nothing to apply\n"
        # ... but not for those of a Sentry.
        result = program.fails("migrate", "--standalone", DATABASE_URL=url)
        assert "permission denied for schema public" in result.err
        assert "grant this role CREATE on the schema" in result.err
        assert recorded(empty_sql) == OWN
    finally:
        empty_sql.execute("DROP SCHEMA exportd CASCADE")


def test_commands_name_the_remedy(program):
    result = program.fails("create", "organization", "acme")
    assert "exportd migrate --standalone" in result.err
