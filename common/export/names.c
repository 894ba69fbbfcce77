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
