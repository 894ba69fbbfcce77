/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verdict on a failed query: a table says for each error of the server whether trying again can
 * help, and what the export's user is told.
 *
 *   ERROR_BUSY      429, ClickHouse 202: the server has too many queries; wait
 *   ERROR_OVERLOAD  ClickHouse 241, 173: too much memory; ask for less
 *   ERROR_TIMEOUT   ClickHouse 159, 160: the query took too long; ask for less
 *   ERROR_AWAY      a 5xx that says nothing about the query; ClickHouse cannot be reached; a page
 *                   of a server that is no Snuba
 *   ERROR_ANSWER    status 200, but the body is no JSON, or is cut
 *   ERROR_QUERY     a ClickHouse error that is not in the table
 *   ERROR_EXPORT    the server will never take this query; the message is a sentence for the user
 *   ERROR_INTERNAL  an error without its type or its code
 *
 * A message contains type and code of the server's error, but none of its text.
 */
#ifndef SNUBA_VERDICT_H
#define SNUBA_VERDICT_H

#include "base/json.h"

/* An error as the server reports it. */
struct snuba_trouble {
    char type[32];      /* "clickhouse", "schema", "rate-limited", ...; "": none */
    int64_t clickhouse; /* ClickHouse's number of the error; 0: none */
};

/* Sets the error for an answer whose body is no JSON. `refuses_by_html`: an HTML page with status
   400 is the server's answer to a query that it refuses. Returns false. */
bool snuba_judge_page(int status, bool refuses_by_html, struct error *error);

/* Sets the error for an answer whose body is JSON. `said` is the body's member `error`, or NULL: an
   object with type and code (2020), or a text "Code: 43.\n..." (2018, where the status may be 200).
   Returns false. */
bool snuba_judge_error(int status, const json_t *said, struct snuba_trouble *trouble,
                       struct error *error);

#endif
