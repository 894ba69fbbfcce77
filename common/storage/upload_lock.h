/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The upload lock that exportd shares with Sentry: Redis key `l:fileblob:upload:<sha1>`, held while
 * a blob of that checksum is looked up and written, or deleted, and while its row is made.
 */
#ifndef STORAGE_UPLOAD_LOCK_H
#define STORAGE_UPLOAD_LOCK_H

#include "base/digest.h"
#include "client/redis.h"

/* A little longer than the lock lives: waiting that long outlasts a holder that died. */
#define UPLOAD_LOCK_PATIENCE_MS 61000

struct upload_lock {
    char key[64];
    char value[RANDOM_HEX_SIZE]; /* random per acquisition: only its owner can release it */
    bool held;
};

/* Takes the lock for 60 s; tries every 0.1 s ± 0.05 s for at most `patience_ms`. ERROR_TIMEOUT when
   another process keeps it, ERROR_AWAY when Redis is; a lock whose answer is lost is given back if
   Redis can be reached again at once. */
bool upload_lock_take(struct redis *redis, const char *checksum, int64_t patience_ms,
                      struct upload_lock *lock, struct error *error) MUST_CHECK;

/* Releases a lock that is held, if it is still ours, over a new connection when this one breaks. A
   failure is only logged: the lock ends by itself. */
void upload_lock_release(struct redis *redis, struct upload_lock *lock);

#endif
