/* SPDX-License-Identifier: Apache-2.0 */
/* Turns the names of an order into ids. Only for the functions of this layer. */
#ifndef REQUEST_RESOLVE_H
#define REQUEST_RESOLVE_H

#include "export/run.h"
#include "request/create.h"

/* The query as a worker would get it, with texts in `arena`, if the caller may ask it. The order's
   `user` is ignored. The id of an environment that does not exist is below 0. ERROR_NOT_FOUND: no
   such organization or project; ERROR_INVALID: the order breaks a rule; ERROR_DENIED. */
bool request_resolve(const struct request_context *context, const struct export_order *order,
                     struct arena *arena, struct export_query *query,
                     struct error *error) MUST_CHECK;

#endif
