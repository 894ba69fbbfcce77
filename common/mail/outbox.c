#include "mail/outbox.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "mail/mime.h"
#include "model/outbox_mail.h"

enum {
    HOLD_SECONDS = 120, /* longer than IN_HAND_MS and what a transport may take */
    RETRY_FIRST_SECONDS = 10,
    RETRY_MAX_SECONDS = 3600,
    IN_HAND_MS = 2000, /* so long after its claim a mail may wait for its turn */
    UNRECORDED_MS = 20,
    QUICK_MS = 100,
    GATHER_MS = 5, /* between two claims in a row */
};

/* 10, 20, 40 ... 3600 seconds behind the first, second, third ... try, and up to a quarter less, so
   that mails that failed together do not come back together. */
static int64_t pause_after(int64_t tries)
{
    int64_t seconds = RETRY_FIRST_SECONDS;
    for (int64_t i = 1; i < tries && seconds < RETRY_MAX_SECONDS; i++)
        seconds *= 2;
    if (seconds > RETRY_MAX_SECONDS)
        seconds = RETRY_MAX_SECONDS;
    return seconds - random_below((uint32_t)seconds / 4 + 1);
}

/* ---- what is sent, and not recorded ---- */

static const struct outbox_mail *nth_sent(const struct outbox *outbox, size_t n)
{
    return &outbox->mails.list[outbox->sent[n]];
}

static void get_sent_ids(const struct outbox *outbox, int64_t ids[OUTBOX_MAILS_MAX])
{
    for (size_t i = 0; i < outbox->sent_count; i++)
        ids[i] = nth_sent(outbox, i)->id;
}

/* The rows say so now. */
static void tell_sent(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->sent_count; i++) {
        const struct outbox_mail *mail = nth_sent(outbox, i);
        LOG(LOG_INFO, "mail.sent", log_int("data_export_id", mail->data_export_id),
            log_text("message_id", mail->message_id), log_int("size", (int64_t)mail->mime_size));
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
    get_sent_ids(outbox, ids);
    if (outbox->sent_count > 0 && !outbox_mail_sent(outbox->pg, ids, outbox->sent_count, error))
        return false;
    tell_sent(outbox);
    return true;
}

/* If this process ends between the server's yes and the note, the mail goes out again: that is not
   risked for many mails of a slow server. */
static bool record_sent_in_time(struct outbox *outbox, struct error *error)
{
    return outbox->sent_count == 0 ||
           clock_monotonic_ms() - outbox->sent_since_ms < UNRECORDED_MS ||
           record_sent(outbox, error);
}

/* ---- one mail ---- */

static bool remember_sent(struct outbox *outbox, const struct outbox_mail *mail,
                          struct error *error)
{
    if (outbox->sent_count == 0)
        outbox->sent_since_ms = clock_monotonic_ms();
    outbox->sent[outbox->sent_count++] = (size_t)(mail - outbox->mails.list);
    return FAULT("after_smtp", error);
}

static bool record_refused(struct pg *pg, const struct outbox_mail *mail,
                           const struct error *refusal, struct error *error)
{
    if (!outbox_mail_give_up(pg, mail, refusal->message, error))
        return false;
    LOG(LOG_ERROR, "mail.given-up", log_int("data_export_id", mail->data_export_id),
        log_text("message_id", mail->message_id), log_int("tries", mail->tries),
        log_text("code", error_code_name(refusal->code)), log_text("error", refusal->message));
    return true;
}

static bool record_delayed(struct pg *pg, const struct outbox_mail *mail,
                           const struct error *failure, struct error *error)
{
    /* who was stopped has nothing against the server: the next worker sends it */
    int64_t seconds = failure->code == ERROR_STOPPED ? 0 : pause_after(mail->tries);
    if (!outbox_mail_retry(pg, mail, seconds, failure->message, error))
        return false;
    LOG(LOG_WARNING, "mail.delayed", log_int("data_export_id", mail->data_export_id),
        log_text("message_id", mail->message_id), log_int("tries", mail->tries),
        log_int("seconds", seconds), log_text("code", error_code_name(failure->code)),
        log_text("error", failure->message));
    return true;
}

static bool send_mail(struct outbox *outbox, const struct outbox_mail *mail, struct error *error)
{
    struct error failure;
    int64_t began_ms = clock_monotonic_ms();
    bool sent = mail_transport_send(outbox->transport, mail->recipient, mail->message_id,
                                    mail->mime, mail->mime_size, &failure);
    outbox->quick = sent && clock_monotonic_ms() - began_ms < QUICK_MS;
    if (sent)
        return remember_sent(outbox, mail, error);
    if (failure.code == ERROR_INVALID)
        return record_refused(outbox->pg, mail, &failure, error);
    return record_delayed(outbox->pg, mail, &failure, error);
}

/* ---- those that are claimed ---- */

void outbox_init(struct outbox *outbox, struct pg *pg, struct mail_transport *transport)
{
    *outbox = (struct outbox){.pg = pg, .transport = transport};
}

void outbox_free(struct outbox *outbox)
{
    outbox_mails_free(&outbox->mails);
    outbox_init(outbox, NULL, NULL);
}

/* When mails come one after the other, the next few are there in a moment: then one commit records
   what was sent and claims them all. A single mail does not wait, nor does its note. */
static void gather(const struct outbox *outbox)
{
    if (outbox->in_a_row && outbox->mails.count < OUTBOX_MAILS_MAX)
        clock_sleep_ms(outbox->claimed_ms + GATHER_MS - clock_monotonic_ms());
}

/* What was sent is recorded also when nothing can be claimed. */
static bool claim(struct outbox *outbox, struct error *error)
{
    int64_t ids[OUTBOX_MAILS_MAX];
    const struct outbox_claim asked = {.sent = ids,
                                       .sent_count = outbox->sent_count,
                                       .several = outbox->quick,
                                       .hold_seconds = HOLD_SECONDS,
                                       .longest_seconds = RETRY_MAX_SECONDS + HOLD_SECONDS};
    struct outbox_mails mails;
    struct error ignored;
    gather(outbox);
    int64_t claimed_ms = clock_monotonic_ms();
    get_sent_ids(outbox, ids);
    if (!outbox_mail_claim(outbox->pg, &asked, &mails, error)) {
        (void)!record_sent(outbox, &ignored);
        return false;
    }
    tell_sent(outbox);
    outbox->in_a_row = outbox->mails.count > 0 && mails.count > 0;
    outbox_mails_free(&outbox->mails);
    outbox->mails = mails;
    outbox->next = 0;
    outbox->claimed_ms = claimed_ms;
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

/* The first one is sent at once, however long its claim took: nothing would be gained by another
   claim. */
static bool is_late(const struct outbox *outbox)
{
    return outbox->next > 0 && clock_monotonic_ms() - outbox->claimed_ms > IN_HAND_MS;
}

static bool send_next(struct outbox *outbox, bool *found, struct error *error)
{
    if (!record_sent_in_time(outbox, error) ||
        ((outbox->doubtful || is_late(outbox)) && !outbox_settle(outbox, error)) ||
        (outbox->next == outbox->mails.count && !claim(outbox, error)))
        return false;
    *found = outbox->next < outbox->mails.count;
    return !*found || send_mail(outbox, &outbox->mails.list[outbox->next++], error);
}

bool outbox_send_next(struct outbox *outbox, bool *found, struct error *error)
{
    *found = false;
    bool done = send_next(outbox, found, error);
    outbox->doubtful = !done;
    return done;
}
