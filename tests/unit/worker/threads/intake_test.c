/* SPDX-License-Identifier: Apache-2.0 */
/* The intake as a thread, over real servers: it brings messages, and of two only one does. */
#include "worker/threads/intake.h"

#include "../../job/intake_fixture.h"

#define LONG_AGO "'2020-03-25 16:12:18+00'"

enum { SOON_MS = 20000 };

struct side {
    struct config config;
    struct worker_context context;
    struct intake_thread thread;
    struct pool pool;
    pthread_t id;
};

static void start_side(struct side *side, const struct door *door, const char *name)
{
    struct error error;
    *side = (struct side){.config = {.lease_seconds = 2}};
    side->context.config = &side->config;
    pool_init(&side->pool, 1);
    side->thread = (struct intake_thread){
        .context = &side->context,
        .intake = {.queue = QUEUE, .worker = name, .lists = door->lists},
        .watch = watchdog_add(&side->context.watchdog, "intake", 0),
        .pool = &side->pool,
    };
    side->thread.intake.pg = pg_new(door->fixture->server.url, name);
    side->thread.intake.redis = redis_new(door->redis.url, "test");
    assert_non_null(side->thread.intake.pg);
    assert_non_null(side->thread.intake.redis);
    assert_true(redis_connect(side->thread.intake.redis, &error));
    assert_int_equal(pthread_create(&side->id, NULL, intake_thread, &side->thread), 0);
}

static void stop_side(struct side *side)
{
    atomic_store(&side->context.phase, WORKER_STOPS);
    assert_int_equal(pthread_join(side->id, NULL), 0);
    pg_free(side->thread.intake.pg);
    redis_free(side->thread.intake.redis);
    pool_destroy(&side->pool);
}

static void wait_for_sql(const struct door *door, const char *sql)
{
    struct error error;
    int64_t number = 0;
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (number == 0) {
        assert_true(pg_query_int(door->fixture->pg, sql, NULL, &number, &error));
        if (clock_monotonic_ms() > deadline)
            fail_msg("never true: %s", sql);
        clock_sleep_ms(10);
    }
}

static void it_brings_what_arrives(void **state)
{
    struct door *door = *state;
    struct side side;
    insert_row_of(door->fixture, 27, LONG_AGO);
    start_side(&side, door, "one");
    push_job(door, QUEUE, 27);
    assert_true(pool_wait(&side.pool, SOON_MS));
    expect_state(door, 27, "waiting");
    push_job(door, QUEUE, 28); /* the export's row comes later */
    wait_for_sql(door, "SELECT count(*) FROM exportd.dead WHERE data_export_id = 28");
    (void)pool_wait(&side.pool, 0);
    insert_row_of(door->fixture, 28, LONG_AGO);
    assert_true(pool_wait(&side.pool, SOON_MS));
    expect_state(door, 28, "waiting");
    stop_side(&side);
    expect_no_keys(door);
    expect_sql(door->fixture->pg, "SELECT intake FROM exportd.queue", "NULL");
}

static void one_of_two_brings(void **state)
{
    struct door *door = *state;
    struct side one;
    struct side two;
    start_side(&one, door, "one");
    wait_for_sql(door, "SELECT count(*) FROM exportd.queue WHERE intake = 'one'");
    start_side(&two, door, "two");
    for (int64_t id = 1; id <= 20; id++) {
        insert_row_of(door->fixture, id, LONG_AGO);
        push_job(door, QUEUE, id);
        assert_true(pool_wait(&one.pool, SOON_MS));
    }
    assert_false(pool_wait(&two.pool, 0));
    stop_side(&one);
    wait_for_sql(door, "SELECT count(*) FROM exportd.queue WHERE intake = 'two'");
    insert_row_of(door->fixture, 27, LONG_AGO);
    push_job(door, QUEUE, 27);
    assert_true(pool_wait(&two.pool, SOON_MS));
    expect_state(door, 27, "waiting");
    stop_side(&two);
}

/* First Redis is full; then a connection to PostgreSQL breaks. */
static void servers_come_back(void **state)
{
    struct door *door = *state;
    struct side side;
    insert_row_of(door->fixture, 27, LONG_AGO);
    insert_row_of(door->fixture, 28, LONG_AGO);
    push_job(door, QUEUE, 27);
    redis_reply_free(ask_redis(door->redis.redis, "CONFIG SET maxmemory 1"));
    start_side(&side, door, "one");
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (atomic_load(&side.context.redis_missing) == 0 && clock_monotonic_ms() < deadline)
        clock_sleep_ms(10);
    assert_int_equal(atomic_load(&side.context.redis_missing), 1);
    assert_int_equal(length_of(door, QUEUE), 1);
    redis_reply_free(ask_redis(door->redis.redis, "CONFIG SET maxmemory 0"));
    assert_true(pool_wait(&side.pool, SOON_MS));
    run_sql(door->fixture->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                               " WHERE application_name LIKE '%one%'");
    push_job(door, QUEUE, 28);
    assert_true(pool_wait(&side.pool, SOON_MS));
    expect_state(door, 28, "waiting");
    stop_side(&side);
    assert_int_equal(atomic_load(&side.context.redis_missing), 0);
    assert_int_equal(atomic_load(&side.context.postgres_missing), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOOR_TEST(it_brings_what_arrives),
        DOOR_TEST(one_of_two_brings),
        DOOR_TEST(servers_come_back),
    };
    return cmocka_run_group_tests(tests, start_door, stop_door);
}
