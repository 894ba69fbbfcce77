/* `exportd grouphash last-processed`: the last stored event of group hashes. */
#include "cli/cli.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/options.h"
#include "event/last_processed.h"
#include "model/grouphash.h"
#include "model/project.h"

struct question {
    int64_t project_id;
    const char **hashes; /* as they were asked for */
    size_t count;
    struct arena *arena;
};

/* The ids of the hashes in the order asked; 0 where the project has no such hash. */
static bool find_ids(const struct question *question, struct pg *pg, struct last_processed *list,
                     struct error *error)
{
    struct named_row *rows = arena_array(question->arena, question->count, sizeof(*rows), error);
    int64_t *groups = arena_array(question->arena, question->count, sizeof(*groups), error);
    if (rows == NULL || groups == NULL)
        return false;
    for (size_t i = 0; i < question->count; i++)
        rows[i] = (struct named_row){question->project_id, question->hashes[i], 0};
    size_t count = named_rows_sort(rows, question->count);
    if (!grouphash_read(pg, rows, groups, count, error))
        return false;
    for (size_t i = 0; i < question->count; i++)
        list[i] = (struct last_processed){
            .project_id = question->project_id,
            .grouphash_id =
                rows[named_rows_find(rows, count, question->project_id, question->hashes[i])].id};
    return true;
}

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

/* The project must be there, so that a mistyped one is not an empty answer. */
static bool answer(const struct question *question, struct pg *pg, struct redis *redis,
                   struct error *error)
{
    int64_t organization_id = 0;
    struct last_processed *list =
        arena_array(question->arena, question->count, sizeof(*list), error);
    if (list == NULL || !project_organization(pg, question->project_id, &organization_id, error) ||
        !find_ids(question, pg, list, error) ||
        !last_processed_fetch(redis, list, question->count, question->arena, error))
        return false;
    for (size_t i = 0; i < question->count; i++)
        if (!print_one(question->hashes[i], &list[i], error))
            return false;
    return true;
}

static bool run(const struct config *config, struct question *question, struct error *error)
{
    struct pg *pg = NULL;
    struct redis *redis = NULL;
    question->arena = arena_new((size_t)16 * 1024 * 1024);
    bool done = question->arena == NULL ? error_no_memory(error)
                                        : cli_connect_pg(config, &pg, error) &&
                                              cli_connect_redis(config, &redis, error) &&
                                              answer(question, pg, redis, error);
    redis_free(redis);
    pg_free(pg);
    arena_free(question->arena);
    return done;
}

bool command_grouphash(const struct config *config, int argc, char **argv, struct error *error)
{
    struct question question = {.count = 0};
    int count = 0;
    const char **words = memory_zeroed((size_t)argc, sizeof(*words));
    const struct option_spec specs[] = {
        {"project", 0, OPTION_NUMBER, true, &question.project_id, 1, INT64_MAX}, {.name = NULL}};
    if (words == NULL)
        return error_no_memory(error);
    bool done = options_parse(argc, argv, specs, 1, argc, words, &count, error) &&
                (text_equal(words[0], "last-processed") ||
                 error_set(error, ERROR_USAGE, "unknown word '%.60s'; last-processed is needed",
                           words[0])) &&
                (count > 1 || error_set(error, ERROR_USAGE, "a HASH is missing"));
    if (done) {
        question.hashes = words + 1;
        question.count = (size_t)count - 1;
        done = run(config, &question, error);
    }
    free(words);
    return done;
}
