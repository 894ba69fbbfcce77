/* The payload of an export: its query_info, checked (spec/original.md 1.1, 11.3; design: both
 * spellings). */
#ifndef EXPORT_PAYLOAD_H
#define EXPORT_PAYLOAD_H

#include "base/arena.h"
#include "base/json.h"

struct payload {
    int64_t project_id; /* -1: an id that no column can hold, so it does not exist */
    int64_t group_id;   /* likewise */
    const char *key;
};

/* Reads query_info of an issues-by-tag export: an object with `project_id` or `project` (a number,
   a string of digits, or a list of one of those), `group_id` or `group`, and `key` (1 to 32
   characters...). ERROR_EXPORT with a sentence for the user when it is something else. Texts in
   `arena`. */
bool payload_parse(const char *query_info, struct arena *arena, struct payload *payload,
                   struct error *error) MUST_CHECK;

/* The payload as the failure mail shows it: query_info (any JSON, also none) plus `export_type`,
   sorted keys, indent 2. What cannot be parsed is shown as it is stored, cleaned and cut. */
bool payload_print(const char *query_info, int64_t query_type, struct arena *arena,
                   const char **text, struct error *error) MUST_CHECK;

/* {"project_id": "1", "group_id": "7", "key": "k"}: how `exportd enqueue` writes it, and the web
 * client. */
bool payload_write(int64_t project_id, int64_t group_id, const char *key, struct arena *arena,
                   const char **query_info, struct error *error) MUST_CHECK;

/* Any object as Sentry stores it: separators ", " and ": ", \u00e9 for what is not ASCII, as
   Python's json.dumps prints it. Rows are compared by this text. */
bool payload_write_object(const json_t *object, struct arena *arena, const char **query_info,
                          struct error *error) MUST_CHECK;

#endif
