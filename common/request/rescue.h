/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and queues exports that Sentry has lost, because its worker died with their jobs. Only for
   operators: ERROR_DENIED for any other caller. */
#ifndef REQUEST_RESCUE_H
#define REQUEST_RESCUE_H

#include "base/json.h"
#include "job/intake_lists.h"
#include "request/context.h"

/* The unfinished exports that exportd has never seen and that no message leads to, the oldest
   first. *exports is a JSON array of objects {id, date_added, organization (slug), user (address),
   type (its name)}, which the caller frees. `lists` names the lists of messages in Redis; NULL if
   there is no Redis. */
bool request_list_forgotten(const struct request_context *context, const struct intake_lists *lists,
                            json_t **exports, struct error *error) MUST_CHECK;

/* Queues such an export with all rows of all environments: the limit and the environment that it
   was asked for with are unknown. */
bool request_queue_again(const struct request_context *context, int64_t data_export_id,
                         struct error *error) MUST_CHECK;

#endif
