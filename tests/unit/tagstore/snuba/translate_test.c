/* SPDX-License-Identifier: Apache-2.0 */
/* Translating ids and time ranges for Snuba, over real tables (database_fixture.h). */
#include "tagstore/snuba/translate.h"

#include "../../database_fixture.h"

#define DAY               (86400 * USEC_PER_SECOND)
#define MD5_OF_NOT_A_HASH "1b27fe736a61e68079cbc2028cdde6d4"

static const int64_t project[] = {1};

static int64_t number_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    int64_t number = pg_int(result, 0, 0);
    pg_result_free(result);
    return number;
}

/* now() is the same for the whole transaction of a test. */
static int64_t now(void)
{
    return number_of("SELECT " PG_USEC("date_trunc('second', now())"));
}

/* Groups 7 to 9 of project 1 and group 20 of project 2. Group 8 has two hashes; two texts of group
   9 are no hashes. */
static void make_groups(void)
{
    need_database();
    run("INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (1, 'Acme', 'acme', 0, now(), 'member', 1),"
        " (2, 'Other', 'other', 0, now(), 'member', 1)");
    run("INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (1, 'web', 'web', 1, false, now(), 0), (2, 'api', 'api', 2, false, now(), 0)");
    run("INSERT INTO sentry_groupedmessage (id, project_id, logger, level, message, num_comments,"
        " status, times_seen, last_seen, first_seen, time_spent_total, time_spent_count, score)"
        " SELECT g, p, '', 40, '', 0, 0, 1, now(), now() - interval '1 hour', 0, 0, 0"
        " FROM (VALUES (7, 1), (8, 1), (9, 1), (20, 2)) AS w (g, p)");
    run("INSERT INTO sentry_grouphash (project_id, hash, group_id) VALUES"
        " (1, repeat('7', 32), 7), (1, repeat('b', 32), 8), (1, repeat('A', 32), 8),"
        " (1, 'not a hash', 9), (1, repeat('''', 32), 9), (1, repeat('c', 32), NULL),"
        " (2, repeat('d', 32), 20)");
    run("INSERT INTO sentry_environment (id, organization_id, name, date_added)"
        " VALUES (5, 1, 'test', now()), (6, 2, '', now())");
}

static bool translate(const char *dialect, const int64_t *group_ids, size_t group_count,
                      int64_t environment_id, int64_t days, struct snuba_query *query)
{
    const struct snuba_scope scope = {.project_ids = project,
                                      .project_count = 1,
                                      .group_ids = group_ids,
                                      .group_count = group_count,
                                      .environment_id = environment_id};
    const struct snuba_translator translator = {
        .pg = pg, .dialect = snuba_dialect_find(dialect), .retention_days = days};
    *query = (struct snuba_query){.limit = -1};
    return snuba_translate(&translator, &scope, arena, query, &error);
}

static void test_environments(void **state)
{
    (void)state;
    struct snuba_query query;
    make_groups();
    ok(translate("2018", NULL, 0, 0, 0, &query));
    assert_int_equal(query.environment_count, 0);
    ok(translate("2018", NULL, 0, 5, 0, &query));
    assert_int_equal(query.environment_count, 1);
    assert_string_equal(query.environments[0], "test");
    ok(translate("2020", NULL, 0, 6, 0, &query));
    assert_int_equal(query.environment_count, 1);
    assert_string_equal(query.environments[0], "");
    assert_false(translate("2020", NULL, 0, 7, 0, &query));
    assert_int_equal(error.code, ERROR_NO_SUBJECT);
    assert_string_equal(error.message, "Requested environment does not exist");
    assert_false(translate("2020", NULL, 0, INT64_MAX, 0, &query));
    assert_int_equal(error.code, ERROR_NO_SUBJECT);
}

static void test_groups(void **state)
{
    (void)state;
    struct snuba_query query;
    const int64_t group_ids[] = {9, 8, 7, 4711};
    make_groups();
    ok(translate("2018", group_ids, 4, 0, 0, &query));
    assert_int_equal(query.project_ids[0], 1);
    assert_int_equal(query.group_count, 4);
    assert_int_equal(query.group_ids[3], 4711);
    assert_int_equal(query.issue_count, 3);
    assert_int_equal(query.issues[0].group_id, 7);
    assert_int_equal(query.issues[0].count, 1);
    assert_string_equal(query.issues[0].hashes[0], "77777777777777777777777777777777");
    assert_int_equal(query.issues[1].group_id, 8);
    assert_int_equal(query.issues[1].count, 2);
    assert_string_equal(query.issues[1].hashes[0], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_string_equal(query.issues[1].hashes[1], "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    assert_int_equal(query.issues[2].group_id, 9);
    assert_int_equal(query.issues[2].count, 2);
    assert_string_equal(query.issues[2].hashes[1], MD5_OF_NOT_A_HASH);
    ok(translate("2020", group_ids, 4, 0, 0, &query));
    assert_int_equal(query.group_count, 4);
    assert_int_equal(query.issue_count, 0);
    ok(translate("2018", NULL, 0, 0, 0, &query));
    assert_true(query.group_count == 0 && query.issue_count == 0);
}

/* ---- many hashes ---- */

static void add_hashes(int group_id, int count)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_grouphash (project_id, hash, group_id)"
                   " SELECT 1, md5(%d || '-' || n), %d FROM generate_series(1, %d) AS n",
                   group_id, group_id, count);
    run(sql);
}

static void test_too_many_hashes(void **state)
{
    (void)state;
    struct snuba_query query;
    const int64_t group_ids[] = {7, 8, 9};
    make_groups();
    add_hashes(9, SNUBA_HASHES_MAX - 2);
    ok(translate("2018", group_ids + 2, 1, 0, 0, &query));
    assert_int_equal(query.issues[0].count, SNUBA_HASHES_MAX);
    assert_false(translate("2018", group_ids, 3, 0, 0, &query));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    add_hashes(10, 1);
    run("UPDATE sentry_grouphash SET group_id = 9 WHERE group_id = 10");
    assert_false(translate("2018", group_ids + 2, 1, 0, 0, &query));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "The issue has too many group hashes (over 4000) to ask "
                                       "Snuba for its events");
    ok(translate("2020", group_ids + 2, 1, 0, 0, &query));
}

/* The bound would cut group 8: it comes whole, with the next groups. */
static void test_all_groups(void **state)
{
    (void)state;
    struct snuba_query query = {.project_ids = project, .project_count = 1};
    int64_t last = 0;
    make_groups();
    add_hashes(7, SNUBA_HASHES_MAX - 2);
    add_hashes(9, 1);
    ok(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(query.issue_count, 1);
    assert_int_equal(query.issues[0].group_id, 7);
    assert_int_equal(query.issues[0].count, SNUBA_HASHES_MAX - 1);
    assert_int_equal(last, 7);
    ok(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(query.issue_count, 2);
    assert_int_equal(query.issues[0].count, 2);
    assert_int_equal(query.issues[1].group_id, 9);
    assert_int_equal(query.issues[1].count, 3);
    assert_int_equal(last, 9);
    ok(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(query.issue_count, 0);
    add_hashes(8, SNUBA_HASHES_MAX);
    last = 7;
    assert_false(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(error.code, ERROR_EXPORT);
}

/* Each group has one hash. */
static void make_many_groups(int first, int count)
{
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_groupedmessage (id, project_id, logger, level, message,"
                   " num_comments, status, times_seen, last_seen, first_seen, time_spent_total,"
                   " time_spent_count, score) SELECT %d + n, 1, '', 40, '', 0, 0, 1, now(), now(),"
                   " 0, 0, 0 FROM generate_series(0, %d - 1) AS n",
                   first, count);
    run(sql);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_grouphash (project_id, hash, group_id)"
                   " SELECT 1, md5('many' || n), %d + n FROM generate_series(0, %d - 1) AS n",
                   first, count);
    run(sql);
}

static void test_many_groups(void **state)
{
    (void)state;
    struct snuba_query query = {.project_ids = project, .project_count = 1};
    int64_t group_ids[SNUBA_GROUPS_MAX + 1];
    int64_t last = 9;
    make_groups();
    make_many_groups(1001, SNUBA_GROUPS_MAX + 1);
    for (int i = 0; i <= SNUBA_GROUPS_MAX; i++)
        group_ids[i] = 1001 + i;
    ok(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(query.issue_count, SNUBA_GROUPS_MAX);
    assert_int_equal(last, 1000 + SNUBA_GROUPS_MAX);
    ok(snuba_translate_next_groups(pg, &last, arena, &query, &error));
    assert_int_equal(query.issue_count, 1);
    ok(translate("2018", group_ids, SNUBA_GROUPS_MAX, 0, 0, &query));
    assert_false(translate("2018", group_ids, SNUBA_GROUPS_MAX + 1, 0, 0, &query));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    ok(translate("2020", group_ids, SNUBA_GROUPS_MAX + 1, 0, 0, &query));
}

/* ---- time ---- */

static void assert_range(const int64_t *group_ids, size_t group_count, int64_t days, int64_t from)
{
    struct snuba_query query;
    ok(translate("2020", group_ids, group_count, 0, days, &query));
    assert_int_equal(query.from, from);
    assert_int_equal(query.to, now() + USEC_PER_SECOND);
}

static void test_time_range(void **state)
{
    (void)state;
    const int64_t group_ids[] = {7, 8};
    const int64_t nobody[] = {4711};
    make_groups();
    int64_t hour_ago = now() - 3600 * USEC_PER_SECOND;
    assert_range(NULL, 0, 0, 0);
    assert_range(NULL, 0, 90, now() - 90 * DAY);
    assert_range(NULL, 0, INT64_MAX, 0);
    assert_range(group_ids, 2, 90, now() - 90 * DAY);
    assert_range(nobody, 1, 90, now() - 90 * DAY);
    assert_range(group_ids, 1, 90, hour_ago - 300 * USEC_PER_SECOND);
    assert_range(group_ids, 1, 0, hour_ago - 300 * USEC_PER_SECOND);
    run("UPDATE sentry_groupedmessage SET first_seen = now() - interval '100 days' WHERE id = 7");
    assert_range(group_ids, 1, 90, now() - 90 * DAY);
    run("UPDATE sentry_groupedmessage SET first_seen = '-infinity' WHERE id = 7");
    assert_range(group_ids, 1, 0, 0);
    run("UPDATE sentry_groupedmessage SET first_seen = '1969-12-31 23:59:59.5Z' WHERE id = 7");
    assert_range(group_ids, 1, 0, 0);
    run("UPDATE sentry_groupedmessage SET first_seen = now() + interval '5 minutes' WHERE id = 7");
    assert_range(group_ids, 1, 90, now());
}

static void test_out_of_range(void **state)
{
    (void)state;
    struct snuba_query query;
    const int64_t group_ids[] = {7, 8};
    make_groups();
    run("UPDATE sentry_groupedmessage SET first_seen = now() + interval '6 minutes' WHERE id = 7");
    assert_false(translate("2020", group_ids, 1, 0, 90, &query));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "Invalid date range. Please try a more recent date range.");
    ok(translate("2020", group_ids, 2, 0, 90, &query));
}

/* The events of the group are older than the retention: an empty answer would look as if there were
   none. */
static void test_group_of_long_ago(void **state)
{
    (void)state;
    struct snuba_query query;
    const int64_t group_ids[] = {7, 8};
    make_groups();
    run("UPDATE sentry_groupedmessage SET first_seen = now() - interval '100 days',"
        " last_seen = now() - interval '92 days'");
    assert_false(translate("2020", group_ids, 1, 0, 90, &query));
    assert_int_equal(error.code, ERROR_EXPORT);
    assert_string_equal(error.message, "Invalid date range. Please try a more recent date range.");
    ok(translate("2020", group_ids, 1, 0, 0, &query));
    ok(translate("2020", group_ids, 2, 0, 90, &query));
    run("UPDATE sentry_groupedmessage SET last_seen = now() - interval '90 days 12 hours'");
    ok(translate("2020", group_ids, 1, 0, 90, &query)); /* last_seen may lag behind */
    run("UPDATE sentry_groupedmessage SET last_seen = '-infinity'");
    ok(translate("2020", group_ids, 1, 0, 90, &query));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_environments),    ROLLED_BACK(test_groups),
        ROLLED_BACK(test_too_many_hashes), ROLLED_BACK(test_all_groups),
        ROLLED_BACK(test_many_groups),     ROLLED_BACK(test_time_range),
        ROLLED_BACK(test_out_of_range),    ROLLED_BACK(test_group_of_long_ago),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
