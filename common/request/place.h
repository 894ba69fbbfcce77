/* SPDX-License-Identifier: Apache-2.0 */
/* What an export waits for, as members of its JSON. For the functions of this layer. */
#ifndef REQUEST_PLACE_H
#define REQUEST_PLACE_H

#include "base/json.h"
#include "job/history.h"
#include "request/context.h"

/* Adds `place`, which is 1 for the next one of its organization and 1001 for any beyond the
   thousandth, and `reason`, a sentence. Both are null when the export does not wait; of a delayed
   one only the place is. */
bool put_place(const struct request_context *context, const struct history_row *row, json_t *export,
               struct error *error) MUST_CHECK;

#endif
