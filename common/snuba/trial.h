/* SPDX-License-Identifier: Apache-2.0 */
/* A trial query, for `exportd check`: does a Snuba answer, and does it speak our dialect? */
#ifndef SNUBA_TRIAL_H
#define SNUBA_TRIAL_H

#include "snuba/dialect.h"

/* Sends the Snuba at `url` a small query about groups, which the two dialects print differently,
   and ignores the answer. Takes at most 10 s. Errors as snuba_client_new and snuba_ask; ERROR_USAGE
   also if the server speaks the other dialect. */
bool snuba_trial(const char *url, const struct snuba_dialect *dialect,
                 struct error *error) MUST_CHECK;

#endif
