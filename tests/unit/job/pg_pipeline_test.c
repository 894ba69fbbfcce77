/* Statements that share a round trip: later ones, wanted answers, a transaction of one statement;
   each also where the statement is prepared. Over a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postgres_server.h"

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

static bool insert_later(int64_t id)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, id);
    return pg_later(pg, "INSERT INTO thing VALUES ($1::bigint)", &params, &error);
}

static void test_later(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= OFTEN; i++) {
        int64_t count = 0;
        ok(insert_later(10 * i));
        ok(insert_later(10 * i + 1));
        ok(pg_query_int(pg, "SELECT count(*) FROM thing", NULL, &count, &error));
        assert_int_equal(count, 2 * i);
    }
    expect_sql(other, "SELECT count(*) FROM thing", "10");
}

/* Outside of a transaction, what shares a round trip is one. */
static void test_a_later_one_fails(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= OFTEN; i++) {
        ok(insert_later(i));
        ok(insert_later(i));
        assert_false(pg_execute(pg, "INSERT INTO thing VALUES (99)", NULL, NULL, &error));
        assert_int_equal(error.code, ERROR_CONFLICT);
        assert_string_equal(pg_sqlstate(pg), "23505");
        expect_sql(pg, "SELECT count(*) FROM thing", "0");
    }
}

static bool square_later(int64_t value, struct pg_result **result)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, value);
    return pg_later_query(pg, "SELECT $1::bigint * $1::bigint", &params, result, &error);
}

static void test_a_wanted_answer(void **state)
{
    (void)state;
    struct pg_result *two = NULL, *three = NULL, *last = NULL;
    for (int i = 0; i < OFTEN; i++) {
        ok(square_later(2, &two));
        assert_null(two);
        ok(insert_later(i));
        ok(square_later(3, &three));
        ok(pg_query(pg, "SELECT 16", NULL, &last, &error));
        assert_int_equal(pg_int(two, 0, 0), 4);
        assert_int_equal(pg_int(three, 0, 0), 9);
        assert_int_equal(pg_int(last, 0, 0), 16);
        pg_result_free(two);
        pg_result_free(three);
        pg_result_free(last);
    }
    expect_sql(other, "SELECT count(*) FROM thing", "5");
}

static void test_too_many_wanted_answers(void **state)
{
    (void)state;
    struct pg_result *results[3] = {NULL};
    ok(square_later(1, &results[0]));
    ok(square_later(2, &results[1]));
    assert_false(square_later(3, &results[2]));
    assert_int_equal(error.code, ERROR_INTERNAL);
    ok(pg_execute(pg, "SELECT 1", NULL, NULL, &error));
    assert_int_equal(pg_int(results[1], 0, 0), 4);
    pg_result_free(results[0]);
    pg_result_free(results[1]);
}

static void test_a_wanted_answer_without_success(void **state)
{
    (void)state;
    struct pg_result *result = NULL;
    ok(square_later(2, &result));
    assert_false(pg_execute(pg, "SELECT 1 / 0", NULL, NULL, &error));
    assert_null(result);
    ok(square_later(2, &result));
    ok(insert_later(1));
    ok(insert_later(1));
    assert_false(pg_execute(pg, "SELECT 1", NULL, NULL, &error));
    assert_null(result);
    ok(square_later(INT64_MAX, &result)); /* out of range */
    assert_false(pg_execute(pg, "SELECT 1", NULL, NULL, &error));
    assert_null(result);
    expect_sql(pg, "SELECT 1", "1");
}

/* Whoever has given up is not written to. */
static void test_a_wanted_answer_that_nobody_waits_for(void **state)
{
    (void)state;
    struct pg_result *result = NULL;
    ok(pg_begin(pg, &error));
    ok(square_later(2, &result));
    pg_rollback(pg);
    assert_null(result);
    expect_sql(pg, "SELECT 1", "1");
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
        TEST(test_later),
        TEST(test_a_later_one_fails),
        TEST(test_a_wanted_answer),
        TEST(test_too_many_wanted_answers),
        TEST(test_a_wanted_answer_without_success),
        TEST(test_a_wanted_answer_that_nobody_waits_for),
        TEST(test_a_statement_alone),
        TEST(test_a_statement_alone_fails),
        TEST(test_its_commit_fails),
        TEST(test_its_commit_has_no_answer),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
