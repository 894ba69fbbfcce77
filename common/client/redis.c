/* SPDX-License-Identifier: Apache-2.0 */
/* hiredis connects, encodes commands and parses answers. The wait for an answer is a poll() with a
   deadline. Error answers become our error codes by their first word. */
#include "client/redis.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/text.h"
#include "base/url.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <strings.h>

/* The limits for connecting (and each write), and for an answer. */
enum { CONNECT_SECONDS = 5, ANSWER_MS = 5000 };

/* The parts of the URL. */
struct address {
    char user[URL_PART_MAX];
    char password[URL_PART_MAX];
    char host[URL_PART_MAX]; /* "": a Unix socket */
    char path[URL_PART_MAX];
    int port;
    int64_t database;
};

struct redis {
    char *url;
    const char *name;
    redisContext *context;      /* NULL: no connection */
    int64_t connected_since_ms; /* monotonic */
};

struct redis_reply; /* never defined: each is a redisReply of hiredis */

/* ---- the address ---- */

/* No number is database 0. */
static bool parse_database(const char *text, int64_t *database)
{
    *database = 0;
    return text[0] == '\0' || text_to_int64(text, 0, 65535, database);
}

/* The database is the path of a redis:// URL, and the option `db` of a unix:// URL. */
static bool parse_address(const char *text, struct address *address, struct error *error)
{
    static const char *const tcp_options[] = {NULL};
    static const char *const unix_options[] = {"db", NULL};
    struct url url;
    char database[URL_PART_MAX] = "";
    if (!url_parse(text, &url, error))
        return false;
    bool local = text_equal(url.scheme, "unix");
    if (!local && !text_equal(url.scheme, "redis"))
        return error_set(error, ERROR_USAGE, "the scheme is neither redis nor unix");
    if (!url_check_options(&url, local ? unix_options : tcp_options, error) ||
        (local && !url_option(&url, "db", database, error)))
        return false;
    const char *number = local ? database : url.path[0] == '/' ? url.path + 1 : url.path;
    if (!parse_database(number, &address->database))
        return error_set(error, ERROR_USAGE, "the database is no number from 0 to 65535");
    address->port = url.port == 0 ? 6379 : url.port;
    memcpy(address->user, url.user, sizeof(address->user));
    memcpy(address->password, url.password, sizeof(address->password));
    memcpy(address->host, url.host, sizeof(address->host));
    memcpy(address->path, url.path, sizeof(address->path));
    if (local)
        address->host[0] = '\0';
    return true;
}

bool redis_check_url(const char *url, struct error *error)
{
    struct address address;
    if (parse_address(url, &address, error))
        return true;
    error->code = ERROR_USAGE;
    return false;
}

/* ---- the connection ---- */

struct redis *redis_new(const char *url, const char *name)
{
    struct redis *redis = memory_zeroed(1, sizeof(*redis));
    if (redis == NULL)
        return NULL;
    redis->name = name;
    redis->url = text_duplicate(url);
    if (redis->url == NULL) {
        free(redis);
        return NULL;
    }
    return redis;
}

void redis_free(struct redis *redis)
{
    if (redis == NULL)
        return;
    redis_disconnect(redis);
    free(redis->url);
    free(redis);
}

void redis_disconnect(struct redis *redis)
{
    redisFree(redis->context);
    redis->context = NULL;
}

int64_t redis_connected_ms(const struct redis *redis)
{
    return redis->context == NULL ? 0 : clock_monotonic_ms() - redis->connected_since_ms;
}

/* AUTH, if there is a password, and SELECT. */
static bool log_in(struct redis *redis, const struct address *address, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    if (address->password[0] != '\0') {
        redis_add_text(&command, "AUTH");
        if (address->user[0] != '\0')
            redis_add_text(&command, address->user);
        redis_add_text(&command, address->password);
        if (!redis_call(redis, &command, 0, &reply, error))
            return false;
        redis_reply_free(reply);
    }
    command.count = 0;
    redis_add_text(&command, "SELECT"); /* also 0: it fails if a login is needed */
    redis_add_int(&command, address->database);
    if (!redis_call(redis, &command, 0, &reply, error))
        return false;
    redis_reply_free(reply);
    return true;
}

/* For those who look at CLIENT LIST. A server whose ACL does not allow it refuses, which does no
   harm. */
static bool name_connection(struct redis *redis, struct error *error)
{
    struct redis_command command = {.count = 0};
    struct redis_reply *reply = NULL;
    redis_add_text(&command, "CLIENT");
    redis_add_text(&command, "SETNAME");
    redis_add_text(&command, redis->name);
    bool done = redis_call(redis, &command, 0, &reply, error);
    redis_reply_free(reply);
    return done || error->code != ERROR_AWAY;
}

/* Whether the server has closed an idle connection. No answer is due, so anything to read is the
   end. */
static bool has_hung_up(const redisContext *context)
{
    struct pollfd socket = {.fd = context->fd, .events = POLLIN | POLLRDHUP};
    return poll(&socket, 1, 0) > 0;
}

bool redis_connect(struct redis *redis, struct error *error)
{
    struct address address = {.port = 0};
    struct timeval patience = {.tv_sec = CONNECT_SECONDS};
    if (redis->context != NULL && redis->context->err == 0 && !has_hung_up(redis->context))
        return true;
    redis_disconnect(redis);
    if (!parse_address(redis->url, &address, error))
        return false;
    redis->context = address.host[0] == '\0'
                         ? redisConnectUnixWithTimeout(address.path, patience)
                         : redisConnectWithTimeout(address.host, address.port, patience);
    if (redis->context == NULL || redis->context->err != 0) {
        error_set(error, ERROR_AWAY, "Redis cannot be reached: %s",
                  redis->context == NULL ? "no memory" : redis->context->errstr);
        redis_disconnect(redis);
        return false;
    }
    /* Keepalive fails on a Unix socket and leaves the context broken. */
    if (address.host[0] != '\0')
        (void)redisEnableKeepAlive(redis->context);
    /* For writing; reading has the deadline of wait_readable. */
    (void)redisSetTimeout(redis->context, patience);
    redis->connected_since_ms = clock_monotonic_ms();
    if (!log_in(redis, &address, error) || !name_connection(redis, error)) {
        redis_disconnect(redis);
        return false;
    }
    return true;
}

/* ---- commands ---- */

void redis_add(struct redis_command *command, const void *bytes, size_t size)
{
    if (command->count >= REDIS_ARGS_MAX)
        abort(); /* too many arguments: a bug that the first run shows */
    command->values[command->count] = bytes;
    command->sizes[command->count] = size;
    command->count++;
}

void redis_add_text(struct redis_command *command, const char *text)
{
    redis_add(command, text, strlen(text));
}

void redis_add_int(struct redis_command *command, int64_t number)
{
    if (command->count >= REDIS_ARGS_MAX)
        abort();
    char *digits = command->numbers[command->count];
    int length = snprintf(digits, sizeof(command->numbers[0]), "%" PRId64, number);
    redis_add(command, digits, (size_t)length);
}

/* Drops the connection and fills ERROR_AWAY. Returns false. */
static bool lose_connection(struct redis *redis, const char *what, struct error *error)
{
    error_set(error, ERROR_AWAY, "the connection to Redis is lost: %s", what);
    redis_disconnect(redis); /* only now: `what` may be a text of the connection */
    return false;
}

/* Waits until there is something to read; false at the deadline. */
static bool wait_readable(const struct redis *redis, int64_t deadline_ms)
{
    struct pollfd socket = {.fd = redis->context->fd, .events = POLLIN};
    for (;;) {
        int64_t left = deadline_ms - clock_monotonic_ms();
        if (left <= 0)
            return false;
        int ready = poll(&socket, 1, left > INT32_MAX ? INT32_MAX : (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/* Sends all appended commands. */
static bool flush(struct redis *redis)
{
    int flushed = 0;
    while (flushed == 0)
        if (redisBufferWrite(redis->context, &flushed) != REDIS_OK)
            return false;
    return true;
}

/* Reads one answer. NULL at the deadline or after a failure, with *what for the message. */
static redisReply *read_answer(struct redis *redis, int64_t deadline_ms, const char **what)
{
    void *reply = NULL;
    if (!flush(redis)) {
        *what = redis->context->errstr;
        return NULL;
    }
    for (;;) {
        if (redisGetReplyFromReader(redis->context, &reply) != REDIS_OK) {
            *what = redis->context->errstr;
            return NULL;
        }
        if (reply != NULL)
            return reply;
        if (!wait_readable(redis, deadline_ms)) {
            *what = "no answer in time";
            return NULL;
        }
        if (redisBufferRead(redis->context) != REDIS_OK) {
            *what = redis->context->errstr;
            return NULL;
        }
    }
}

/* The error within a script. Before version 7 Redis put a sentence before it: "ERR Error running
   script (call to f_...): ... -OOM command ...". */
static const char *skip_script(const char *answer)
{
    const char *inner =
        strstr(answer, "Error running script") != NULL ? strstr(answer, ": -") : NULL;
    return inner != NULL ? inner + 3 : answer;
}

/* The size of the text to show: 120 at most, and without the script's SHA-1, which is of no use. */
static int answer_size(const char *answer)
{
    const char *script = strstr(answer, " script: ");
    return script != NULL && script - answer < 120 ? (int)(script - answer) : 120;
}

/* The error for NOPERM. Redis does not name the key, and not always the command within a script. So
   the message shows our command, its first key and the number of the other keys. */
static bool fail_denied(const char *answer, const struct redis_command *command,
                        struct error *error)
{
    /* A script is EVAL TEXT NUMBER KEY ...; another command has its key after its name. */
    bool is_script = strncasecmp(command->values[0], "EVAL", 4) == 0;
    int keys = command->count > 1 ? 1 : 0;
    if (is_script)
        keys = command->count > 2 ? (int)strtol(command->values[2], NULL, 10) : 0;
    int first = is_script ? 3 : 1;
    bool has_key = keys > 0 && first < command->count;
    char more[32] = "";
    if (keys > 1)
        (void)snprintf(more, sizeof(more), " and %d more", keys - 1);
    return error_set(error, ERROR_DENIED, "Redis answers NOPERM to %s%s%.*s%s:%.*s%s",
                     command->values[0], has_key ? " " : "",
                     has_key ? (int)command->sizes[first] : 0,
                     has_key ? command->values[first] : "", more, answer_size(answer), answer,
                     is_script && has_key ? " (`exportd check` tells which)" : "");
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (text_equal(word, *words))
            return true;
    return false;
}

/* Fills *error from an error answer. If the server starts, fails over or is full, the connection is
   dropped, because the next one may lead to another server. */
static bool fail_with_answer(struct redis *redis, const redisReply *reply,
                             const struct redis_command *command, struct error *error)
{
    static const char *const away[] = {"LOADING",   "READONLY",    "MASTERDOWN", "NOMASTERLINK",
                                       "UNBLOCKED", "MISCONF",     "OOM",        "NOREPLICAS",
                                       "BUSY",      "CLUSTERDOWN", "TRYAGAIN",   NULL};
    static const char *const denied[] = {"NOAUTH", "WRONGPASS", NULL};
    char word[32];
    const char *answer = skip_script(reply->str);
    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(answer, " "), answer);
    if (is_one_of(word, away)) {
        redis_disconnect(redis);
        return error_set(error, ERROR_AWAY, "Redis answers %s", word);
    }
    if (text_equal(word, "NOPERM") || strstr(answer, "user executing the script can't") != NULL)
        return fail_denied(answer + strcspn(answer, " "), command, error);
    if (is_one_of(word, denied))
        return error_set(error, ERROR_DENIED, "Redis answers %s", word);
    if (strstr(reply->str, "max number of clients") != NULL) {
        redis_disconnect(redis);
        return error_set(error, ERROR_AWAY, "Redis takes no more clients");
    }
    /* Depending on the version, these begin with the general word ERR. */
    if (strstr(reply->str, "invalid password") != NULL ||
        strstr(reply->str, "without any password") != NULL)
        return error_set(error, ERROR_DENIED, "Redis refuses the login");
    return error_set(error, ERROR_QUERY, "Redis answers %.*s", answer_size(reply->str), reply->str);
}

bool redis_append(struct redis *redis, const struct redis_command *command, struct error *error)
{
    if (redis->context == NULL || redis->context->err != 0)
        return lose_connection(redis, "no connection", error);
    /* hiredis does not change the arguments; its prototype lacks the const */
    const char **values = (const char **)(uintptr_t)command->values;
    return redisAppendCommandArgv(redis->context, command->count, values, command->sizes) ==
               REDIS_OK ||
           lose_connection(redis, redis->context->errstr, error);
}

/* Sends a command and waits for its answer, which may be an error answer. */
static bool send_command(struct redis *redis, const struct redis_command *command, int64_t wait_ms,
                         redisReply **answer, struct error *error)
{
    const char *what = "no connection";
    *answer = NULL;
    if (!redis_append(redis, command, error))
        return false;
    *answer = read_answer(redis, clock_monotonic_ms() + ANSWER_MS + wait_ms, &what);
    return *answer != NULL || lose_connection(redis, what, error);
}

bool redis_call(struct redis *redis, const struct redis_command *command, int64_t wait_ms,
                struct redis_reply **reply, struct error *error)
{
    redisReply *answer = NULL;
    *reply = NULL;
    if (!send_command(redis, command, wait_ms, &answer, error))
        return false;
    if (answer->type == REDIS_REPLY_ERROR) {
        fail_with_answer(redis, answer, command, error);
        freeReplyObject(answer);
        return false;
    }
    *reply = (struct redis_reply *)answer;
    return true;
}

bool redis_next_reply(struct redis *redis, const struct redis_command *command,
                      struct redis_reply **reply, struct error *error)
{
    const char *what = "no connection";
    *reply = NULL;
    if (redis->context == NULL)
        return lose_connection(redis, what, error);
    redisReply *answer = read_answer(redis, clock_monotonic_ms() + ANSWER_MS, &what);
    if (answer == NULL)
        return lose_connection(redis, what, error);
    if (answer->type == REDIS_REPLY_ERROR) {
        fail_with_answer(redis, answer, command, error);
        freeReplyObject(answer);
        redis_disconnect(redis); /* further answers of the pipeline may come */
        return false;
    }
    *reply = (struct redis_reply *)answer;
    return true;
}

/* Makes an EVALSHA or EVAL command; `script` is the SHA-1 or the text. */
static void build_eval(struct redis_command *eval, const char *verb, const char *script, int keys,
                       const struct redis_command *command)
{
    eval->count = 0;
    redis_add_text(eval, verb);
    redis_add_text(eval, script);
    redis_add_int(eval, keys);
    for (int i = 0; i < command->count; i++)
        redis_add(eval, command->values[i], command->sizes[i]);
}

bool redis_eval(struct redis *redis, const struct redis_script *script,
                const struct redis_command *command, struct redis_reply **reply,
                struct error *error)
{
    struct redis_command eval;
    char sha1[SHA1_HEX_SIZE];
    redisReply *answer = NULL;
    *reply = NULL;
    sha1_hex(script->text, strlen(script->text), sha1);
    build_eval(&eval, "EVALSHA", sha1, script->keys, command);
    if (!send_command(redis, &eval, 0, &answer, error))
        return false;
    /* The server was restarted, or has not run the script yet. */
    if (answer->type == REDIS_REPLY_ERROR && text_starts_with(answer->str, "NOSCRIPT")) {
        freeReplyObject(answer);
        build_eval(&eval, "EVAL", script->text, script->keys, command);
        return redis_call(redis, &eval, 0, reply, error);
    }
    if (answer->type == REDIS_REPLY_ERROR) {
        fail_with_answer(redis, answer, &eval, error);
        freeReplyObject(answer);
        return false;
    }
    *reply = (struct redis_reply *)answer;
    return true;
}

/* ---- replies ---- */

static const redisReply *reply_of(const struct redis_reply *reply)
{
    return (const redisReply *)reply;
}

bool redis_is_null(const struct redis_reply *reply)
{
    return reply_of(reply)->type == REDIS_REPLY_NIL;
}

int64_t redis_int(const struct redis_reply *reply)
{
    return reply_of(reply)->type == REDIS_REPLY_INTEGER ? reply_of(reply)->integer : 0;
}

const char *redis_text(const struct redis_reply *reply, size_t *size)
{
    const redisReply *r = reply_of(reply);
    bool is_text = r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS;
    if (size != NULL)
        *size = is_text ? (size_t)r->len : 0;
    return is_text ? r->str : "";
}

size_t redis_count(const struct redis_reply *reply)
{
    return reply_of(reply)->type == REDIS_REPLY_ARRAY ? reply_of(reply)->elements : 0;
}

const struct redis_reply *redis_item(const struct redis_reply *reply, size_t index)
{
    return (const struct redis_reply *)reply_of(reply)->element[index];
}

void redis_reply_free(struct redis_reply *reply)
{
    freeReplyObject(reply);
}
