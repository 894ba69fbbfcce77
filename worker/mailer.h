/* The mailer: a thread that sends what waits in the outbox. */
#ifndef WORKER_MAILER_H
#define WORKER_MAILER_H

#include "mail/transport.h"
#include "worker/context.h"

struct mailer {
    struct worker_context *context;
    struct mail_transport *transport;
};

/* The thread's function; the argument is a struct mailer. Ends with WORKER_ENDS, after the mail in
   hand. */
void *mailer_thread(void *mailer);

#endif
