/* SPDX-License-Identifier: Apache-2.0 */
/* Tag keys that Sentry stores under a name of its own. */
#ifndef WIRE_TAG_KEY_H
#define WIRE_TAG_KEY_H

#include "base/prelude.h"

/* `release`, `dist`, `user`, `filename` and `function` are stored with the prefix `sentry:`. */
bool tag_key_is_reserved(const char *key);

#endif
