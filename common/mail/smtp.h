/* SPDX-License-Identifier: Apache-2.0 */
/* A transport that sends mails by SMTP. */
#ifndef MAIL_SMTP_H
#define MAIL_SMTP_H

#include "mail/transport.h"

/* Connects when there is a mail to send. settings->url has the form that client/smtp.h reads. NULL:
   see *error, which is ERROR_USAGE for the settings, ERROR_AWAY without memory. */
struct mail_transport *smtp_transport_new(const struct mail_settings *settings,
                                          struct error *error) MUST_CHECK;

#endif
