/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, shows and writes query_info, the JSON text of an export's payload, for all query types. */
#ifndef EXPORT_PAYLOAD_H
#define EXPORT_PAYLOAD_H

#include "base/arena.h"
#include "base/json.h"

/* Cleans and parses query_info. The caller owns *object. ERROR_EXPORT, with a sentence for the
   user: it is no object, it is over 1 MiB, or a string in it has a NUL. */
bool payload_read_object(const char *query_info, json_t **object, struct error *error) MUST_CHECK;

/* Prints the payload for the failure mail: the object with `export_type` added (the type's name, or
   null), keys sorted, indented by 2. A query_info that is no JSON object is shown as it is stored,
   but cleaned. The text is in `arena`, and cut after 16,384 characters. */
bool payload_print(const char *query_info, const char *type_or_null, struct arena *arena,
                   const char **text, struct error *error) MUST_CHECK;

/* Writes an object as Sentry stores it, that is, as Python's json.dumps prints it: with the
   separators ", " and ": ", and \u00e9 for a character that is not ASCII. Rows are compared by this
   text. It is in `arena`. */
bool payload_write_object(const json_t *object, struct arena *arena, const char **query_info,
                          struct error *error) MUST_CHECK;

#endif
