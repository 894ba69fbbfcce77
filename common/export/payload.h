/* SPDX-License-Identifier: Apache-2.0 */
/* query_info, the text of an export's payload, whatever its type: reading, showing, writing. */
#ifndef EXPORT_PAYLOAD_H
#define EXPORT_PAYLOAD_H

#include "base/arena.h"
#include "base/json.h"

/* Parses query_info, made clean, as an object that is the caller's. ERROR_EXPORT with a sentence
   for the user when it is something else. */
bool payload_read_object(const char *query_info, json_t **object, struct error *error) MUST_CHECK;

/* The payload as the failure mail shows it: query_info (any JSON, also none) plus `export_type`
   (the name of its type or null), sorted keys, indent 2. What cannot be parsed is shown as it is
   stored, cleaned and cut. */
bool payload_print(const char *query_info, const char *type_or_null, struct arena *arena,
                   const char **text, struct error *error) MUST_CHECK;

/* Any object as Sentry stores it: separators ", " and ": ", \u00e9 for what is not ASCII, as
   Python's json.dumps prints it. Rows are compared by this text. */
bool payload_write_object(const json_t *object, struct arena *arena, const char **query_info,
                          struct error *error) MUST_CHECK;

#endif
