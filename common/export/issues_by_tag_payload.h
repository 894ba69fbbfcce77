/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of an issues-by-tag export names a tag key and an issue. */
#ifndef EXPORT_ISSUES_BY_TAG_PAYLOAD_H
#define EXPORT_ISSUES_BY_TAG_PAYLOAD_H

#include "base/arena.h"

struct issues_by_tag_payload {
    int64_t project_id; /* -1: an id that no column can hold, so no project has it */
    int64_t group_id;   /* -1 likewise */
    const char *key;
};

/* Reads query_info: an object with `project_id` or `project` (a number, a string of digits, or a
   list with one of these), `group_id` or `group` (a number or a string of digits), and `key` (a
   text that is not empty). ERROR_EXPORT, with a sentence for the user, if it is anything else.
   Texts are in `arena`. */
bool issues_by_tag_payload_parse(const char *query_info, struct arena *arena,
                                 struct issues_by_tag_payload *payload,
                                 struct error *error) MUST_CHECK;

/* Writes {"project_id": "1", "group_id": "7", "key": "k"}, as `exportd enqueue` and Sentry's web
   client do. The ids are not checked here; the export does it. ERROR_INVALID: the key is NULL or
   not clean UTF-8. *query_info is in `arena`. */
bool issues_by_tag_payload_write(const struct issues_by_tag_payload *payload, struct arena *arena,
                                 const char **query_info, struct error *error) MUST_CHECK;

#endif
