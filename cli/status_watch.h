/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd status --watch`: follows an export until it is finished. */
#ifndef CLI_STATUS_WATCH_H
#define CLI_STATUS_WATCH_H

#include "request/find.h"

/* Draws a bar on a terminal, else prints a line at each change: of JSON if so asked. ERROR_EXPORT
   when the end is another one than VALID. */
bool status_watch(const struct request_context *context, int64_t id, bool json,
                  struct error *error) MUST_CHECK;

#endif
