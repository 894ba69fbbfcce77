/* SPDX-License-Identifier: Apache-2.0 */
/* Makes JSON from the rows of a result. */
#ifndef CLIENT_PG_JSON_H
#define CLIENT_PG_JSON_H

#include "base/json.h"
#include "client/pg.h"

/* Fills an object from the columns of a row. */
typedef bool pg_put_row(json_t *object, const struct pg_result *result, int row,
                        struct error *error);

/* Makes an array with one object per row; the caller releases *list. ERROR_AWAY without memory, and
   the errors of `put`; *list is unchanged then. */
bool pg_json_list(const struct pg_result *result, pg_put_row *put, json_t **list,
                  struct error *error) MUST_CHECK;

#endif
