/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/upload_lock.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

/* Sentry's numbers: 60 s, a try every 0.1 s, half of that to either side. */
enum { LOCK_SECONDS = 60, PAUSE_LEAST_MS = 50, PAUSE_RANGE_MS = 101 };

static const struct redis_script release_script = {
    .text = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end "
            "return 0",
    .keys = 1};

static void build_release(const struct upload_lock *lock, struct redis_command *command)
{
    *command = (struct redis_command){.count = 0};
    redis_add_text(command, lock->key);
    redis_add_text(command, lock->value);
}

/* *released is false when the lock had ended before. */
static bool try_release(struct redis *redis, const struct upload_lock *lock, bool *released,
                        struct error *error)
{
    struct redis_command command;
    struct redis_reply *reply = NULL;
    build_release(lock, &command);
    if (!redis_connect(redis, error) ||
        !redis_eval(redis, &release_script, &command, &reply, error))
        return false;
    *released = redis_int(reply) == 1;
    redis_reply_free(reply);
    return true;
}

static void build_take(const struct upload_lock *lock, struct redis_command *command)
{
    *command = (struct redis_command){.count = 0};
    redis_add_text(command, "SET");
    redis_add_text(command, lock->key);
    redis_add_text(command, lock->value);
    redis_add_text(command, "EX");
    redis_add_int(command, LOCK_SECONDS);
    redis_add_text(command, "NX");
}

/* A new acquisition: nobody has it yet. */
static void name_lock(struct upload_lock *lock, const char *checksum)
{
    *lock = (struct upload_lock){.held = false};
    (void)snprintf(lock->key, sizeof(lock->key), "l:fileblob:upload:%s", checksum);
    random_hex(lock->value);
}

/* When the reply is lost, the lock may be ours all the same: without this, all others would wait
   for a minute. */
static void release_if_lost(struct redis *redis, const struct upload_lock *lock,
                            const struct error *error)
{
    struct error ignored;
    bool released = false;
    if (error->code == ERROR_AWAY)
        (void)!try_release(redis, lock, &released, &ignored);
}

static bool try_take(struct redis *redis, struct upload_lock *lock, struct error *error)
{
    struct redis_command command;
    struct redis_reply *reply = NULL;
    build_take(lock, &command);
    if (!redis_connect(redis, error))
        return false;
    if (!redis_call(redis, &command, 0, &reply, error)) {
        release_if_lost(redis, lock, error);
        return false;
    }
    lock->held = text_equal(redis_text(reply, NULL), "OK");
    redis_reply_free(reply);
    return true;
}

bool upload_lock_take(struct redis *redis, const char *checksum, int64_t patience_ms,
                      struct upload_lock *lock, struct error *error)
{
    int64_t deadline = clock_monotonic_ms() + patience_ms;
    name_lock(lock, checksum);
    for (;;) {
        if (!try_take(redis, lock, error))
            return error_prefix(error, "upload lock");
        if (lock->held)
            return true;
        if (clock_monotonic_ms() >= deadline)
            return error_set(error, ERROR_TIMEOUT, "somebody else keeps the upload lock of blob %s",
                             checksum);
        clock_sleep_ms(PAUSE_LEAST_MS + (int64_t)random_below(PAUSE_RANGE_MS));
    }
}

/* Twice: the connection may have broken just now, with or without the release. What the second
   reply says of the lock may be the first one's doing. */
void upload_lock_release(struct redis *redis, struct upload_lock *lock)
{
    struct error error;
    bool released = true;
    bool ignored = false;
    if (!lock->held)
        return;
    lock->held = false;
    if (try_release(redis, lock, &released, &error)) {
        if (!released)
            LOG(LOG_WARNING, "upload_lock.lost", log_text("key", lock->key));
        return;
    }
    if (!try_release(redis, lock, &ignored, &error))
        log_error(LOG_WARNING, "upload_lock.release", &error);
}
