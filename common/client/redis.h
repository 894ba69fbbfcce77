/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis, by hiredis. A struct redis is one connection of one thread. Waiting for an answer is a
 * poll() with a deadline, never a call inside hiredis that might not come back.
 *
 * Error codes: ERROR_AWAY (no connection, time-out, or an answer of a server that starts, fails
 * over or is full: LOADING, READONLY, MASTERDOWN, UNBLOCKED, MISCONF, OOM, NOREPLICAS, BUSY, no
 * more clients; the connection is dropped then and made anew by the next redis_connect),
 * ERROR_DENIED (login, permission), ERROR_QUERY (any other error answer). Messages hold no password
 * and no data. That of a lacking permission (NOPERM) names the command and its key.
 */
#ifndef CLIENT_REDIS_H
#define CLIENT_REDIS_H

#include "base/error.h"

struct redis;
struct redis_reply;

/* ERROR_USAGE when the URL is none of redis://[[user]:password@]host[:port][/db] and
   unix://[[user]:password@]/path[?db=N]. */
bool redis_check_url(const char *url, struct error *error) MUST_CHECK;

/* A connection not yet made; NULL without memory. */
struct redis *redis_new(const char *url);
void redis_free(struct redis *redis);

/* Makes the connection (with AUTH and SELECT), or makes it anew when it is broken or the server has
   closed it meanwhile. */
bool redis_connect(struct redis *redis, struct error *error) MUST_CHECK;
void redis_disconnect(struct redis *redis);

/* How long the connection in use has been up without a break; 0 without one. */
int64_t redis_connected_ms(const struct redis *redis);

/* ---- commands ---- */

#define REDIS_ARGS_MAX 32

/* Arguments are bytes with a length, never a format. They are not copied, and the command must not
   be either: it may point into itself. Start from {.count = 0}. */
struct redis_command {
    int count;
    const char *values[REDIS_ARGS_MAX];
    size_t sizes[REDIS_ARGS_MAX];
    char numbers[REDIS_ARGS_MAX][24];
};
void redis_add(struct redis_command *command, const void *bytes, size_t size);
void redis_add_text(struct redis_command *command, const char *text);
void redis_add_int(struct redis_command *command, int64_t number);

/* Sends the command and waits for its answer; `wait_ms` is the deadline beyond the 5 s that every
   answer gets (for commands that block on the server). Needs a connection (redis_connect), else
   ERROR_AWAY. *reply is the caller's to free. */
bool redis_call(struct redis *redis, const struct redis_command *command, int64_t wait_ms,
                struct redis_reply **reply, struct error *error) MUST_CHECK;

/* A pipeline: commands are appended, go out together with the first call of redis_next_reply, and
   are answered in their order, one call each; nothing else may be called before the last one. An
   error ends the pipeline (and drops the connection); `command` is the one whose reply it is, for
   the error's message. */
bool redis_append(struct redis *redis, const struct redis_command *command,
                  struct error *error) MUST_CHECK;
bool redis_next_reply(struct redis *redis, const struct redis_command *command,
                      struct redis_reply **reply, struct error *error) MUST_CHECK;

struct redis_script {
    const char *text; /* in Lua */
    int keys;         /* so many of a command's words are keys, the first ones */
};

/* Runs a script by its SHA-1, sending its text when the server does not know it. `command` holds
   the keys and then the arguments: REDIS_ARGS_MAX - 3 at most. */
bool redis_eval(struct redis *redis, const struct redis_script *script,
                const struct redis_command *command, struct redis_reply **reply,
                struct error *error) MUST_CHECK;

/* ---- replies ---- */

bool redis_is_null(const struct redis_reply *reply);
int64_t redis_int(const struct redis_reply *reply); /* 0 when it is no integer */

/* A string or status: NUL-terminated, *size (may be NULL) without the NUL. "" for anything else. */
const char *redis_text(const struct redis_reply *reply, size_t *size);

size_t redis_count(const struct redis_reply *reply); /* of an array, else 0 */
const struct redis_reply *redis_item(const struct redis_reply *reply, size_t index);

/* NULL is fine. */
void redis_reply_free(struct redis_reply *reply);

#endif
