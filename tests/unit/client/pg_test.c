/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of pg.c that need no server: connection strings, values of results, and a connection
   that cannot be made. */
#include "pg_result_fixture.h"

#include <unistd.h>

static void test_connection_strings(void **state)
{
    (void)state;
    static const struct {
        const char *conninfo;
        bool good;
    } cases[] = {
        {"", true},
        {"dbname=d user=u", true},
        {"postgresql://", true},
        {"postgresql://u:p@h:5432/d", true},
        {"postgres://u:p%40w%2F@h/d?sslmode=require", true},
        {"postgresql://h1:1,h2:2/d", true},
        {"postgresql:///d?host=/run/postgresql", true},
        {"postgresql://u:hunter2@x@h/d", false}, /* an @ in the password */
        {"postgresql://u:hunter2/x@h/d", false}, /* a / in the password */
        {"postgresql://u@h:hunter2/d", false},   /* not a port */
        {"host=h port=hunter2", false},
        {"hunter2", false},
        {"dbname=d hunter2", false},
        {"postgresql://u:hunter2%zz@h/d", false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error error = {.code = ERROR_NONE};
        if (pg_check_url(cases[i].conninfo, &error) != cases[i].good)
            fail_msg("'%s' is %s", cases[i].conninfo, cases[i].good ? "refused" : "accepted");
        if (cases[i].good)
            continue;
        assert_int_equal(error.code, ERROR_USAGE);
        assert_null(strstr(error.message, "hunter2"));
    }
}

static void test_values(void **state)
{
    (void)state;
    static const char *const cells[] = {"-9223372036854775808", "9223372036854775808", "text",
                                        NULL};
    struct pg_result *result = make_result(2, 2, cells);
    assert_int_equal(pg_rows(result), 2);
    assert_true(pg_int(result, 0, 0) == INT64_MIN);
    assert_int_equal(pg_int(result, 0, 1), 0); /* too large */
    assert_int_equal(pg_int(result, 1, 0), 0);
    assert_int_equal(pg_int(result, 1, 1), 0);
    assert_string_equal(pg_text(result, 1, 0), "text");
    assert_null(pg_text(result, 1, 1));
    assert_true(pg_is_null(result, 1, 1) && !pg_is_null(result, 1, 0));
    assert_true(pg_time(result, 0, 0) == INT64_MIN);
    assert_true(pg_time(result, 1, 1) == USEC_NONE);
    pg_result_free(result);
    pg_result_free(NULL);
}

/* Every call fails in the same way, and none waits. */
static void test_without_a_connection(void **state)
{
    (void)state;
    struct error error;
    struct pg_result *result = (struct pg_result *)&error;
    struct pg_batch batch;
    const char *row = NULL;
    size_t size = 0;
    bool end = false;
    int64_t number = 0;
    struct pg *pg = pg_new("", "test");
    assert_non_null(pg);
    pg_batch_init(&batch, pg);
    assert_false(pg_query(pg, "SELECT 1", NULL, &result, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_null(result);
    assert_false(pg_query_int(pg, "SELECT 1", NULL, &number, &error));
    assert_false(pg_execute(pg, "SELECT 1", NULL, NULL, &error));
    assert_false(pg_script(pg, "SELECT 1", &error));
    assert_false(pg_begin(pg, &error));
    assert_false(pg_commit(pg, &error));
    assert_false(pg_batch_add(&batch, "SELECT 1", NULL, &error));
    assert_false(pg_copy_out(pg, "COPY t TO STDOUT", &error));
    assert_false(pg_copy_next(pg, &row, &size, &end, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_int_equal(pg_server_version(pg), 0);
    assert_string_equal(pg_sqlstate(pg), "");
    pg_rollback(pg);
    pg_disconnect(pg);
    pg_free(pg);
    pg_free(NULL);
}

static void test_no_server(void **state)
{
    (void)state;
    char folder[] = "/tmp/pg_test_XXXXXX";
    char conninfo[64];
    struct error error;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(conninfo, sizeof(conninfo), "host=%s", folder);
    struct pg *pg = pg_new(conninfo, "test");
    assert_non_null(pg);
    assert_false(pg_connect(pg, &error));
    assert_int_equal(error.code, ERROR_AWAY);
    assert_int_equal(strncmp(error.message, "PostgreSQL cannot be reached: ", 30), 0);
    assert_null(strchr(error.message, '\n'));
    assert_false(pg_wake(pg, &error));
    pg_free(pg);
    assert_int_equal(rmdir(folder), 0);
}

static void test_patience(void **state)
{
    (void)state;
    struct pg *pg = pg_new("", "test");
    assert_non_null(pg);
    assert_int_equal(pg_set_patience(pg, 500), 0);
    assert_int_equal(pg_set_patience(pg, 0), 500);
    pg_free(pg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection_strings),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_without_a_connection),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
