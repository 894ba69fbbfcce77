/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd tagstore compare`: puts the same question to two backends. */
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
    bool json;
};

/* Asks both backends and prints "equal". If the answers differ, prints the lines that only one of
   them has, marked "left: " or "right: ", and returns ERROR_CONFLICT. With `json` the
   lines are {"equal":true} and {"side":"left","answer":{...}}, where an answer of null is "not
   found". The order of lines does not
   count; between different backends, fractions of seconds do not count, because not every backend
   keeps them. ERROR_NOT_FOUND of a backend is an answer like others; its other errors are returned.
 */
bool tagstore_compare(const struct comparison *comparison, struct request *request,
                      struct error *error) MUST_CHECK;

#endif
