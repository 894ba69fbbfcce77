/* SPDX-License-Identifier: Apache-2.0 */
/* Exports that the original has forgotten, because its worker died with them. For operators:
   ERROR_DENIED for any other caller. */
#ifndef REQUEST_RESCUE_H
#define REQUEST_RESCUE_H

#include "base/json.h"
#include "job/intake_lists.h"
#include "request/context.h"

/* Unfinished exports that exportd has never seen and that no message leads to, the oldest first: a
   JSON array of objects {id, date_added, organization (slug), user (address), type (its name)},
   which the caller frees. `lists`: where messages are in Redis; NULL when there is none. */
bool request_list_forgotten(const struct request_context *context, const struct intake_lists *lists,
                            json_t **exports, struct error *error) MUST_CHECK;

/* Queues one of them with all rows of all environments: what limit and environment it was asked for
   with is unknown. */
bool request_queue_again(const struct request_context *context, int64_t data_export_id,
                         struct error *error) MUST_CHECK;

#endif
