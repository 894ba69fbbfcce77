/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Snuba's answer means that is no answer: a table of errors, each row with what the export's
 * user is told and whether trying again can help.
 *
 *   ERROR_BUSY      429, ClickHouse 202: others ask too much; wait
 *   ERROR_OVERLOAD  ClickHouse 241: too much memory; ask for less
 *   ERROR_TIMEOUT   ClickHouse 159, 160: took too long; ask for less
 *   ERROR_AWAY      5xx that is no answer about the query; ClickHouse cannot be reached; a page of
 *                   something that is no Snuba
 *   ERROR_ANSWER    200 that is no JSON, or is cut
 *   ERROR_QUERY     a ClickHouse error that is in no list
 *   ERROR_EXPORT    the server will never take this query: its sentence is the message
 *   ERROR_INTERNAL  an error without the type or the code that it should have
 *
 * Of the server's own text nothing is repeated but type and code.
 */
#ifndef SNUBA_VERDICT_H
#define SNUBA_VERDICT_H

#include "base/json.h"

/* What the server says about an error. */
struct snuba_trouble {
    char type[32];      /* "clickhouse", "schema", "rate-limited", ...; "": it said none */
    int64_t clickhouse; /* ClickHouse's number of the error; 0: none */
};

/* The body is no JSON. `refuses_by_html`: a refused query's answer is such a page, status 400.
   Returns false. */
bool snuba_judge_page(int status, bool refuses_by_html, struct error *error);

/* The body is JSON; `said` is its member `error`, or NULL: an object with type and code (2020) or a
   text "Code: 43.\n..." (2018, where the status may be 200). Returns false. */
bool snuba_judge_error(int status, const json_t *said, struct snuba_trouble *trouble,
                       struct error *error);

#endif
