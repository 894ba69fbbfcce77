#include "worker/mailer.h"

#include "mail/outbox.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 1000, AWAY_WAIT_MS = 2000 };

static bool gives_back(const struct mailer *mailer)
{
    return worker_phase(mailer->context) >= WORKER_GIVES_BACK;
}

/* Once the worker gives back, only what is sent is recorded: the rest is for the others. */
static bool send_next(const struct mailer *mailer, struct outbox_taken *taken, bool *found,
                      struct error *error)
{
    *found = false;
    return pg_connect(mailer->pg, error) &&
           (gives_back(mailer)
                ? outbox_record_taken(mailer->pg, taken, error)
                : outbox_send_next(mailer->pg, mailer->transport, taken, found, error));
}

/* Before the end. Once more over a new connection: the old one may have broken while the mail was
   being sent. */
static void record_last(const struct mailer *mailer, struct outbox_taken *taken)
{
    struct error error;
    if (taken->id == 0)
        return;
    for (int tries = 0; tries < 2; tries++) {
        watch_seen(mailer->watch);
        if (pg_connect(mailer->pg, &error) && outbox_record_taken(mailer->pg, taken, &error))
            return;
    }
    LOG(LOG_WARNING, "mail.not-recorded", log_int("data_export_id", taken->data_export_id),
        log_text("message_id", taken->message_id), log_text("error", error.message));
}

static void run(const struct mailer *mailer)
{
    struct worker_context *context = mailer->context;
    struct outage outage = {.server = "postgres", .missing = &context->postgres_missing};
    struct outbox_taken taken = {.id = 0};
    struct error error;
    bool found = false;
    while (worker_phase(context) != WORKER_ENDS) {
        watch_seen(mailer->watch);
        if (gives_back(mailer) && taken.id == 0) {
            (void)bell_wait(&context->mail_bell, IDLE_WAIT_MS);
            continue;
        }
        if (!send_next(mailer, &taken, &found, &error)) {
            outage_begin(&outage, &error);
            mail_transport_rest(mailer->transport);
            (void)bell_wait(&context->mail_bell, AWAY_WAIT_MS);
            continue;
        }
        outage_end(&outage);
        if (!found && !bell_wait(&context->mail_bell, IDLE_WAIT_MS))
            mail_transport_rest(mailer->transport);
    }
    record_last(mailer, &taken);
}

void *mailer_thread(void *argument)
{
    const struct mailer *mailer = argument;
    run(mailer);
    watch_end(mailer->watch);
    return NULL;
}
