/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the last events of group hashes. Only for operators: ERROR_DENIED for any other caller. */
#ifndef REQUEST_LAST_PROCESSED_H
#define REQUEST_LAST_PROCESSED_H

#include "event/last_processed.h"
#include "request/project.h"

struct hash_question {
    struct project_words project;
    const char *const *hashes;
    size_t count;
    struct arena *arena; /* for the answer */
};

/* What the context's Redis remembers of each hash, in the order of the question.
   grouphash_id is 0 if the project has no such hash, and event_id is NULL if no event is known.
   Errors as request_find_project, and those of the servers. */
bool request_last_processed(const struct request_context *context,
                            const struct hash_question *question, struct last_processed **list,
                            struct error *error) MUST_CHECK;

#endif
