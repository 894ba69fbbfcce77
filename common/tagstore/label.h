/* SPDX-License-Identifier: Apache-2.0 */
/* Names of tags: how they are stored, and how they are shown. */
#ifndef TAGSTORE_LABEL_H
#define TAGSTORE_LABEL_H

#include "base/arena.h"

/* The keys that a list of the keys of a group or project leaves out. */
enum { TAG_UNLISTED_KEYS = 4 };
extern const char *const tag_unlisted_keys[TAG_UNLISTED_KEYS];

/* prefix_reserved_key: `release`, `dist`, `user`, `filename` and `function` are stored with the
   prefix `sentry:`; any other key is stored as it is. *stored is in `arena`, or is `key`. */
bool tag_key_stored(const char *key, struct arena *arena, const char **stored,
                    struct error *error) MUST_CHECK;

/* get_standardized_key: the text after the first `sentry:`, wherever that is; else the key. */
const char *tag_key_standardized(const char *key);

/* get_tag_key_label: "Release" for sentry:release, "URL" for url, "Device Family" for
   device_family. The label is in `arena` or is a constant. */
bool tag_key_label(const char *key, struct arena *arena, const char **label,
                   struct error *error) MUST_CHECK;

/* get_tag_value_label: a user's value without its keyword (`id:`, `email:`, `username:`, `ip:`);
   any other value unchanged. The result points into `value`. */
const char *tag_value_label(const char *key, const char *value);

#endif
