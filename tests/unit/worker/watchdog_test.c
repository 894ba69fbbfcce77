/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog: who is taken for stuck, and who is not. */
#include "worker/watchdog.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* As if its last sign of life were so long ago. */
static void silence(struct watch *watch, int64_t ms)
{
    atomic_store(&watch->seen_ms, clock_monotonic_ms() - ms);
}

static void test_who_is_silent_is_found(void **state)
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

static void test_who_may_take_longer(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *mailer = watchdog_add(&watchdog, "mailer", 5000);
    silence(mailer, 4000);
    assert_null(watchdog_check(&watchdog, 1000));
    silence(mailer, 6500);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), mailer);
}

static void test_who_has_ended_is_not_missed(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *job = watchdog_add(&watchdog, "job", 0);
    silence(job, 5000);
    watch_end(job);
    assert_null(watchdog_check(&watchdog, 1000));
}

/* The check itself is late: the process stood still, and with it everybody. */
static void test_a_stopped_process_gets_its_time_anew(void **state)
{
    (void)state;
    struct watchdog watchdog = {.count = 0};
    struct watch *job = watchdog_add(&watchdog, "job", 0);
    struct watch *ended = watchdog_add(&watchdog, "job", 0);
    watch_end(ended);
    watchdog.checked_ms -= 60000; /* also when it is the first one */
    silence(job, 60000);
    assert_null(watchdog_check(&watchdog, 1000));
    assert_int_equal(atomic_load(&ended->seen_ms), 0);
    silence(job, 1500);
    assert_ptr_equal(watchdog_check(&watchdog, 1000), job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_silent_is_found),
        cmocka_unit_test(test_who_may_take_longer),
        cmocka_unit_test(test_who_has_ended_is_not_missed),
        cmocka_unit_test(test_a_stopped_process_gets_its_time_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
