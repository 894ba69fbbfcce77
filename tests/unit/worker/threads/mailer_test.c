/* SPDX-License-Identifier: Apache-2.0 */
/* The mailer as a thread over a private PostgreSQL, with a double of the transport. */
#include "worker/threads/mailer.h"

#include "thread_fixture.h"

struct side {
    struct worker worker;
    struct mailer mailer;
    struct mail_transport transport;
    const struct fixture *fixture;
    atomic_int sends, rests;
    void (*meanwhile)(struct side *side); /* called while a mail is being sent; or NULL */
};

static struct side side;

static bool send_mail(struct mail_transport *transport, const struct mail_message *message,
                      struct error *error)
{
    (void)transport;
    (void)error;
    (void)atomic_fetch_add(&side.sends, text_equal(message->mime, "text") ? 1 : 1000);
    if (side.meanwhile != NULL)
        side.meanwhile(&side);
    return true;
}

static void count_rest(struct mail_transport *transport)
{
    (void)transport;
    (void)atomic_fetch_add(&side.rests, 1);
}

static const struct mail_transport_operations operations = {.send = send_mail, .rest = count_rest};

static void insert_mails(int64_t first, int64_t last)
{
    run_sql_with(side.fixture->pg,
                 "INSERT INTO exportd.outbox (data_export_id, message_id, recipient, mime, tries,"
                 " next_try_at, state) SELECT n, '<' || n || '@x>', 'ann@example.com', 'text', 0,"
                 " now(), 'waiting' FROM generate_series(%" PRId64 ", %" PRId64 ") n",
                 first, last);
}

static void open_mailer(const struct fixture *fixture)
{
    memset(&side, 0, sizeof(side));
    side.fixture = fixture;
    side.transport.operations = &operations;
    open_worker(&side.worker, fixture);
    bell_init(&side.worker.context.mail_bell);
    side.mailer =
        (struct mailer){.context = &side.worker.context,
                        .transport = &side.transport,
                        .pg = side.worker.pg,
                        .watch = watchdog_add(&side.worker.context.watchdog, "mailer", 0)};
}

static void run_mailer(void)
{
    assert_int_equal(pthread_create(&side.worker.thread, NULL, mailer_thread, &side.mailer), 0);
}

static void end_mailer(void)
{
    atomic_store(&side.worker.context.phase, WORKER_ENDS);
    bell_ring(&side.worker.context.mail_bell);
    close_worker(&side.worker, WORKER_ENDS);
    assert_int_equal(atomic_load(&side.mailer.watch->seen_ms), 0);
    bell_destroy(&side.worker.context.mail_bell);
}

/* The numbers of sent and of waiting mails, and the tries of the waiting ones. */
static void expect_mails(const char *expected)
{
    expect_sql(side.fixture->pg,
               "SELECT concat_ws(' ', count(*) FILTER (WHERE state = 'sent'),"
               " count(*) FILTER (WHERE state = 'waiting'),"
               " coalesce(sum(tries) FILTER (WHERE state = 'waiting'), 0)) FROM exportd.outbox",
               expected);
}

static void wait_for_sent(int64_t id)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM exportd.outbox WHERE data_export_id = %" PRId64
                   " AND state = 'sent'",
                   id);
    wait_for_sql(side.fixture, sql);
}

/* Mails that wait at the start, one after a ring, and one that it finds by itself. */
static void test_mails_are_sent(void **state)
{
    open_mailer(*state);
    insert_mails(1, 3);
    run_mailer();
    wait_for_sent(3);
    insert_mails(4, 4);
    bell_ring(&side.worker.context.mail_bell);
    wait_for_sent(4);
    insert_mails(5, 5);
    wait_for_sent(5);
    end_mailer();
    assert_int_equal(atomic_load(&side.sends), 5);
    expect_mails("5 0 0");
}

/* Without a mail for a while, the connection to the mail server is not kept. */
static void test_a_rest(void **state)
{
    open_mailer(*state);
    run_mailer();
    int64_t deadline = clock_monotonic_ms() + SOON_MS;
    while (atomic_load(&side.rests) == 0 && clock_monotonic_ms() < deadline)
        clock_sleep_ms(10);
    assert_true(atomic_load(&side.rests) > 0);
    end_mailer();
}

/* The last job may have put its mail into the outbox just before the end. */
static void test_the_last_mail_is_sent(void **state)
{
    open_mailer(*state);
    insert_mails(1, 1);
    atomic_store(&side.worker.context.phase, WORKER_ENDS);
    run_mailer();
    end_mailer();
    expect_mails("1 0 0");
}

static void test_a_hurried_worker_begins_no_mails(void **state)
{
    open_mailer(*state);
    insert_mails(1, 3);
    atomic_store(&side.worker.context.hurried, true);
    run_mailer();
    clock_sleep_ms(A_WHILE_MS);
    end_mailer();
    assert_int_equal(atomic_load(&side.sends), 0);
    expect_mails("0 3 0");
}

static void hurry_at_the_second(struct side *mailer_side)
{
    if (atomic_load(&mailer_side->sends) == 2)
        atomic_store(&mailer_side->worker.context.hurried, true);
}

/* Mails 2 to 4 are claimed at once. The second one is still sent and recorded, and the others go
   back with their try uncounted. */
static void test_claimed_mails_go_back_in_a_hurry(void **state)
{
    open_mailer(*state);
    insert_mails(1, 4);
    side.meanwhile = hurry_at_the_second;
    run_mailer();
    wait_for_sql(side.fixture, "SELECT count(*) / 2 FROM exportd.outbox WHERE state = 'sent'");
    end_mailer();
    assert_int_equal(atomic_load(&side.sends), 2);
    expect_mails("2 2 0");
}

static void break_connection(struct side *mailer_side)
{
    struct error error;
    struct pg *other = pg_new(mailer_side->fixture->server.url, "other");
    assert_non_null(other);
    assert_true(pg_connect(other, &error));
    run_sql(other, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE application_name LIKE '%worker%'");
    pg_free(other);
}

/* It is recorded over the next connection, and not sent again. */
static void test_the_connection_breaks_while_a_mail_is_sent(void **state)
{
    open_mailer(*state);
    insert_mails(1, 1);
    side.meanwhile = break_connection;
    run_mailer();
    wait_for_sent(1);
    end_mailer();
    assert_int_equal(atomic_load(&side.sends), 1);
    assert_int_equal(atomic_load(&side.worker.context.postgres_missing), 0);
    expect_mails("1 0 0");
}

/* The same with the last mail before the end. */
static void test_the_connection_breaks_at_the_end(void **state)
{
    open_mailer(*state);
    insert_mails(1, 1);
    side.meanwhile = break_connection;
    atomic_store(&side.worker.context.phase, WORKER_ENDS);
    run_mailer();
    end_mailer();
    assert_int_equal(atomic_load(&side.sends), 1);
    expect_mails("1 0 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mails_are_sent),
        TEST(test_a_rest),
        TEST(test_the_last_mail_is_sent),
        TEST(test_a_hurried_worker_begins_no_mails),
        TEST(test_claimed_mails_go_back_in_a_hurry),
        TEST(test_the_connection_breaks_while_a_mail_is_sent),
        TEST(test_the_connection_breaks_at_the_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
