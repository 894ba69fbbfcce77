#include "worker/mailer.h"

#include "mail/outbox.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 1000, AWAY_WAIT_MS = 2000 };

static void run(struct worker_context *context, struct mail_transport *transport, struct pg *pg)
{
    struct outage outage = {.server = "postgres", .missing = &context->postgres_missing};
    struct error error;
    while (worker_phase(context) != WORKER_ENDS) {
        bool found = false;
        if (!pg_connect(pg, &error) || !outbox_send_next(pg, transport, &found, &error)) {
            outage_begin(&outage, &error);
            bell_wait(&context->mail_bell, AWAY_WAIT_MS);
            continue;
        }
        outage_end(&outage);
        if (!found)
            bell_wait(&context->mail_bell, IDLE_WAIT_MS);
    }
}

void *mailer_thread(void *argument)
{
    const struct mailer *mailer = argument;
    struct pg *pg = pg_new(mailer->context->config->database_url, "exportd mailer");
    if (pg != NULL)
        run(mailer->context, mailer->transport, pg);
    else
        log_event(LOG_ERROR, "worker.no-memory", NULL);
    pg_free(pg);
    return NULL;
}
