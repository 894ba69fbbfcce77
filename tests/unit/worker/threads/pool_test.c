/* SPDX-License-Identifier: Apache-2.0 */
/* The meeting point of fetcher and job threads, with real threads. */
#include "worker/threads/pool.h"

#include "base/clock.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    THREADS = 4,
    TICKETS = 400,
    LONG_MS = 60000, /* nobody waits so long who has been woken */
    SOON_MS = 20000,
};

/* One that receives tickets until the pool stops. */
struct receiver {
    struct pool *pool;
    pthread_t thread;
    int slot;
    int received[TICKETS];
};

static struct pool pool;

static int set_up(void **state)
{
    (void)state;
    pool_init(&pool);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pool_destroy(&pool);
    return 0;
}

static struct job_ticket *make_ticket(int number)
{
    struct job_ticket *ticket = calloc(1, sizeof(*ticket));
    assert_non_null(ticket);
    ticket->message = calloc(1, 16);
    assert_non_null(ticket->message);
    ticket->size = (size_t)snprintf(ticket->message, 16, "%d", number);
    return ticket;
}

/* Its number; -1 for none. */
static int number_of(const struct job_ticket *ticket)
{
    int64_t number = -1;
    return ticket != NULL && text_to_int64(ticket->message, 0, TICKETS, &number) ? (int)number : -1;
}

/* Notes a ticket before it lets it go. */
static void *receive(void *argument)
{
    struct receiver *receiver = argument;
    struct job_ticket *ticket;
    while ((ticket = pool_receive(receiver->pool, receiver->slot, LONG_MS)) != NULL) {
        receiver->received[number_of(ticket)]++;
        pool_release(receiver->pool, receiver->slot);
    }
    return NULL;
}

static void start(struct receiver *receiver, int slot)
{
    *receiver = (struct receiver){.pool = &pool, .slot = slot};
    assert_int_equal(pthread_create(&receiver->thread, NULL, receive, receiver), 0);
}

static void join(struct receiver *receiver)
{
    assert_int_equal(pthread_join(receiver->thread, NULL), 0);
}

static void hand(int number)
{
    assert_true(pool_wait_ready(&pool, LONG_MS));
    pool_hand(&pool, make_ticket(number));
}

static void test_nobody_is_ready(void **state)
{
    (void)state;
    assert_false(pool_wait_ready(&pool, 1));
    assert_null(pool_withdraw(&pool));
    assert_null(pool_receive(&pool, 0, 1));
    assert_false(pool_wait_ready(&pool, 1)); /* it has gone again */
    assert_int_equal(pool_busy(&pool), 0);
}

static void test_what_nobody_picks_up_is_withdrawn(void **state)
{
    (void)state;
    pool_hand(&pool, make_ticket(7));
    assert_int_equal(pool_busy(&pool), 1);
    assert_false(pool_wait_ready(&pool, 1));
    struct job_ticket *ticket = pool_withdraw(&pool);
    assert_int_equal(number_of(ticket), 7);
    assert_int_equal(pool_busy(&pool), 0);
    job_ticket_free(ticket);
}

static void test_held_until_released(void **state)
{
    (void)state;
    struct job_ticket *copies[POOL_MAX + 1];
    int count = 0;
    struct error error;
    pool_hand(&pool, make_ticket(7));
    assert_int_equal(number_of(pool_receive(&pool, 3, 1)), 7);
    pool_hand(&pool, make_ticket(8));
    assert_int_equal(pool_busy(&pool), 2);
    assert_true(pool_snapshot(&pool, copies, &count, &error));
    assert_int_equal(count, 2);
    assert_int_equal(number_of(copies[0]) + number_of(copies[1]), 15);
    for (int i = 0; i < count; i++)
        job_ticket_free(copies[i]);
    pool_release(&pool, 3);
    job_ticket_free(pool_withdraw(&pool));
    assert_int_equal(pool_busy(&pool), 0);
}

static int ready_threads(void)
{
    (void)pthread_mutex_lock(&pool.mutex);
    int ready = pool.ready;
    (void)pthread_mutex_unlock(&pool.mutex);
    return ready;
}

/* Who is about to be free counts once, whether it comes or not. */
static void test_announced_threads(void **state)
{
    (void)state;
    pool_announce(&pool, 2);
    pool_announce(&pool, 2);
    hand(5);
    assert_false(pool_wait_ready(&pool, 1)); /* one at a time */
    assert_int_equal(number_of(pool_receive(&pool, 2, LONG_MS)), 5);
    assert_false(pool_wait_ready(&pool, 1));
    pool_release(&pool, 2);
    pool_announce(&pool, 2);
    pool_renounce(&pool, 2);
    pool_renounce(&pool, 2);
    assert_false(pool_wait_ready(&pool, 1));
}

/* What was handed for a thread that does not come is received by another, or withdrawn. */
static void test_an_announced_thread_does_not_come(void **state)
{
    (void)state;
    pool_announce(&pool, 2);
    hand(5);
    pool_renounce(&pool, 2);
    assert_int_equal(number_of(pool_receive(&pool, 3, 1)), 5);
    pool_release(&pool, 3);
    pool_announce(&pool, 2);
    hand(6);
    pool_renounce(&pool, 2);
    struct job_ticket *ticket = pool_withdraw(&pool);
    assert_int_equal(number_of(ticket), 6);
    job_ticket_free(ticket);
}

/* It hangs: nothing more is taken for it until it comes. */
static void test_an_announced_thread_is_not_waited_for_twice(void **state)
{
    (void)state;
    pool_announce(&pool, 2);
    hand(5);
    assert_false(pool_wait_ready(&pool, 1));
    job_ticket_free(pool_withdraw(&pool));
    assert_false(pool_wait_ready(&pool, 1));
    assert_null(pool_receive(&pool, 2, 1));
    assert_false(pool_wait_ready(&pool, 1));
    assert_int_equal(ready_threads(), 0);
}

static pthread_barrier_t both_have_one;

static void *receive_one(void *argument)
{
    const struct receiver *receiver = argument;
    bool received = pool_receive(receiver->pool, receiver->slot, LONG_MS) != NULL;
    (void)pthread_barrier_wait(&both_have_one);
    pool_release(receiver->pool, receiver->slot);
    return received ? argument : NULL;
}

/* Two wait and two messages come: the second does not wait for the end of the first one's job. */
static void test_the_fetcher_is_woken_by_a_thread_that_takes(void **state)
{
    (void)state;
    pthread_t threads[2];
    struct receiver receivers[2];
    assert_int_equal(pthread_barrier_init(&both_have_one, NULL, 2), 0);
    for (int i = 0; i < 2; i++) {
        receivers[i] = (struct receiver){.pool = &pool, .slot = i};
        assert_int_equal(pthread_create(&threads[i], NULL, receive_one, &receivers[i]), 0);
    }
    while (ready_threads() < 2)
        clock_sleep_ms(1);
    int64_t since = clock_monotonic_ms();
    hand(0);
    hand(1);
    for (int i = 0; i < 2; i++) {
        void *received = NULL;
        assert_int_equal(pthread_join(threads[i], &received), 0);
        assert_non_null(received);
    }
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
    assert_int_equal(pthread_barrier_destroy(&both_have_one), 0);
}

static void test_each_ticket_is_received_once(void **state)
{
    (void)state;
    struct receiver receivers[THREADS];
    int64_t since = clock_monotonic_ms();
    for (int i = 0; i < THREADS; i++)
        start(&receivers[i], i);
    for (int i = 0; i < TICKETS; i++)
        hand(i);
    while (pool_busy(&pool) > 0)
        clock_sleep_ms(1);
    pool_stop(&pool);
    for (int i = 0; i < THREADS; i++)
        join(&receivers[i]);
    for (int i = 0; i < TICKETS; i++) {
        int received = 0;
        for (int j = 0; j < THREADS; j++)
            received += receivers[j].received[i];
        assert_int_equal(received, 1);
    }
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
}

static void test_a_stop_ends_all_waiting(void **state)
{
    (void)state;
    struct receiver receivers[2];
    int64_t since = clock_monotonic_ms();
    start(&receivers[0], 0);
    start(&receivers[1], 1);
    assert_true(pool_wait_ready(&pool, LONG_MS));
    pool_stop(&pool);
    join(&receivers[0]);
    join(&receivers[1]);
    assert_false(pool_wait_ready(&pool, LONG_MS));
    assert_in_range(clock_monotonic_ms() - since, 0, SOON_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody_is_ready),
        TEST(test_what_nobody_picks_up_is_withdrawn),
        TEST(test_held_until_released),
        TEST(test_announced_threads),
        TEST(test_an_announced_thread_does_not_come),
        TEST(test_an_announced_thread_is_not_waited_for_twice),
        TEST(test_the_fetcher_is_woken_by_a_thread_that_takes),
        TEST(test_each_ticket_is_received_once),
        TEST(test_a_stop_ends_all_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
