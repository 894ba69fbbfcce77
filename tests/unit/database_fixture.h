/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests over real tables. TEST_DATABASE_URL is the URL of an empty database, migrated
 * with --standalone. tests/system/test_units.py sets it; without it each test is skipped.
 */
#ifndef TEST_DATABASE_FIXTURE_H
#define TEST_DATABASE_FIXTURE_H

#include "base/arena.h"
#include "client/pg.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct pg *pg;
static struct arena *arena;
static struct error error;

/* The call must succeed. */
static inline void ok(bool done)
{
    if (!done)
        fail_msg("%s", error.message);
}

static inline struct pg *connect_pg(void)
{
    struct pg *made = pg_new(getenv("TEST_DATABASE_URL"), "test");
    assert_non_null(made);
    ok(pg_connect(made, &error));
    return made;
}

static inline int open_database(void **state)
{
    (void)state;
    if (getenv("TEST_DATABASE_URL") == NULL)
        return 0;
    pg = connect_pg();
    arena = arena_new((size_t)16 * 1024 * 1024);
    return arena == NULL ? -1 : 0;
}

static inline int close_database(void **state)
{
    (void)state;
    pg_free(pg);
    arena_free(arena);
    return 0;
}

static inline int begin(void **state)
{
    (void)state;
    if (pg != NULL)
        ok(pg_begin(pg, &error));
    return 0;
}

static inline int rollback(void **state)
{
    (void)state;
    if (pg != NULL)
        pg_rollback(pg);
    return 0;
}

static inline void need_database(void)
{
    if (pg == NULL)
        skip();
}

static inline void run(const char *sql)
{
    ok(pg_script(pg, sql, &error));
}

/* The only text in the answer to a query; "" for NULL. A copy. */
static inline const char *text_of(const char *sql)
{
    struct pg_result *result = NULL;
    ok(pg_query(pg, sql, NULL, &result, &error));
    assert_int_equal(pg_rows(result), 1);
    const char *text = pg_text(result, 0, 0);
    text = text == NULL ? "" : text;
    text = arena_copy(arena, text, strlen(text), &error);
    assert_non_null(text);
    pg_result_free(result);
    return text;
}

/* A test in a transaction that is rolled back: it leaves no rows. */
#define ROLLED_BACK(test) cmocka_unit_test_setup_teardown(test, begin, rollback)

#endif
