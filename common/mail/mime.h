/* SPDX-License-Identifier: Apache-2.0 */
/* Prints a mail as bytes: multipart/alternative of text and HTML, quoted-printable, CRLF. */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/buffer.h"
#include "base/clock.h"
#include "mail/render.h"

#define MAIL_MAX            ((size_t)1024 * 1024)
#define MAIL_MESSAGE_ID_MAX 384

struct mail_envelope {
    const char *sender;
    const char *sender_name; /* NULL or "": none */
    const char *recipient;
    const char *message_id; /* with its angle brackets */
    int64_t date;           /* microseconds since 1970 */
};

/* Whether mails can be sent to the address. It must be one bare address of at most 254 bytes, with
   one @ between two parts, and without control characters, spaces, quotes, brackets or commas.
   ERROR_INVALID: the message says what is wrong, without the address. */
bool mail_check_address(const char *address, struct error *error) MUST_CHECK;

/* Makes <export id>.<attempt>.<random>@<domain of sender>, in angle brackets. ERROR_INVALID for the
   sender. */
bool mail_message_id(const char *sender, int64_t data_export_id, int64_t attempt,
                     char message_id[MAIL_MESSAGE_ID_MAX], struct error *error) MUST_CHECK;

/* Appends the whole message. The subject and the sender's name are encoded by RFC 2047 if they are
   long or not ASCII. The subject ends at its first line break. ERROR_INVALID for control characters
   in a header; ERROR_TOO_LARGE for `out`. */
bool mail_print(const struct mail_envelope *envelope, const struct mail_content *content,
                struct buffer *out, struct error *error) MUST_CHECK;

#endif
