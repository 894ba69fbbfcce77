/* SPDX-License-Identifier: Apache-2.0 */
/* An export as it is shown: the one place that turns its row into JSON. */
#ifndef REQUEST_EXPORT_JSON_H
#define REQUEST_EXPORT_JSON_H

#include "base/json.h"
#include "job/history.h"

/* The row as an object with the members of `exportd help status`; *object is the caller's.
   `for_operator`: with `cause`, which tells of servers. */
bool export_json(const struct history_row *row, bool for_operator, json_t **object,
                 struct error *error) MUST_CHECK;

#endif
