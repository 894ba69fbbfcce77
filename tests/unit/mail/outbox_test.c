/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of each mail, with scripted doubles of the transport and of the outbox table. */
#include "mail/outbox.h"

#include "base/text.h"
#include "model/outbox_mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIRST = 5 }; /* id of the first mail, of export 27; then 6 of 28 ... */
enum recorded { NOTHING, RETRY, GIVEN_UP, GIVEN_BACK };

/* What the doubles answer, and what they were called with. */
static struct {
    size_t due; /* how many mails claims find, with ids in a row */
    int64_t last_id;
    int64_t tries, tried_for, perhaps_sent;
    enum error_code claim_fails, send_fails, record_fails;
    int sends;
    int sent, notes; /* how many mails were recorded as sent, and by how many calls */
    enum recorded recorded;
    int given_back;
    int64_t hold, seconds;
    int64_t send_takes_ms;
    int64_t server_takes_ms; /* only on the clock of the outbox */
    int64_t mended_ms;       /* this long after the begin of that, recording works again */
    int holds, signs;
    char reason[ERROR_MESSAGE_MAX];
} script;

static struct outbox outbox;

static bool answer(enum error_code code, struct error *error)
{
    return code == ERROR_NONE || error_set(error, code, "because of the script");
}

static bool note_sent(const int64_t *ids, size_t count, struct error *error)
{
    assert_in_range(count, 1, OUTBOX_MAILS_MAX);
    for (size_t i = 0; i < count; i++)
        assert_in_range(ids[i], FIRST, FIRST + OUTBOX_MAILS_MAX - 1);
    if (script.record_fails == ERROR_NONE) {
        script.sent += (int)count;
        script.notes++;
    }
    return answer(script.record_fails, error);
}

bool outbox_mail_claim(struct pg *pg, const struct outbox_claim *claim, struct outbox_mails *mails,
                       struct error *error)
{
    (void)pg;
    script.hold = claim->hold_seconds;
    assert_true(claim->longest_seconds > 3600);
    *mails = (struct outbox_mails){.count = 0};
    if (script.claim_fails != ERROR_NONE)
        return answer(script.claim_fails, error);
    for (; script.due > 0 && (mails->count == 0 || claim->several); script.due--) {
        int64_t id = script.last_id == 0 ? FIRST : script.last_id + 1;
        script.last_id = id;
        mails->list[mails->count++] = (struct outbox_mail){.id = id,
                                                           .data_export_id = 27 + id - FIRST,
                                                           .message_id = "<27.1.abc@example.com>",
                                                           .recipient = "ann@example.com",
                                                           .mime = "Subject: x\r\n\r\ny\r\n",
                                                           .mime_size = 17,
                                                           .tries = script.tries,
                                                           .tried_for_seconds = script.tried_for,
                                                           .perhaps_sent = script.perhaps_sent};
    }
    mails->full = mails->count == (claim->several ? 7 : 1);
    return true;
}

void outbox_mails_free(struct outbox_mails *mails)
{
    mails->count = 0;
}

bool outbox_mail_sent(struct pg *pg, const int64_t *ids, size_t count, struct error *error)
{
    (void)pg;
    return note_sent(ids, count, error);
}

static bool record(enum recorded what, struct error *error)
{
    assert_int_equal(script.recorded, NOTHING);
    script.recorded = what;
    return answer(script.record_fails, error);
}

bool outbox_mail_retry(struct pg *pg, const struct outbox_mail *mail, int64_t seconds,
                       const char *reason, struct error *error)
{
    (void)pg;
    assert_int_equal(mail->id, FIRST);
    script.seconds = seconds;
    script.perhaps_sent = mail->perhaps_sent;
    assert_true(text_copy(script.reason, sizeof(script.reason), reason));
    return record(RETRY, error);
}

bool outbox_mail_hold(struct pg *pg, struct outbox_mail *mail, int64_t seconds, struct error *error)
{
    (void)pg;
    assert_int_equal(mail->id, FIRST);
    assert_int_equal(seconds, 120);
    script.holds++;
    return answer(script.record_fails, error);
}

bool pg_connect(struct pg *pg, struct error *error)
{
    (void)pg;
    return answer(script.record_fails, error);
}

static void count_sign(void *signs)
{
    ++*(int *)signs;
}

bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error)
{
    (void)pg;
    assert_int_equal(mail->id, FIRST);
    assert_true(text_copy(script.reason, sizeof(script.reason), reason));
    return record(GIVEN_UP, error);
}

bool outbox_mail_give_back(struct pg *pg, const struct outbox_mail *mails, size_t count,
                           struct error *error)
{
    (void)pg;
    if (script.record_fails != ERROR_NONE)
        return answer(script.record_fails, error);
    assert_true(count > 0);
    assert_int_equal(mails->id, FIRST + script.sends);
    script.given_back += (int)count;
    return true;
}

static bool send_double(struct mail_transport *transport, const struct mail_message *message,
                        struct error *error)
{
    (void)transport;
    assert_string_equal(message->recipient, "ann@example.com");
    assert_string_equal(message->message_id, "<27.1.abc@example.com>");
    assert_string_equal(message->mime, "Subject: x\r\n\r\ny\r\n");
    assert_int_equal(message->size, 17);
    script.sends++;
    clock_sleep_ms(script.send_takes_ms);
    for (int64_t ms = 0; ms < script.server_takes_ms; ms += 1000) {
        outbox.held_ms -= 1000;
        if (script.mended_ms > 0 && ms == script.mended_ms)
            script.record_fails = ERROR_NONE;
        message->waiting(message->waiting_context);
    }
    return answer(script.send_fails, error);
}

static const struct mail_transport_operations operations = {.send = send_double};
static struct mail_transport transport = {.operations = &operations};

static int set_up(void **state)
{
    (void)state;
    memset(&script, 0, sizeof(script));
    script.due = 1;
    script.tries = 1;
    outbox_init(&outbox, NULL, &transport);
    outbox.alive = count_sign;
    outbox.alive_context = &script.signs;
    return 0;
}

/* Sends the next mail; the log lines go to `log`. */
static bool run(bool *more, struct error *error, char log[4096])
{
    char path[] = "/tmp/outbox_test_XXXXXX";
    int file = mkstemp(path);
    int kept = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept >= 0 && unlink(path) == 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    bool done = outbox_send_next(&outbox, more, error);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t size = pread(file, log, 4095, 0);
    assert_true(size >= 0);
    log[size] = '\0';
    assert_int_equal(close(file), 0);
    assert_int_equal(close(kept), 0);
    return done;
}

static void pass(int64_t ms)
{
    outbox.claimed_ms -= ms;
}

/* Sends mails until no more may be due, with `ms` milliseconds between two mails. */
static void run_all(int64_t ms)
{
    struct error error;
    char log[4096];
    bool more = true;
    while (more) {
        if (!run(&more, &error, log))
            fail_msg("%s", error.message);
        pass(ms);
    }
    assert_true(outbox_is_settled(&outbox));
}

/* Sends one mail, whose outcome is recorded at once. */
static void check_run(const char *event)
{
    struct error error;
    bool more = false;
    char log[4096];
    if (!run(&more, &error, log))
        fail_msg("%s", error.message);
    assert_true(more);
    assert_int_equal(script.sends, 1);
    assert_non_null(strstr(log, event));
    assert_non_null(strstr(log, "27"));
    assert_null(strstr(log, "ann@example.com"));
}

static void test_nothing_due(void **state)
{
    (void)state;
    struct error error;
    bool more = true;
    char log[4096];
    script.due = 0;
    assert_true(run(&more, &error, log));
    assert_false(more);
    assert_int_equal(script.sends, 0);
    assert_string_equal(log, "");
}

static void test_sent(void **state)
{
    (void)state;
    check_run("mail.sent");
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.hold, 120);
}

/* ---- several at once ---- */

static void test_recorded_together(void **state)
{
    (void)state;
    outbox.quick = true;
    script.due = OUTBOX_MAILS_MAX;
    run_all(0);
    assert_int_equal(script.sends, OUTBOX_MAILS_MAX);
    assert_int_equal(script.sent, OUTBOX_MAILS_MAX);
    assert_int_equal(script.notes, 1);
}

/* If the worker were killed, mails that are sent but not recorded would be sent again. */
static void test_mails_of_a_slow_server_are_recorded_one_by_one(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    outbox.quick = true;
    script.due = 4;
    script.send_takes_ms = 110;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.sent, 1);
    for (int i = 2; i <= 4; i++) {
        assert_true(run(&more, &error, log));
        assert_int_equal(script.sent, i);
        assert_int_equal(script.notes, i);
    }
    assert_int_equal(script.given_back, 0);
    script.due = 2;
    run_all(0);
    assert_int_equal(script.notes, 6);
}

/* The first mail shows whether the server is quick. */
static void test_claimed_one_by_one_of_a_slow_server(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    script.due = 3;
    script.send_takes_ms = 110;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.due, 2);
    script.send_takes_ms = 0;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.due, 1);
    assert_true(run(&more, &error, log));
    assert_int_equal(script.due, 0);
    script.due = 5;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.due, 0);
    run_all(0);
    assert_int_equal(script.sends, 8);
    assert_int_equal(script.sent, 8);
}

/* The failure of one mail does not touch the others. */
static void test_one_of_several_fails(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    outbox.quick = true;
    script.due = 3;
    script.send_fails = ERROR_AWAY;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.recorded, RETRY);
    script.send_fails = ERROR_NONE;
    run_all(0);
    assert_int_equal(script.sends, 3);
    assert_int_equal(script.sent, 2);
}

/* Another mailer must not send a mail while it is being sent here. So mails that wait too long
   after their claim go back. */
static void test_those_whose_turn_comes_too_late(void **state)
{
    (void)state;
    outbox.quick = true;
    script.due = 3;
    run_all(31000);
    assert_int_equal(script.sends, 1);
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.given_back, 2);
}

/* A server takes ten minutes for a mail. No other mailer may take this mail meanwhile, and the
   mails that were claimed with it do not wait. */
static void test_held_while_a_server_is_slow(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    outbox.quick = true;
    script.due = 3;
    script.server_takes_ms = 599000;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.holds, 9);
    assert_int_equal(script.signs, 599);
    assert_int_equal(script.given_back, 2);
    assert_int_equal(script.sent, 1);
    assert_true(outbox_is_settled(&outbox));
}

static void test_a_mail_that_cannot_be_held_is_sent_nevertheless(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    script.server_takes_ms = 61000;
    script.record_fails = ERROR_AWAY;
    assert_false(run(&more, &error, log));
    assert_non_null(strstr(log, "mail.not-held"));
    script.record_fails = ERROR_NONE;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.sent, 1);
}

/* Before the hold ends, after two minutes. */
static void test_a_hold_that_failed_is_tried_again_soon(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    script.server_takes_ms = 119000;
    script.record_fails = ERROR_AWAY;
    script.mended_ms = 75000;
    assert_true(run(&more, &error, log));
    assert_non_null(strstr(log, "mail.not-held"));
    assert_int_equal(script.holds, 1);
    assert_int_equal(script.sent, 1);
}

/* PostgreSQL may have forgotten our claims: another mailer may have claimed the rest. */
static void test_the_rest_goes_back_after_an_error(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    outbox.quick = true;
    script.due = 3;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.sends, 1);
    pass(31000);
    script.record_fails = ERROR_AWAY;
    for (int i = 0; i < 3; i++)
        assert_false(run(&more, &error, log));
    script.record_fails = ERROR_NONE;
    run_all(0);
    assert_int_equal(script.sends, 1);
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.given_back, 2);
}

static void test_the_rest_goes_back_at_the_end(void **state)
{
    (void)state;
    struct error error;
    char log[4096];
    bool more = false;
    outbox.quick = true;
    script.due = 3;
    assert_true(run(&more, &error, log));
    assert_false(outbox_is_settled(&outbox));
    script.record_fails = ERROR_AWAY;
    assert_false(outbox_settle(&outbox, &error));
    script.record_fails = ERROR_NONE;
    assert_true(outbox_settle(&outbox, &error));
    assert_true(outbox_is_settled(&outbox));
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.given_back, 2);
}

/* ---- one mail ---- */

static void test_a_final_refusal_is_the_end(void **state)
{
    (void)state;
    script.send_fails = ERROR_INVALID;
    check_run("mail.given-up");
    assert_int_equal(script.recorded, GIVEN_UP);
    assert_string_equal(script.reason, "because of the script");
}

static void test_everything_else_is_tried_again(void **state)
{
    static const enum error_code codes[] = {ERROR_AWAY,     ERROR_DENIED,    ERROR_TIMEOUT,
                                            ERROR_INTERNAL, ERROR_NOT_FOUND, ERROR_CONFLICT};
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        assert_int_equal(set_up(state), 0);
        script.send_fails = codes[i];
        check_run("mail.delayed");
        assert_int_equal(script.recorded, RETRY);
        assert_string_equal(script.reason, "because of the script");
    }
}

static void test_given_up_after_a_day(void **state)
{
    (void)state;
    script.send_fails = ERROR_AWAY;
    script.tries = 30;
    script.tried_for = 24 * 3600 - 7;
    check_run("mail.delayed");
    assert_int_equal(script.seconds, 7);
    assert_int_equal(set_up(state), 0);
    script.send_fails = ERROR_AWAY;
    script.tried_for = 24 * 3600;
    check_run("mail.given-up");
    assert_int_equal(script.recorded, GIVEN_UP);
    assert_int_equal(set_up(state), 0);
    script.send_fails = ERROR_STOPPED;
    script.tried_for = 24 * 3600;
    check_run("mail.delayed");
    assert_int_equal(script.seconds, 0);
}

static void test_perhaps_sent(void **state)
{
    (void)state;
    script.send_fails = ERROR_ANSWER;
    script.perhaps_sent = 1;
    check_run("mail.delayed");
    assert_int_equal(script.perhaps_sent, 2);
    assert_in_range(script.seconds, 7, 10);
    assert_int_equal(set_up(state), 0);
    script.send_fails = ERROR_ANSWER;
    script.perhaps_sent = 2;
    check_run("mail.given-up");
}

static void test_back_off(void **state)
{
    static const int64_t full[] = {10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600};
    bool varied = false;
    for (int64_t tries = 1; tries <= (int64_t)ARRAY_LENGTH(full); tries++)
        for (int round = 0; round < 4; round++) {
            assert_int_equal(set_up(state), 0);
            script.send_fails = ERROR_AWAY;
            script.tries = tries;
            check_run("mail.delayed");
            assert_in_range(script.seconds, full[tries - 1] * 3 / 4, full[tries - 1]);
            varied = varied || script.seconds != full[tries - 1];
        }
    assert_true(varied);
    assert_int_equal(set_up(state), 0);
    script.send_fails = ERROR_AWAY;
    script.tries = INT64_MAX;
    check_run("mail.delayed");
    assert_in_range(script.seconds, 2700, 3600);
}

static void fails(enum error_code code)
{
    struct error error;
    bool more = false;
    char log[4096];
    assert_false(run(&more, &error, log));
    assert_int_equal(error.code, code);
    assert_string_equal(log, ""); /* an outcome that is not recorded is not logged */
}

static void test_nothing_can_be_claimed(void **state)
{
    (void)state;
    script.claim_fails = ERROR_AWAY;
    fails(ERROR_AWAY);
    assert_int_equal(script.recorded, NOTHING);
    assert_int_equal(script.sends, 0);
}

static void test_a_failure_cannot_be_recorded(void **state)
{
    static const enum error_code sends[] = {ERROR_AWAY, ERROR_INVALID};
    for (size_t i = 0; i < ARRAY_LENGTH(sends); i++) {
        assert_int_equal(set_up(state), 0);
        script.send_fails = sends[i];
        script.record_fails = ERROR_QUERY;
        fails(ERROR_QUERY);
    }
}

/* Sends one mail, which cannot be recorded. */
static void send_one(void)
{
    script.record_fails = ERROR_AWAY;
    fails(ERROR_AWAY);
    assert_int_equal(script.sends, 1);
    assert_int_equal(script.sent, 0);
    assert_false(outbox_is_settled(&outbox));
}

/* The server has taken the mail, but that cannot be recorded. It is recorded the next time, and the
   mail is not sent again. */
static void test_what_was_not_recorded_is_recorded_later(void **state)
{
    (void)state;
    struct error error;
    bool more = false;
    char log[4096];
    send_one();
    fails(ERROR_AWAY);
    assert_int_equal(script.sent, 0);
    script.record_fails = ERROR_NONE;
    assert_true(run(&more, &error, log));
    assert_int_equal(script.sent, 1);
    assert_non_null(strstr(log, "mail.sent"));
    assert_non_null(strstr(log, "<27.1.abc@example.com>"));
    assert_true(run(&more, &error, log));
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.sends, 1);
}

/* The next mail cannot be claimed: the last one is recorded nevertheless. */
static void test_recorded_although_nothing_can_be_claimed(void **state)
{
    (void)state;
    struct error error;
    bool more = false;
    char log[4096];
    send_one();
    script.record_fails = ERROR_NONE;
    script.claim_fails = ERROR_QUERY;
    assert_false(run(&more, &error, log));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(log, "mail.sent"));
    assert_int_equal(script.sent, 1);
    assert_true(outbox_is_settled(&outbox));
}

/* As at the end of a worker. */
static void test_recorded_without_a_claim(void **state)
{
    (void)state;
    struct error error;
    send_one();
    assert_false(outbox_settle(&outbox, &error));
    script.record_fails = ERROR_NONE;
    assert_true(outbox_settle(&outbox, &error));
    assert_true(outbox_settle(&outbox, &error));
    assert_int_equal(script.sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_due, set_up),
        cmocka_unit_test_setup(test_sent, set_up),
        cmocka_unit_test_setup(test_recorded_together, set_up),
        cmocka_unit_test_setup(test_mails_of_a_slow_server_are_recorded_one_by_one, set_up),
        cmocka_unit_test_setup(test_claimed_one_by_one_of_a_slow_server, set_up),
        cmocka_unit_test_setup(test_one_of_several_fails, set_up),
        cmocka_unit_test_setup(test_those_whose_turn_comes_too_late, set_up),
        cmocka_unit_test_setup(test_held_while_a_server_is_slow, set_up),
        cmocka_unit_test_setup(test_a_mail_that_cannot_be_held_is_sent_nevertheless, set_up),
        cmocka_unit_test_setup(test_a_hold_that_failed_is_tried_again_soon, set_up),
        cmocka_unit_test_setup(test_the_rest_goes_back_after_an_error, set_up),
        cmocka_unit_test_setup(test_the_rest_goes_back_at_the_end, set_up),
        cmocka_unit_test_setup(test_a_final_refusal_is_the_end, set_up),
        cmocka_unit_test_setup(test_everything_else_is_tried_again, set_up),
        cmocka_unit_test_setup(test_back_off, set_up),
        cmocka_unit_test_setup(test_given_up_after_a_day, set_up),
        cmocka_unit_test_setup(test_perhaps_sent, set_up),
        cmocka_unit_test_setup(test_nothing_can_be_claimed, set_up),
        cmocka_unit_test_setup(test_a_failure_cannot_be_recorded, set_up),
        cmocka_unit_test_setup(test_what_was_not_recorded_is_recorded_later, set_up),
        cmocka_unit_test_setup(test_recorded_although_nothing_can_be_claimed, set_up),
        cmocka_unit_test_setup(test_recorded_without_a_claim, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
