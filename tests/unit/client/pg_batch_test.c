/* SPDX-License-Identifier: Apache-2.0 */
/* Statements that share a round trip, and a transaction of one statement; each also where the
   statement is prepared. Over a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../postgres_server.h"

enum { OFTEN = 5 }; /* the third time, a repeated statement is prepared */

static struct postgres_server server;
static struct pg *pg, *other;
static struct error error;

static void ok(bool done)
{
    if (!done)
        fail_msg("%s", error.message);
}

static int start(void **state)
{
    (void)state;
    if (!postgres_server_start(&server))
        return -1;
    pg = pg_new(server.url, "test");
    other = pg_new(server.url, "test");
    assert_non_null(pg);
    assert_non_null(other);
    ok(pg_connect(pg, &error));
    ok(pg_connect(other, &error));
    run_sql(pg, "CREATE TABLE thing (id bigint PRIMARY KEY)");
    run_sql(pg, "CREATE TABLE part (thing_id bigint NOT NULL REFERENCES thing (id)"
                " DEFERRABLE INITIALLY DEFERRED)");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pg_free(pg);
    pg_free(other);
    postgres_server_stop(&server);
    return 0;
}

static int empty(void **state)
{
    (void)state;
    run_sql(pg, "TRUNCATE thing, part");
    return 0;
}

static bool add_insert(struct pg_batch *batch, int64_t id)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_batch_add(batch, "INSERT INTO thing VALUES ($1::bigint)", &params, &error);
}

static bool add_square(struct pg_batch *batch, int64_t value)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, value);
    return pg_batch_add(batch, "SELECT $1::bigint * $1::bigint", &params, &error);
}

/* Each statement has its own reply, also in the round that prepares them. */
static void test_replies(void **state)
{
    (void)state;
    struct pg_batch batch;
    for (int64_t i = 1; i <= OFTEN; i++) {
        pg_batch_init(&batch, pg);
        ok(add_square(&batch, i));
        ok(add_insert(&batch, i));
        ok(add_square(&batch, 10 * i));
        ok(pg_batch_add(&batch, "SELECT count(*) FROM thing", NULL, &error));
        ok(pg_batch_run(&batch, &error));
        assert_int_equal(batch.count, 4);
        assert_int_equal(pg_int(batch.results[0], 0, 0), i * i);
        assert_int_equal(pg_rows(batch.results[1]), 0);
        assert_int_equal(pg_int(batch.results[2], 0, 0), 100 * i * i);
        assert_int_equal(pg_int(batch.results[3], 0, 0), i);
        pg_batch_free(&batch);
    }
    expect_sql(other, "SELECT count(*) FROM thing", "5");
}

/* Outside of a transaction, a batch is one; and the failure is the batch's, not that of the
   statement that comes next. */
static void test_one_fails(void **state)
{
    (void)state;
    struct pg_batch batch;
    for (int64_t i = 1; i <= OFTEN; i++) {
        pg_batch_init(&batch, pg);
        ok(add_square(&batch, 2));
        ok(add_insert(&batch, i));
        ok(add_insert(&batch, i));
        ok(add_square(&batch, 3));
        assert_false(pg_batch_run(&batch, &error));
        assert_int_equal(error.code, ERROR_CONFLICT);
        assert_string_equal(pg_sqlstate(pg), "23505");
        for (int n = 0; n < PG_BATCH_MAX; n++)
            assert_null(batch.results[n]);
        expect_sql(pg, "SELECT count(*) FROM thing", "0");
    }
}

/* Until it is run, the connection is the batch's. */
static void test_nothing_in_between(void **state)
{
    (void)state;
    struct pg_batch batch;
    struct pg_batch second;
    struct pg_result *result = NULL;
    pg_batch_init(&batch, pg);
    pg_batch_init(&second, pg);
    ok(add_square(&batch, 2));
    assert_false(pg_query(pg, "SELECT 1", NULL, &result, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_false(add_square(&second, 3));
    assert_int_equal(error.code, ERROR_INTERNAL);
    ok(pg_batch_run(&batch, &error));
    assert_int_equal(pg_int(batch.results[0], 0, 0), 4);
    pg_batch_free(&batch);
    expect_sql(pg, "SELECT 1", "1");
}

static void test_full_and_empty(void **state)
{
    (void)state;
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    for (int i = 0; i < PG_BATCH_MAX; i++)
        ok(add_square(&batch, i));
    ok(pg_batch_run(&batch, &error));
    assert_int_equal(pg_int(batch.results[PG_BATCH_MAX - 1], 0, 0),
                     (PG_BATCH_MAX - 1) * (PG_BATCH_MAX - 1));
    pg_batch_free(&batch);
    ok(pg_batch_run(&batch, &error)); /* nothing to do */
    ok(add_square(&batch, 3));        /* and of use again */
    ok(pg_batch_run(&batch, &error));
    assert_int_equal(pg_int(batch.results[0], 0, 0), 9);
    pg_batch_free(&batch);
}

static void test_a_transaction_that_is_given_up(void **state)
{
    (void)state;
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    ok(pg_batch_add_begin(&batch, &error));
    ok(add_insert(&batch, 1));
    pg_rollback(pg);
    ok(pg_connect(pg, &error));
    expect_sql(pg, "SELECT count(*) FROM thing", "0");
    pg_batch_init(&batch, pg);
    ok(pg_batch_add_begin(&batch, &error));
    ok(add_insert(&batch, 1));
    ok(pg_batch_run(&batch, &error));
    pg_batch_free(&batch);
    expect_sql(pg, "SELECT count(*) FROM thing", "1");
    pg_rollback(pg);
    expect_sql(pg, "SELECT count(*) FROM thing", "0");
}

/* The server goes while a batch is made: the batch says so. */
static void test_a_lost_connection(void **state)
{
    (void)state;
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    ok(add_square(&batch, 2));
    pg_disconnect(pg);
    assert_false(add_square(&batch, 3));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_false(pg_batch_run(&batch, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    pg_batch_free(&batch);
    ok(pg_connect(pg, &error));
}

static bool insert_alone(int64_t id, struct pg_result **result)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_query_alone(pg,
                          "INSERT INTO thing VALUES ($1::bigint) RETURNING id, " PG_UNSYNCED
                          ", current_setting('synchronous_commit')",
                          &params, result, &error);
}

static void test_a_statement_alone(void **state)
{
    (void)state;
    struct pg_result *result = NULL;
    for (int64_t i = 1; i <= OFTEN; i++) {
        ok(insert_alone(i, &result));
        assert_int_equal(pg_int(result, 0, 0), i);
        assert_string_equal(pg_text(result, 0, 2), "off");
        pg_result_free(result);
        expect_sql(pg, "SHOW synchronous_commit", "on");
    }
    expect_sql(other, "SELECT count(*) FROM thing", "5");
}

static void test_a_statement_alone_fails(void **state)
{
    (void)state;
    struct pg_result *result = NULL;
    for (int64_t i = 1; i <= OFTEN; i++) {
        ok(insert_alone(i, &result));
        pg_result_free(result);
        assert_false(insert_alone(i, &result));
        assert_null(result);
        assert_int_equal(error.code, ERROR_CONFLICT);
        assert_string_equal(pg_sqlstate(pg), "23505");
        expect_sql(pg, "SHOW synchronous_commit", "on"); /* no transaction is open */
    }
    expect_sql(other, "SELECT count(*) FROM thing", "5");
}

static void test_its_commit_fails(void **state)
{
    (void)state;
    struct pg_result *result = NULL;
    assert_false(pg_query_alone(pg, "INSERT INTO part VALUES (1)", NULL, &result, &error));
    assert_null(result);
    assert_int_equal(error.code, ERROR_CONFLICT);
    assert_string_equal(pg_sqlstate(pg), "23503");
    expect_sql(pg, "SELECT count(*) FROM part", "0");
}

static void test_its_commit_has_no_answer(void **state)
{
    (void)state;
    int64_t pid = 0;
    struct pg_result *result = NULL;
    ok(pg_query_int(pg, "SELECT pg_backend_pid()", NULL, &pid, &error));
    pg_set_patience(pg, 500);
    (void)kill((pid_t)pid, SIGSTOP); /* only this one: the server takes other connections */
    bool done = pg_query_alone(pg, "INSERT INTO thing VALUES (1)", NULL, &result, &error);
    (void)kill((pid_t)pid, SIGCONT);
    assert_false(done);
    assert_null(result);
    assert_int_equal(error.code, ERROR_AWAY);
    pg_set_patience(pg, 0);
    ok(pg_connect(pg, &error));
}

#define TEST(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_replies),
        TEST(test_one_fails),
        TEST(test_nothing_in_between),
        TEST(test_full_and_empty),
        TEST(test_a_transaction_that_is_given_up),
        TEST(test_a_lost_connection),
        TEST(test_a_statement_alone),
        TEST(test_a_statement_alone_fails),
        TEST(test_its_commit_fails),
        TEST(test_its_commit_has_no_answer),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
