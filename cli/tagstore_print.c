/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tagstore_print.h"

#include "base/json.h"
#include "tagstore/label.h"
#include "wire/clean_text.h"

enum { TEXT_BYTES_MAX = 4 * 1024 * 1024 };

/* A backend's bytes may be something other than UTF-8: they are cleaned first. */
static bool put_text(json_t *object, const char *name, const char *text, struct error *error)
{
    struct buffer clean;
    if (text == NULL || clean_text_is_clean(text, strlen(text)))
        return json_put_text(object, name, text, error);
    buffer_init(&clean, TEXT_BYTES_MAX);
    bool done = clean_text(text, strlen(text), &clean, error) &&
                json_put_text(object, name, clean.data, error);
    buffer_free(&clean);
    return done;
}

/* An id of 0 stands for none, which is null. */
static bool put_id(json_t *object, const char *name, int64_t id, struct error *error)
{
    return id == 0 ? json_put_null(object, name, error) : json_put_int(object, name, id, error);
}

/* With whole_seconds rounds down, also before 1970. */
static bool put_time(const struct printer *printer, json_t *object, const char *name, int64_t usec,
                     struct error *error)
{
    int64_t rest = usec == USEC_NONE || !printer->whole_seconds ? 0 : usec % USEC_PER_SECOND;
    return json_put_time(object, name, usec - rest - (rest < 0 ? USEC_PER_SECOND : 0), error);
}

/* Prints the object if `filled`, and frees it. */
static bool print_object(const struct printer *printer, json_t *object, bool filled,
                         struct error *error)
{
    bool done = filled && json_print_line_to(printer->out, object, error);
    json_decref(object);
    return done;
}

bool print_tag_key(const struct printer *printer, const struct tag_key *tag_key,
                   struct error *error)
{
    json_t *object = json_object();
    bool filled = put_text(object, "key", tag_key->key, error) &&
                  json_put_int(object, "times_seen", tag_key->times_seen, error) &&
                  (tag_key->values_seen < 0
                       ? json_put_null(object, "values_seen", error)
                       : json_put_int(object, "values_seen", tag_key->values_seen, error)) &&
                  put_id(object, "group_id", tag_key->group_id, error);
    return print_object(printer, object, filled, error);
}

bool print_tag_value(const struct printer *printer, const char *key,
                     const struct group_tag_value *row, int64_t project_id, struct error *error)
{
    json_t *object = json_object();
    bool filled = put_text(object, "key", key, error) &&
                  put_text(object, "value", row->value, error) &&
                  json_put_int(object, "times_seen", row->times_seen, error) &&
                  put_time(printer, object, "first_seen", row->first_seen, error) &&
                  put_time(printer, object, "last_seen", row->last_seen, error) &&
                  (project_id == 0 ? put_id(object, "group_id", row->group_id, error)
                                   : json_put_int(object, "project_id", project_id, error));
    return print_object(printer, object, filled, error);
}

/* ---- a key with its top values ---- */

static bool add_top_value(json_t *list, const char *key, const char *value, struct error *error)
{
    json_t *object = json_object();
    bool filled = put_text(object, "id", value, error) &&
                  put_text(object, "name", tag_value_label(key, value), error) &&
                  put_text(object, "key", tag_key_standardized(key), error) &&
                  put_text(object, "value", value, error);
    if (!filled) {
        json_decref(object);
        return false;
    }
    return json_array_append_new(list, object) == 0 || error_no_memory(error);
}

static bool put_top_values(json_t *object, const struct tag_key_summary *summary,
                           struct error *error)
{
    json_t *list = json_array();
    bool done = true;
    for (size_t i = 0; done && i < summary->top_values.count; i++)
        done = add_top_value(list, summary->key, summary->top_values.items[i].value, error);
    if (!done) {
        json_decref(list);
        return false;
    }
    return json_put(object, "topValues", list, error);
}

bool print_key_summary(const struct printer *printer, const struct tag_key_summary *summary,
                       struct arena *arena, struct error *error)
{
    const char *label = NULL;
    if (!tag_key_label(summary->key, arena, &label, error))
        return false;
    json_t *object = json_object();
    bool filled = put_text(object, "id", summary->key, error) &&
                  put_text(object, "name", label, error) &&
                  put_text(object, "key", tag_key_standardized(summary->key), error) &&
                  json_put_int(object, "uniqueValues", summary->unique_values, error) &&
                  json_put_int(object, "totalValues", summary->total_values, error) &&
                  put_top_values(object, summary, error);
    return print_object(printer, object, filled, error);
}

/* ---- one text or number ---- */

bool print_text(const struct printer *printer, const char *name, const char *text_or_null,
                struct error *error)
{
    json_t *object = json_object();
    return print_object(printer, object, put_text(object, name, text_or_null, error), error);
}

bool print_number(const struct printer *printer, const char *name, int64_t number,
                  struct error *error)
{
    json_t *object = json_object();
    return print_object(printer, object, json_put_int(object, name, number, error), error);
}

bool print_user_count(const struct printer *printer, int64_t group_id, int64_t count,
                      struct error *error)
{
    json_t *object = json_object();
    bool filled = json_put_int(object, "group_id", group_id, error) &&
                  json_put_int(object, "count", count, error);
    return print_object(printer, object, filled, error);
}
