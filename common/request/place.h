/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to an export's JSON what the export waits for. Only for the functions of this layer. */
#ifndef REQUEST_PLACE_H
#define REQUEST_PLACE_H

#include "base/json.h"
#include "job/history.h"
#include "request/context.h"

/* Adds `place`, as queue_find_place gives it (1 for the next export of its organization, 1001 for
   any after the thousandth), and `reason`, a sentence. Both are null if the export does not wait;
   for a delayed export only `place` is null. */
bool put_place(const struct request_context *context, const struct history_row *row, json_t *export,
               struct error *error) MUST_CHECK;

#endif
