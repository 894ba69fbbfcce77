/* SPDX-License-Identifier: Apache-2.0 */
#include "export/issues_by_tag_payload.h"

#include "base/text.h"
#include "export/payload.h"
#include "wire/clean_text.h"

/* ---- reading ---- */

/* A number, or a number as text: an optional "-", then digits only. A number that no column can
   hold becomes -1: no row has such an id. */
static bool read_id(const json_t *value, int64_t *id)
{
    if (json_is_integer(value)) {
        *id = json_integer_value(value);
    } else {
        const char *text = json_string_value(value); /* NULL if it is no text */
        const char *digits = text != NULL && text[0] == '-' ? text + 1 : text;
        if (digits == NULL || digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
            return false;
        if (!text_to_int64(text, 0, INT64_MAX, id))
            *id = -1;
    }
    if (*id < 0)
        *id = -1;
    return true;
}

/* The member by its name of March 2020, or else by its later name. */
static const json_t *find_member(const json_t *object, const char *name, const char *later_name)
{
    const json_t *value = json_object_get(object, name);
    return value != NULL ? value : json_object_get(object, later_name);
}

static bool read_project(const json_t *object, int64_t *id, struct error *error)
{
    const json_t *value = find_member(object, "project_id", "project");
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return read_id(value, id) ||
           error_set(error, ERROR_EXPORT, "Invalid query: project_id is not the id of a project");
}

static bool read_group(const json_t *object, int64_t *id, struct error *error)
{
    return read_id(find_member(object, "group_id", "group"), id) ||
           error_set(error, ERROR_EXPORT, "Invalid query: group_id is not the id of an issue");
}

static bool read_key(const json_t *object, struct arena *arena, const char **key,
                     struct error *error)
{
    const json_t *value = json_object_get(object, "key");
    if (!json_is_string(value) || json_string_length(value) == 0)
        return error_set(error, ERROR_EXPORT, "Invalid query: key is not the name of a tag");
    *key = arena_copy(arena, json_string_value(value), json_string_length(value), error);
    return *key != NULL;
}

bool issues_by_tag_payload_parse(const char *query_info, struct arena *arena,
                                 struct issues_by_tag_payload *payload, struct error *error)
{
    json_t *object = NULL;
    bool done = payload_read_object(query_info, &object, error) &&
                read_project(object, &payload->project_id, error) &&
                read_group(object, &payload->group_id, error) &&
                read_key(object, arena, &payload->key, error);
    json_decref(object);
    return done;
}

/* ---- writing ---- */

bool issues_by_tag_payload_write(const struct issues_by_tag_payload *payload, struct arena *arena,
                                 const char **query_info, struct error *error)
{
    if (payload->key == NULL)
        return error_set(error, ERROR_INVALID, "a key is needed");
    char project[24], group[24];
    if (!clean_text_is_clean(payload->key, strlen(payload->key)))
        return error_set(error, ERROR_INVALID, "the key is not valid UTF-8");
    (void)snprintf(project, sizeof(project), "%" PRId64, payload->project_id);
    (void)snprintf(group, sizeof(group), "%" PRId64, payload->group_id);
    json_t *object = json_object();
    bool done = json_put_text(object, "project_id", project, error) &&
                json_put_text(object, "group_id", group, error) &&
                json_put_text(object, "key", payload->key, error) &&
                payload_write_object(object, arena, query_info, error);
    json_decref(object);
    return done;
}
