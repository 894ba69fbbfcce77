/* The mailer's judgement, over scripted doubles of the transport and of the outbox table. */
#include "mail/outbox.h"

#include "base/text.h"
#include "model/outbox_mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

enum recorded { NOTHING, RETRY, GIVEN_UP };

/* What the doubles answer, and what they were told. */
static struct {
    bool due;
    int64_t tries;
    enum error_code claim_fails, send_fails, record_fails;
    bool no_memory; /* for the mail that is claimed */
    int sends;
    int sent; /* so often noted */
    enum recorded recorded;
    int64_t hold, seconds;
    char reason[ERROR_MESSAGE_MAX];
} script;

static bool answer(enum error_code code, struct error *error)
{
    return code == ERROR_NONE || error_set(error, code, "because of the script");
}

static bool note_sent(struct error *error)
{
    script.sent += script.record_fails == ERROR_NONE;
    return answer(script.record_fails, error);
}

bool outbox_mail_claim(struct pg *pg, int64_t sent_id, int64_t hold_seconds,
                       int64_t longest_seconds, struct arena *arena, struct outbox_mail *mail,
                       bool *found, struct error *error)
{
    (void)pg;
    (void)arena;
    script.hold = hold_seconds;
    assert_true(longest_seconds > 3600);
    assert_true(sent_id == 0 || sent_id == 5);
    *found = false;
    if (script.claim_fails != ERROR_NONE && !script.no_memory)
        return answer(script.claim_fails, error);
    if (sent_id != 0 && !note_sent(error))
        return false;
    *found = script.due;
    *mail = (struct outbox_mail){.id = 5,
                                 .data_export_id = 27,
                                 .message_id = "<27.1.abc@example.com>",
                                 .recipient = "ann@example.com",
                                 .mime = "Subject: x\r\n\r\ny\r\n",
                                 .mime_size = 17,
                                 .tries = script.tries};
    return answer(script.claim_fails, error);
}

bool outbox_mail_sent(struct pg *pg, int64_t id, struct error *error)
{
    (void)pg;
    assert_int_equal(id, 5);
    return note_sent(error);
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
    assert_int_equal(mail->id, 5);
    script.seconds = seconds;
    assert_true(text_copy(script.reason, sizeof(script.reason), reason));
    return record(RETRY, error);
}

bool outbox_mail_give_up(struct pg *pg, const struct outbox_mail *mail, const char *reason,
                         struct error *error)
{
    (void)pg;
    assert_int_equal(mail->id, 5);
    assert_true(text_copy(script.reason, sizeof(script.reason), reason));
    return record(GIVEN_UP, error);
}

static bool send_double(struct mail_transport *transport, const char *recipient,
                        const char *message_id, const char *mime, size_t size, struct error *error)
{
    (void)transport;
    assert_string_equal(recipient, "ann@example.com");
    assert_string_equal(message_id, "<27.1.abc@example.com>");
    assert_string_equal(mime, "Subject: x\r\n\r\ny\r\n");
    assert_int_equal(size, 17);
    script.sends++;
    return answer(script.send_fails, error);
}

static const struct mail_transport_operations operations = {.send = send_double};
static struct mail_transport transport = {.operations = &operations};
static struct outbox_taken taken; /* kept from run to run */

static int set_up(void **state)
{
    (void)state;
    memset(&script, 0, sizeof(script));
    script.due = true;
    script.tries = 1;
    taken = (struct outbox_taken){.id = 0};
    return 0;
}

/* Runs the mailer once; the log lines go to `log`. */
static bool run(bool *found, struct error *error, char log[4096])
{
    char path[] = "/tmp/outbox_test_XXXXXX";
    int file = mkstemp(path);
    int kept = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept >= 0 && unlink(path) == 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    bool done = outbox_send_next(NULL, &transport, &taken, found, error);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t size = pread(file, log, 4095, 0);
    assert_true(size >= 0);
    log[size] = '\0';
    assert_int_equal(close(file), 0);
    assert_int_equal(close(kept), 0);
    return done;
}

/* Runs it for one mail, and once more, when none is due: that records what was sent. */
static void check_run(const char *event)
{
    struct error error;
    bool found = false;
    char log[4096];
    if (!run(&found, &error, log))
        fail_msg("%s", error.message);
    assert_true(found);
    if (script.recorded == NOTHING) {
        assert_string_equal(log, "");
        script.due = false;
        assert_true(run(&found, &error, log));
        assert_false(found);
    }
    assert_int_equal(script.sends, 1);
    assert_non_null(strstr(log, event));
    assert_non_null(strstr(log, "27"));
    assert_null(strstr(log, "ann@example.com"));
}

static void test_nothing_due(void **state)
{
    (void)state;
    struct error error;
    bool found = true;
    char log[4096];
    script.due = false;
    assert_true(run(&found, &error, log));
    assert_false(found);
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

static void test_a_5xx_is_the_end(void **state)
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
    bool found = false;
    char log[4096];
    assert_false(run(&found, &error, log));
    assert_int_equal(error.code, code);
    assert_string_equal(log, ""); /* nothing is said of what is not recorded */
}

static void test_nothing_can_be_claimed(void **state)
{
    (void)state;
    script.claim_fails = ERROR_AWAY;
    fails(ERROR_AWAY);
    assert_int_equal(script.recorded, NOTHING);
    script.no_memory = true;
    fails(ERROR_AWAY);
    assert_int_equal(script.recorded, RETRY); /* the mail is not held back */
    assert_int_equal(script.seconds, 0);
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

/* Sends one mail, of which nothing is recorded yet. */
static void send_one(void)
{
    struct error error;
    bool found = false;
    char log[4096];
    assert_true(run(&found, &error, log));
    assert_true(found);
    assert_string_equal(log, "");
    assert_int_equal(script.sends, 1);
    assert_int_equal(script.sent, 0);
    assert_int_equal(taken.id, 5);
}

/* The server said yes and the database cannot be told: told the next time, not sent again. */
static void test_what_was_not_recorded_is_recorded_later(void **state)
{
    (void)state;
    struct error error;
    bool found = false;
    char log[4096];
    send_one();
    script.due = false; /* held back */
    script.record_fails = ERROR_AWAY;
    fails(ERROR_AWAY);
    assert_int_equal(script.sent, 0);
    script.record_fails = ERROR_NONE;
    assert_true(run(&found, &error, log));
    assert_int_equal(script.sent, 1);
    assert_non_null(strstr(log, "mail.sent"));
    assert_non_null(strstr(log, "<27.1.abc@example.com>"));
    assert_true(run(&found, &error, log));
    assert_int_equal(script.sent, 1);
    assert_int_equal(script.sends, 1);
}

/* The next mail cannot be claimed: that is nothing against the last one. */
static void test_recorded_although_nothing_can_be_claimed(void **state)
{
    (void)state;
    struct error error;
    bool found = false;
    char log[4096];
    send_one();
    script.claim_fails = ERROR_QUERY;
    assert_false(run(&found, &error, log));
    assert_int_equal(error.code, ERROR_QUERY);
    assert_non_null(strstr(log, "mail.sent"));
    assert_int_equal(script.sent, 1);
    assert_int_equal(taken.id, 0);
}

/* The next mail does not come into our hands: the last one is recorded all the same, once. */
static void test_recorded_with_a_claim_for_nothing(void **state)
{
    (void)state;
    struct error error;
    bool found = false;
    char log[4096];
    send_one();
    script.claim_fails = ERROR_AWAY;
    script.no_memory = true;
    assert_false(run(&found, &error, log));
    assert_non_null(strstr(log, "mail.sent"));
    assert_int_equal(script.recorded, RETRY);
    assert_int_equal(script.sent, 1);
    assert_int_equal(taken.id, 0);
}

/* By a worker that ends. */
static void test_recorded_without_a_claim(void **state)
{
    (void)state;
    struct error error;
    send_one();
    script.record_fails = ERROR_AWAY;
    assert_false(outbox_record_taken(NULL, &taken, &error));
    script.record_fails = ERROR_NONE;
    assert_true(outbox_record_taken(NULL, &taken, &error));
    assert_true(outbox_record_taken(NULL, &taken, &error));
    assert_int_equal(script.sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_due, set_up),
        cmocka_unit_test_setup(test_sent, set_up),
        cmocka_unit_test_setup(test_a_5xx_is_the_end, set_up),
        cmocka_unit_test_setup(test_everything_else_is_tried_again, set_up),
        cmocka_unit_test_setup(test_back_off, set_up),
        cmocka_unit_test_setup(test_nothing_can_be_claimed, set_up),
        cmocka_unit_test_setup(test_a_failure_cannot_be_recorded, set_up),
        cmocka_unit_test_setup(test_what_was_not_recorded_is_recorded_later, set_up),
        cmocka_unit_test_setup(test_recorded_although_nothing_can_be_claimed, set_up),
        cmocka_unit_test_setup(test_recorded_with_a_claim_for_nothing, set_up),
        cmocka_unit_test_setup(test_recorded_without_a_claim, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
