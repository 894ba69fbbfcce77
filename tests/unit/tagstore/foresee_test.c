/* Rows that are asked for before their cursor is opened, over real tables (database_fixture.h):
   they are shown to whoever asks for just them, once, and to nobody else.
   tests/system/test_units.py gives the database. */
#include "base/text.h"
#include "tagstore/postgres/postgres_tagstore.h"

#include "../database_fixture.h"

static struct pg *own; /* the tagstore's own connection */
static struct tagstore *store;

static int open_store(void **state)
{
    if (open_database(state) != 0)
        return -1;
    if (pg == NULL)
        return 0;
    own = connect_pg();
    store = postgres_tagstore_new(own, pg);
    return store == NULL ? -1 : 0;
}

static int close_store(void **state)
{
    tagstore_free(store);
    pg_free(own);
    return close_database(state);
}

/* Values 10 ... 14, each seen as often as it says: of issue 10, issue 11, another key, another
   environment, another project. */
static void make_rows(void)
{
    run("SET LOCAL session_replication_role = replica;" /* no look for what they refer to */
        "INSERT INTO tagstore_tagkey (id, project_id, environment_id, key, values_seen, status)"
        " VALUES (1, 1, 0, 'color', 0, 0), (2, 1, 0, 'size', 0, 0), (3, 1, 7, 'color', 0, 0),"
        " (4, 2, 0, 'color', 0, 0);"
        "INSERT INTO tagstore_tagvalue (id, project_id, key_id, value, times_seen)"
        " SELECT n, 1, 1, n::text, 1 FROM generate_series(10, 14) AS n;"
        "INSERT INTO tagstore_grouptagvalue (project_id, group_id, key_id, value_id, times_seen)"
        " VALUES (1, 10, 1, 10, 10), (1, 11, 1, 11, 11), (1, 10, 2, 12, 12), (1, 10, 3, 13, 13),"
        " (2, 10, 4, 14, 14);"
        "INSERT INTO tagstore_grouptagkey (project_id, group_id, key_id, values_seen)"
        " VALUES (1, 10, 1, 1), (1, 11, 1, 1), (1, 10, 2, 1), (1, 10, 3, 1), (2, 10, 4, 1)");
}

static struct group_tag_value_query query_of(const char *key)
{
    return (struct group_tag_value_query){
        .project_id = 1, .group_id = 10, .key = key, .key_must_exist = true, .page_size = 10};
}

/* Foresees, and lets the rows change behind the statement that they came with. */
static void foresee(const struct group_tag_value_query *query)
{
    tagstore_foresee(store, query);
    assert_string_equal(text_of("SELECT 'the next statement'"), "the next statement");
    assert_false(tagstore_end_foresight(store, true));
    run("UPDATE tagstore_grouptagvalue SET times_seen = times_seen + 100");
}

static int64_t times_seen(const struct group_tag_value_query *query)
{
    struct tagstore_cursor *cursor = NULL;
    struct group_tag_value *rows = NULL;
    size_t count = 0;
    ok(tagstore_open_group_tag_values(store, query, &cursor, &error));
    assert_non_null(cursor);
    ok(tagstore_next_page(cursor, arena, &rows, &count, &error));
    assert_int_equal(count, 1);
    int64_t seen = rows[0].times_seen;
    tagstore_close(cursor);
    return seen;
}

static void test_shown_once(void **state)
{
    (void)state;
    char key[] = "color"; /* whoever opens may name it by another pointer */
    need_database();
    make_rows();
    struct group_tag_value_query query = query_of(key);
    foresee(&query);
    query.key = "color";
    assert_int_equal(times_seen(&query), 10);
    assert_int_equal(times_seen(&query), 110);
}

static void shows_others(const struct group_tag_value_query *opened, int64_t expected)
{
    make_rows();
    struct group_tag_value_query foreseen = query_of("color");
    foresee(&foreseen);
    assert_int_equal(times_seen(opened), expected);
    assert_int_equal(times_seen(&foreseen), 110); /* it is gone: asked for anew */
}

static void test_another_issue(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("color");
    query.group_id = 11;
    shows_others(&query, 111);
}

static void test_another_key(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("size");
    shows_others(&query, 112);
}

static void test_another_environment(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("color");
    query.environment_id = 7;
    shows_others(&query, 113);
}

static void test_another_project(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("color");
    query.project_id = 2;
    shows_others(&query, 114);
}

static void test_another_limit(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("color");
    query.limit = 1;
    shows_others(&query, 110);
}

static void test_only_those_seen(void **state)
{
    (void)state;
    need_database();
    struct group_tag_value_query query = query_of("color");
    query.seen_only = true;
    shows_others(&query, 110);
}

static void test_another_is_foreseen(void **state)
{
    (void)state;
    need_database();
    make_rows();
    struct group_tag_value_query first = query_of("color");
    struct group_tag_value_query second = query_of("size");
    foresee(&first);
    foresee(&second);
    assert_int_equal(times_seen(&second), 112);
    assert_int_equal(times_seen(&first), 210);
}

/* The statement fails for the rows, or they with it: it is worth to be repeated, and they are asked
   for when they are wanted. */
static void test_the_next_statement_fails(void **state)
{
    (void)state;
    need_database();
    make_rows();
    struct group_tag_value_query query = query_of("color");
    run("SAVEPOINT before");
    tagstore_foresee(store, &query);
    assert_false(pg_execute(pg, "SELECT 1 / 0", NULL, NULL, &error));
    assert_true(tagstore_end_foresight(store, false));
    run("ROLLBACK TO before");
    assert_int_equal(times_seen(&query), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_shown_once),
        ROLLED_BACK(test_another_issue),
        ROLLED_BACK(test_another_key),
        ROLLED_BACK(test_another_environment),
        ROLLED_BACK(test_another_project),
        ROLLED_BACK(test_another_limit),
        ROLLED_BACK(test_only_those_seen),
        ROLLED_BACK(test_another_is_foreseen),
        ROLLED_BACK(test_the_next_statement_fails),
    };
    return cmocka_run_group_tests(tests, open_store, close_store);
}
