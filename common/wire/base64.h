/* SPDX-License-Identifier: Apache-2.0 */
/* Decodes Base64 of the standard alphabet (RFC 4648), strictly. */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include "base/buffer.h"

/* Appends the decoded bytes to `out`. Line ends are allowed anywhere. The padding must be complete,
   nothing may follow it, and unused bits must be 0; else ERROR_INVALID. ERROR_TOO_LARGE beyond the
   buffer's maximum, ERROR_AWAY without memory. */
bool base64_decode(const char *text, size_t size, struct buffer *out,
                   struct error *error) MUST_CHECK;

#endif
