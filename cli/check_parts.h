/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `exportd check` that have a file of their own. Each adds what it finds to its
   findings; several run at once, each in a thread. They leave nothing behind. */
#ifndef CLI_CHECK_PARTS_H
#define CLI_CHECK_PARTS_H

#include "cli/findings.h"

/* check_postgres.c: the server and its rights; settings that do not fit its database; the queue's
   state; mails that were given up. */
void check_postgres(struct findings *findings);

/* check_redis.c: the Redis of the queue, and that of the upload locks unless it is the same. */
void check_queue_redis(struct findings *findings);
void check_lock_redis(struct findings *findings);

#endif
