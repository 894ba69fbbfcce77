/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd grouphash last-processed`: the last stored event of group hashes.
 * Tested by tests/system/test_grouphash.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "request/last_processed.h"

static bool print_one(const char *hash, const struct last_processed *last, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_text(object, "hash", hash, error) &&
                (last->grouphash_id == 0
                     ? json_put_null(object, "grouphash_id", error)
                     : json_put_int(object, "grouphash_id", last->grouphash_id, error)) &&
                json_put_text(object, "event_id", last->event_id, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool print_all(const struct hash_question *question, const struct last_processed *list,
                      struct error *error)
{
    for (size_t i = 0; i < question->count; i++)
        if (!print_one(question->hashes[i], &list[i], error))
            return false;
    return true;
}

static bool fetch_and_print(const struct config *config, struct hash_question *question,
                            struct error *error)
{
    struct request_context context = {.caller = &caller_operator};
    struct last_processed *list = NULL;
    question->arena = arena_new((size_t)16 * 1024 * 1024);
    bool done = question->arena != NULL || error_no_memory(error);
    done = done && cli_connect_pg(config, &context.pg, error) &&
           cli_connect_redis(config, &context.redis, error) &&
           request_last_processed(&context, question, &list, error) &&
           print_all(question, list, error);
    redis_free(context.redis);
    pg_free(context.pg);
    arena_free(question->arena);
    return done;
}

/* The first word is the action. */
static bool check_words(const struct positional *given, struct error *error)
{
    if (!text_equal(given->words[0], "last-processed"))
        return error_set(error, ERROR_USAGE, "unknown word '%.60s'; last-processed is needed",
                         given->words[0]);
    return given->count > 1 || error_set(error, ERROR_USAGE, "a HASH is missing");
}

bool command_grouphash(const struct config *config, int argc, char **argv, struct error *error)
{
    struct hash_question question = {.count = 0};
    bool json = false;
    struct positional given = {
        .min = 1, .max = argc, .words = memory_zeroed((size_t)argc, sizeof(*given.words))};
    const struct option_spec specs[] = {
        {"project", 0, true, OPTION_TEXT, &question.project.project, 0, 0},
        {"organization", 0, false, OPTION_TEXT, &question.project.organization, 0, 0},
        {"json", 0, false, OPTION_SWITCH, &json, 0, 0}, /* it is always JSON */
        {.name = NULL}};
    if (given.words == NULL)
        return error_no_memory(error);
    bool done = options_parse(argc, argv, specs, &given, error) && check_words(&given, error);
    if (done) {
        question.hashes = given.words + 1;
        question.count = (size_t)given.count - 1;
        done = fetch_and_print(config, &question, error);
    }
    free(given.words);
    return done;
}
