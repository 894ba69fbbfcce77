/* SPDX-License-Identifier: Apache-2.0 */
#include "export/names.h"

#include "base/clock.h"
#include "export/query_type.h"

char *export_file_name(const struct exported_data *row, const struct row_format *format,
                       char name[EXPORT_FILE_NAME_MAX])
{
    char day[CLOCK_TEXT_MAX];
    const char *type = query_type_name(row->query_type);
    (void)snprintf(name, EXPORT_FILE_NAME_MAX, "%s_%.40s_%" PRId64 "%s",
                   type == NULL ? "None" : type, clock_format_file_day(row->date_added, day),
                   row->id, format->extension);
    return name;
}

/* All exports are of one format so far. */
static bool put_file_name(json_t *object, int64_t code, struct error *error)
{
    char name[EXPORT_FILE_NAME_MAX];
    struct exported_data row = {.id = json_integer_value(json_object_get(object, "id")),
                                .query_type = code};
    const char *added = json_string_value(json_object_get(object, "date_added"));
    if (added == NULL || !clock_parse_iso(added, strlen(added), &row.date_added, error))
        return added == NULL;
    return json_put_text(object, "file_name", export_file_name(&row, row_format_default(), name),
                         error);
}

static bool put_names(json_t *object, struct error *error)
{
    int64_t code = json_integer_value(json_object_get(object, "type"));
    return json_put_text(object, "type", query_type_name(code), error) &&
           (json_object_get(object, "file_name") == NULL || put_file_name(object, code, error));
}

bool export_names_put(json_t *exports, struct error *error)
{
    size_t i = 0;
    json_t *object = NULL;
    bool done = true;
    json_array_foreach(exports, i, object) done = done && put_names(object, error);
    return done;
}
