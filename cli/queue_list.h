/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd queue workers` and `exportd queue delayed`: print the workers and the delayed exports of
   the queue, as JSON if `json`, one line each. */
#ifndef CLI_QUEUE_LIST_H
#define CLI_QUEUE_LIST_H

#include "cli/cli.h"

bool queue_show_workers(struct pg *pg, const struct config *config, bool json,
                        struct error *error) MUST_CHECK;
bool queue_show_delayed(struct pg *pg, const struct config *config, bool json,
                        struct error *error) MUST_CHECK;

#endif
