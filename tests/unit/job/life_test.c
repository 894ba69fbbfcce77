/* The verdicts on errors, the sentences of failure mails, and the pauses between tries. */
#include "job/life.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static enum job_verdict verdict_of(enum error_code code)
{
    struct error error;
    error_set(&error, code, "as it was");
    return job_judge(&error);
}

static void test_verdicts(void **state)
{
    (void)state;
    assert_int_equal(verdict_of(ERROR_EXPORT), JOB_FAIL);
    assert_int_equal(verdict_of(ERROR_INVALID), JOB_FAIL);
    assert_int_equal(verdict_of(ERROR_TOO_LARGE), JOB_FAIL);
    assert_int_equal(verdict_of(ERROR_AWAY), JOB_WAIT);
    assert_int_equal(verdict_of(ERROR_DENIED), JOB_WAIT);
    assert_int_equal(verdict_of(ERROR_BUSY), JOB_WAIT);
    assert_int_equal(verdict_of(ERROR_ANSWER), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_TIMEOUT), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_OVERLOAD), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_CONFLICT), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_QUERY), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_NOT_FOUND), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_INTERNAL), JOB_RETRY);
    assert_int_equal(verdict_of(ERROR_STOPPED), JOB_GIVE_BACK);
    assert_int_equal(verdict_of(ERROR_LOST), JOB_ABANDON);
}

static void expect_sentence(enum error_code code, const char *sentence)
{
    struct error error;
    error_set(&error, code, "Requested issue does not exist");
    assert_string_equal(job_failure_sentence(&error), sentence);
}

/* spec/original.md 5.6 and 6.7, letter by letter: only the export's own sentence reaches a user,
   never a server's words. */
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

static void test_state_names(void **state)
{
    (void)state;
    static const char *const names[] = {"waiting", "running", "delayed", "valid", "failed", "gone"};
    struct error error;
    for (int i = JOB_WAITING; i <= JOB_GONE; i++) {
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

static void expect_pause(int64_t base_seconds, int64_t tries, int64_t ms)
{
    for (int i = 0; i < 200; i++) {
        int64_t pause = job_backoff_ms(base_seconds, tries);
        assert_in_range(pause, ms, ms + ms / 4);
    }
}

static void test_backoff(void **state)
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

static void test_backoff_has_jitter(void **state)
{
    (void)state;
    int64_t first = job_backoff_ms(10, 1);
    for (int i = 0; i < 1000; i++)
        if (job_backoff_ms(10, 1) != first)
            return;
    fail_msg("a thousand equal pauses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),           cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_state_names),        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_backoff_has_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
