/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All keys are made once, in the arena of `lists`. Messages are taken by a script in Redis
 * (lua/intake_take.lua), so that each moves in one step; all other commands are pipelined.
 */
#include "job/intake_lists.h"

#include "base/arena.h"
#include "base/embedded.h"
#include "wire/job_message.h"

enum { LISTS_MEMORY = 64 * 1024, UNREAD_MEMORY = 4 * 1024 * 1024 };

struct intake_lists {
    struct arena *arena; /* holds this struct and all keys */
    int count;           /* of steps */
    int steps[INTAKE_STEPS_MAX];
    const char *queue, *prioritized, *unacked, *own;
    const char *kombu[INTAKE_STEPS_MAX];
    const char *ours[INTAKE_STEPS_MAX];
    const char *cut;
};

/* ---- the keys ---- */

/* The key of kombu's list for a step; NULL without memory. */
static const char *kombu_key(const struct intake_lists *lists, int step, struct arena *arena,
                             struct error *error)
{
    return step == 0 ? lists->queue : arena_printf(arena, error, "%s%d", lists->prioritized, step);
}

/* The key of exportd's list for a step; NULL without memory. */
static const char *our_key(const struct intake_lists *lists, int step, struct arena *arena,
                           struct error *error)
{
    return arena_printf(arena, error, "%s%d", lists->own, step);
}

/* Makes all keys from the names that the producers use. */
static bool make_keys(struct intake_lists *lists, const struct intake_naming *naming,
                      struct error *error)
{
    struct arena *arena = lists->arena;
    lists->queue = arena_printf(arena, error, "%s%s", naming->key_prefix, naming->queue);
    lists->prioritized =
        arena_printf(arena, error, "%s%s%s", naming->key_prefix, naming->queue, naming->separator);
    lists->unacked = arena_printf(arena, error, "%sunacked", naming->key_prefix);
    lists->own = arena_printf(arena, error,
                              "exportd:{%s}:intake:", lists->queue == NULL ? "" : lists->queue);
    bool done = lists->queue != NULL && lists->prioritized != NULL && lists->unacked != NULL &&
                lists->own != NULL;
    lists->count = naming->step_count;
    for (int i = 0; done && i < lists->count; i++) {
        int step = naming->steps[i];
        lists->steps[i] = step;
        lists->kombu[i] = kombu_key(lists, step, arena, error);
        lists->ours[i] = our_key(lists, step, arena, error);
        done = lists->kombu[i] != NULL && lists->ours[i] != NULL;
    }
    lists->cut = done ? arena_printf(arena, error, "%scut", lists->own) : NULL;
    return lists->cut != NULL;
}

struct intake_lists *intake_lists_new(const struct intake_naming *naming)
{
    struct error error;
    struct arena *arena = arena_new(LISTS_MEMORY);
    struct intake_lists *lists = arena == NULL ? NULL : arena_alloc(arena, sizeof(*lists), &error);
    if (lists != NULL) {
        lists->arena = arena;
        if (make_keys(lists, naming, &error))
            return lists;
    }
    arena_free(arena);
    return NULL;
}

void intake_lists_free(struct intake_lists *lists)
{
    if (lists != NULL)
        arena_free(lists->arena);
}

const char *intake_lists_queue(const struct intake_lists *lists)
{
    return lists->queue;
}

const char *intake_lists_prioritized(const struct intake_lists *lists)
{
    return lists->prioritized;
}

const char *intake_lists_unacked(const struct intake_lists *lists)
{
    return lists->unacked;
}

const char *intake_lists_own(const struct intake_lists *lists)
{
    return lists->own;
}

const char *intake_lists_key(const struct intake_lists *lists, int index)
{
    if (index < lists->count)
        return lists->kombu[index];
    return index < 2 * lists->count ? lists->ours[index - lists->count] : NULL;
}

/* Adds all keys in the order that the script expects. */
static void add_keys(const struct intake_lists *lists, struct redis_command *command)
{
    for (int i = 0; i < 2 * lists->count; i++)
        redis_add_text(command, intake_lists_key(lists, i));
    redis_add_text(command, lists->cut);
}

/* ---- taking ---- */

/* The reply alternates between the number of a list, which counts from 1, and a message. */
static void read_messages(const struct intake_lists *lists, const struct redis_reply *reply,
                          struct intake_taken *taken)
{
    for (size_t i = 0; i + 1 < redis_count(reply) && taken->count < INTAKE_AT_ONCE; i += 2) {
        struct intake_message *message = &taken->messages[taken->count++];
        int64_t list = redis_int(redis_item(reply, i)) - 1;
        message->bytes = redis_text(redis_item(reply, i + 1), &message->size);
        message->key = lists->ours[list];
        message->priority = lists->steps[list];
    }
}

/* Reads the remnants of messages that were too long. */
static void read_cut(const struct intake_lists *lists, const struct redis_reply *reply,
                     struct intake_taken *taken)
{
    for (size_t i = 0; i < redis_count(reply) && taken->cut_count < INTAKE_AT_ONCE; i++) {
        struct intake_message *message = &taken->cut[taken->cut_count++];
        message->bytes = redis_text(redis_item(reply, i), &message->size);
        message->key = lists->cut;
        message->priority = 0;
    }
}

bool intake_take(const struct intake_lists *lists, struct redis *redis, struct intake_taken *taken,
                 struct error *error)
{
    const struct redis_script script = {
        .text = embedded_text(embedded_job_scripts, "intake_take.lua"),
        .keys = 2 * lists->count + 1,
    };
    struct redis_command command = {.count = 0};
    taken->count = 0;
    taken->cut_count = 0;
    add_keys(lists, &command);
    redis_add_int(&command, (int64_t)JOB_MESSAGE_MAX);
    if (!redis_eval(redis, &script, &command, &taken->reply, error))
        return false;
    if (redis_count(taken->reply) == 3) {
        taken->found = redis_int(redis_item(taken->reply, 0)) == 1;
        read_messages(lists, redis_item(taken->reply, 1), taken);
        read_cut(lists, redis_item(taken->reply, 2), taken);
    }
    return true;
}

void intake_taken_free(struct intake_taken *taken)
{
    redis_reply_free(taken->reply);
    taken->reply = NULL;
}

/* The next reply of a pipeline, as a number. */
static bool next_number(struct redis *redis, const struct redis_command *command, int64_t *number,
                        struct error *error)
{
    struct redis_reply *reply = NULL;
    if (!redis_next_reply(redis, command, &reply, error))
        return false;
    *number = redis_int(reply);
    redis_reply_free(reply);
    return true;
}

/* Removes one copy, searching from the right end, where the oldest messages are. */
static void make_removal(const struct intake_message *message, struct redis_command *command)
{
    command->count = 0;
    redis_add_text(command, "LREM");
    redis_add_text(command, message->key);
    redis_add_int(command, -1);
    redis_add(command, message->bytes, message->size);
}

/* Sends all commands before it reads the first reply. */
bool intake_remove(struct redis *redis, const struct intake_message *messages, size_t count,
                   struct error *error)
{
    struct redis_command command;
    bool done = true;
    for (size_t i = 0; done && i < count; i++) {
        make_removal(&messages[i], &command);
        done = redis_append(redis, &command, error);
    }
    for (size_t i = 0; done && i < count; i++) {
        int64_t removed = 0;
        make_removal(&messages[i], &command);
        done = next_number(redis, &command, &removed, error);
    }
    return done;
}

/* ---- counting ---- */

static void make_length(const char *key, struct redis_command *command)
{
    command->count = 0;
    redis_add_text(command, "LLEN");
    redis_add_text(command, key);
}

/* Kombu's lists first: a message moves in this order, so none is missed. */
bool intake_count(const struct intake_lists *lists, struct redis *redis, struct intake_count *count,
                  struct error *error)
{
    struct redis_command keys = {.count = 0};
    struct redis_command command;
    bool done = true;
    *count = (struct intake_count){.step_count = lists->count};
    add_keys(lists, &keys);
    for (int i = 0; done && i < keys.count; i++) {
        make_length(keys.values[i], &command);
        done = redis_append(redis, &command, error);
    }
    for (int i = 0; done && i < keys.count; i++) {
        int64_t size = 0;
        make_length(keys.values[i], &command);
        done = next_number(redis, &command, &size, error);
        if (i < lists->count) {
            count->steps[i] = lists->steps[i];
            count->by_step[i] = size;
            count->waiting += size;
        } else {
            count->taken += size;
        }
    }
    return done;
}

/* ---- lists that no intake reads ---- */

static bool has_step(const struct intake_lists *lists, int step)
{
    for (int i = 0; i < lists->count; i++)
        if (lists->steps[i] == step)
            return true;
    return false;
}

/* Appends the questions for the lengths of both lists of a step. */
static bool append_step(const struct intake_lists *lists, struct redis *redis, int step,
                        struct arena *arena, struct error *error)
{
    const char *keys[] = {kombu_key(lists, step, arena, error), our_key(lists, step, arena, error)};
    struct redis_command command;
    bool done = keys[0] != NULL && keys[1] != NULL;
    for (int i = 0; done && i < 2; i++) {
        make_length(keys[i], &command);
        done = redis_append(redis, &command, error);
    }
    return done;
}

/* Reads the replies to the two questions of append_step. */
static bool read_step(struct redis *redis, int64_t *count, struct error *error)
{
    struct redis_command command;
    int64_t kombu = 0;
    int64_t ours = 0;
    make_length("a list of another priority", &command); /* the name in an error's sentence */
    bool done =
        next_number(redis, &command, &kombu, error) && next_number(redis, &command, &ours, error);
    *count = kombu + ours;
    return done;
}

bool intake_count_unread(const struct intake_lists *lists, struct redis *redis,
                         int64_t by_step[INTAKE_STEP_MAX + 1], struct error *error)
{
    struct arena *arena = arena_new(UNREAD_MEMORY);
    bool done = arena != NULL || error_no_memory(error);
    for (int step = 0; done && step <= INTAKE_STEP_MAX; step++)
        done = has_step(lists, step) || append_step(lists, redis, step, arena, error);
    arena_free(arena);
    for (int step = 0; done && step <= INTAKE_STEP_MAX; step++) {
        by_step[step] = 0;
        done = has_step(lists, step) || read_step(redis, &by_step[step], error);
    }
    return done;
}
