/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a Snuba is there and takes our requests: for `exportd check`. */
#ifndef SNUBA_TRIAL_H
#define SNUBA_TRIAL_H

#include "snuba/dialect.h"

/* Asks the Snuba at `url` a small question about groups, which the dialects put differently, and
   forgets the answer. Errors as snuba_ask; ERROR_USAGE: the server speaks the other dialect. */
bool snuba_trial(const char *url, const struct snuba_dialect *dialect,
                 struct error *error) MUST_CHECK;

#endif
