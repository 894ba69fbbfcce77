/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: which parts count as stuck, and which do not. */
#include "worker/watchdog.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* As if the last sign of life were `ms` milliseconds ago. */
static void silence(struct watch *watch, int64_t ms)
{
    atomic_store(&watch->seen_ms, clock_monotonic_ms() - ms);
}

static void test_a_silent_part_is_found(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *job = watchdog_add(&watchdog, "job", 0);
    struct watch *fetcher = watchdog_add(&watchdog, "fetcher", 0);
    assert_null(watchdog_check(&watchdog, 1000));
    silence(fetcher, 1500);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), fetcher);
    assert_null(watchdog_check(&watchdog, 2000));
    watch_seen(fetcher);
    assert_null(watchdog_check(&watchdog, 1000));
    silence(job, 1000);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), job);
}

static void test_a_part_may_have_more_time(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *mailer = watchdog_add(&watchdog, "mailer", 5000);
    silence(mailer, 4000);
    assert_null(watchdog_check(&watchdog, 1000));
    silence(mailer, 6500);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), mailer);
}

static void test_a_part_that_has_ended_is_not_missed(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *job = watchdog_add(&watchdog, "job", 0);
    silence(job, 5000);
    watch_end(job);
    assert_null(watchdog_check(&watchdog, 1000));
}

/* The check itself is late: the process was stopped, and all its threads with it. */
static void test_after_a_stopped_process_all_time_starts_again(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *job = watchdog_add(&watchdog, "job", 0);
    struct watch *ended = watchdog_add(&watchdog, "job", 0);
    watch_end(ended);
    watchdog.checked_ms -= 60000; /* also if it is the first check */
    silence(job, 60000);
    assert_null(watchdog_check(&watchdog, 1000));
    assert_int_equal(atomic_load(&ended->seen_ms), 0);
    silence(job, 1500);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_silent_part_is_found),
        cmocka_unit_test(test_a_part_may_have_more_time),
        cmocka_unit_test(test_a_part_that_has_ended_is_not_missed),
        cmocka_unit_test(test_after_a_stopped_process_all_time_starts_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
