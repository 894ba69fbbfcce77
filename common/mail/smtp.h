/* SPDX-License-Identifier: Apache-2.0 */
/* Mails by SMTP. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "mail/transport.h"

/* `url` as client/smtp.h reads it; `sender` is the envelope's. NULL and *error: ERROR_USAGE for the
   URL, ERROR_AWAY without memory. Connects only when there is something to send. */
struct mail_transport *smtp_transport_new(const char *url, const char *sender,
                                          struct error *error) MUST_CHECK;

#endif
