/* SPDX-License-Identifier: Apache-2.0 */
/* How exports are named to people. */
#ifndef EXPORT_NAMES_H
#define EXPORT_NAMES_H

#include "format/row_writer.h"
#include "model/exported_data.h"

#define EXPORT_FILE_NAME_MAX 96

/* `Issues-by-Tag_2020-March-25_27.csv`; an unknown type gives `None_...`. Returns `name`. */
char *export_file_name(const struct exported_data *row, const struct row_format *format,
                       char name[EXPORT_FILE_NAME_MAX]);

#endif
