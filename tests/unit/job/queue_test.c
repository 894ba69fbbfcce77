/* SPDX-License-Identifier: Apache-2.0 */
/* The counts of the queue and its pause, over a private PostgreSQL. */
#include "job/queue.h"

#include "base/clock.h"

#include "queue_fixture.h"

enum { LEASE_SECONDS = 30 };

static void expect_stats(struct fixture *fixture, const char *expected)
{
    struct error error;
    struct queue_stats stats;
    char text[256];
    if (!queue_stats(fixture->pg, QUEUE, LEASE_SECONDS, &stats, &error))
        fail_msg("%s", error.message);
    char *priorities = json_dumps(stats.by_priority, JSON_COMPACT);
    assert_non_null(priorities);
    (void)snprintf(text, sizeof(text),
                   "%" PRId64 " waiting %s, %" PRId64 " running, %" PRId64 " delayed, %" PRId64
                   " dead, %" PRId64 " pending, %" PRId64 " workers, %s",
                   stats.waiting, priorities, stats.running, stats.delayed, stats.dead,
                   stats.pending, stats.workers, stats.paused ? "paused" : "not paused");
    free(priorities);
    queue_stats_free(&stats);
    assert_string_equal(text, expected);
}

static void test_empty(void **state)
{
    struct fixture *fixture = *state;
    expect_stats(fixture, "0 waiting {}, 0 running, 0 delayed, 0 dead, 0 pending, 0 workers,"
                          " not paused");
}

static void test_stats(void **state)
{
    struct fixture *fixture = *state;
    put_many(fixture->pg, 1, 6, 1);
    put_on(fixture->pg, &(struct test_job){.id = 7, .priority = -3});
    put_on(fixture->pg, &(struct test_job){.id = 8});
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'running' WHERE data_export_id <= 2");
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'delayed' WHERE data_export_id = 3");
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'valid' WHERE data_export_id = 4");
    run_sql(fixture->pg, "UPDATE exportd.export SET queue = 'other' WHERE data_export_id = 8");
    run_sql(fixture->pg,
            "INSERT INTO exportd.dead (queue, date_added, message, priority, reason, worker,"
            " retry_until) VALUES ('" QUEUE "', now(), '', 0, 'no JSON', 'w1', NULL),"
            " ('" QUEUE "', now(), '', 0, 'no row', 'w1', now()),"
            " ('" QUEUE "', now(), '', 0, 'no row', 'w1', now()),"
            " ('other', now(), '', 0, 'no JSON', 'w1', NULL)");
    run_sql(fixture->pg,
            "INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at,"
            " beat_at) VALUES ('w1', 'host', '" QUEUE "', '1', 1, now(), now()),"
            " ('w2', 'host', '" QUEUE "', '1', 1, now(), now() - interval '31 s'),"
            " ('w3', 'host', 'other', '1', 1, now(), now())");
    expect_stats(fixture, "3 waiting {\"-3\":1,\"0\":2}, 2 running, 1 delayed, 1 dead, 2 pending,"
                          " 1 workers, not paused");
}

static int64_t oldest_seconds(struct fixture *fixture)
{
    struct error error;
    struct queue_stats stats;
    assert_true(queue_stats(fixture->pg, QUEUE, LEASE_SECONDS, &stats, &error));
    queue_stats_free(&stats);
    return stats.oldest_usec / USEC_PER_SECOND;
}

/* Only jobs that wait count, whatever their priority. */
static void test_oldest(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(oldest_seconds(fixture), 0);
    put_many(fixture->pg, 1, 4, 1);
    run_sql(fixture->pg, "UPDATE exportd.export SET priority = data_export_id,"
                         " date_added = now() - data_export_id * interval '100 s'");
    assert_in_range(oldest_seconds(fixture), 400, 410);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'delayed' WHERE data_export_id = 4");
    assert_in_range(oldest_seconds(fixture), 300, 310);
    run_sql(fixture->pg, "UPDATE exportd.export SET state = 'valid'");
    assert_int_equal(oldest_seconds(fixture), 0);
}

static void test_pause(void **state)
{
    struct fixture *fixture = *state;
    struct error error;
    for (int i = 0; i < 2; i++) {
        assert_true(queue_pause(fixture->pg, QUEUE, true, &error));
        expect_stats(fixture, "0 waiting {}, 0 running, 0 delayed, 0 dead, 0 pending, 0 workers,"
                              " paused");
    }
    assert_true(queue_pause(fixture->pg, QUEUE, false, &error));
    assert_true(queue_pause(fixture->pg, "other", true, &error));
    expect_stats(fixture, "0 waiting {}, 0 running, 0 delayed, 0 dead, 0 pending, 0 workers,"
                          " not paused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_empty), TEST(test_stats), TEST(test_oldest),
                                       TEST(test_pause)};
    return cmocka_run_group_tests(tests, start, stop);
}
