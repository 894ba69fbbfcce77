/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd status --watch` and `enqueue --wait`: follow an export until it is finished. */
#ifndef CLI_STATUS_WATCH_H
#define CLI_STATUS_WATCH_H

#include "request/find.h"

/* If `out` is a terminal, draws a bar on it. Elsewhere, or with `json`, prints a line at each
   change, as JSON if `json`. ERROR_EXPORT: the export is finished, but not VALID. */
bool status_watch(const struct request_context *context, int64_t id, bool json, FILE *out,
                  struct error *error) MUST_CHECK;

#endif
