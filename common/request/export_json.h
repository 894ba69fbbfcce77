/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the row of an export into the JSON that is shown. */
#ifndef REQUEST_EXPORT_JSON_H
#define REQUEST_EXPORT_JSON_H

#include "base/json.h"
#include "job/history.h"

/* The row as an object with the members that `exportd help status` lists. The caller frees *object.
   `for_operator`: with `cause`, which speaks of servers. */
bool export_json(const struct history_row *row, bool for_operator, json_t **object,
                 struct error *error) MUST_CHECK;

#endif
