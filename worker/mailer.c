#include "worker/mailer.h"

#include "mail/outbox.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 1000, AWAY_WAIT_MS = 2000, END_WAIT_MS = 100 };

static void run(const struct mailer *mailer)
{
    struct worker_context *context = mailer->context;
    struct outage outage = {.server = "postgres", .missing = &context->postgres_missing};
    struct outbox_taken taken = {.id = 0};
    struct error error;
    while (worker_phase(context) != WORKER_ENDS) {
        bool found = false;
        watch_seen(mailer->watch);
        if (worker_phase(context) >= WORKER_GIVES_BACK) { /* what is left is for the others */
            (void)bell_wait(&context->mail_bell, END_WAIT_MS);
            continue;
        }
        if (!pg_connect(mailer->pg, &error) ||
            !outbox_send_next(mailer->pg, mailer->transport, &taken, &found, &error)) {
            outage_begin(&outage, &error);
            mail_transport_rest(mailer->transport);
            (void)bell_wait(&context->mail_bell, AWAY_WAIT_MS);
            continue;
        }
        outage_end(&outage);
        if (!found && !bell_wait(&context->mail_bell, IDLE_WAIT_MS))
            mail_transport_rest(mailer->transport);
    }
}

void *mailer_thread(void *argument)
{
    const struct mailer *mailer = argument;
    run(mailer);
    watch_end(mailer->watch);
    return NULL;
}
