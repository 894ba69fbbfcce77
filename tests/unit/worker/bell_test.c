/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/bell.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { RINGERS = 4, RINGS = 200, LONG_MS = 60000, SOON_MS = 20000 };

static struct bell bell;

static int set_up(void **state)
{
    (void)state;
    bell_init(&bell);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bell_destroy(&bell);
    return 0;
}

static void test_without_a_ring_the_time_passes(void **state)
{
    (void)state;
    int64_t since = clock_monotonic_ms();
    assert_false(bell_wait(&bell, 50));
    assert_in_range(clock_monotonic_ms() - since, 49, SOON_MS);
    assert_false(bell_wait(&bell, 0));
}

/* A ring before the wait is not missed. Several rings end only one wait. */
static void test_rings_before_the_wait(void **state)
{
    (void)state;
    int64_t since = clock_monotonic_ms();
    bell_ring(&bell);
    bell_ring(&bell);
    assert_true(bell_wait(&bell, LONG_MS));
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
    assert_false(bell_wait(&bell, 0));
}

static void *ring_later(void *argument)
{
    clock_sleep_ms(50);
    bell_ring(&bell);
    return argument;
}

static void test_a_ring_ends_the_wait(void **state)
{
    (void)state;
    pthread_t ringer;
    int64_t since = clock_monotonic_ms();
    assert_int_equal(pthread_create(&ringer, NULL, ring_later, NULL), 0);
    assert_true(bell_wait(&bell, LONG_MS));
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
    assert_int_equal(pthread_join(ringer, NULL), 0);
}

/* The bell rings after the work is put down, so the waiting thread always finds all of it. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int work;

static void *work_and_ring(void *argument)
{
    for (int i = 0; i < RINGS; i++) {
        (void)pthread_mutex_lock(&mutex);
        work++;
        (void)pthread_mutex_unlock(&mutex);
        bell_ring(&bell);
    }
    return argument;
}

static void test_no_ring_is_lost(void **state)
{
    (void)state;
    pthread_t ringers[RINGERS];
    int done = 0;
    for (int i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_create(&ringers[i], NULL, work_and_ring, NULL), 0);
    while (done < RINGERS * RINGS) {
        assert_true(bell_wait(&bell, SOON_MS));
        (void)pthread_mutex_lock(&mutex);
        done += work;
        work = 0;
        (void)pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < RINGERS; i++)
        assert_int_equal(pthread_join(ringers[i], NULL), 0);
    assert_int_equal(done, RINGERS * RINGS);
}

static void test_deadlines(void **state)
{
    (void)state;
    static const int64_t ms[] = {0, 1, 999, 1000, 1500, 3600000};
    for (size_t i = 0; i < ARRAY_LENGTH(ms); i++) {
        int64_t before = clock_monotonic_ms();
        struct timespec deadline = bell_deadline(ms[i]);
        int64_t after = clock_monotonic_ms();
        assert_in_range(deadline.tv_nsec, 0, 999999999);
        assert_in_range((int64_t)deadline.tv_sec * 1000 + deadline.tv_nsec / 1000000,
                        before + ms[i], after + ms[i]);
    }
}

/* The condition uses the clock of the deadline: on another one it would wait for years, or not. */
static void test_a_condition_with_a_deadline(void **state)
{
    (void)state;
    pthread_cond_t condition;
    int64_t since = clock_monotonic_ms();
    bell_condition_init(&condition);
    struct timespec deadline = bell_deadline(50);
    (void)pthread_mutex_lock(&mutex);
    while (pthread_cond_timedwait(&condition, &mutex, &deadline) != ETIMEDOUT)
        ;
    (void)pthread_mutex_unlock(&mutex);
    (void)pthread_cond_destroy(&condition);
    assert_in_range(clock_monotonic_ms() - since, 49, SOON_MS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_a_ring_the_time_passes),
        TEST(test_rings_before_the_wait),
        TEST(test_a_ring_ends_the_wait),
        TEST(test_no_ring_is_lost),
        TEST(test_deadlines),
        TEST(test_a_condition_with_a_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
