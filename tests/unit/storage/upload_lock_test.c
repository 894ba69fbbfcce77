/* SPDX-License-Identifier: Apache-2.0 */
/* Upload locks of both kinds, over real servers. TEST_REDIS_URL names the Redis. */
#include "storage/upload_lock.h"

#include "base/clock.h"
#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>

#include "../database_fixture.h"

#define CHECKSUM "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define KEY      "l:fileblob:upload:" CHECKSUM

static struct upload_locks open_locks(bool in_redis)
{
    struct upload_locks locks;
    ok(upload_locks_open(&locks, in_redis ? getenv("TEST_REDIS_URL") : "", connect_pg(), &error));
    return locks;
}

static void close_locks(struct upload_locks *locks)
{
    upload_locks_close(locks);
    pg_free(locks->pg);
}

/* ---- two processes, for each kind ---- */

struct two {
    bool in_redis;
    struct upload_locks one, other;
};

static struct two in_postgres = {.in_redis = false};
static struct two in_redis = {.in_redis = true};

static int64_t call_redis(struct redis *redis, struct redis_command *command)
{
    struct redis_reply *reply = NULL;
    ok(redis_connect(redis, &error) && redis_call(redis, command, 0, &reply, &error));
    int64_t number = redis_int(reply);
    redis_reply_free(reply);
    return number;
}

static void delete_lock(const struct two *two)
{
    struct redis_command command = {.count = 0};
    run("DELETE FROM exportd.upload_lock");
    redis_add_text(&command, "DEL");
    redis_add_text(&command, KEY);
    if (two->in_redis)
        (void)call_redis(two->one.redis, &command);
}

static int open_two(void **state)
{
    struct two *two = *state;
    if (pg == NULL)
        return 0;
    two->one = open_locks(two->in_redis);
    two->other = open_locks(two->in_redis);
    delete_lock(two);
    return 0;
}

static int close_two(void **state)
{
    struct two *two = *state;
    if (pg == NULL)
        return 0;
    delete_lock(two);
    close_locks(&two->one);
    close_locks(&two->other);
    return 0;
}

static void expect_taken(const struct upload_locks *locks, struct upload_lock *lock)
{
    ok(upload_lock_take(locks, CHECKSUM, 0, lock, &error));
    assert_true(lock->held);
}

static void expect_busy(const struct upload_locks *locks, int64_t patience_ms)
{
    struct upload_lock lock;
    int64_t start = clock_monotonic_ms();
    assert_false(upload_lock_take(locks, CHECKSUM, patience_ms, &lock, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    assert_true(clock_monotonic_ms() - start >= patience_ms);
    assert_false(lock.held);
}

static int64_t milliseconds_left(const struct two *two)
{
    int64_t left = 0;
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "PTTL");
    redis_add_text(&command, KEY);
    if (two->in_redis)
        return call_redis(two->one.redis, &command);
    ok(pg_query_int(pg,
                    "SELECT (extract(epoch FROM until - clock_timestamp()) * 1000)::bigint"
                    " FROM exportd.upload_lock",
                    NULL, &left, &error));
    return left;
}

static void end_soon(const struct two *two)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "PEXPIRE");
    redis_add_text(&command, KEY);
    redis_add_int(&command, 200);
    if (two->in_redis)
        assert_int_equal(call_redis(two->one.redis, &command), 1);
    else
        run("UPDATE exportd.upload_lock SET until = clock_timestamp() + interval '0.2 seconds'");
}

static void test_one_holds_it(void **state)
{
    const struct two *two = *state;
    struct upload_lock lock, second;
    need_database();
    expect_taken(&two->one, &lock);
    expect_busy(&two->other, 0);
    expect_busy(&two->one, 0); /* the holder cannot take it twice */
    ok(upload_lock_take(&two->other, "another checksum", 0, &second, &error));
    upload_lock_release(&two->other, &second);
    upload_lock_release(&two->one, &lock);
    assert_false(lock.held);
    expect_taken(&two->other, &second);
    upload_lock_release(&two->other, &second);
}

static void test_patience_ends(void **state)
{
    const struct two *two = *state;
    struct upload_lock lock;
    need_database();
    expect_taken(&two->one, &lock);
    expect_busy(&two->other, 300);
}

static void test_it_ends_by_itself(void **state)
{
    const struct two *two = *state;
    struct upload_lock lock, second;
    need_database();
    expect_taken(&two->one, &lock);
    assert_in_range(milliseconds_left(two), 50000, 60000);
    end_soon(two);
    ok(upload_lock_take(&two->other, CHECKSUM, 10000, &second, &error));
    assert_in_range(milliseconds_left(two), 50000, 60000);
}

/* A late release leaves the lock to its next holder. */
static void test_a_stranger_releases_nothing(void **state)
{
    const struct two *two = *state;
    struct upload_lock lock, second;
    need_database();
    expect_taken(&two->one, &lock);
    end_soon(two);
    ok(upload_lock_take(&two->other, CHECKSUM, 10000, &second, &error));
    upload_lock_release(&two->one, &lock);
    expect_busy(&two->one, 0);
    upload_lock_release(&two->other, &second);
    expect_taken(&two->one, &lock);
}

static void break_connections(const struct two *two)
{
    struct redis_command command = {.count = 0};
    struct redis *redis = redis_new(getenv("TEST_REDIS_URL"), "test");
    redis_add_text(&command, "CLIENT");
    redis_add_text(&command, "KILL");
    redis_add_text(&command, "TYPE");
    redis_add_text(&command, "normal");
    if (two->in_redis)
        (void)call_redis(redis, &command);
    else
        (void)text_of("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                      " WHERE datname = current_database() AND pid <> pg_backend_pid()");
    redis_free(redis);
}

static void test_the_connection_breaks(void **state)
{
    const struct two *two = *state;
    struct upload_lock lock, second;
    need_database();
    expect_taken(&two->one, &lock);
    break_connections(two);
    upload_lock_release(&two->one, &lock);
    ok(upload_locks_connect(&two->other, &error));
    if (!upload_lock_take(&two->other, CHECKSUM, 0, &second, &error)) {
        assert_int_equal(error.code, ERROR_AWAY); /* it has noticed only now */
        expect_taken(&two->other, &second);
    }
}

/* ---- several at once ---- */

enum { TAKERS = 4, TURNS = 5 };

static atomic_int inside;

static void *take_turns(void *state)
{
    const struct two *two = state;
    struct error failure;
    struct upload_locks locks;
    intptr_t good = 0;
    struct pg *own = pg_new(getenv("TEST_DATABASE_URL"), "taker");
    if (upload_locks_open(&locks, two->in_redis ? getenv("TEST_REDIS_URL") : "", own, &failure))
        for (int i = 0; i < TURNS; i++) {
            struct upload_lock lock;
            if (!upload_lock_take(&locks, CHECKSUM, 60000, &lock, &failure))
                break;
            good += atomic_fetch_add(&inside, 1) == 0;
            clock_sleep_ms(1);
            (void)atomic_fetch_sub(&inside, 1);
            upload_lock_release(&locks, &lock);
        }
    close_locks(&locks);
    return (void *)good; // NOLINT(performance-no-int-to-ptr)
}

static void test_several_at_once(void **state)
{
    pthread_t takers[TAKERS];
    need_database();
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(pthread_create(&takers[i], NULL, take_turns, *state), 0);
    for (int i = 0; i < TAKERS; i++) {
        void *good = NULL;
        assert_int_equal(pthread_join(takers[i], &good), 0);
        assert_int_equal((intptr_t)good, TURNS);
    }
}

/* ---- the kind of the database ---- */

#define LIVE_WORKER                                                                                \
    "INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at, beat_at)"    \
    " VALUES ('host:1:a', 'host:1', 'data_export', '1', 1, now(), clock_timestamp())"

static void expect_kind(bool wanted_in_redis)
{
    ok(upload_lock_kind_check(pg, wanted_in_redis, 30, &error));
    ok(upload_lock_kind_claim(pg, wanted_in_redis, 30, &error));
    assert_string_equal(text_of("SELECT kind FROM exportd.upload_lock_kind"),
                        wanted_in_redis ? "redis" : "postgres");
}

static void expect_refused(bool wanted_in_redis, enum error_code code)
{
    assert_false(upload_lock_kind_check(pg, wanted_in_redis, 30, &error));
    assert_int_equal(error.code, code);
    assert_false(upload_lock_kind_claim(pg, wanted_in_redis, 30, &error));
    assert_int_equal(error.code, code);
    assert_string_equal(text_of("SELECT kind FROM exportd.upload_lock_kind"),
                        wanted_in_redis ? "postgres" : "redis");
}

static void test_kind_without_others(void **state)
{
    (void)state;
    need_database();
    expect_kind(true);
    expect_kind(false);
    expect_kind(false);
    expect_kind(true);
}

static void test_kind_with_a_worker(void **state)
{
    (void)state;
    need_database();
    run(LIVE_WORKER);
    expect_kind(true);
    expect_refused(false, ERROR_CONFLICT);
    run("UPDATE exportd.worker SET beat_at = clock_timestamp() - interval '29 seconds'");
    expect_refused(false, ERROR_CONFLICT);
    run("UPDATE exportd.worker SET beat_at = clock_timestamp() - interval '31 seconds'");
    expect_kind(false);
    run("UPDATE exportd.worker SET beat_at = clock_timestamp()");
    expect_kind(false);
    expect_refused(true, ERROR_CONFLICT);
}

static void test_kind_with_a_lock(void **state)
{
    (void)state;
    need_database();
    expect_kind(false);
    run("INSERT INTO exportd.upload_lock VALUES ('c', 'h', clock_timestamp() + '1 minute')");
    expect_kind(false);
    expect_refused(true, ERROR_CONFLICT);
    run("UPDATE exportd.upload_lock SET until = clock_timestamp() - interval '1 second'");
    expect_kind(true);
}

static void test_kind_beside_a_sentry(void **state)
{
    (void)state;
    need_database();
    run("CREATE TABLE django_migrations (id integer)");
    expect_refused(false, ERROR_USAGE);
    expect_kind(true);
}

/* One worker has claimed the kind, but not yet committed its row: the other one waits for it. */
static void *claim_the_other(void *result)
{
    struct error *failure = result;
    struct pg *own = pg_new(getenv("TEST_DATABASE_URL"), "other");
    if (pg_connect(own, failure) && pg_begin(own, failure) &&
        upload_lock_kind_claim(own, false, 30, failure) && pg_commit(own, failure))
        failure->code = ERROR_NONE;
    pg_free(own);
    return NULL;
}

static void test_two_kinds_at_once(void **state)
{
    (void)state;
    pthread_t other;
    struct error failure;
    need_database();
    ok(pg_begin(pg, &error));
    expect_kind(true);
    assert_int_equal(pthread_create(&other, NULL, claim_the_other, &failure), 0);
    while (!text_equal("1", text_of("SELECT count(*) FROM pg_locks WHERE NOT granted")))
        clock_sleep_ms(10);
    run(LIVE_WORKER);
    ok(pg_commit(pg, &error));
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_int_equal(failure.code, ERROR_CONFLICT);
    assert_string_equal(text_of("SELECT kind FROM exportd.upload_lock_kind"), "redis");
    run("DELETE FROM exportd.worker");
}

#define KIND(test, kind)                                                                           \
    {                                                                                              \
#test " " #kind, test, open_two, close_two, &(kind)                                        \
    }
#define EITHER(test) KIND(test, in_redis), KIND(test, in_postgres)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EITHER(test_one_holds_it),
        EITHER(test_patience_ends),
        EITHER(test_it_ends_by_itself),
        EITHER(test_a_stranger_releases_nothing),
        EITHER(test_the_connection_breaks),
        EITHER(test_several_at_once),
        ROLLED_BACK(test_kind_without_others),
        ROLLED_BACK(test_kind_with_a_worker),
        ROLLED_BACK(test_kind_with_a_lock),
        ROLLED_BACK(test_kind_beside_a_sentry),
        cmocka_unit_test(test_two_kinds_at_once),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
