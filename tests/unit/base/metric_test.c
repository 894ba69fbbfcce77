/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics are counted for the whole process, so each test has metrics of its own. */
#include "base/metric.h"

#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static struct buffer page;

/* The whole page. */
static const char *print(void)
{
    struct error error;
    buffer_free(&page);
    buffer_init(&page, 1 << 20);
    assert_true(metric_print(&page, &error));
    return page.data;
}

static int free_page(void **state)
{
    (void)state;
    buffer_free(&page);
    return 0;
}

static bool has_line(const char *line)
{
    size_t size = strlen(line);
    for (const char *at = print(); at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, line, size) == 0 && at[size] == '\n')
            return true;
    }
    return false;
}

static double value_of(const char *name)
{
    char wanted[128];
    (void)snprintf(wanted, sizeof(wanted), "\n%s ", name);
    const char *at = strstr(print(), wanted);
    assert_non_null(at);
    return strtod(at + strlen(wanted), NULL);
}

static void a_counter_has_a_line_for_each_combination_of_labels(void **state)
{
    (void)state;
    assert_true(has_line("# HELP exportd_jobs_total Attempts that have ended, by type of the "
                         "export and by outcome."));
    assert_true(has_line("# TYPE exportd_jobs_total counter"));
    assert_true(has_line("exportd_jobs_total{type=\"issues-by-tag\",outcome=\"valid\"} 0"));
    metric_add(METRIC_JOBS, 2, "discover", "lost");
    metric_add(METRIC_JOBS, 1, "discover", "lost");
    metric_add(METRIC_JOBS, 5, "issues-by-tag", "gone");
    assert_true(has_line("exportd_jobs_total{type=\"issues-by-tag\",outcome=\"gone\"} 5"));
    assert_true(has_line("exportd_jobs_total{type=\"discover\",outcome=\"lost\"} 3"));
    assert_true(has_line("exportd_jobs_total{type=\"discover\",outcome=\"gone\"} 0"));
    assert_true(has_line("exportd_jobs_total{type=\"other\",outcome=\"lost\"} 0"));
}

static void an_unknown_value_counts_as_the_last_one(void **state)
{
    (void)state;
    metric_add(METRIC_SOURCE_REQUESTS, 1, "snuba", "not-found");
    assert_true(has_line("exportd_source_requests_total{backend=\"snuba\",result=\"other\"} 1"));
    metric_add(METRIC_MAILS, 1, NULL, "sent");
    assert_true(has_line("exportd_mails_total{kind=\"other\",result=\"sent\"} 1"));
}

static void a_gauge_without_a_known_value_has_no_line(void **state)
{
    (void)state;
    assert_true(has_line("# TYPE exportd_workers gauge"));
    assert_null(strstr(print(), "\nexportd_workers "));
    metric_set(METRIC_WORKERS, 3, NULL);
    assert_true(has_line("exportd_workers 3"));
    metric_unset(METRIC_WORKERS);
    assert_null(strstr(print(), "\nexportd_workers "));
    metric_set(METRIC_WORKERS, 0, NULL);
    assert_true(has_line("exportd_workers 0"));
    metric_set(METRIC_QUEUE_OLDEST, 1500000, NULL);
    assert_true(has_line("exportd_queue_oldest_seconds 1.500000"));
}

static void a_histogram_has_cumulative_buckets(void **state)
{
    (void)state;
    metric_observe(METRIC_JOB_ROWS, 0, NULL);
    metric_observe(METRIC_JOB_ROWS, 10, NULL);
    metric_observe(METRIC_JOB_ROWS, 11, NULL);
    metric_observe(METRIC_JOB_ROWS, INT64_C(20000000), NULL);
    assert_true(has_line("exportd_job_rows_bucket{le=\"1\"} 1"));
    assert_true(has_line("exportd_job_rows_bucket{le=\"10\"} 2"));
    assert_true(has_line("exportd_job_rows_bucket{le=\"100\"} 3"));
    assert_true(has_line("exportd_job_rows_bucket{le=\"10000000\"} 3"));
    assert_true(has_line("exportd_job_rows_bucket{le=\"+Inf\"} 4"));
    assert_true(has_line("exportd_job_rows_sum 20000021"));
    assert_true(has_line("exportd_job_rows_count 4"));
}

static void durations_are_printed_in_seconds(void **state)
{
    (void)state;
    metric_observe(METRIC_STORAGE_DURATION, 1000, "get");
    metric_observe(METRIC_STORAGE_DURATION, 2500000, "get");
    assert_true(has_line("exportd_storage_seconds_bucket{op=\"get\",le=\"0.001\"} 1"));
    assert_true(has_line("exportd_storage_seconds_bucket{op=\"get\",le=\"1\"} 1"));
    assert_true(has_line("exportd_storage_seconds_bucket{op=\"get\",le=\"5\"} 2"));
    assert_true(has_line("exportd_storage_seconds_sum{op=\"get\"} 2.501000"));
    assert_true(has_line("exportd_storage_seconds_count{op=\"put\"} 0"));
}

static void the_process_is_measured(void **state)
{
    (void)state;
    double now = (double)clock_wall_usec() / 1e6;
    double start = value_of("process_start_time_seconds");
    assert_true(start > now - 600 && start < now + 10);
    assert_true(value_of("process_resident_memory_bytes") > 500000);
    double files = value_of("process_open_fds");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(value_of("process_open_fds") == files + 1);
    (void)close(fd);
    double cpu = value_of("process_cpu_seconds_total");
    for (int64_t until = clock_monotonic_ms() + 10000; clock_monotonic_ms() < until;)
        if (value_of("process_cpu_seconds_total") > cpu)
            return;
    fail();
}

static void *count_often(void *unused)
{
    for (int i = 0; i < 10000; i++) {
        metric_add(METRIC_TRUNCATED, 1, NULL, NULL);
        metric_observe(METRIC_JOB_BYTES, 5, NULL);
    }
    return unused;
}

static void nothing_is_lost_between_threads(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_often, NULL), 0);
    (void)print();
    for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_true(has_line("exportd_truncated_total 40000"));
    assert_true(has_line("exportd_job_bytes_count 40000"));
    assert_true(has_line("exportd_job_bytes_sum 200000"));
}

static void a_page_that_has_no_room_is_an_error(void **state)
{
    struct error error;
    struct buffer small;
    (void)state;
    buffer_init(&small, 100);
    assert_false(metric_print(&small, &error));
    assert_int_equal(error.code, ERROR_TOO_LARGE);
    buffer_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counter_has_a_line_for_each_combination_of_labels),
        cmocka_unit_test(an_unknown_value_counts_as_the_last_one),
        cmocka_unit_test(a_gauge_without_a_known_value_has_no_line),
        cmocka_unit_test(a_histogram_has_cumulative_buckets),
        cmocka_unit_test(durations_are_printed_in_seconds),
        cmocka_unit_test(the_process_is_measured),
        cmocka_unit_test(nothing_is_lost_between_threads),
        cmocka_unit_test(a_page_that_has_no_room_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, free_page);
}
