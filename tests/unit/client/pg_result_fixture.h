/* SPDX-License-Identifier: Apache-2.0 */
/* Results of PostgreSQL without a server. */
#ifndef UNIT_CLIENT_PG_RESULT_FIXTURE_H
#define UNIT_CLIENT_PG_RESULT_FIXTURE_H

#include "client/pg_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A result with `rows` rows of `columns` texts, row by row; NULL is SQL NULL. For
   pg_result_free. */
static inline struct pg_result *make_result(int rows, int columns, const char *const *cells)
{
    PGresAttDesc attributes[4] = {{.name = NULL}};
    char name[] = "column";
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    assert_non_null(result);
    for (int i = 0; i < columns; i++)
        attributes[i].name = name;
    assert_int_not_equal(PQsetResultAttrs(result, columns, attributes), 0);
    for (int i = 0; i < rows * columns; i++) {
        int size = cells[i] == NULL ? -1 : (int)strlen(cells[i]);
        char *text = (char *)(uintptr_t)cells[i];
        assert_int_not_equal(PQsetvalue(result, i / columns, i % columns, text, size), 0);
    }
    return (struct pg_result *)result;
}

#endif
