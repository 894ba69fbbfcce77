/* SPDX-License-Identifier: Apache-2.0 */
/* A database with encoding SQL_ASCII may hold any bytes. If the client's encoding is UTF-8, a
   statement fails as soon as it reads other bytes. So the client's encoding is set to SQL_ASCII,
   too, and bytes that are not UTF-8 are replaced here. */
#include "base/utf8.h"
#include "client/pg_internal.h"

void pg_encoding_detect(struct pg *pg)
{
    const char *encoding = PQparameterStatus(pg->connection, "server_encoding");
    struct error ignored;
    pg->raw = encoding != NULL && strcmp(encoding, "SQL_ASCII") == 0;
    if (pg->raw && !pg_script(pg, "SET client_encoding TO 'SQL_ASCII'", &ignored))
        pg_disconnect(pg);
}

static bool is_utf8(const char *text, size_t size)
{
    bool valid = true;
    for (size_t at = 0; valid && at < size;)
        at += utf8_step(text + at, size - at, &valid);
    return valid;
}

/* `to` needs room for three bytes per byte of `text`. Returns the size. */
static size_t replace_invalid(const char *text, size_t size, char *to)
{
    static const char replacement[] = UTF8_REPLACEMENT;
    size_t used = 0;
    bool valid = false;
    for (size_t at = 0, step = 0; at < size; at += step) {
        step = utf8_step(text + at, size - at, &valid);
        size_t length = valid ? step : sizeof(replacement) - 1;
        memcpy(to + used, valid ? text + at : replacement, length);
        used += length;
    }
    return used;
}

static bool mend_cell(PGresult *result, int row, int column)
{
    const char *text = PQgetvalue(result, row, column);
    size_t size = (size_t)PQgetlength(result, row, column);
    if (is_utf8(text, size))
        return true;
    char *mended = memory_alloc(3 * size);
    bool done = mended != NULL && PQsetvalue(result, row, column, mended,
                                             (int)replace_invalid(text, size, mended)) != 0;
    free(mended);
    return done;
}

bool pg_encoding_mend(PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++)
            if (PQgetisnull(result, row, column) == 0 && !mend_cell(result, row, column))
                return false;
    return true;
}
