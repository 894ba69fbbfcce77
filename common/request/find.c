/* SPDX-License-Identifier: Apache-2.0 */
#include "request/find.h"

#include "base/text.h"
#include "export/names.h"
#include "job/history.h"

enum { TEXTS_MAX = 8 * 1024 * 1024 };

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "" : text;
}

/* The exports of the caller's view, of whatever project; their types are codes yet. */
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
    return history_list(context->pg, &filter, exports, error);
}

static bool check_query(const struct request_context *context, const json_t *export,
                        struct error *error)
{
    const struct caller_query query = {json_integer_value(json_object_get(export, "type")),
                                       text_of(export, "query_info")};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL ? caller_check_query(context->caller, &query, arena, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static bool remove_denied(const struct request_context *context, json_t *exports,
                          struct error *error)
{
    for (size_t i = json_array_size(exports); i > 0; i--) {
        if (check_query(context, json_array_get(exports, i - 1), error))
            continue;
        if (error->code != ERROR_DENIED)
            return false;
        (void)json_array_remove(exports, i - 1);
    }
    return true;
}

bool request_find(const struct request_context *context, int64_t data_export_id, json_t **export,
                  struct error *error)
{
    json_t *exports = NULL;
    if (data_export_id <= 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, data_export_id);
    if (!list(context, data_export_id, 1, &exports, error))
        return false;
    bool done =
        check_query(context, json_array_get(exports, 0), error) && export_names_put(exports, error);
    if (done)
        *export = json_incref(json_array_get(exports, 0));
    json_decref(exports);
    return done;
}

bool request_list(const struct request_context *context, int64_t max, json_t **exports,
                  struct error *error)
{
    json_t *found = NULL;
    if (!list(context, 0, max, &found, error))
        return false;
    bool done = remove_denied(context, found, error) && export_names_put(found, error);
    if (done)
        *exports = json_incref(found);
    json_decref(found);
    return done;
}

bool request_is_finished(const json_t *export)
{
    const char *state = text_of(export, "state");
    return !text_equal(text_of(export, "status"), "EARLY") || text_equal(state, "valid") ||
           text_equal(state, "failed") || text_equal(state, "gone");
}
