/* SPDX-License-Identifier: Apache-2.0 */
/* The mailer: a thread that sends what waits in the outbox. */
#ifndef WORKER_THREADS_MAILER_H
#define WORKER_THREADS_MAILER_H

#include "client/pg.h"
#include "mail/transport.h"
#include "worker/context.h"
#include "worker/watchdog.h"

struct mailer {
    struct worker_context *context;
    struct mail_transport *transport;
    struct pg *pg; /* made by the main thread, which may interrupt both */
    struct watch *watch;
};

/* The thread's function; the argument is a struct mailer. Ends with WORKER_ENDS, after the mail
   that it is sending. */
void *mailer_thread(void *mailer);

#endif
