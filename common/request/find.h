/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at exports: one, or the recent ones. */
#ifndef REQUEST_FIND_H
#define REQUEST_FIND_H

#include "base/json.h"
#include "request/context.h"

/* The export as a JSON object with the members of history_list (job/history.h), its type by name
   and with its file's name; the caller frees it. ERROR_NOT_FOUND, ERROR_DENIED. */
bool request_find(const struct request_context *context, int64_t data_export_id, json_t **export,
                  struct error *error) MUST_CHECK;

/* The newest exports that the caller may see, at most `max`, newest first: a JSON array of such
   objects. */
bool request_list(const struct request_context *context, int64_t max, json_t **exports,
                  struct error *error) MUST_CHECK;

/* Whether the export has come to its end, good or bad: nothing of it will change but EXPIRED. */
bool request_is_finished(const json_t *export);

#endif
