/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rights that exportd's user needs in Redis, except for ingest and for the takeover of a queue
 * of 0.1.0. One table (redis_rights.c) for `exportd grants` and `exportd check`.
 */
#ifndef CLI_REDIS_RIGHTS_H
#define CLI_REDIS_RIGHTS_H

#include "client/redis.h"
#include "config/config.h"

/* What a connection is used for; one connection may have both uses. */
enum redis_use { REDIS_OF_QUEUE = 1, REDIS_OF_LOCKS = 2 };

/* Prints `ACL SETUSER name` with its rules on standard output, as redis-cli reads it, without a
   newline. `uses` are bits of enum redis_use. */
bool redis_rights_print(const struct config *config, int uses, const char *name,
                        struct error *error) MUST_CHECK;

/* Is called with the error of each command or key that is not allowed. */
struct redis_missing {
    void (*tell)(void *context, const struct error *error);
    void *context;
};

/* Tries each command, on keys that nothing else uses, and each key, over a connection that is made.
   A right that is missing is reported to `missing` and is no error; any other failure is one. */
bool redis_rights_try(const struct config *config, int uses, struct redis *redis,
                      const struct redis_missing *missing, struct error *error) MUST_CHECK;

#endif
