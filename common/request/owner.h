/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the organization and the user that an operator names. */
#ifndef REQUEST_OWNER_H
#define REQUEST_OWNER_H

#include "request/context.h"

/* Names and ids; NULL stands for any. */
struct owner_words {
    const char *organization; /* slug, or the id of an organization whose row is gone */
    const char *user;         /* address, or id, which may be that of a user whose row is gone */
};

/* *owner: the ids, 0 for any. ERROR_NOT_FOUND; ERROR_CONFLICT: several users have the address;
   ERROR_DENIED unless the caller is an operator. */
bool request_find_owner(const struct request_context *context, const struct owner_words *words,
                        struct caller_view *owner, struct error *error) MUST_CHECK;

#endif
