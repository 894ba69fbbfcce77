/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a result as JSON. */
#ifndef CLIENT_PG_JSON_H
#define CLIENT_PG_JSON_H

#include "base/json.h"
#include "client/pg.h"

/* Fills an object with what a row says. */
typedef bool pg_put_row(json_t *object, const struct pg_result *result, int row,
                        struct error *error);

/* An array of one object a row: *list is the caller's. ERROR_AWAY without memory, and the errors of
   `put`; *list is as it was then. */
bool pg_json_list(const struct pg_result *result, pg_put_row *put, json_t **list,
                  struct error *error) MUST_CHECK;

#endif
