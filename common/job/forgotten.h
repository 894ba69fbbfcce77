/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that the original has forgotten: their rows are there, EARLY, and exportd has never heard
   of them. */
#ifndef JOB_FORGOTTEN_H
#define JOB_FORGOTTEN_H

#include "base/json.h"
#include "client/pg.h"

/* Unfinished rows of sentry_exporteddata behind id `after` that exportd has neither claimed nor
   enqueued, by id, `max` at most: a JSON array of objects {id, date_added, organization (slug),
   user (address), type (its code)} that is the caller's. Rows of the last ten minutes are left out:
   their producers may be between COMMIT and message. */
bool forgotten_list(struct pg *pg, int64_t after, int64_t max, json_t **list,
                    struct error *error) MUST_CHECK;

#endif
