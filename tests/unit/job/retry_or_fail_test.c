/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of errors, with budgets and pauses, and the sentences of failure mails. */
#include "job/retry_or_fail.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct retry_limits limits = {
    .max_failures = 5, .give_up_hours = 24, .base_seconds = 10};

static struct retry judge(enum error_code code, const struct retry_history *history)
{
    struct error error;
    error_set(&error, code, "as it was");
    return retry_judge(&error, history, &limits, false);
}

static void expect_postponed(struct retry retry, int64_t least_ms, bool counted)
{
    assert_int_equal(retry.verdict, RETRY_POSTPONE);
    assert_in_range(retry.delay_ms, least_ms, least_ms + least_ms / 4);
    assert_int_equal(retry.counted, counted);
}

static void test_what_will_not_pass(void **state)
{
    (void)state;
    const struct retry_history first = {.delays = 0};
    assert_int_equal(judge(ERROR_EXPORT, &first).verdict, RETRY_FAIL);
    assert_int_equal(judge(ERROR_INVALID, &first).verdict, RETRY_FAIL);
    assert_int_equal(judge(ERROR_TOO_LARGE, &first).verdict, RETRY_FAIL);
}

/* Failures are not counted; only the hours are bounded. The pause grows with each earlier pause. */
static void test_a_server_that_is_away(void **state)
{
    (void)state;
    static const enum error_code codes[] = {ERROR_AWAY, ERROR_DENIED, ERROR_BUSY};
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        struct retry_history history = {
            .delays = 0, .failures = 4, .age_seconds = 24 * 3600 - 1, .crashes = 10};
        expect_postponed(judge(codes[i], &history), 10000, false);
        history.delays = 2;
        expect_postponed(judge(codes[i], &history), 40000, false);
        history.age_seconds = 24 * 3600;
        assert_int_equal(judge(codes[i], &history).verdict, RETRY_FAIL);
    }
}

/* Failures are counted, up to the budget. The pause grows with each failure. */
static void test_the_jobs_own_failure(void **state)
{
    (void)state;
    static const enum error_code codes[] = {ERROR_ANSWER,   ERROR_TIMEOUT, ERROR_OVERLOAD,
                                            ERROR_CONFLICT, ERROR_QUERY,   ERROR_NOT_FOUND,
                                            ERROR_INTERNAL};
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        struct retry_history history = {.delays = 8, .failures = 0, .age_seconds = 99 * 3600};
        expect_postponed(judge(codes[i], &history), 10000, true);
        history.failures = 3;
        expect_postponed(judge(codes[i], &history), 80000, true);
        history.failures = 4;
        assert_int_equal(judge(codes[i], &history).verdict, RETRY_FAIL);
    }
}

static void test_a_worker_that_stops(void **state)
{
    (void)state;
    static const enum error_code codes[] = {ERROR_AWAY, ERROR_INTERNAL, ERROR_STOPPED};
    const struct retry_history last = {.delays = 8, .failures = 4, .age_seconds = 99 * 3600};
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        struct error error;
        error_set(&error, codes[i], "as it was");
        expect_postponed(retry_judge(&error, &last, &limits, true), 0, false);
    }
    expect_postponed(judge(ERROR_STOPPED, &last), 0, false);
    struct error export;
    error_set(&export, ERROR_EXPORT, "Requested issue does not exist");
    assert_int_equal(retry_judge(&export, &last, &limits, true).verdict, RETRY_FAIL);
}

static void test_a_job_that_was_lost(void **state)
{
    (void)state;
    const struct retry_history last = {.delays = 8, .failures = 4, .age_seconds = 99 * 3600};
    assert_int_equal(judge(ERROR_LOST, &last).verdict, RETRY_HANDS_OFF);
}

static void test_an_outcome_that_cannot_be_written(void **state)
{
    (void)state;
    const struct retry_history history = {.delays = 1, .failures = 9, .age_seconds = 99 * 3600};
    expect_postponed(retry_unwritten(&history, &limits), 20000, true);
}

/* An attempt that finds a budget used up is the last one. */
static void test_budgets(void **state)
{
    (void)state;
    struct error error;
    struct retry_history history = {.delays = 5, .failures = 4, .crashes = 9};
    assert_true(retry_check_budget(&history, &limits, &error));
    history.failures = 5;
    assert_false(retry_check_budget(&history, &limits, &error));
    assert_string_equal(error.message, "5 attempts ended without an outcome");
    assert_int_equal(retry_judge(&error, &history, &limits, false).verdict, RETRY_FAIL);
    history = (struct retry_history){.delays = 0, .crashes = 10};
    assert_false(retry_check_budget(&history, &limits, &error));
    assert_string_equal(error.message, "10 workers died while they ran this export");
    assert_int_equal(retry_judge(&error, &history, &limits, false).verdict, RETRY_FAIL);
    assert_int_equal(retry_judge(&error, &history, &limits, true).verdict, RETRY_FAIL);
}

static void expect_pause(int64_t base_seconds, int64_t attempt, int64_t ms)
{
    const struct retry_limits base = {.max_failures = 5, .base_seconds = base_seconds};
    const struct retry_history history = {.delays = attempt - 1};
    for (int i = 0; i < 200; i++)
        expect_postponed(retry_unwritten(&history, &base), ms, true);
}

static void test_pauses(void **state)
{
    (void)state;
    expect_pause(10, 1, 10000);
    expect_pause(10, 2, 20000);
    expect_pause(10, 5, 160000);
    expect_pause(10, 9, 2560000);
    expect_pause(10, 10, 3600000);
    expect_pause(10, INT64_MAX, 3600000);
    expect_pause(3600, 1, 3600000);
    expect_pause(INT64_MAX, 1, 3600000);
}

static void test_pauses_have_jitter(void **state)
{
    (void)state;
    const struct retry_history history = {.delays = 0};
    int64_t first = retry_unwritten(&history, &limits).delay_ms;
    for (int i = 0; i < 1000; i++)
        if (retry_unwritten(&history, &limits).delay_ms != first)
            return;
    fail_msg("a thousand equal pauses");
}

static void expect_sentence(enum error_code code, const char *sentence)
{
    struct error error;
    error_set(&error, code, "Requested issue does not exist");
    assert_string_equal(retry_failure_sentence(&error), sentence);
}

/* Exactly the sentences of the original. Only the export's own sentence reaches a user, never the
   words of a server. */
static void test_sentences(void **state)
{
    (void)state;
    const char *timeout = "Query timeout. Please try again. If the problem persists try a smaller "
                          "date range or fewer projects.";
    expect_sentence(ERROR_EXPORT, "Requested issue does not exist");
    expect_sentence(ERROR_TIMEOUT, timeout);
    expect_sentence(ERROR_OVERLOAD, timeout);
    expect_sentence(ERROR_BUSY, timeout);
    expect_sentence(ERROR_QUERY, "Internal error. Your query failed to run.");
    expect_sentence(ERROR_AWAY, "Internal error. Please try again.");
    expect_sentence(ERROR_ANSWER, "Internal error. Please try again.");
    expect_sentence(ERROR_CONFLICT, "Failed to save the assembled file");
    expect_sentence(ERROR_TOO_LARGE, "The export is too large");
    expect_sentence(ERROR_INVALID, "Internal processing failure");
    expect_sentence(ERROR_DENIED, "Internal processing failure");
    expect_sentence(ERROR_NOT_FOUND, "Internal processing failure");
    expect_sentence(ERROR_INTERNAL, "Internal processing failure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_will_not_pass),
        cmocka_unit_test(test_a_server_that_is_away),
        cmocka_unit_test(test_the_jobs_own_failure),
        cmocka_unit_test(test_a_worker_that_stops),
        cmocka_unit_test(test_a_job_that_was_lost),
        cmocka_unit_test(test_an_outcome_that_cannot_be_written),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_pauses_have_jitter),
        cmocka_unit_test(test_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
