/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Redis, by hiredis. A struct redis is one connection of one thread. Waiting for an answer is a
 * poll() with a deadline, never a call inside hiredis that might not come back.
 *
 * Error codes: ERROR_AWAY (no connection; a time-out; or the server starts, fails over or is full:
 * LOADING, READONLY, MASTERDOWN, NOMASTERLINK, UNBLOCKED, MISCONF, OOM, NOREPLICAS, BUSY,
 * CLUSTERDOWN, TRYAGAIN, no more clients), ERROR_DENIED (login, permission), ERROR_QUERY (any other
 * error answer). After ERROR_AWAY there is no connection; redis_connect makes a new one. Messages
 * hold no password and no data; that of a missing permission (NOPERM) names the command and its
 * key.
 */
#ifndef CLIENT_REDIS_H
#define CLIENT_REDIS_H

#include "base/error.h"

struct redis;
struct redis_reply;

/* Whether the URL is redis://[[user]:password@]host[:port][/db] or
   unix://[[user]:password@]/path[?db=N]. ERROR_USAGE if not. */
bool redis_check_url(const char *url, struct error *error) MUST_CHECK;

/* A new struct redis, not yet connected. The URL is copied. `name`, which must live as long, stands
   in CLIENT LIST if the server takes it: visible characters without blanks. NULL without memory. */
struct redis *redis_new(const char *url, const char *name);
void redis_free(struct redis *redis); /* NULL is fine */

/* Connects, with AUTH and SELECT, if there is no connection, or if it is broken or was closed by
   the server. */
bool redis_connect(struct redis *redis, struct error *error) MUST_CHECK;
void redis_disconnect(struct redis *redis);

/* The age of the present connection; 0 without one. */
int64_t redis_connected_ms(const struct redis *redis);

/* ---- commands ---- */

#define REDIS_ARGS_MAX 32

/* A command and its arguments: bytes with a length, never a format. The arguments are not copied.
   The command must not be copied either, because it may point into itself. Start from {.count =
   0}. */
struct redis_command {
    int count;
    const char *values[REDIS_ARGS_MAX];
    size_t sizes[REDIS_ARGS_MAX];
    char numbers[REDIS_ARGS_MAX][24];
};
void redis_add(struct redis_command *command, const void *bytes, size_t size);
void redis_add_text(struct redis_command *command, const char *text);
void redis_add_int(struct redis_command *command, int64_t number);

/* Sends the command and waits for its answer, for 5 s and `wait_ms`, which is for commands that
   block on the server. Without a connection (redis_connect) ERROR_AWAY. The caller frees *reply. */
bool redis_call(struct redis *redis, const struct redis_command *command, int64_t wait_ms,
                struct redis_reply **reply, struct error *error) MUST_CHECK;

/* A pipeline. redis_append adds a command. The first redis_next_reply sends all of them; each call
   returns the next reply, in the order of the commands. No other command may be sent before the
   last reply. An error ends the pipeline and drops the connection. `command` is the command that
   the reply belongs to, for the error's message. */
bool redis_append(struct redis *redis, const struct redis_command *command,
                  struct error *error) MUST_CHECK;
bool redis_next_reply(struct redis *redis, const struct redis_command *command,
                      struct redis_reply **reply, struct error *error) MUST_CHECK;

struct redis_script {
    const char *text; /* in Lua */
    int keys;         /* the number of keys, which precede the arguments */
};

/* Runs a script by its SHA-1; sends its text if the server does not know it. `command` holds the
   keys and then the arguments, REDIS_ARGS_MAX - 3 at most. */
bool redis_eval(struct redis *redis, const struct redis_script *script,
                const struct redis_command *command, struct redis_reply **reply,
                struct error *error) MUST_CHECK;

/* ---- replies ---- */

bool redis_is_null(const struct redis_reply *reply);
int64_t redis_int(const struct redis_reply *reply); /* 0 if it is not an integer */

/* A string or status: NUL-terminated, *size (may be NULL) without the NUL. "" for anything else. */
const char *redis_text(const struct redis_reply *reply, size_t *size);

size_t redis_count(const struct redis_reply *reply); /* of an array, else 0 */
const struct redis_reply *redis_item(const struct redis_reply *reply, size_t index);

/* NULL is fine. */
void redis_reply_free(struct redis_reply *reply);

#endif
