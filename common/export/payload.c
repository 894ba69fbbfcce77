#include "export/payload.h"

#include "base/text.h"
#include "model/exported_data.h"
#include "wire/clean_text.h"

enum {
    QUERY_INFO_MAX = 1024 * 1024,
    SHOWN_MAX = 16 * 1024, /* characters: it goes into a mail */
    INDENT = 2,
};

/* ---- reading ---- */

/* A number, or text of a number: an optional "-" and digits only. What no column can hold, and so
   no row has, becomes -1. */
static bool read_id(const json_t *value, int64_t *id)
{
    if (json_is_integer(value)) {
        *id = json_integer_value(value);
    } else {
        const char *text = json_string_value(value); /* NULL when it is no text */
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

/* The member of the March 2020 spelling, else of the later one. */
static const json_t *find(const json_t *object, const char *name, const char *later_name)
{
    const json_t *value = json_object_get(object, name);
    return value != NULL ? value : json_object_get(object, later_name);
}

static bool read_project(const json_t *object, int64_t *id, struct error *error)
{
    const json_t *value = find(object, "project_id", "project");
    if (json_is_array(value) && json_array_size(value) == 1)
        value = json_array_get(value, 0);
    return read_id(value, id) ||
           error_set(error, ERROR_EXPORT, "Invalid query: project_id is not the id of a project");
}

static bool read_group(const json_t *object, int64_t *id, struct error *error)
{
    return read_id(find(object, "group_id", "group"), id) ||
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

/* Whether a string in the JSON has a NUL. Cleaning would drop it, and might so turn the name of a
   tag into that of another. A backslash is in strings only, and the next character belongs to it.
 */
static bool has_nul(const char *json)
{
    for (const char *at = strchr(json, '\\'); at != NULL && at[1] != '\0';
         at = strchr(at + 2, '\\'))
        if (text_starts_with(at + 1, "u0000"))
            return true;
    return false;
}

static bool parse_object(const char *query_info, json_t **object, struct error *error)
{
    struct error reason = {.code = ERROR_NONE};
    bool parsed = !has_nul(query_info) &&
                  clean_json_parse(query_info, strlen(query_info), QUERY_INFO_MAX, object, &reason);
    if (parsed && json_is_object(*object))
        return true;
    if (parsed)
        json_decref(*object);
    *object = NULL;
    if (!parsed && reason.code == ERROR_AWAY)
        return error_set(error, ERROR_AWAY, "%s", reason.message);
    return error_set(error, ERROR_EXPORT, "Invalid query: it is not a JSON object");
}

bool payload_parse(const char *query_info, struct arena *arena, struct payload *payload,
                   struct error *error)
{
    json_t *object = NULL;
    bool done = parse_object(query_info, &object, error) &&
                read_project(object, &payload->project_id, error) &&
                read_group(object, &payload->group_id, error) &&
                read_key(object, arena, &payload->key, error);
    json_decref(object);
    return done;
}

/* ---- printing ---- */

/* As it is stored, fit for a mail. */
static bool print_raw(const char *query_info, struct arena *arena, const char **text,
                      struct error *error)
{
    struct buffer clean;
    size_t size = strlen(query_info);
    buffer_init(&clean, 3 * (size_t)QUERY_INFO_MAX);
    bool done =
        clean_text(query_info, size < QUERY_INFO_MAX ? size : QUERY_INFO_MAX, &clean, error);
    if (done) {
        *text = arena_copy(arena, clean.size == 0 ? "" : clean.data,
                           clean_text_cut(clean.data, clean.size, SHOWN_MAX), error);
        done = *text != NULL;
    }
    buffer_free(&clean);
    return done;
}

static bool print_object(json_t *object, int64_t query_type, struct arena *arena, const char **text,
                         struct error *error)
{
    if (!json_put_text(object, "export_type", exported_data_type_name(query_type), error))
        return false;
    const size_t flags = JSON_INDENT(INDENT) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15);
    char *printed = NULL;
    if (!json_print(object, flags, &printed, error))
        return false;
    *text = arena_copy(arena, printed, clean_text_cut(printed, strlen(printed), SHOWN_MAX), error);
    free(printed);
    return *text != NULL;
}

bool payload_print(const char *query_info, int64_t query_type, struct arena *arena,
                   const char **text, struct error *error)
{
    json_t *object = NULL;
    if (!clean_json_parse(query_info, strlen(query_info), QUERY_INFO_MAX, &object, error))
        return error->code == ERROR_AWAY ? false : print_raw(query_info, arena, text, error);
    bool done = json_is_object(object) ? print_object(object, query_type, arena, text, error)
                                       : print_raw(query_info, arena, text, error);
    json_decref(object);
    return done;
}

/* ---- writing ---- */

/* Python writes \u escapes in lower case; rows are compared as text. */
static void lower_escapes(char *json)
{
    for (char *at = strchr(json, '\\'); at != NULL && at[1] != '\0'; at = strchr(at + 2, '\\'))
        for (int i = 2; at[1] == 'u' && i < 6 && at[i] != '\0'; i++)
            if (at[i] >= 'A' && at[i] <= 'F')
                at[i] = (char)(at[i] - 'A' + 'a');
}

bool payload_write_object(const json_t *object, struct arena *arena, const char **query_info,
                          struct error *error)
{
    char *text = NULL;
    if (!json_print(object, JSON_ENSURE_ASCII, &text, error))
        return false;
    lower_escapes(text);
    *query_info = arena_copy(arena, text, strlen(text), error);
    free(text);
    return *query_info != NULL;
}

bool payload_write(int64_t project_id, int64_t group_id, const char *key, struct arena *arena,
                   const char **query_info, struct error *error)
{
    char project[24], group[24];
    if (!clean_text_is_clean(key, strlen(key)))
        return error_set(error, ERROR_INVALID, "the key is not valid UTF-8");
    (void)snprintf(project, sizeof(project), "%" PRId64, project_id);
    (void)snprintf(group, sizeof(group), "%" PRId64, group_id);
    json_t *object = json_object();
    bool done = json_put_text(object, "project_id", project, error) &&
                json_put_text(object, "group_id", group, error) &&
                json_put_text(object, "key", key, error) &&
                payload_write_object(object, arena, query_info, error);
    json_decref(object);
    return done;
}
