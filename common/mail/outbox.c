/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claimed mails are held back from other mailers by a time in their rows, not by a transaction.
 * They are sent one after the other. A failure is recorded at once; success after the last mail of
 * the claim, or at once if the server is slow.
 */
#include "mail/outbox.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/metric.h"
#include "mail/mime.h"
#include "model/outbox_mail.h"

enum {
    HOLD_SECONDS = 120,    /* twice the time between two renewals */
    HOLD_AGAIN_MS = 60000, /* between two renewals for the mail that is being sent */
    HOLD_RETRY_MS = 10000, /* between two tries, after a renewal has failed */
    RETRY_FIRST_SECONDS = 10,
    RETRY_MAX_SECONDS = 3600,
    IN_HAND_MS = 2000,       /* how long a claimed mail may wait to be tried */
    QUICK_MS = 100,          /* a quick server takes less for a mail */
    TRY_SECONDS = 24 * 3600, /* from the first try to the last */
    PERHAPS_SENT_MAX = 3,
};

/* The seconds after a try: 10, 20, 40 ... 3600 after the first, second, third ... try. It is up to
   a quarter less, so that mails that failed together are not tried again together. The last try is
   a day after the first. */
static int64_t pause_after(const struct outbox_mail *mail)
{
    int64_t seconds = RETRY_FIRST_SECONDS;
    int64_t left = TRY_SECONDS - mail->tried_for_seconds;
    for (int64_t i = 1; i < mail->tries && seconds < RETRY_MAX_SECONDS; i++)
        seconds *= 2;
    if (seconds > RETRY_MAX_SECONDS)
        seconds = RETRY_MAX_SECONDS;
    seconds -= random_below((uint32_t)seconds / 4 + 1);
    return seconds < left ? seconds : left;
}

/* ---- mails that are sent but not recorded ---- */

static const struct outbox_mail *nth_sent(const struct outbox *outbox, size_t n)
{
    return &outbox->mails.list[outbox->sent[n]];
}

/* The mails are recorded now. */
static void log_sent(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->sent_count; i++) {
        const struct outbox_mail *mail = nth_sent(outbox, i);
        LOG(LOG_INFO, "mail.sent", log_int("data_export_id", mail->data_export_id),
            log_text("message_id", mail->message_id), log_int("size", (int64_t)mail->mime_size));
        metric_add(METRIC_MAILS, 1, mail->kind, "sent");
    }
    outbox->sent_count = 0;
}

void outbox_tell_unsettled(const struct outbox *outbox, const struct error *reason)
{
    for (size_t i = 0; i < outbox->sent_count; i++) {
        const struct outbox_mail *mail = nth_sent(outbox, i);
        LOG(LOG_WARNING, "mail.not-recorded", log_int("data_export_id", mail->data_export_id),
            log_text("message_id", mail->message_id), log_text("error", reason->message));
    }
    for (size_t i = outbox->next; i < outbox->mails.count; i++) {
        const struct outbox_mail *mail = &outbox->mails.list[i];
        LOG(LOG_WARNING, "mail.not-given-back", log_int("data_export_id", mail->data_export_id),
            log_text("message_id", mail->message_id), log_text("error", reason->message));
    }
}

static bool record_sent(struct outbox *outbox, struct error *error)
{
    int64_t ids[OUTBOX_MAILS_MAX];
    for (size_t i = 0; i < outbox->sent_count; i++)
        ids[i] = nth_sent(outbox, i)->id;
    if (outbox->sent_count > 0 && !outbox_mail_sent(outbox->pg, ids, outbox->sent_count, error))
        return false;
    log_sent(outbox);
    return true;
}

/* ---- one mail ---- */

static bool record_refused(struct pg *pg, const struct outbox_mail *mail,
                           const struct error *refusal, struct error *error)
{
    if (!outbox_mail_give_up(pg, mail, refusal->message, error))
        return false;
    LOG(LOG_ERROR, "mail.given-up", log_int("data_export_id", mail->data_export_id),
        log_text("message_id", mail->message_id), log_int("tries", mail->tries),
        log_text("code", error_code_name(refusal->code)), log_text("error", refusal->message));
    metric_add(METRIC_MAILS, 1, mail->kind, "given-up");
    return true;
}

static bool record_delayed(struct pg *pg, const struct outbox_mail *mail,
                           const struct error *failure, struct error *error)
{
    /* the stop of the worker is not the server's fault: the next worker sends the mail at once */
    int64_t seconds = failure->code == ERROR_STOPPED ? 0 : pause_after(mail);
    if (!outbox_mail_retry(pg, mail, seconds, failure->message, error))
        return false;
    LOG(LOG_WARNING, "mail.delayed", log_int("data_export_id", mail->data_export_id),
        log_text("message_id", mail->message_id), log_int("tries", mail->tries),
        log_int("seconds", seconds), log_text("code", error_code_name(failure->code)),
        log_text("error", failure->message));
    metric_add(METRIC_MAILS, 1, mail->kind, "delayed");
    return true;
}

static bool is_hopeless(const struct outbox_mail *mail, const struct error *failure)
{
    return failure->code == ERROR_INVALID || mail->perhaps_sent >= PERHAPS_SENT_MAX ||
           (failure->code != ERROR_STOPPED && mail->tried_for_seconds >= TRY_SECONDS);
}

/* Renews the hold of the mail that is being sent. The other mails of the claim are settled: they do
   not wait for a slow server. */
static bool renew_hold(struct outbox *outbox, struct error *error)
{
    return pg_connect(outbox->pg, error) && outbox_settle(outbox, error) &&
           outbox_mail_hold(outbox->pg, &outbox->mails.list[outbox->in_hand], HOLD_SECONDS, error);
}

/* Called by the transport every second while it waits for the server. */
static void while_waiting(void *context)
{
    struct outbox *outbox = context;
    struct error error;
    int64_t now = clock_monotonic_ms();
    if (outbox->alive != NULL)
        outbox->alive(outbox->alive_context);
    if (now - outbox->held_ms < HOLD_AGAIN_MS)
        return;
    bool held = renew_hold(outbox, &error);
    outbox->held_ms = held ? now : now - HOLD_AGAIN_MS + HOLD_RETRY_MS;
    if (!held)
        log_error(LOG_WARNING, "mail.not-held", &error);
}

/* Sends one mail, and records a failure. False: the database failed. */
static bool send_mail(struct outbox *outbox, struct outbox_mail *mail, struct error *error)
{
    struct error failure;
    int64_t began_ms = clock_monotonic_ms();
    const struct mail_message message = {.recipient = mail->recipient,
                                         .message_id = mail->message_id,
                                         .mime = mail->mime,
                                         .size = mail->mime_size,
                                         .waiting = while_waiting,
                                         .waiting_context = outbox};
    outbox->in_hand = (size_t)(mail - outbox->mails.list);
    bool sent = mail_transport_send(outbox->transport, &message, &failure);
    outbox->quick = clock_monotonic_ms() - began_ms < QUICK_MS;
    if (sent) {
        outbox->sent[outbox->sent_count++] = outbox->in_hand;
        return FAULT("after_smtp", error);
    }
    mail->perhaps_sent += failure.code == ERROR_ANSWER ? 1 : 0;
    if (is_hopeless(mail, &failure))
        return record_refused(outbox->pg, mail, &failure, error);
    return record_delayed(outbox->pg, mail, &failure, error);
}

/* ---- claimed mails ---- */

void outbox_init(struct outbox *outbox, struct pg *pg, struct mail_transport *transport)
{
    *outbox = (struct outbox){.pg = pg, .transport = transport};
}

void outbox_free(struct outbox *outbox)
{
    outbox_mails_free(&outbox->mails);
    outbox_init(outbox, NULL, NULL);
}

static bool claim_mails(struct outbox *outbox, struct error *error)
{
    const struct outbox_claim asked = {.several = outbox->quick,
                                       .hold_seconds = HOLD_SECONDS,
                                       .longest_seconds = RETRY_MAX_SECONDS + HOLD_SECONDS};
    struct outbox_mails mails;
    int64_t claimed_ms = clock_monotonic_ms();
    if (!outbox_mail_claim(outbox->pg, &asked, &mails, error))
        return false;
    outbox_mails_free(&outbox->mails);
    outbox->mails = mails;
    outbox->next = 0;
    outbox->claimed_ms = outbox->held_ms = claimed_ms;
    return true;
}

bool outbox_is_settled(const struct outbox *outbox)
{
    return outbox->sent_count == 0 && outbox->next == outbox->mails.count;
}

bool outbox_settle(struct outbox *outbox, struct error *error)
{
    size_t rest = outbox->mails.count - outbox->next;
    if (!record_sent(outbox, error) ||
        (rest > 0 &&
         !outbox_mail_give_back(outbox->pg, &outbox->mails.list[outbox->next], rest, error)))
        return false;
    outbox->next = outbox->mails.count;
    outbox->doubtful = false;
    return true;
}

/* The first mail is never late, however long its claim took: another claim would not be quicker. */
static bool is_late(const struct outbox *outbox)
{
    return outbox->next > 0 && clock_monotonic_ms() - outbox->claimed_ms > IN_HAND_MS;
}

static bool send_next(struct outbox *outbox, struct error *error)
{
    if (((outbox->doubtful || is_late(outbox)) && !outbox_settle(outbox, error)) ||
        (outbox->next == outbox->mails.count && !claim_mails(outbox, error)))
        return false;
    if (outbox->next == outbox->mails.count)
        return true;
    if (!send_mail(outbox, &outbox->mails.list[outbox->next++], error))
        return false;
    bool goes_on = outbox->quick && outbox->next < outbox->mails.count;
    return goes_on || record_sent(outbox, error);
}

bool outbox_send_next(struct outbox *outbox, bool *more, struct error *error)
{
    bool done = send_next(outbox, error);
    *more = done && (outbox->mails.full || outbox->next < outbox->mails.count);
    outbox->doubtful = !done;
    return done;
}
