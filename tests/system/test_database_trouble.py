# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the database, or odd in it, is not its users' fault."""
import pytest

from support.events import hash_of, series
from support.waiting import wait_until


@pytest.fixture
def issue(exportd, sql):
    exportd.create()
    exportd.ingest(series(3))
    return group_of(sql, "issue")


def group_of(sql, name):
    sql.execute("SELECT group_id FROM sentry_grouphash WHERE hash = %s", (hash_of(name),))
    return sql.fetchone()[0]


def wait_for_status(exportd, export, **members):
    def seen():
        status = exportd.status(export)
        return status if all(status[name] == value for name, value in members.items()) else None
    return wait_until(seen, f"export {export} has {members}", 30, 0.2)


@pytest.mark.parametrize("spoil, mend, word", [
    ("ALTER SEQUENCE sentry_file_id_seq MAXVALUE 2147483647;"
     " SELECT setval('sentry_file_id_seq', 2147483647)",
     "ALTER SEQUENCE sentry_file_id_seq NO MAXVALUE",
     'PostgreSQL error 2200H: nextval: reached maximum value of sequence "sentry_file_id_seq"'
     " (2147483647)"),
    # The sequence of an old installation has 64 bits, its column 32.
    ("ALTER TABLE sentry_fileblob ALTER id TYPE integer;"
     " SELECT setval('sentry_fileblob_id_seq', 2147483647)",
     "ALTER TABLE sentry_fileblob ALTER id TYPE bigint",
     "PostgreSQL error 22003: integer out of range"),
])
def test_a_sequence_at_its_end_is_waited_for(exportd, sql, issue, spoil, mend, word):
    sql.execute(spoil)
    export = exportd.enqueue(group=issue)
    with exportd.worker(MAX_FAILURES=1) as worker:
        status = wait_for_status(exportd, export, state="delayed")
        assert (status["failures"], status["message"]) == (0, word)
        assert exportd.mails() == []
        sql.execute(mend)
        wait_for_status(exportd, export, status="VALID")
        worker.stop()


def test_ingest_blames_no_event_for_a_sequence(exportd, sql, issue):
    sql.execute("ALTER SEQUENCE sentry_message_id_seq MAXVALUE 2147483647;"
                " SELECT setval('sentry_message_id_seq', 2147483647)")
    lines = "".join(f'{{"event_id": "{n:032x}", "project_id": 1, "hashes": ["{n:032x}"],'
                    f' "datetime": "2026-03-01T12:00:00Z", "message": "x", "data": {{}}}}\n'
                    for n in range(1, 4))
    result = exportd.fails("ingest", "-", stdin=lines)
    assert result.out == "" and 'exportd ingest: PostgreSQL error 2200H: ' in result.err, result
