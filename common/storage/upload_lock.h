/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upload locks: one for each checksum, held while a blob of it is looked up and written, or
 * deleted, and while its row is made. They are keys of a Redis, `l:fileblob:upload:<sha1>`, which a
 * Sentry takes too; or, where exportd is alone, rows of PostgreSQL.
 */
#ifndef STORAGE_UPLOAD_LOCK_H
#define STORAGE_UPLOAD_LOCK_H

#include "base/digest.h"
#include "client/pg.h"
#include "client/redis.h"

/* How the keys begin. */
#define UPLOAD_LOCK_KEY "l:fileblob:upload:"

/* A little longer than the lock lives: waiting that long outlasts a holder that died. */
#define UPLOAD_LOCK_PATIENCE_MS 61000

/* Where the locks are, for one thread. */
struct upload_locks {
    struct redis *redis; /* NULL: in PostgreSQL */
    struct pg *pg;       /* the thread's own connection */
};

/* `redis_url` is "" for locks in PostgreSQL, which go over `pg`. Connects to nothing. Close it also
   after an error; `pg` stays the caller's. */
bool upload_locks_open(struct upload_locks *locks, const char *redis_url, struct pg *pg,
                       struct error *error) MUST_CHECK;
void upload_locks_close(struct upload_locks *locks);

/* Makes the connection to the locks, also again when it is broken. */
bool upload_locks_connect(const struct upload_locks *locks, struct error *error) MUST_CHECK;

struct upload_lock {
    char checksum[SHA1_HEX_SIZE];
    char holder[RANDOM_HEX_SIZE]; /* random per acquisition: only its owner can release it */
    bool held;
};

/* Takes the lock for 60 s; tries every 0.1 s ± 0.05 s for at most `patience_ms`. Outside of
   transactions. ERROR_TIMEOUT when another process keeps it, ERROR_AWAY when its server is; a lock
   whose answer is lost is given back if the server can be reached again at once. */
bool upload_lock_take(const struct upload_locks *locks, const char *checksum, int64_t patience_ms,
                      struct upload_lock *lock, struct error *error) MUST_CHECK;

/* Releases a lock that is held, if it is still ours, over a new connection when this one breaks.
   Outside of transactions. A failure is only logged: the lock ends by itself. */
void upload_lock_release(const struct upload_locks *locks, struct upload_lock *lock);

/* ---- which kind a database uses: all its processes must use the same ---- */

/* For each process before its first lock. ERROR_USAGE when the locks are not in a Redis although
   the database is that of a Sentry, which takes its own there. The database remembers the kind. The
   other kind is ERROR_CONFLICT while a worker has beaten within the last `lease_seconds`, or a lock
   in PostgreSQL is held; else it becomes the database's, which is logged. Needs a transaction: a
   worker's must make its row in exportd.worker, so that the kind is not changed before its first
   beat. A cleanup with locks in Redis is not seen. */
bool upload_lock_kind_claim(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error) MUST_CHECK;

/* Fails where upload_lock_kind_claim would at this moment; changes nothing. */
bool upload_lock_kind_check(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error) MUST_CHECK;

/* Claims it in a transaction of its own. */
bool upload_lock_kind_settle(struct pg *pg, bool in_redis, int64_t lease_seconds,
                             struct error *error) MUST_CHECK;

#endif
