/* SPDX-License-Identifier: Apache-2.0 */
/* The filter is narrowed to what the caller may see before the database is asked. The rows become
   JSON objects. */
#include "request/find.h"

#include "base/text.h"
#include "job/history.h"
#include "model/organization.h"
#include "request/export_json.h"
#include "request/place.h"

#define TEXTS_MAX ((size_t)8 * 1024 * 1024)
#define ROWS_MAX  ((size_t)1 << 30) /* bytes */

enum { NO_USER = -1 };

/* ---- what the caller may see ---- */

/* ERROR_DENIED if the caller may not read the project of the export. */
static bool check_query(const struct request_context *context, const struct history_row *row,
                        struct error *error)
{
    const struct caller_query query = {row->query_type, row->query_info};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL ? caller_check_query(context->caller, &query, arena, error)
                              : error_no_memory(error);
    arena_free(arena);
    return done;
}

static bool remove_denied(const struct request_context *context, struct history_rows *rows,
                          struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (check_query(context, &rows->items[i], error))
            rows->items[kept++] = rows->items[i];
        else if (error->code != ERROR_DENIED)
            return false;
    }
    rows->count = kept;
    return true;
}

/* An export outlives its user and the user's membership. So an operator may name any user, and an
   id is taken as it is. Other callers learn of no address outside of their organization. */
static bool find_user(const struct request_context *context, const char *email_or_id,
                      struct history_filter *found, struct error *error)
{
    int64_t view = found->user_id, wanted = 0;
    bool done =
        context->caller->kind == CALLER_OPERATOR ||
                text_to_int64(email_or_id, 1, INT64_MAX, &wanted)
            ? user_find(context->pg, email_or_id, &wanted, error)
            : user_find_member(context->pg, found->organization_id, email_or_id, &wanted, error);
    if (done)
        found->user_id = view == 0 || view == wanted ? wanted : NO_USER;
    return done;
}

/* Narrows the caller's view by the filter. */
static bool find_filter(const struct request_context *context, const struct export_filter *filter,
                        struct history_filter *found, struct error *error)
{
    struct caller_view view;
    if (!caller_get_view(context->caller, &view, error))
        return false;
    *found =
        (struct history_filter){.organization_id = view.organization_id,
                                .user_id = view.user_id,
                                .state = filter->state,
                                .query_type = filter->type == NULL ? NULL : &filter->type->code};
    return (filter->organization == NULL ||
            caller_find_organization(context->caller, context->pg, filter->organization,
                                     &found->organization_id, error)) &&
           (filter->user == NULL || find_user(context, filter->user, found, error));
}

/* ---- as JSON ---- */

static bool make_object(const struct request_context *context, const struct history_row *row,
                        json_t **object, struct error *error)
{
    return export_json(row, context->caller->kind == CALLER_OPERATOR, object, error);
}

/* With the members of place.h. */
static bool make_placed_object(const struct request_context *context, const struct history_row *row,
                               json_t **object, struct error *error)
{
    json_t *made = NULL;
    bool done = make_object(context, row, &made, error) && put_place(context, row, made, error);
    if (done)
        *object = json_incref(made);
    json_decref(made);
    return done;
}

static bool append_export(const struct request_context *context, const struct history_row *row,
                          json_t *exports, struct error *error)
{
    json_t *object = NULL;
    return make_object(context, row, &object, error) &&
           (json_array_append_new(exports, object) == 0 || error_no_memory(error));
}

static bool make_array(const struct request_context *context, const struct history_rows *rows,
                       json_t **exports, struct error *error)
{
    json_t *array = json_array();
    bool done = array != NULL || error_no_memory(error);
    for (size_t i = 0; done && i < rows->count; i++)
        done = append_export(context, &rows->items[i], array, error);
    if (done)
        *exports = json_incref(array);
    json_decref(array);
    return done;
}

/* ---- finding, listing, counting ---- */

static bool find_in(struct arena *arena, const struct request_context *context,
                    int64_t data_export_id, json_t **export, struct error *error)
{
    const struct export_filter all = {.before = 0};
    struct history_filter filter;
    struct history_rows rows;
    if (!find_filter(context, &all, &filter, error))
        return false;
    filter.data_export_id = data_export_id;
    filter.max = 1;
    if (!history_list(context->pg, &filter, arena, &rows, error))
        return false;
    if (rows.count == 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, data_export_id);
    return check_query(context, &rows.items[0], error) &&
           make_placed_object(context, &rows.items[0], export, error);
}

bool request_find(const struct request_context *context, int64_t data_export_id, json_t **export,
                  struct error *error)
{
    if (data_export_id <= 0)
        return error_set(error, ERROR_NOT_FOUND, "there is no export %" PRId64, data_export_id);
    struct arena *arena = arena_new(ROWS_MAX);
    bool done = arena == NULL ? error_no_memory(error)
                              : find_in(arena, context, data_export_id, export, error);
    arena_free(arena);
    return done;
}

static bool list_in(struct arena *arena, const struct request_context *context,
                    const struct history_filter *filter, struct export_list *list,
                    struct error *error)
{
    struct history_rows rows;
    if (!history_list(context->pg, filter, arena, &rows, error))
        return false;
    list->older = rows.more ? rows.items[rows.count - 1].id : 0;
    return remove_denied(context, &rows, error) &&
           make_array(context, &rows, &list->exports, error);
}

bool request_list(const struct request_context *context, const struct export_filter *filter,
                  int64_t max, struct export_list *list, struct error *error)
{
    struct history_filter found;
    struct arena *arena = arena_new(ROWS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && find_filter(context, filter, &found, error);
    if (done) {
        found.before = filter->before;
        found.max = max;
        done = list_in(arena, context, &found, list, error);
    }
    arena_free(arena);
    return done;
}

bool request_count(const struct request_context *context, const struct export_filter *filter,
                   int64_t *count, struct error *error)
{
    struct history_filter found;
    if (!find_filter(context, filter, &found, error))
        return false;
    found.max = EXPORTS_COUNTED;
    return history_count(context->pg, &found, count, error);
}

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "" : text;
}

bool request_is_finished(const json_t *export)
{
    enum job_state state = JOB_WAITING;
    struct error unknown;
    return !text_equal(text_of(export, "status"), "EARLY") ||
           (job_state_parse(text_of(export, "state"), &state, &unknown) &&
            job_state_is_final(state));
}
