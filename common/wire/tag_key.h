/* SPDX-License-Identifier: Apache-2.0 */
/* Tag keys that Sentry stores with a prefix. */
#ifndef WIRE_TAG_KEY_H
#define WIRE_TAG_KEY_H

#include "base/prelude.h"

/* Whether the key is `release`, `dist`, `user`, `filename` or `function`: these are stored with the
   prefix `sentry:`. */
bool tag_key_is_reserved(const char *key);

#endif
