/* SPDX-License-Identifier: Apache-2.0 */
/* How answers of PostgreSQL are waited for: with patience, and until another thread interrupts. The
   server is a real one, stopped by SIGSTOP where it has to be silent. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../postgres_server.h"

static struct postgres_server server;

static int start(void **state)
{
    (void)state;
    return postgres_server_start(&server) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    postgres_server_stop(&server);
    return 0;
}

static struct pg *connect_pg(void)
{
    struct error error;
    struct pg *pg = pg_new(server.url, "test");
    assert_non_null(pg);
    if (!pg_connect(pg, &error))
        fail_msg("%s", error.message);
    return pg;
}

static pid_t backend(struct pg *pg)
{
    int64_t pid = 0;
    struct error error;
    assert_true(pg_query_int(pg, "SELECT pg_backend_pid()", NULL, &pid, &error));
    return (pid_t)pid;
}

static void *interrupt_soon(void *pg)
{
    clock_sleep_ms(300);
    pg_interrupt(pg);
    return NULL;
}

/* Runs a statement that another thread interrupts; how long it took. */
static int64_t run_interrupted(struct pg *pg, const char *sql, struct error *error)
{
    pthread_t thread;
    int64_t began = clock_monotonic_ms();
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, pg), 0);
    assert_false(pg_execute(pg, sql, NULL, NULL, error));
    int64_t took = clock_monotonic_ms() - began;
    (void)pthread_join(thread, NULL);
    return took;
}

static void test_an_interrupted_statement_ends(void **state)
{
    (void)state;
    struct error error;
    struct pg *pg = connect_pg();
    assert_true(run_interrupted(pg, "SELECT pg_sleep(60)", &error) < 5000);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_string_equal(pg_sqlstate(pg), "57014");
    expect_sql(pg, "SELECT 1", "1"); /* on the same connection */
    pg_free(pg);
}

static void test_an_interrupt_of_nothing_does_nothing(void **state)
{
    (void)state;
    struct pg *pg = connect_pg();
    pg_interrupt(pg);
    run_sql(pg, "SELECT pg_sleep(0.3)");
    pg_free(pg);
}

static void test_an_interrupted_statement_of_a_frozen_server_ends(void **state)
{
    (void)state;
    struct error error;
    struct pg *pg = connect_pg();
    pid_t pid = backend(pg);
    (void)kill(server.pid, SIGSTOP);
    (void)kill(pid, SIGSTOP);
    int64_t took = run_interrupted(pg, "SELECT 1", &error);
    (void)kill(pid, SIGCONT);
    (void)kill(server.pid, SIGCONT);
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_true(took >= 3000 && took < 6000);
    assert_false(pg_execute(pg, "SELECT 1", NULL, NULL, &error)); /* it is dropped */
    assert_int_equal(error.code, ERROR_AWAY);
    assert_true(pg_connect(pg, &error));
    pg_free(pg);
}

static void test_a_slow_statement_is_a_timeout(void **state)
{
    (void)state;
    struct error error;
    int64_t left = 1;
    struct pg *pg = connect_pg();
    pg_set_patience(pg, 500);
    assert_false(pg_execute(pg, "SELECT pg_sleep(60)", NULL, NULL, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    /* and the server does not go on with it */
    assert_true(pg_connect(pg, &error));
    for (int tries = 0; left > 0 && tries < 100; tries++) {
        clock_sleep_ms(50);
        assert_true(pg_query_int(pg,
                                 "SELECT count(*) FROM pg_stat_activity"
                                 " WHERE query LIKE 'SELECT pg_sleep(60)%'",
                                 NULL, &left, &error));
    }
    assert_int_equal(left, 0);
    pg_free(pg);
}

static void test_a_frozen_server_is_away(void **state)
{
    (void)state;
    struct error error;
    char url[300];
    (void)snprintf(url, sizeof(url), "%s connect_timeout=2", server.url);
    struct pg *pg = pg_new(url, "test");
    assert_non_null(pg);
    assert_true(pg_connect(pg, &error));
    pg_set_patience(pg, 500);
    pid_t pid = backend(pg);
    (void)kill(server.pid, SIGSTOP);
    (void)kill(pid, SIGSTOP);
    bool done = pg_execute(pg, "SELECT 1", NULL, NULL, &error);
    (void)kill(pid, SIGCONT);
    (void)kill(server.pid, SIGCONT);
    assert_false(done);
    assert_int_equal(error.code, ERROR_AWAY);
    pg_free(pg);
}

static void test_rows_of_a_copy_may_take_their_time(void **state)
{
    (void)state;
    struct error error;
    const char *data = NULL;
    size_t size = 0;
    bool end = false;
    int rows = 0;
    struct pg *pg = connect_pg();
    pg_set_patience(pg, 1000);
    /* wide, so that each row leaves the server by itself; slower together than our patience */
    assert_true(pg_copy_out(pg,
                            "COPY (SELECT repeat('x', 20000), pg_sleep(0.3)"
                            " FROM generate_series(1, 5)) TO STDOUT",
                            &error));
    while (!end) {
        if (!pg_copy_next(pg, &data, &size, &end, &error))
            fail_msg("%s", error.message);
        rows += end ? 0 : 1;
        clock_sleep_ms(rows == 3 ? 1500 : 0); /* and so may we */
    }
    assert_int_equal(rows, 5);
    pg_free(pg);
}

static void test_a_copy_that_stalls_is_given_up(void **state)
{
    (void)state;
    struct error error;
    const char *data = NULL;
    size_t size = 0;
    bool end = false;
    struct pg *pg = connect_pg();
    pg_set_patience(pg, 500);
    /* the server may keep even the beginning to itself */
    assert_false(pg_copy_out(pg, "COPY (SELECT pg_sleep(60)) TO STDOUT", &error) &&
                 pg_copy_next(pg, &data, &size, &end, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    pg_free(pg);
}

static void test_a_commit_without_an_answer_is_unknown(void **state)
{
    (void)state;
    struct error error;
    struct pg *pg = connect_pg();
    pid_t pid = backend(pg);
    pg_set_patience(pg, 500);
    assert_true(pg_begin(pg, &error));
    (void)kill(pid, SIGSTOP); /* only this one: the server takes other connections */
    bool done = pg_commit(pg, &error);
    (void)kill(pid, SIGCONT);
    assert_false(done);
    assert_int_equal(error.code, ERROR_AWAY);
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_interrupted_statement_ends),
        cmocka_unit_test(test_an_interrupt_of_nothing_does_nothing),
        cmocka_unit_test(test_an_interrupted_statement_of_a_frozen_server_ends),
        cmocka_unit_test(test_a_slow_statement_is_a_timeout),
        cmocka_unit_test(test_a_frozen_server_is_away),
        cmocka_unit_test(test_rows_of_a_copy_may_take_their_time),
        cmocka_unit_test(test_a_copy_that_stalls_is_given_up),
        cmocka_unit_test(test_a_commit_without_an_answer_is_unknown),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
