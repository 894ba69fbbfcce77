/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef EXPORTD_FAULTS

static void nothing_set(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(unsetenv("EXPORTD_FAULT"), 0);
    assert_true(FAULT("after_take", &error));
    assert_int_equal(setenv("EXPORTD_FAULT", ",,x:,:error,after_take,after_take:error:0", 1), 0);
    assert_true(FAULT("after_take", &error));
}

static void an_error_at_its_passage(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(setenv("EXPORTD_FAULT", "x:error:9,y:delay=0,before_commit:error:3", 1), 0);
    for (int passage = 1; passage <= 5; passage++) {
        assert_true(FAULT("other", &error));
        assert_int_equal(FAULT("before_commit", &error), passage != 3);
    }
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_string_equal(error.message, "fault point before_commit");
}

static void a_delay_at_each_passage(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(setenv("EXPORTD_FAULT", "a,b,c,slow:delay=30:2", 1), 0);
    int64_t start = clock_monotonic_ms();
    assert_true(FAULT("slow", &error));
    assert_true(clock_monotonic_ms() - start < 25);
    assert_true(FAULT("slow", &error));
    assert_true(FAULT("slow", &error));
    assert_true(clock_monotonic_ms() - start >= 58);
}

static void death(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        (void)setenv("EXPORTD_FAULT", "a,b,c,d,die:kill", 1);
        _exit(FAULT("die", &error) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set),
        cmocka_unit_test(an_error_at_its_passage),
        cmocka_unit_test(a_delay_at_each_passage),
        cmocka_unit_test(death),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void fault_points_do_nothing(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(setenv("EXPORTD_FAULT", "after_take:kill", 1), 0);
    assert_true(FAULT("after_take", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fault_points_do_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
