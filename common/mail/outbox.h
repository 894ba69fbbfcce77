/* Sends what waits in the outbox: at least once, with the same Message-ID each time. */
#ifndef MAIL_OUTBOX_H
#define MAIL_OUTBOX_H

#include "client/pg.h"
#include "mail/transport.h"

/* Sends the mail that has been due longest, if there is one (*found), with no transaction open
   meanwhile, and records what came of it: sent; due again with exponential back-off (10 s to 1 h,
   with jitter) after a failure that may pass; given up, with an error in the log, after a 5xx. A
   refused mail is no error of this function: errors are those of the database. */
bool outbox_send_next(struct pg *pg, struct mail_transport *transport, bool *found,
                      struct error *error) MUST_CHECK;

#endif
