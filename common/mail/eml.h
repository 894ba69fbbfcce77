/* SPDX-License-Identifier: Apache-2.0 */
/* Mails as files: one <name>.eml each in a folder, for trials, tests, and programs that pick mails
   up there. */
#ifndef MAIL_EML_H
#define MAIL_EML_H

#include "mail/transport.h"

/* `folder` is an absolute path. It is made (0700) with the first mail; its parent has to exist. A
   file (0600, LF line ends) is named after the Message-ID, so that a mail sent twice is one file;
   it is written under another name and renamed. NULL and *error (ERROR_AWAY) without memory. */
struct mail_transport *eml_transport_new(const char *folder, struct error *error) MUST_CHECK;

#endif
