#include "mail/outbox.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "mail/mime.h"
#include "model/outbox_mail.h"

enum {
    HOLD_SECONDS = 120, /* longer than a transport may take */
    RETRY_FIRST_SECONDS = 10,
    RETRY_MAX_SECONDS = 3600,
    ARENA_MAX = MAIL_MAX + 65536, /* one mail and its addresses */
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

static void tell_taken(struct outbox_taken *taken)
{
    if (taken->id != 0)
        LOG(LOG_INFO, "mail.sent", log_int("data_export_id", taken->data_export_id),
            log_text("message_id", taken->message_id), log_int("size", (int64_t)taken->mime_size));
    taken->id = 0;
}

bool outbox_record_taken(struct pg *pg, struct outbox_taken *taken, struct error *error)
{
    if (taken->id != 0 && !outbox_mail_sent(pg, taken->id, error))
        return false;
    tell_taken(taken);
    return true;
}

/* If this process ends between the server's yes and the note, the mail goes out again. */
static bool remember_taken(const struct outbox_mail *mail, struct outbox_taken *taken,
                           struct error *error)
{
    *taken = (struct outbox_taken){
        .id = mail->id, .data_export_id = mail->data_export_id, .mime_size = mail->mime_size};
    (void)snprintf(taken->message_id, sizeof(taken->message_id), "%s", mail->message_id);
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

static bool send_claimed(struct pg *pg, struct mail_transport *transport,
                         const struct outbox_mail *mail, struct outbox_taken *taken,
                         struct error *error)
{
    struct error failure;
    if (mail_transport_send(transport, mail->recipient, mail->message_id, mail->mime,
                            mail->mime_size, &failure))
        return remember_taken(mail, taken, error);
    if (failure.code == ERROR_INVALID)
        return record_refused(pg, mail, &failure, error);
    return record_delayed(pg, mail, &failure, error);
}

/* A mail that is found but does not come into our hands (no memory) is not held back. What was sent
   is recorded also when nothing can be claimed. */
static bool claim(struct pg *pg, struct arena *arena, struct outbox_taken *taken,
                  struct outbox_mail *mail, bool *found, struct error *error)
{
    struct error ignored;
    bool claimed = outbox_mail_claim(pg, taken->id, HOLD_SECONDS, RETRY_MAX_SECONDS + HOLD_SECONDS,
                                     arena, mail, found, error);
    if (claimed || *found)
        tell_taken(taken);
    else
        (void)!outbox_record_taken(pg, taken, &ignored);
    if (!claimed && *found)
        (void)!outbox_mail_retry(pg, mail, 0, error->message, &ignored);
    return claimed;
}

bool outbox_send_next(struct pg *pg, struct mail_transport *transport, struct outbox_taken *taken,
                      bool *found, struct error *error)
{
    struct outbox_mail mail = {.id = 0};
    struct arena *arena = arena_new(ARENA_MAX);
    *found = false;
    if (arena == NULL)
        return error_set(error, ERROR_AWAY, "no memory");
    bool done = claim(pg, arena, taken, &mail, found, error) &&
                (!*found || send_claimed(pg, transport, &mail, taken, error));
    arena_free(arena);
    return done;
}
