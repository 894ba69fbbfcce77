/* SPDX-License-Identifier: Apache-2.0 */
#include "request/find.h"

#include "base/text.h"
#include "export/names.h"
#include "job/history.h"

enum { TEXTS_MAX = 8 * 1024 * 1024 };

static bool list(const struct request_context *context, int64_t data_export_id, int64_t max,
                 json_t **exports, struct error *error)
{
    struct caller_view view;
    if (!caller_get_view(context->caller, &view, error))
        return false;
    const struct history_filter filter = {.data_export_id = data_export_id,
                                          .organization_id = view.organization_id,
                                          .user_id = view.user_id,
                                          .max = max};
    if (!history_list(context->pg, &filter, exports, error))
        return false;
    if (export_names_put(*exports, error))
        return true;
    json_decref(*exports);
    return false;
}

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "" : text;
}

static bool check_query(const struct request_context *context, const json_t *export,
                        struct error *error)
{
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL ? caller_check_query(context->caller, text_of(export, "query_info"),
                                                   arena, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

bool request_find(const struct request_context *context, int64_t data_export_id, json_t **export,
                  struct error *error)
{
    json_t *exports = NULL;
    if (!list(context, data_export_id, 1, &exports, error))
        return false;
    json_t *found = json_array_get(exports, 0);
    bool done = check_query(context, found, error);
    if (done)
        *export = json_incref(found);
    json_decref(exports);
    return done;
}

bool request_list(const struct request_context *context, int64_t max, json_t **exports,
                  struct error *error)
{
    return list(context, 0, max, exports, error);
}

bool request_is_finished(const json_t *export)
{
    const char *state = text_of(export, "state");
    return !text_equal(text_of(export, "status"), "EARLY") || text_equal(state, "valid") ||
           text_equal(state, "failed") || text_equal(state, "gone");
}
