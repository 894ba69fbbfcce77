/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of messages in Redis: good and bad ones, after deaths, and while servers are away.
   Over a private Redis and a private PostgreSQL. */
#include "intake_fixture.h"

#include "../wire/celery_samples.h"
#include "job/dead.h"
#include "wire/job_message.h"

#define LONG_AGO "'2020-03-25 16:12:18+00'"

static void expect_dead(struct door *door, const char *reasons)
{
    expect_sql(door->fixture->pg,
               "SELECT coalesce(string_agg(reason, ' | ' ORDER BY id), 'none') FROM exportd.dead",
               reasons);
}

static void insert_rows(struct door *door, int64_t from, int64_t to)
{
    for (int64_t id = from; id <= to; id++)
        insert_row_of(door->fixture, id, LONG_AGO);
}

/* ---- messages ---- */

static void every_kind_of_message(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 29);
    run_sql(door->fixture->pg,
            "UPDATE sentry_exporteddata SET date_finished = now() WHERE id = 29");
    push_text(door, QUEUE, CELERY_PROTOCOL_2_TIMES);
    push_text(door, QUEUE, "garbage");
    push_job(door, QUEUE, 28);
    push_job(door, QUEUE, 28);
    push_job(door, QUEUE, 29);
    push_job(door, QUEUE, 30);
    push_bytes(door, QUEUE, "\0\xff", 2);
    lease(&door->intake);
    assert_int_equal(round_of(&door->intake), 7);
    assert_int_equal(round_of(&door->intake), 0);
    expect_no_keys(door);
    expect_sql(door->fixture->pg,
               "SELECT concat_ws(' ', state, source, \"limit\", next_try_at AT TIME ZONE 'UTC',"
               " expires_at AT TIME ZONE 'UTC') FROM exportd.export WHERE data_export_id = 27",
               "delayed celery 100 2030-01-02 01:04:05.678901 2030-12-31 22:00:00");
    expect_state(door, 28, "waiting");
    expect_state(door, 29, "none");
    expect_state(door, 30, "none");
    expect_sql(door->fixture->pg,
               "SELECT concat_ws(' ', data_export_id, reason, worker, retry_until > now())"
               " FROM exportd.dead WHERE retry_until IS NOT NULL",
               "30 no export has this id one t");
    expect_sql(door->fixture->pg,
               "SELECT count(*) FROM exportd.dead WHERE retry_until IS NULL"
               " AND reason LIKE 'not valid JSON%'",
               "2");
}

static void messages_without_a_row_delay_none(void **state)
{
    struct door *door = *state;
    struct error error;
    struct dead_count count;
    insert_rows(door, 27, 27);
    for (int64_t id = 1000; id < 1200; id++)
        push_job(door, QUEUE, id);
    push_job(door, QUEUE, 27);
    lease(&door->intake);
    assert_int_equal(round_of(&door->intake), 100);
    assert_int_equal(round_of(&door->intake), 100);
    assert_int_equal(round_of(&door->intake), 1);
    expect_state(door, 27, "waiting");
    assert_true(dead_count(door->fixture->pg, QUEUE, &count, &error));
    assert_int_equal(count.pending, 200);
}

static void one_that_is_refused(void **state)
{
    struct door *door = *state;
    insert_rows(door, 1, 5);
    run_sql(door->fixture->pg,
            "ALTER TABLE exportd.export ADD CONSTRAINT never CHECK (data_export_id <> 3)");
    for (int64_t id = 1; id <= 5; id++)
        push_job(door, QUEUE, id);
    lease(&door->intake);
    for (int i = 0; i < 5; i++)
        assert_int_equal(round_of(&door->intake), 1);
    push_job(door, QUEUE, 1);
    push_job(door, QUEUE, 2);
    assert_int_equal(round_of(&door->intake), 2); /* no longer careful: all at once */
    run_sql(door->fixture->pg, "ALTER TABLE exportd.export DROP CONSTRAINT never");
    expect_no_keys(door);
    expect_sql(door->fixture->pg,
               "SELECT string_agg(data_export_id::text, ' ' ORDER BY data_export_id)"
               " FROM exportd.export",
               "1 2 4 5");
    expect_sql(door->fixture->pg, "SELECT reason LIKE '%23514%' FROM exportd.dead", "t");
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.intake_try", "0");
}

/* ---- a process that dies ---- */

/* An intake has died between COMMIT and LREM. */
static void committed_but_not_removed(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 27);
    for (int i = 0; i < 2; i++) {
        push_job(door, OURS "0", 27);
        push_text(door, OURS "3", "garbage");
        push_text(door, OURS "cut", "longer\ncut");
        door->intake.ours = false;
        lease(&door->intake);
        assert_int_equal(round_of(&door->intake), 2); /* the remnant, and one message */
        assert_int_equal(round_of(&door->intake), 1);
        expect_no_keys(door);
    }
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.dead", "2");
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.export", "1");
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.intake_try", "0");
}

#ifdef EXPORTD_FAULTS
/* Runs an intake in a process of its own, which a fault point kills. */
static void die_at(struct door *door, const char *fault)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct error error;
        struct intake intake = door->intake;
        bool ours = false;
        int64_t count = 0;
        intake.pg = pg_new(door->fixture->server.url, "child");
        intake.redis = redis_new(door->redis.url, "test");
        (void)setenv("EXPORTD_FAULT", fault, 1);
        bool done = pg_connect(intake.pg, &error) && redis_connect(intake.redis, &error) &&
                    intake_lease(&intake, 30, &ours, &error);
        while (done)
            done = intake_round(&intake, &count, &error) && count > 0;
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void three_deaths(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 28);
    push_job(door, QUEUE, 28);
    push_job(door, QUEUE, 27);
    die_at(door, "before_intake_commit:kill"); /* with both messages */
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.intake_try", "0");
    die_at(door, "before_intake_commit:kill"); /* with the first message */
    die_at(door, "before_intake_commit:kill");
    expect_sql(door->fixture->pg, "SELECT tries FROM exportd.intake_try", "2");
    lease(&door->intake);
    while (round_of(&door->intake) > 0)
        ;
    expect_no_keys(door);
    expect_dead(door, "three intakes died with this message");
    expect_state(door, 28, "none");
    expect_state(door, 27, "waiting");
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.intake_try", "0");
}

static void a_death_after_the_commit_counts_for_nothing(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 27);
    push_job(door, QUEUE, 27);
    for (int i = 0; i < 5; i++)
        die_at(door, "after_intake_commit:kill");
    assert_int_equal(length_of(door, OURS "0"), 1);
    lease(&door->intake);
    assert_int_equal(round_of(&door->intake), 1);
    expect_dead(door, "none");
    expect_state(door, 27, "waiting");
}
#endif

/* ---- servers that are away ---- */

/* The statement waits for a lock and fails. The message is not counted as a death. */
static void postgres_is_away(void **state)
{
    struct door *door = *state;
    struct error error;
    int64_t count = 0;
    struct pg *other = pg_new(door->fixture->server.url, "other");
    insert_rows(door, 27, 27);
    push_job(door, QUEUE, 27);
    lease(&door->intake);
    assert_true(pg_connect(other, &error));
    assert_true(pg_begin(other, &error));
    run_sql(other, "LOCK TABLE exportd.export");
    pg_set_patience(door->intake.pg, 200);
    for (int i = 0; i < 5; i++) {
        assert_true(pg_connect(door->intake.pg, &error));
        assert_false(intake_round(&door->intake, &count, &error));
        assert_false(door->intake.redis_failed);
        assert_int_equal(length_of(door, OURS "0"), 1);
    }
    pg_rollback(other);
    pg_free(other);
    pg_set_patience(door->intake.pg, 0);
    assert_true(pg_connect(door->intake.pg, &error));
    assert_int_equal(round_of(&door->intake), 1);
    expect_state(door, 27, "waiting");
    expect_dead(door, "none");
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.intake_try", "0");
}

static void expect_redis_refuses(struct door *door, const char *set, const char *word)
{
    struct error error;
    char message[64];
    int64_t count = 0;
    redis_reply_free(ask_redis(door->redis.redis, set));
    (void)snprintf(message, sizeof(message), "Redis answers %s", word);
    assert_true(redis_connect(door->redis.redis, &error));
    assert_false(intake_round(&door->intake, &count, &error));
    assert_true(door->intake.redis_failed);
    assert_int_equal(error.code, ERROR_AWAY);
    assert_string_equal(error.message, message);
    assert_int_equal(count, 0);
}

static void redis_refuses(void **state)
{
    struct door *door = *state;
    static const char *const refusals[][3] = {
        {"CONFIG SET maxmemory 1", "OOM", "CONFIG SET maxmemory 0"},
        {"REPLICAOF 127.0.0.1 1", "READONLY", "REPLICAOF NO ONE"},
    };
    insert_rows(door, 27, 27);
    lease(&door->intake);
    for (size_t i = 0; i < ARRAY_LENGTH(refusals); i++) {
        static char large[JOB_MESSAGE_MAX + 1];
        memset(large, 'x', sizeof(large));
        push_bytes(door,
                   QUEUE "\x06\x16"
                         "3",
                   large, sizeof(large));
        expect_redis_refuses(door, refusals[i][0], refusals[i][1]);
        redis_reply_free(ask_redis(door->redis.redis, refusals[i][2]));
        push_job(door, QUEUE, 27);
        expect_redis_refuses(door, refusals[i][0], refusals[i][1]);
        assert_int_equal(length_of(door, QUEUE), 1);
        assert_int_equal(length_of(door, QUEUE "\x06\x16"
                                               "3"),
                         1);
        redis_reply_free(ask_redis(door->redis.redis, refusals[i][2]));
        assert_int_equal(round_of(&door->intake), 2);
        expect_no_keys(door);
    }
}

/* Redis takes no more writes. Messages in exportd's lists are still read and removed. */
static void a_full_redis_gives_out_what_is_taken(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 27);
    push_job(door, OURS "6", 27);
    lease(&door->intake);
    redis_reply_free(ask_redis(door->redis.redis, "CONFIG SET maxmemory 1"));
    assert_int_equal(round_of(&door->intake), 1);
    redis_reply_free(ask_redis(door->redis.redis, "CONFIG SET maxmemory 0"));
    expect_no_keys(door);
    expect_sql(door->fixture->pg, "SELECT concat_ws(' ', state, priority) FROM exportd.export",
               "waiting 6");
}

static void scripts_are_forgotten(void **state)
{
    struct door *door = *state;
    insert_rows(door, 27, 28);
    lease(&door->intake);
    for (int64_t id = 27; id <= 28; id++) {
        redis_reply_free(ask_redis(door->redis.redis, "SCRIPT FLUSH"));
        push_job(door, QUEUE, id);
        assert_int_equal(round_of(&door->intake), 1);
        expect_state(door, id, "waiting");
    }
}

/* ---- the lease ---- */

static bool has_lease(struct intake *intake, int64_t seconds)
{
    struct error error;
    bool ours = false;
    assert_true(intake_lease(intake, seconds, &ours, &error));
    return ours;
}

static void one_has_the_lease(void **state)
{
    struct door *door = *state;
    struct error error;
    struct intake other = door->intake;
    other.worker = "two";
    assert_true(has_lease(&door->intake, 30));
    assert_false(has_lease(&other, 30));
    assert_true(has_lease(&door->intake, 30));
    assert_true(intake_release(&other, &error)); /* another worker has the lease */
    assert_false(has_lease(&other, 30));
    assert_true(intake_release(&door->intake, &error));
    assert_true(has_lease(&other, 30));
    run_sql(door->fixture->pg,
            "UPDATE exportd.queue SET intake_until = clock_timestamp() - interval '1 second'");
    assert_true(has_lease(&door->intake, 30));
    assert_false(has_lease(&other, 30));
    run_sql(door->fixture->pg, /* the server's clock was set back */
            "UPDATE exportd.queue SET intake_until = clock_timestamp() + interval '1 day'");
    assert_true(has_lease(&other, 30));
    expect_sql(door->fixture->pg,
               "SELECT concat_ws(' ', name, paused, intake, intake_until - clock_timestamp()"
               " BETWEEN '29 s' AND '30 s') FROM exportd.queue",
               QUEUE " f two t");
}

static void two_at_once_do_no_harm(void **state)
{
    struct door *door = *state;
    struct error error;
    struct intake_taken taken;
    insert_rows(door, 1, 10);
    for (int64_t id = 1; id <= 10; id++)
        push_job(door, QUEUE, id);
    lease(&door->intake);
    assert_true(intake_take(door->lists, door->redis.redis, &taken, &error)); /* a second intake */
    assert_int_equal(taken.count, 10);
    while (round_of(&door->intake) > 0)
        ;
    assert_true(intake_remove(door->redis.redis, taken.messages, taken.count, &error));
    intake_taken_free(&taken);
    expect_no_keys(door);
    expect_sql(door->fixture->pg, "SELECT count(*) FROM exportd.export", "10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(every_kind_of_message),
        DOOR_TEST(messages_without_a_row_delay_none),
        DOOR_TEST(one_that_is_refused),
        DOOR_TEST(committed_but_not_removed),
#ifdef EXPORTD_FAULTS
        DOOR_TEST(three_deaths),
        DOOR_TEST(a_death_after_the_commit_counts_for_nothing),
#endif
        DOOR_TEST(postgres_is_away),
        DOOR_TEST(redis_refuses),
        DOOR_TEST(a_full_redis_gives_out_what_is_taken),
        DOOR_TEST(scripts_are_forgotten),
        DOOR_TEST(one_has_the_lease),
        DOOR_TEST(two_at_once_do_no_harm),
    };
    return cmocka_run_group_tests(tests, start_door, stop_door);
}
