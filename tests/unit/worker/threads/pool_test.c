/* SPDX-License-Identifier: Apache-2.0 */
/* The pool, where the claimer and the job threads meet: step by step, and with real threads. */
#include "worker/threads/pool.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    THREADS = 4,
    JOBS = 400,
    LONG_MS = 60000, /* a thread that is woken waits for much less */
    SOON_MS = 20000,
};

static struct pool pool;

static int tear_down(void **state)
{
    (void)state;
    pool_destroy(&pool);
    return 0;
}

static struct claim make_claim(int64_t id, bool big)
{
    struct claim claim = {.data_export_id = id, .big = big};
    (void)snprintf(claim.run, sizeof(claim.run), "w1:%" PRId64, id);
    return claim;
}

static void give(int64_t id, bool big)
{
    struct claim claim = make_claim(id, big);
    assert_true(pool_give(&pool, &claim, 0));
}

/* For the claimer, the thread is ready. */
static void make_ready(int slot)
{
    assert_null(pool_receive(&pool, slot, 0));
}

/* The thread works on a job. */
static void make_work(int slot, int64_t id, bool big)
{
    make_ready(slot);
    give(id, big);
    const struct claim *claim = pool_receive(&pool, slot, LONG_MS);
    assert_non_null(claim);
    assert_int_equal(claim->data_export_id, id);
}

static void expect_order(int jobs, int big)
{
    struct claim_order order = pool_order(&pool);
    assert_int_equal(order.jobs, jobs);
    assert_int_equal(order.big, big);
    assert_false(order.upkeep);
}

/* ---- one thread after another ---- */

static void test_no_thread_is_ready(void **state)
{
    (void)state;
    struct claim claim = make_claim(1, false);
    pool_init(&pool, 2);
    expect_order(0, 0);
    assert_false(pool_give(&pool, &claim, 0));
    assert_int_equal(pool_busy(&pool), 0);
}

/* A thread whose wait has ended without a job stays ready, and receives what it is given later. */
static void test_given_between_two_waits(void **state)
{
    (void)state;
    pool_init(&pool, 2);
    make_ready(1);
    expect_order(1, 1);
    give(7, false);
    expect_order(0, 0);
    assert_int_equal(pool_busy(&pool), 1);
    assert_null(pool_receive(&pool, 0, 0)); /* the job is not for this thread */
    const struct claim *claim = pool_receive(&pool, 1, 0);
    assert_non_null(claim);
    assert_int_equal(claim->data_export_id, 7);
}

static void test_held_until_released(void **state)
{
    (void)state;
    struct held_runs held;
    pool_init(&pool, 3);
    make_work(0, 7, false);
    make_ready(2);
    give(8, false);
    pool_list_held(&pool, &held);
    assert_int_equal(held.count, 2);
    assert_string_equal(held.items[0].run, "w1:7");
    assert_string_equal(held.items[1].run, "w1:8");
    pool_release(&pool, 0);
    pool_list_held(&pool, &held);
    assert_int_equal(held.count, 1);
    assert_string_equal(held.items[0].run, "w1:8");
    expect_order(0, 0); /* a thread that has released is not ready yet */
    make_ready(0);
    expect_order(1, 1);
}

/* The next job may be claimed for a thread that ends, and waits for it. */
static void test_ending(void **state)
{
    (void)state;
    struct claim claim = make_claim(8, false);
    pool_init(&pool, 2);
    make_work(0, 7, false);
    assert_true(pool_wait(&pool, 0)); /* rung when the thread became ready */
    expect_order(0, 0);
    pool_end(&pool, 0);
    assert_true(pool_wait(&pool, 0));
    expect_order(1, 1);
    assert_int_equal(pool_busy(&pool), 1);
    assert_false(pool_give(&pool, &claim, 10)); /* the thread has not ended in time */
    expect_order(0, 0);                         /* so no more jobs are claimed for it */
    pool_release(&pool, 0);
    make_ready(0);
    assert_true(pool_give(&pool, &claim, 10));
}

/* Only one job is claimed ahead, and only if no thread is ready. */
static void test_one_ahead(void **state)
{
    (void)state;
    pool_init(&pool, 4);
    for (int slot = 0; slot < 3; slot++)
        make_work(slot, slot + 1, false);
    pool_end(&pool, 0);
    pool_end(&pool, 1);
    expect_order(1, 1);
    make_ready(3);
    expect_order(1, 1);
}

static void *give_big(void *argument)
{
    struct claim claim = make_claim(8, true);
    (void)argument;
    return (void *)(uintptr_t)pool_give(&pool, &claim, LONG_MS);
}

/* A big job that ends makes room for another one, which counts from its claim on. */
static void test_a_big_one_ahead(void **state)
{
    (void)state;
    pthread_t thread;
    void *given = NULL;
    pool_init(&pool, 2);
    make_work(0, 7, true);
    make_work(1, 9, false);
    assert_false(pool_keep_big(&pool, 1));
    pool_end(&pool, 0);
    expect_order(1, 1);
    assert_int_equal(pthread_create(&thread, NULL, give_big, NULL), 0);
    clock_sleep_ms(50);
    assert_false(pool_keep_big(&pool, 1));
    pool_release(&pool, 0);
    make_ready(0);
    assert_int_equal(pthread_join(thread, &given), 0);
    assert_non_null(given);
}

static void *receive_soon(void *argument)
{
    (void)argument;
    clock_sleep_ms(50);
    pool_release(&pool, 0);
    return (void *)(uintptr_t)pool_receive(&pool, 0, LONG_MS);
}

static void test_given_to_the_first_that_has_ended(void **state)
{
    (void)state;
    struct claim claim = make_claim(8, false);
    pthread_t thread;
    void *received = NULL;
    pool_init(&pool, 2);
    make_work(0, 7, false);
    pool_end(&pool, 0);
    assert_int_equal(pthread_create(&thread, NULL, receive_soon, NULL), 0);
    assert_true(pool_give(&pool, &claim, LONG_MS));
    assert_int_equal(pthread_join(thread, &received), 0);
    assert_non_null(received);
    assert_int_equal(((const struct claim *)received)->data_export_id, 8);
}

static void test_no_more_than_one_look_may_claim(void **state)
{
    (void)state;
    pool_init(&pool, CLAIMS_MAX + 2);
    for (int i = 0; i < CLAIMS_MAX + 2; i++)
        make_ready(i);
    expect_order(CLAIMS_MAX, CLAIMS_MAX);
}

/* ---- big exports ---- */

static void test_one_thread_takes_big_exports_too(void **state)
{
    (void)state;
    pool_init(&pool, 1);
    make_ready(0);
    expect_order(1, 1);
    give(1, true);
    assert_non_null(pool_receive(&pool, 0, 0));
    assert_true(pool_keep_big(&pool, 0));
    pool_release(&pool, 0);
    make_work(0, 2, false);
    assert_true(pool_keep_big(&pool, 0)); /* no thread can be kept for small ones */
}

static void test_one_of_several_is_kept(void **state)
{
    (void)state;
    pool_init(&pool, 3);
    for (int i = 0; i < 3; i++)
        make_ready(i);
    expect_order(3, 2);
    give(1, true);
    expect_order(2, 1);
    give(2, true);
    expect_order(1, 0);
    assert_non_null(pool_receive(&pool, 0, 0));
    pool_release(&pool, 0);
    make_ready(0);
    expect_order(2, 1);
}

/* A job that turns out to be big may go on only if a thread is left for small ones. */
static void test_keep_big(void **state)
{
    (void)state;
    pool_init(&pool, 3);
    make_work(0, 1, true);
    make_work(1, 2, false);
    make_work(2, 3, false);
    assert_true(pool_keep_big(&pool, 0));
    assert_true(pool_keep_big(&pool, 1));
    assert_false(pool_keep_big(&pool, 2));
    assert_true(pool_keep_big(&pool, 1)); /* it is big now */
    pool_release(&pool, 0);
    assert_true(pool_keep_big(&pool, 2));
    make_ready(0);
    expect_order(1, 0);
}

/* ---- a job that is lost ---- */

static void note_slot(void *context, int slot)
{
    int *slots = context;
    *slots |= 1 << slot;
}

static void test_lose(void **state)
{
    (void)state;
    int slots = 0;
    pool_init(&pool, 3);
    make_work(0, 7, false);
    make_work(1, 8, false);
    pool_lose(&pool, "w1:9", note_slot, &slots);
    assert_int_equal(slots, 0);
    pool_lose(&pool, "w1:8", note_slot, &slots);
    assert_int_equal(slots, 1 << 1);
    assert_false(pool_is_lost(&pool, 0));
    assert_true(pool_is_lost(&pool, 1));
    pool_release(&pool, 1);
    pool_lose(&pool, "w1:8", note_slot, &slots);
    assert_int_equal(slots, 1 << 1);
    make_work(1, 9, false);
    assert_false(pool_is_lost(&pool, 1));
}

/* A job is lost before its thread receives it: the thread sees that. */
static void test_lose_what_is_only_given(void **state)
{
    (void)state;
    int slots = 0;
    pool_init(&pool, 1);
    make_ready(0);
    give(7, false);
    pool_lose(&pool, "w1:7", note_slot, &slots);
    assert_int_equal(slots, 1 << 0);
    assert_non_null(pool_receive(&pool, 0, 0));
    assert_true(pool_is_lost(&pool, 0));
}

/* ---- threads ---- */

struct receiver {
    pthread_t thread;
    int slot;
    int received[JOBS];
    int lost;
};

/* Counts each job and releases it. */
static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    const struct claim *claim;
    while ((claim = pool_receive(&pool, receiver->slot, LONG_MS)) != NULL) {
        receiver->received[claim->data_export_id]++;
        receiver->lost += pool_is_lost(&pool, receiver->slot) ? 1 : 0;
        (void)pool_keep_big(&pool, receiver->slot);
        pool_release(&pool, receiver->slot);
    }
    return NULL;
}

static void start(struct receiver *receiver, int slot)
{
    *receiver = (struct receiver){.slot = slot};
    assert_int_equal(pthread_create(&receiver->thread, NULL, receive, receiver), 0);
}

static void join(struct receiver *receiver)
{
    assert_int_equal(pthread_join(receiver->thread, NULL), 0);
}

static void ignore_slot(void *context, int slot)
{
    (void)context;
    (void)slot;
}

/* The claimer and the heartbeat use the pool at the same time. */
static void test_each_job_is_received_once(void **state)
{
    (void)state;
    static struct receiver receivers[THREADS];
    struct held_runs held;
    int64_t since = clock_monotonic_ms();
    int next = 0;
    pool_init(&pool, THREADS);
    for (int i = 0; i < THREADS; i++)
        start(&receivers[i], i);
    while (next < JOBS) {
        struct claim_order order = pool_order(&pool);
        for (int i = 0; i < order.jobs && next < JOBS; i++)
            give(next++, i < order.big);
        pool_list_held(&pool, &held);
        if (held.count > 0)
            pool_lose(&pool, held.items[0].run, ignore_slot, NULL);
        if (order.jobs == 0)
            pool_wait(&pool, LONG_MS);
    }
    while (pool_busy(&pool) > 0)
        pool_wait(&pool, 1);
    pool_stop(&pool);
    for (int i = 0; i < THREADS; i++)
        join(&receivers[i]);
    for (int i = 0; i < JOBS; i++) {
        int received = 0;
        for (int j = 0; j < THREADS; j++)
            received += receivers[j].received[i];
        assert_int_equal(received, 1);
    }
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
}

static void *ring(void *argument)
{
    pool_ring(&pool);
    return argument;
}

/* A ring before the wait is not missed, and ends only one wait. */
static void test_ring(void **state)
{
    (void)state;
    pthread_t thread;
    int64_t since = clock_monotonic_ms();
    pool_init(&pool, 1);
    make_ready(0);
    pool_wait(&pool, LONG_MS); /* rung when the thread became ready */
    pool_ring(&pool);
    pool_wait(&pool, LONG_MS);
    assert_int_equal(pthread_create(&thread, NULL, ring, NULL), 0);
    pool_wait(&pool, LONG_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
    since = clock_monotonic_ms();
    pool_wait(&pool, 50);
    assert_in_range(clock_monotonic_ms() - since, 49, SOON_MS);
}

static void test_a_stop_ends_all_waiting(void **state)
{
    (void)state;
    static struct receiver receivers[2];
    struct claim claim = make_claim(1, false);
    int64_t since = clock_monotonic_ms();
    pool_init(&pool, 2);
    start(&receivers[0], 0);
    start(&receivers[1], 1);
    while (pool_order(&pool).jobs < 2)
        pool_wait(&pool, 1);
    pool_stop(&pool);
    join(&receivers[0]);
    join(&receivers[1]);
    pool_wait(&pool, LONG_MS);
    assert_false(pool_give(&pool, &claim, 0)); /* the caller must give it back */
    assert_int_equal(pool_busy(&pool), 0);
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
}

/* A thread still receives a job that it was given before the stop. */
static void test_given_before_the_stop(void **state)
{
    (void)state;
    pool_init(&pool, 1);
    make_ready(0);
    give(7, false);
    pool_stop(&pool);
    assert_non_null(pool_receive(&pool, 0, LONG_MS));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_no_thread_is_ready),
        TEST(test_given_between_two_waits),
        TEST(test_held_until_released),
        TEST(test_ending),
        TEST(test_one_ahead),
        TEST(test_a_big_one_ahead),
        TEST(test_given_to_the_first_that_has_ended),
        TEST(test_no_more_than_one_look_may_claim),
        TEST(test_one_thread_takes_big_exports_too),
        TEST(test_one_of_several_is_kept),
        TEST(test_keep_big),
        TEST(test_lose),
        TEST(test_lose_what_is_only_given),
        TEST(test_each_job_is_received_once),
        TEST(test_ring),
        TEST(test_a_stop_ends_all_waiting),
        TEST(test_given_before_the_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
