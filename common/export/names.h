/* SPDX-License-Identifier: Apache-2.0 */
/* The names of exports' files. */
#ifndef EXPORT_NAMES_H
#define EXPORT_NAMES_H

#include "format/row_writer.h"
#include "model/exported_data.h"

#define EXPORT_FILE_NAME_MAX 96

/* Writes type, day (UTC) and id: `Issues-by-Tag_2020-March-25_27.csv`. An unknown type is written
   as `None`. Returns `name`. */
char *export_file_name(const struct exported_data *row, const struct row_format *format,
                       char name[EXPORT_FILE_NAME_MAX]);

#endif
