/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pg_json.h"

static bool add_row(json_t *list, const struct pg_result *result, int row, pg_put_row *put,
                    struct error *error)
{
    json_t *object = json_object();
    bool done = (object != NULL && json_array_append(list, object) == 0) || error_no_memory(error);
    done = done && put(object, result, row, error);
    json_decref(object);
    return done;
}

bool pg_json_list(const struct pg_result *result, pg_put_row *put, json_t **list,
                  struct error *error)
{
    json_t *made = json_array();
    bool done = made != NULL || error_no_memory(error);
    for (int row = 0; done && row < pg_rows(result); row++)
        done = add_row(made, result, row, put, error);
    if (done)
        *list = json_incref(made);
    json_decref(made);
    return done;
}
