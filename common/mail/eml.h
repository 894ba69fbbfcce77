/* SPDX-License-Identifier: Apache-2.0 */
/* A transport that writes each mail into a folder, as a file <name>.eml. For trials, tests, and
   programs that pick mails up there. */
#ifndef MAIL_EML_H
#define MAIL_EML_H

#include "mail/transport.h"

/* `folder` is an absolute path. The first mail makes it (0700); its parent must exist. A file
   (0600, LF line ends) is named after the Message-ID, so that a mail sent twice is one file. It is
   written under another name and then renamed. NULL: no memory (ERROR_AWAY in *error). */
struct mail_transport *eml_transport_new(const char *folder, struct error *error) MUST_CHECK;

#endif
