/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd tagstore compare`: the same question to two backends. */
#ifndef CLI_TAGSTORE_COMPARE_H
#define CLI_TAGSTORE_COMPARE_H

#include "cli/tagstore_methods.h"
#include "client/pg.h"
#include "config/config.h"

struct comparison {
    const struct config *config;
    const struct method *method;
    const char *left, *right; /* backends, as EXPORTD_TAGSTORE has them */
    struct pg *pg;
};

/* Asks both backends and prints "equal", or the lines that
   only one of them answers, marked "left: " and "right: "; then ERROR_CONFLICT. The order of lines
   does not count; between different backends nor do fractions of seconds, which not all of them
   keep. That a key or value is not there is an answer; any other failure of a backend is an error.
 */
bool tagstore_compare(const struct comparison *comparison, struct request *request,
                      struct error *error) MUST_CHECK;

#endif
