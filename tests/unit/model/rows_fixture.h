/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the model over real tables: inserts the rows that they start from. */
#ifndef TEST_ROWS_FIXTURE_H
#define TEST_ROWS_FIXTURE_H

#include "../database_fixture.h"
#include "model/exported_data.h"

/* Runs a query that answers with one number. */
static inline int64_t number_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    int64_t number = pg_int(result, 0, 0);
    pg_result_free(result);
    return number;
}

static inline void make_organizations(void)
{
    run("INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (1, 'Acme', 'acme', 0, now(), 'member', 1),"
        " (2, 'Other', 'other', 0, now(), 'member', 1)");
    run("INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (1, 'web', 'web', 1, false, now(), 0), (2, 'api', 'api', 2, false, now(), 0)");
    run("INSERT INTO auth_user (id, password, username, first_name, email, is_staff, is_active,"
        " is_superuser, is_managed, is_password_expired, date_joined)"
        " SELECT n, '!', 'user' || n, '', (ARRAY['Ann@x.io', 'ann@x.io', 'bob@x.io', ''])[n],"
        " false, true, false, false, false, now() FROM generate_series(1, 4) AS n");
    run("INSERT INTO sentry_organizationmember (organization_id, user_id, role, flags, date_added,"
        " has_global_access, type) VALUES (1, 2, 'member', 0, now(), true, 50)");
}

static inline int64_t insert_export(const char *query_info)
{
    const struct exported_data_key key = {1, 2, QUERY_ISSUES_BY_TAG, query_info};
    int64_t id = 0;
    ok(exported_data_insert(pg, &key, &id, &error));
    assert_true(id > 0);
    return id;
}

#define SHA1_A "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
#define SHA1_B "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"

/* Finishes an export with a file of `count` blobs; returns the id of the file. */
static inline int64_t finish_export(int64_t export, int64_t days, const int64_t *blobs,
                                    const int64_t *sizes, size_t count)
{
    const struct exported_data_locked now = {.now = number_of("SELECT " PG_USEC("now()"))};
    struct export_file file = {.name = "x.csv",
                               .type = "export.csv",
                               .content_type = "text/csv",
                               .date_expired = exported_data_expiry(&now, days),
                               .checksum = SHA1_A,
                               .blob_ids = blobs,
                               .blob_sizes = sizes,
                               .blob_count = count};
    for (size_t i = 0; i < count; i++)
        file.size += sizes[i];
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    ok(exported_data_finish_add(&batch, export, &file, &error));
    ok(pg_batch_run(&batch, &error));
    pg_batch_free(&batch);
    int64_t id = number_of("SELECT max(id) FROM sentry_file");
    struct exported_data row;
    ok(exported_data_load(pg, export, arena, &row, &error));
    assert_int_equal(row.file_id, id);
    return id;
}

#endif
