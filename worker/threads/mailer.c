/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/threads/mailer.h"

#include "mail/outbox.h"
#include "worker/outage.h"

enum { IDLE_WAIT_MS = 3000, AWAY_WAIT_MS = 2000 };

static bool gives_back(const struct mailer *mailer)
{
    return atomic_load(&mailer->context->hurried);
}

/* Once the worker gives back, no more mails are sent, and only the sent ones are recorded. The
   other workers send the rest. */
static bool send_next(const struct mailer *mailer, struct outbox *outbox, bool *more,
                      struct error *error)
{
    *more = false;
    return pg_connect(mailer->pg, error) &&
           (gives_back(mailer) ? outbox_settle(outbox, error)
                               : outbox_send_next(outbox, more, error));
}

/* Before the end: records the sent mails. A second try has a new connection, because the old one
   may have broken while a mail was being sent. */
static void settle_outbox(const struct mailer *mailer, struct outbox *outbox)
{
    struct error error;
    if (outbox_is_settled(outbox))
        return;
    for (int tries = 0; tries < 2; tries++) {
        watch_seen(mailer->watch);
        if (pg_connect(mailer->pg, &error) && outbox_settle(outbox, &error))
            return;
    }
    outbox_tell_unsettled(outbox, &error);
}

static void give_sign(void *watch)
{
    watch_seen(watch);
}

static void send_mails(const struct mailer *mailer)
{
    struct worker_context *context = mailer->context;
    struct outage outage = {.server = "postgres", .missing = &context->postgres_missing};
    struct outbox outbox;
    struct error error;
    bool more = false;
    bool ends = false;
    outbox_init(&outbox, mailer->pg, mailer->transport);
    outbox.alive = give_sign;
    outbox.alive_context = mailer->watch;
    while (!ends) {
        ends = worker_phase(context) == WORKER_ENDS; /* once more, for the mails of the last jobs */
        watch_seen(mailer->watch);
        if (gives_back(mailer) && outbox_is_settled(&outbox)) {
            (void)bell_wait(&context->mail_bell, ends ? 0 : IDLE_WAIT_MS);
            continue;
        }
        if (!send_next(mailer, &outbox, &more, &error)) {
            outage_begin(&outage, &error);
            mail_transport_rest(mailer->transport);
            (void)bell_wait(&context->mail_bell, ends ? 0 : AWAY_WAIT_MS);
            continue;
        }
        outage_end(&outage);
        if (!more && !bell_wait(&context->mail_bell, ends ? 0 : IDLE_WAIT_MS))
            mail_transport_rest(mailer->transport);
    }
    settle_outbox(mailer, &outbox);
    outbox_free(&outbox);
}

void *mailer_thread(void *argument)
{
    const struct mailer *mailer = argument;
    send_mails(mailer);
    watch_end(mailer->watch);
    return NULL;
}
