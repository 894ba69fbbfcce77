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

#endif
