/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_grants.py. */
#include "cli/redis_rights.h"

#include "base/text.h"
#include "cli/cli.h"
#include "worker/threads/intake.h"

/* Where a command is tried. LOGIN: not at all, because the connection has used it already. */
enum place { LOGIN, NO_KEY, LISTS, UNACKED, LOCKS };

struct right {
    const char *command;
    int uses;
    enum place place;
    const char *words[4]; /* the arguments after the key */
};

#define BOTH (REDIS_OF_QUEUE | REDIS_OF_LOCKS)

/* In the order in which they are tried: the last commands of a place remove what the earlier ones
   have made. */
static const struct right rights[] = {
    {"select", BOTH, LOGIN, {NULL}},
    {"client|setname", BOTH, LOGIN, {NULL}},
    {"info", BOTH, NO_KEY, {"server"}},
    {"eval", BOTH, NO_KEY, {"return 1", "0"}},
    /* the SHA-1 of the same script */
    {"evalsha", BOTH, NO_KEY, {"e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"}},
    {"hscan", REDIS_OF_QUEUE, UNACKED, {"0"}},
    {"llen", REDIS_OF_QUEUE, LISTS, {NULL}},
    {"exists", REDIS_OF_QUEUE, LISTS, {NULL}},
    {"lindex", REDIS_OF_QUEUE, LISTS, {"-1"}},
    {"lrange", REDIS_OF_QUEUE, LISTS, {"-1", "-1"}},
    {"lpush", REDIS_OF_QUEUE, LISTS, {"tried"}},
    {"lmove", REDIS_OF_QUEUE, LISTS, {NULL}}, /* from the list to itself */
    {"lrem", REDIS_OF_QUEUE, LISTS, {"0", "tried"}},
    {"ltrim", REDIS_OF_QUEUE, LISTS, {"1", "0"}},
    {"set", REDIS_OF_LOCKS, LOCKS, {"tried", "EX", "1", "NX"}},
    {"get", REDIS_OF_LOCKS, LOCKS, {NULL}},
    {"del", REDIS_OF_LOCKS, LOCKS, {NULL}},
};

/* ---- the keys ---- */

enum { KEY_MAX = 1024 };

/* A key of exportd's own that no message and no lock uses; only UNACKED is the real one, which is
   just read. */
static const char *key_to_try(const struct intake_lists *lists, enum place place, char key[KEY_MAX])
{
    if (place == UNACKED)
        return intake_lists_unacked(lists);
    (void)snprintf(key, KEY_MAX, "%s%s", place == LISTS ? intake_lists_own(lists) : UPLOAD_LOCK_KEY,
                   "check");
    return key;
}

/* ---- printing ---- */

/* The text between double quotes, as redis-cli reads it. `plain`: characters that have a meaning in
   a pattern, such as *, stand for themselves. */
static void print_quoted(const char *text, bool plain)
{
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (plain && strchr("*?[]\\", *text) != NULL)
            (void)printf("\\\\");
        if (byte < 0x20 || byte >= 0x7f)
            (void)printf("\\x%02x", byte);
        else
            (void)printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
}

static void print_key(const char *key, const char *rest)
{
    (void)printf(" \"~");
    print_quoted(key, true);
    (void)printf("%s\"", rest);
}

/* Of all priorities, as `check` looks for messages of those that no setting names. */
static void print_keys(const struct intake_lists *lists, int uses)
{
    if ((uses & REDIS_OF_QUEUE) != 0) {
        print_key(intake_lists_queue(lists), "");
        print_key(intake_lists_prioritized(lists), "*");
        print_key(intake_lists_own(lists), "*");
        print_key(intake_lists_unacked(lists), "");
    }
    if ((uses & REDIS_OF_LOCKS) != 0)
        print_key(UPLOAD_LOCK_KEY, "*");
}

bool redis_rights_print(const struct config *config, int uses, const char *name,
                        struct error *error)
{
    struct intake_lists *lists = intake_lists_of(config);
    if (lists == NULL)
        return error_no_memory(error);
    (void)printf("ACL SETUSER \"");
    print_quoted(name, false);
    (void)printf("\" on resetkeys resetchannels -@all");
    print_keys(lists, uses);
    for (size_t i = 0; i < ARRAY_LENGTH(rights); i++)
        if ((rights[i].uses & uses) != 0)
            (void)printf(" +%s", rights[i].command);
    intake_lists_free(lists);
    return true;
}

/* ---- trying ---- */

struct trial {
    struct redis *redis;
    const struct redis_missing *missing;
};

/* True also when the command is not allowed, which is reported; *allowed tells. */
static bool try_command(const struct trial *trial, const struct redis_command *command,
                        bool *allowed, struct error *error)
{
    struct redis_reply *reply = NULL;
    *allowed = redis_call(trial->redis, command, 0, &reply, error);
    redis_reply_free(reply);
    if (*allowed || error->code != ERROR_DENIED)
        return *allowed;
    trial->missing->tell(trial->missing->context, error);
    return true;
}

static bool try_right(const struct trial *trial, const struct intake_lists *lists,
                      const struct right *right, struct error *error)
{
    char key[KEY_MAX];
    bool ignored = false;
    struct redis_command command = {.count = 0};
    redis_add_text(&command, right->command);
    if (right->place != NO_KEY)
        redis_add_text(&command, key_to_try(lists, right->place, key));
    if (text_equal(right->command, "lmove")) {
        redis_add_text(&command, key);
        redis_add_text(&command, "RIGHT");
        redis_add_text(&command, "LEFT");
    }
    for (size_t i = 0; i < ARRAY_LENGTH(right->words) && right->words[i] != NULL; i++)
        redis_add_text(&command, right->words[i]);
    return try_command(trial, &command, &ignored, error);
}

/* Tries the lists of the producers, with a command that needs reading and writing and finds nothing
   to remove. The other keys were tried together with the commands. */
static bool try_lists(const struct trial *trial, const struct config *config,
                      const struct intake_lists *lists, struct error *error)
{
    char nothing[RANDOM_HEX_SIZE];
    random_hex(nothing);
    for (int i = 0; i < config->priority_steps.count; i++) {
        struct redis_command command = {.count = 0};
        bool allowed = false;
        redis_add_text(&command, "lrem");
        redis_add_text(&command, intake_lists_key(lists, i));
        redis_add_int(&command, 1);
        redis_add_text(&command, nothing);
        if (!try_command(trial, &command, &allowed, error))
            return false;
    }
    return true;
}

bool redis_rights_try(const struct config *config, int uses, struct redis *redis,
                      const struct redis_missing *missing, struct error *error)
{
    const struct trial trial = {redis, missing};
    struct intake_lists *lists = intake_lists_of(config);
    bool done = lists != NULL || error_no_memory(error);
    for (size_t i = 0; done && i < ARRAY_LENGTH(rights); i++)
        if ((rights[i].uses & uses) != 0 && rights[i].place != LOGIN)
            done = try_right(&trial, lists, &rights[i], error);
    if ((uses & REDIS_OF_QUEUE) != 0)
        done = done && try_lists(&trial, config, lists, error);
    intake_lists_free(lists);
    return done;
}
