/* SPDX-License-Identifier: Apache-2.0 */
/* A list of JSON objects as a table: a line of titles, then a line for each object. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/json.h"

enum table_cell { TABLE_TEXT, TABLE_NUMBER, TABLE_TIME };

struct table_column {
    const char *title;
    const char *member;   /* of the objects; "-" is printed for null */
    enum table_cell cell; /* numbers stand to the right; a time is cut after its seconds */
};

/* Prints the array `rows` on standard output. A column is as wide, on a terminal, as its widest
   cell; the last one may be of any length. There are at most TABLE_COLUMNS_MAX columns. */
enum { TABLE_COLUMNS_MAX = 16 };
void table_print(const json_t *rows, const struct table_column *columns, size_t count);

#endif
