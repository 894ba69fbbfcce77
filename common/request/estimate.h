/* SPDX-License-Identifier: Apache-2.0 */
/* Estimates how large an export would be, before it is asked for. */
#ifndef REQUEST_ESTIMATE_H
#define REQUEST_ESTIMATE_H

#include "export/run.h"
#include "request/context.h"
#include "request/create.h"

/* Estimates the export of the order, whose `user` is ignored. Changes nothing. Errors as
   request_create and query_type_estimate. */
bool request_estimate(const struct request_context *context, const struct export_order *order,
                      struct tagstore *tagstore, struct export_estimate *estimate,
                      struct error *error) MUST_CHECK;

/* Refuses an order about a project, environment, issue or key that does not exist:
   ERROR_NO_SUBJECT, or ERROR_NOT_FOUND for a project that is named by a slug. If the servers do not
   say, nothing is refused, and *unknown says why; else its code is ERROR_NONE. */
bool request_check_subject(const struct request_context *context, const struct export_order *order,
                           struct tagstore *tagstore, struct error *unknown,
                           struct error *error) MUST_CHECK;

#endif
