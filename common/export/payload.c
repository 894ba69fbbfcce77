/* SPDX-License-Identifier: Apache-2.0 */
#include "export/payload.h"

#include "base/text.h"
#include "wire/clean_text.h"

enum {
    QUERY_INFO_MAX = 1024 * 1024,
    SHOWN_MAX = 16 * 1024, /* characters in a mail */
    INDENT = 2,
};

/* ---- reading ---- */

/* Whether a string in the JSON has a NUL. Cleaning would drop the NUL, and so might turn one tag's
   name into another's. In JSON a backslash stands only in strings, and the character after it
   belongs to it. */
static bool has_nul(const char *json)
{
    for (const char *at = strchr(json, '\\'); at != NULL && at[1] != '\0';
         at = strchr(at + 2, '\\'))
        if (text_starts_with(at + 1, "u0000"))
            return true;
    return false;
}

bool payload_read_object(const char *query_info, json_t **object, struct error *error)
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

/* ---- printing ---- */

/* Shows the text as it is stored, but cleaned and cut. */
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

static bool print_object(json_t *object, const char *type, struct arena *arena, const char **text,
                         struct error *error)
{
    if (!json_put_text(object, "export_type", type, error))
        return false;
    const size_t flags = JSON_INDENT(INDENT) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15);
    char *printed = NULL;
    if (!json_print(object, flags, &printed, error))
        return false;
    *text = arena_copy(arena, printed, clean_text_cut(printed, strlen(printed), SHOWN_MAX), error);
    free(printed);
    return *text != NULL;
}

bool payload_print(const char *query_info, const char *type_or_null, struct arena *arena,
                   const char **text, struct error *error)
{
    json_t *object = NULL;
    if (!clean_json_parse(query_info, strlen(query_info), QUERY_INFO_MAX, &object, error))
        return error->code == ERROR_AWAY ? false : print_raw(query_info, arena, text, error);
    bool done = json_is_object(object) ? print_object(object, type_or_null, arena, text, error)
                                       : print_raw(query_info, arena, text, error);
    json_decref(object);
    return done;
}

/* ---- writing ---- */

/* Python writes \u escapes in lower case, and rows are compared by their text. */
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
