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
    struct pg *pg; /* both made by the main thread, which may interrupt them */
    struct watch *watch;
};

/* The thread's function; the argument is a struct mailer. Ends with WORKER_ENDS, after the mail
   that is being sent. */
void *mailer_thread(void *mailer);

#endif
