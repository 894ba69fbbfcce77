/* SPDX-License-Identifier: Apache-2.0 */
/* Mails by SMTP. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "mail/transport.h"

/* The URL is as client/smtp.h reads it. NULL and *error: ERROR_USAGE for it, ERROR_AWAY without
   memory. Connects only when there is something to send. */
struct mail_transport *smtp_transport_new(const struct mail_settings *settings,
                                          struct error *error) MUST_CHECK;

#endif
