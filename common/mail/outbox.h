/* Sends what waits in the outbox: at least once, with the same Message-ID each time. */
#ifndef MAIL_OUTBOX_H
#define MAIL_OUTBOX_H

#include "client/pg.h"
#include "mail/transport.h"

/* A mail that the server has taken and whose row does not say so yet. Starts as {.id = 0}. */
struct outbox_taken {
    int64_t id; /* 0: none */
    int64_t data_export_id;
    size_t mime_size;
    char message_id[256];
};

/* Sends the mail that has been due longest, if there is one (*found), with no transaction open
   meanwhile, and records what came of it: due again with exponential back-off (10 s to 1 h, with
   jitter) after a failure that may pass; given up, with an error in the log, after a 5xx. A refused
   mail is no error of this function: errors are those of the database. A mail that is sent is
   remembered in *taken, and recorded by the next call in the same round trip that claims the next
   mail, before anything is sent: call at once again, or outbox_record_taken. */
bool outbox_send_next(struct pg *pg, struct mail_transport *transport, struct outbox_taken *taken,
                      bool *found, struct error *error) MUST_CHECK;

/* Records what is remembered in *taken, if there is something: before nothing more is sent. */
bool outbox_record_taken(struct pg *pg, struct outbox_taken *taken, struct error *error) MUST_CHECK;

#endif
