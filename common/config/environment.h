/* SPDX-License-Identifier: Apache-2.0 */
/* Values from the environment: a variable NAME, or, for secrets, the file that NAME_FILE names. An
   empty variable counts as absent. */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include "base/error.h"

/* Whether NAME or NAME_FILE is set. */
bool environment_has(const char *name);

/* The value of NAME, of a secret also from NAME_FILE, without the line ends after it. Free it with
   free; NULL: it is absent. ERROR_USAGE, never with the value: both are set, or the file cannot be
   read, is empty, no text, or too large. */
bool environment_read(const char *name, bool is_secret, char **value,
                      struct error *error) MUST_CHECK;

#endif
