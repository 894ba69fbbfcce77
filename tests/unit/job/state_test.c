/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the states. */
#include "job/state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_state_names(void **state)
{
    (void)state;
    static const char *const names[] = {"waiting", "running",   "delayed", "valid",
                                        "failed",  "cancelled", "gone"};
    struct error error;
    for (int i = JOB_WAITING; i <= JOB_CANCELLED; i++) {
        enum job_state parsed = JOB_GONE;
        assert_string_equal(job_state_name((enum job_state)i), names[i]);
        assert_true(job_state_parse(names[i], &parsed, &error));
        assert_int_equal(parsed, i);
        assert_int_equal(job_state_is_final((enum job_state)i), i >= JOB_VALID);
    }
    enum job_state untouched = JOB_VALID;
    assert_false(job_state_parse("Waiting", &untouched, &error));
    assert_int_equal(error.code, ERROR_INTERNAL);
    assert_int_equal(untouched, JOB_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_state_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
