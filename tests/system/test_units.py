# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of tests/unit that need a database."""
import pytest

from support.units import run_unit


@pytest.mark.parametrize("name", ["model_rows", "model_file_rows", "model_member",
                                  "tagstore_postgres_write_rows", "tagstore_postgres_write_delete",
                                  "tagstore_postgres_write_groups", "tagstore_postgres_estimate",
                                  "tagstore_snuba_translate", "schema_migration", "model_audit"])
def test_over_real_tables(postgres, database, name):
    run_unit(name, TEST_DATABASE_URL=postgres.url(database))


@pytest.mark.parametrize("name", ["storage_putfile", "storage_getfile", "storage_cleanup"])
def test_over_a_store(postgres, database, name):
    run_unit(name, TEST_DATABASE_URL=postgres.url(database))


def test_undo_of_uploads(postgres, database, redis_server):
    run_unit("storage_putfile_undo", TEST_DATABASE_URL=postgres.url(database),
             TEST_REDIS_URL=redis_server.url)


def test_upload_locks(postgres, database, redis_server, queue):
    run_unit("storage_upload_lock", TEST_DATABASE_URL=postgres.url(database),
             TEST_REDIS_URL=redis_server.url)
