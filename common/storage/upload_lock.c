/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One try to take or release a lock is a single command, to Redis or to PostgreSQL
 * (model/upload_lock.h). Patience, lost answers and names are the same for both.
 */
#include "storage/upload_lock.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "model/sentry_database.h"
#include "model/upload_lock.h"

/* The numbers are Sentry's: the lock lives for 60 s, with a try every 0.05 to 0.15 s. */
enum { LOCK_SECONDS = 60, PAUSE_LEAST_MS = 50, PAUSE_RANGE_MS = 101 };

bool upload_locks_open(struct upload_locks *locks, const char *redis_url, struct pg *pg,
                       struct error *error)
{
    *locks = (struct upload_locks){.pg = pg};
    if (redis_url[0] == '\0')
        return true;
    locks->redis = redis_new(redis_url, "exportd-locks");
    return locks->redis != NULL || error_no_memory(error);
}

void upload_locks_close(struct upload_locks *locks)
{
    redis_free(locks->redis);
}

bool upload_locks_connect(const struct upload_locks *locks, struct error *error)
{
    return locks->redis != NULL ? redis_connect(locks->redis, error) : pg_connect(locks->pg, error);
}

/* ---- in Redis ---- */

enum { KEY_MAX = 64 };

/* The command points into `key` afterwards. */
static void add_key(const struct upload_lock *lock, char key[KEY_MAX],
                    struct redis_command *command)
{
    (void)snprintf(key, KEY_MAX, UPLOAD_LOCK_KEY "%s", lock->checksum);
    redis_add_text(command, key);
}

static bool take_key(struct redis *redis, struct upload_lock *lock, struct error *error)
{
    char key[KEY_MAX];
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "SET");
    add_key(lock, key, &command);
    redis_add_text(&command, lock->holder);
    redis_add_text(&command, "EX");
    redis_add_int(&command, LOCK_SECONDS);
    redis_add_text(&command, "NX");
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    lock->held = text_equal(redis_text(reply, NULL), "OK");
    redis_reply_free(reply);
    return true;
}

static bool release_key(struct redis *redis, const struct upload_lock *lock, bool *released,
                        struct error *error)
{
    static const struct redis_script script = {
        .text = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) "
                "end return 0",
        .keys = 1};
    char key[KEY_MAX];
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    add_key(lock, key, &command);
    redis_add_text(&command, lock->holder);
    if (!redis_eval(redis, &script, &command, &reply, error))
        return false;
    *released = redis_int(reply) == 1;
    redis_reply_free(reply);
    return true;
}

/* ---- in Redis or PostgreSQL ---- */

static struct upload_lock_row row_of(const struct upload_lock *lock)
{
    return (struct upload_lock_row){
        .checksum = lock->checksum, .holder = lock->holder, .seconds = LOCK_SECONDS};
}

/* *released is false if the lock had ended before. */
static bool try_release(const struct upload_locks *locks, const struct upload_lock *lock,
                        bool *released, struct error *error)
{
    const struct upload_lock_row row = row_of(lock);
    if (!upload_locks_connect(locks, error))
        return false;
    return locks->redis != NULL ? release_key(locks->redis, lock, released, error)
                                : upload_lock_row_delete(locks->pg, &row, released, error);
}

/* If only the answer was lost, the lock may be ours. Without this, all others would wait a minute.
 */
static void release_if_lost(const struct upload_locks *locks, const struct upload_lock *lock,
                            const struct error *error)
{
    struct error ignored;
    bool released = false;
    if (error->code == ERROR_AWAY)
        (void)!try_release(locks, lock, &released, &ignored);
}

/* One try to take the lock. lock->held: it is ours now. */
static bool try_take(const struct upload_locks *locks, struct upload_lock *lock,
                     struct error *error)
{
    const struct upload_lock_row row = row_of(lock);
    if (!upload_locks_connect(locks, error))
        return false;
    if (locks->redis != NULL ? take_key(locks->redis, lock, error)
                             : upload_lock_row_take(locks->pg, &row, &lock->held, error))
        return true;
    release_if_lost(locks, lock, error);
    return false;
}

/* The holder is new each time. */
static bool name_lock(struct upload_lock *lock, const char *checksum, struct error *error)
{
    *lock = (struct upload_lock){.held = false};
    random_hex(lock->holder);
    return text_copy(lock->checksum, sizeof(lock->checksum), checksum) ||
           error_set(error, ERROR_INVALID, "a checksum is too long");
}

bool upload_lock_take(const struct upload_locks *locks, const char *checksum, int64_t patience_ms,
                      struct upload_lock *lock, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + patience_ms;
    if (!name_lock(lock, checksum, error))
        return false;
    for (;;) {
        if (!try_take(locks, lock, error))
            return error_prefix(error, "upload lock");
        if (lock->held)
            return true;
        if (clock_monotonic_ms() >= deadline)
            return error_set(error, ERROR_TIMEOUT,
                             "another process keeps the upload lock of blob %s", checksum);
        clock_sleep_ms(PAUSE_LEAST_MS + (int64_t)random_below(PAUSE_RANGE_MS));
    }
}

/* Tries twice, because the connection may have broken just now, before or after the release. So the
   second answer does not tell whether the lock was lost. */
void upload_lock_release(const struct upload_locks *locks, struct upload_lock *lock)
{
    struct error error;
    bool released = true;
    bool ignored = false;
    if (!lock->held)
        return;
    lock->held = false;
    if (try_release(locks, lock, &released, &error)) {
        if (!released)
            LOG(LOG_WARNING, "upload_lock.lost", log_text("checksum", lock->checksum));
        return;
    }
    if (!try_release(locks, lock, &ignored, &error))
        log_error(LOG_WARNING, "upload_lock.release", &error);
}

/* ---- the kind of locks ---- */

static const char *name_of_kind(bool in_redis)
{
    return in_redis ? "redis" : "postgres";
}

/* An error if the database is a Sentry's and the locks are not in Redis. */
static bool check_sentry(struct pg *pg, bool in_redis, struct error *error)
{
    bool is_sentrys = false;
    if (in_redis)
        return true;
    if (!database_is_sentrys(pg, &is_sentrys, error))
        return false;
    return !is_sentrys ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_LOCK_REDIS_URL must name the Redis of this database's Sentry, which "
                     "takes its upload locks there");
}

static bool refuse_kind(const char *current, const char *kind, struct error *error)
{
    return error_set(error, ERROR_CONFLICT,
                     "the upload locks of this database are in %s, and a worker or a lock is "
                     "alive: stop all workers before they are taken in %s",
                     current, kind);
}

/* Compares without a lock on the row: the kind may change after this. */
bool upload_lock_kind_check(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error)
{
    const char *kind = name_of_kind(in_redis);
    char current[UPLOAD_LOCK_KIND_MAX];
    bool used = false;
    if (!check_sentry(pg, in_redis, error) ||
        !upload_lock_kind_find(pg, lease_seconds, current, &used, error))
        return false;
    return !used || text_equal(current, kind) || refuse_kind(current, kind, error);
}

/* Locks the row of the kind first, so that two processes do not change it at once. */
bool upload_lock_kind_claim(struct pg *pg, bool in_redis, int64_t lease_seconds,
                            struct error *error)
{
    const char *kind = name_of_kind(in_redis);
    char current[UPLOAD_LOCK_KIND_MAX];
    bool changed = false;
    if (!check_sentry(pg, in_redis, error) || !upload_lock_kind_lock(pg, current, error))
        return false;
    if (text_equal(current, kind))
        return true;
    if (!upload_lock_kind_change(pg, kind, lease_seconds, &changed, error))
        return false;
    if (!changed)
        return refuse_kind(current, kind, error);
    LOG(LOG_INFO, "upload_lock.kind-changed", log_text("from", current), log_text("to", kind));
    return true;
}

bool upload_lock_kind_settle(struct pg *pg, bool in_redis, int64_t lease_seconds,
                             struct error *error)
{
    if (pg_begin(pg, error) && upload_lock_kind_claim(pg, in_redis, lease_seconds, error) &&
        pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}
