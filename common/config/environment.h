/* SPDX-License-Identifier: Apache-2.0 */
/* Values from the environment: the variable NAME, and for secrets also the file that NAME_FILE
   names. An empty variable counts as not set. */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include "base/error.h"

/* Whether NAME or NAME_FILE is set. */
bool environment_has(const char *name);

/* Reads the value of NAME, or, of a secret, from the file of NAME_FILE, without the line ends at
   its end. *value is for free(); NULL if neither is set. ERROR_USAGE, without the value, if both
   are set or if the file cannot be read, is empty, is too large or has a NUL. ERROR_AWAY without
   memory. */
bool environment_read(const char *name, bool is_secret, char **value,
                      struct error *error) MUST_CHECK;

#endif
