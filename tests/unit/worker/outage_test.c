/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/outage.h"

#include "log_capture.h"

static const struct error away = {.code = ERROR_AWAY, .message = "no route to host"};

/* One thread and one server, however often it is tried. */
static void test_each_end_is_logged_once(void **state)
{
    (void)state;
    struct outage outage = {.server = "storage"};
    capture_log();
    outage_end(&outage);
    assert_string_equal(end_capture(), "");
    capture_log();
    outage_begin(&outage, &away);
    outage_begin(&outage, &away);
    const char *log = end_capture();
    assert_int_equal(count_event(log, "server.away"), 1);
    assert_non_null(strstr(log, "server=\"storage\""));
    assert_non_null(strstr(log, "no route to host"));
    assert_true(outage.away);
    capture_log();
    outage_end(&outage);
    outage_end(&outage);
    log = end_capture();
    assert_int_equal(count_event(log, "server.back"), 1);
    assert_int_equal(count_event(log, "server."), 1);
    assert_false(outage.away);
}

/* Two threads miss the same server: the first one logs the begin, and the last one the end. */
static void test_several_threads(void **state)
{
    (void)state;
    atomic_int missing = 0;
    struct outage one = {.server = "postgres", .missing = &missing};
    struct outage two = {.server = "postgres", .missing = &missing};
    capture_log();
    outage_begin(&one, &away);
    outage_begin(&two, &away);
    outage_begin(&one, &away);
    assert_int_equal(atomic_load(&missing), 2);
    outage_end(&one);
    outage_end(&one);
    assert_int_equal(atomic_load(&missing), 1);
    const char *log = end_capture();
    assert_int_equal(count_event(log, "server.away"), 1);
    assert_int_equal(count_event(log, "server.back"), 0);
    capture_log();
    outage_begin(&one, &away);
    outage_end(&two);
    outage_end(&one);
    assert_int_equal(atomic_load(&missing), 0);
    log = end_capture();
    assert_int_equal(count_event(log, "server.away"), 0);
    assert_int_equal(count_event(log, "server.back"), 1);
}

static void test_after_an_outage_comes_another(void **state)
{
    (void)state;
    atomic_int missing = 0;
    struct outage outage = {.server = "redis", .missing = &missing};
    capture_log();
    for (int i = 0; i < 3; i++) {
        outage_begin(&outage, &away);
        outage_end(&outage);
    }
    const char *log = end_capture();
    assert_int_equal(count_event(log, "server.away"), 3);
    assert_int_equal(count_event(log, "server.back"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_end_is_logged_once),
        cmocka_unit_test(test_several_threads),
        cmocka_unit_test(test_after_an_outage_comes_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
