/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Upload locks, one per checksum. A process holds the lock while it looks for the blob of that
 * checksum, and while it writes or deletes the blob's object and row. Beside a Sentry, the locks
 * are keys in Sentry's Redis (`l:fileblob:upload:<sha1>`), which Sentry uses too. Where exportd is
 * alone, they may also be rows in PostgreSQL.
 */
#ifndef STORAGE_UPLOAD_LOCK_H
#define STORAGE_UPLOAD_LOCK_H

#include "base/digest.h"
#include "client/pg.h"
#include "client/redis.h"

/* The beginning of each key. */
#define UPLOAD_LOCK_KEY "l:fileblob:upload:"

/* A little longer than a lock lives: long enough to wait for the lock of a dead holder. */
#define UPLOAD_LOCK_PATIENCE_MS 61000

/* Where the locks are, for one thread. */
struct upload_locks {
    struct redis *redis; /* NULL: in PostgreSQL */
    struct pg *pg;       /* the thread's own connection, which is not freed here */
};

/* `redis_url` is "" for locks in PostgreSQL, which use `pg`. Connects to nothing yet. Call
   upload_locks_close also after an error. */
bool upload_locks_open(struct upload_locks *locks, const char *redis_url, struct pg *pg,
                       struct error *error) MUST_CHECK;
void upload_locks_close(struct upload_locks *locks);

/* Connects to the server of the locks. Does nothing if the connection is good. */
bool upload_locks_connect(const struct upload_locks *locks, struct error *error) MUST_CHECK;

struct upload_lock {
    char checksum[SHA1_HEX_SIZE];
    char holder[RANDOM_HEX_SIZE]; /* random each time, so that only the holder can release it */
    bool held;
};

/* Takes the lock for 60 s. Tries every 0.1 s ± 0.05 s, for at most `patience_ms`. Outside of
   transactions. ERROR_TIMEOUT: another process keeps the lock. ERROR_AWAY: the server is away. If
   only its answer was lost, the lock is released, provided that the server can be reached again at
   once. */
bool upload_lock_take(const struct upload_locks *locks, const char *checksum, int64_t patience_ms,
                      struct upload_lock *lock, struct error *error) MUST_CHECK;

/* Releases the lock if it is held and still ours; over a new connection if this one is broken.
   Outside of transactions. A failure is only logged, because the lock ends by itself. */
void upload_lock_release(const struct upload_locks *locks, struct upload_lock *lock);

/* ---- the kind of locks: all processes of a database must use the same ---- */

/* Each process calls this before its first lock. ERROR_USAGE: the database is a Sentry's, which
   takes its locks in Redis, but `in_redis` is false. The database remembers the kind of its locks.
   If that is the other kind: ERROR_CONFLICT while a worker is alive (its last beat is younger than
   `lease_seconds`) or a lock in PostgreSQL is held; otherwise the kind is changed, which is logged.
   Needs a transaction. A worker must register itself in exportd.worker in the same transaction, so
   that the kind is not changed before its first beat. A cleanup that runs with locks in Redis is
   not noticed. */
bool upload_lock_kind_claim(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error) MUST_CHECK;

/* Fails if upload_lock_kind_claim would fail at this moment. Changes nothing. */
bool upload_lock_kind_check(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error) MUST_CHECK;

/* Calls upload_lock_kind_claim in a transaction of its own. */
bool upload_lock_kind_settle(struct pg *pg, bool in_redis, int64_t lease_seconds,
                             struct error *error) MUST_CHECK;

#endif
