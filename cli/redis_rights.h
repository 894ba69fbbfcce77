/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exportd's user must be able to do in Redis, except for ingest and the takeover of a queue of
 * 0.1.0: one table for `exportd grants` and `exportd check`.
 */
#ifndef CLI_REDIS_RIGHTS_H
#define CLI_REDIS_RIGHTS_H

#include "client/redis.h"
#include "config/config.h"

/* What a connection is for; the two may be one. */
enum redis_use { REDIS_OF_QUEUE = 1, REDIS_OF_LOCKS = 2 };

/* Writes the rules of `ACL SETUSER name`, as redis-cli reads them, without a newline. */
bool redis_rights_print(const struct config *config, int uses, const char *name,
                        struct error *error) MUST_CHECK;

/* What is called with the error of each command or key that is not allowed. */
struct redis_missing {
    void (*tell)(void *context, const struct error *error);
    void *context;
};

/* Tries each command, on keys of its own, and each key, over a connection that is made. False with
 *error when anything else fails. */
bool redis_rights_try(const struct config *config, int uses, struct redis *redis,
                      const struct redis_missing *missing, struct error *error) MUST_CHECK;

#endif
