/* SPDX-License-Identifier: Apache-2.0 */
/* The payload of an issues-by-tag export: which tag of which issue. */
#ifndef EXPORT_ISSUES_BY_TAG_PAYLOAD_H
#define EXPORT_ISSUES_BY_TAG_PAYLOAD_H

#include "base/arena.h"

struct issues_by_tag_payload {
    int64_t project_id; /* -1: an id that no column can hold, so it does not exist */
    int64_t group_id;   /* likewise */
    const char *key;
};

/* Reads query_info: an object with `project_id` or `project` (a number, a string of digits, or a
   list of one of those), `group_id` or `group`, and `key`, which is not empty. ERROR_EXPORT with a
   sentence for the user when it is something else. Texts in `arena`. */
bool issues_by_tag_payload_parse(const char *query_info, struct arena *arena,
                                 struct issues_by_tag_payload *payload,
                                 struct error *error) MUST_CHECK;

/* {"project_id": "1", "group_id": "7", "key": "k"}: how `exportd enqueue` writes it, and the web
   client. Any ids will do: the export is what looks for them. ERROR_INVALID without a key. */
bool issues_by_tag_payload_write(const struct issues_by_tag_payload *payload, struct arena *arena,
                                 const char **query_info, struct error *error) MUST_CHECK;

#endif
