/* `exportd group merge`: what belongs together becomes one issue. */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "event/merge.h"
#include "schema/migration.h"
#include "tagstore/choose.h"

struct merging {
    struct pg *pg;
    struct tagstore *tagstore;
    int64_t into;
    int64_t *group_ids;
    size_t count;
    bool json;
};

static bool print_json(int64_t group_id, int64_t destination_id, const struct merge_result *result,
                       struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "group_id", group_id, error) &&
                json_put_int(object, "into", destination_id, error) &&
                json_put(object, "merged", json_boolean(result->merged), error) &&
                json_put_int(object, "events", result->events, error) &&
                json_put_int(object, "hashes", result->hashes, error) &&
                json_put_int(object, "redirects", result->redirects, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool print_result(const struct merging *merging, int64_t group_id, int64_t destination_id,
                         const struct merge_result *result, struct error *error)
{
    if (merging->json)
        return print_json(group_id, destination_id, result, error);
    if (result->merged)
        (void)printf("merged group %" PRId64 " into group %" PRId64 ": %" PRId64
                     " event%s, %" PRId64 " hash%s, %" PRId64 " redirect%s\n",
                     group_id, destination_id, result->events, text_plural(result->events),
                     result->hashes, result->hashes == 1 ? "" : "es", result->redirects,
                     text_plural(result->redirects));
    else
        (void)printf("group %" PRId64 " was merged into group %" PRId64 " before\n", group_id,
                     destination_id);
    return true;
}

/* One transaction a group: what is printed is done, whatever happens to the next one. */
static bool merge_all(const struct merging *merging, struct error *error)
{
    int64_t destination_id = 0;
    if (!migration_check(merging->pg, error) ||
        !merge_check(merging->pg, merging->into, merging->group_ids, merging->count,
                     &destination_id, error))
        return false;
    for (size_t i = 0; i < merging->count; i++) {
        struct merge_result result;
        if (!merge_group(merging->pg, merging->tagstore, merging->group_ids[i], destination_id,
                         &result, error) ||
            !print_result(merging, merging->group_ids[i], destination_id, &result, error))
            return false;
        (void)fflush(stdout);
    }
    return true;
}

static bool connect_and_merge(const struct config *config, struct merging *merging,
                              struct error *error)
{
    return cli_check_embedded_tagstore(config, error) &&
           cli_connect_pg(config, &merging->pg, error) &&
           tagstore_new(config, config->tagstore, merging->pg, &merging->tagstore, error) &&
           merge_all(merging, error);
}

/* words[0] is the action. */
static bool read_words(const char *const *words, int count, struct merging *merging,
                       struct error *error)
{
    if (!text_equal(words[0], "merge"))
        return error_set(error, ERROR_USAGE, "unknown word '%.60s'; merge is needed", words[0]);
    if (count < 2)
        return error_set(error, ERROR_USAGE, "an ID is missing");
    for (int i = 1; i < count; i++)
        if (!text_to_int64(words[i], 1, INT64_MAX, &merging->group_ids[merging->count++]))
            return error_set(error, ERROR_USAGE, "'%.60s' is not the id of a group", words[i]);
    return true;
}

bool command_group(const struct config *config, int argc, char **argv, struct error *error)
{
    struct merging merging = {.json = false};
    const char **words = memory_zeroed((size_t)argc, sizeof(*words));
    int count = 0;
    const struct option_spec specs[] = {
        {"into", 0, OPTION_NUMBER, true, &merging.into, 1, INT64_MAX},
        {.name = "json", .type = OPTION_SWITCH, .value = &merging.json},
        {.name = NULL},
    };
    merging.group_ids = memory_zeroed((size_t)argc, sizeof(*merging.group_ids));
    bool done = words == NULL || merging.group_ids == NULL
                    ? error_no_memory(error)
                    : options_parse(argc, argv, specs, 1, argc, words, &count, error) &&
                          read_words(words, count, &merging, error) &&
                          connect_and_merge(config, &merging, error);
    tagstore_free(merging.tagstore);
    pg_free(merging.pg);
    free(merging.group_ids);
    free(words);
    return done;
}
