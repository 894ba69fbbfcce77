#include "worker/mailer.h"

#include "mail/outbox.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 1000, AWAY_WAIT_MS = 2000 };

/* Once the worker gives back, what is left is for the others. */
static bool send_next(const struct mailer *mailer, struct outbox_taken *taken, bool *found,
                      struct error *error)
{
    bool more = worker_phase(mailer->context) < WORKER_GIVES_BACK;
    *found = false;
    if (!more && taken->id == 0)
        return true;
    return pg_connect(mailer->pg, error) &&
           (more ? outbox_send_next(mailer->pg, mailer->transport, taken, found, error)
                 : outbox_record_taken(mailer->pg, taken, error));
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
    watch_seen(mailer->watch);
    if (!send_next(mailer, &taken, &found, &error))
        outage_begin(&outage, &error);
}

void *mailer_thread(void *argument)
{
    const struct mailer *mailer = argument;
    run(mailer);
    watch_end(mailer->watch);
    return NULL;
}
