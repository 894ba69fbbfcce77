/* SPDX-License-Identifier: Apache-2.0 */
/* Whose exports an operator means. */
#ifndef REQUEST_OWNER_H
#define REQUEST_OWNER_H

#include "request/context.h"

/* As the command line names them; NULL: any. */
struct owner_words {
    const char *organization; /* slug, or the id of one that is gone */
    const char *user;         /* address or id; by id also one who is gone */
};

/* The ids, 0 for any. ERROR_NOT_FOUND; ERROR_CONFLICT: several users have the address;
   ERROR_DENIED but for the operator. */
bool request_find_owner(const struct request_context *context, const struct owner_words *words,
                        struct caller_view *owner, struct error *error) MUST_CHECK;

#endif
