/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd group merge`: merges groups (issues) of a project into one.
 * Tested by tests/system/test_group_merge.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "event/merge.h"
#include "schema/migration.h"
#include "tagstore/choose.h"

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

static void print_text(int64_t group_id, int64_t destination_id, const struct merge_result *result)
{
    if (result->merged)
        (void)printf("merged group %" PRId64 " into group %" PRId64 ": %" PRId64
                     " event%s, %" PRId64 " hash%s, %" PRId64 " redirect%s\n",
                     group_id, destination_id, result->events, text_plural(result->events),
                     result->hashes, result->hashes == 1 ? "" : "es", result->redirects,
                     text_plural(result->redirects));
    else
        (void)printf("group %" PRId64 " was merged into group %" PRId64 " before\n", group_id,
                     destination_id);
}

/* Each group is one transaction: what has been printed stays, whatever happens to the next group.
 */
static bool merge_all(struct merge *merge, bool json, struct error *error)
{
    if (!migration_check(merge->pg, error) || !merge_check(merge, error))
        return false;
    for (size_t i = 0; i < merge->count; i++) {
        int64_t group_id = merge->group_ids[i];
        struct merge_result result;
        if (!merge_group(merge, group_id, &result, error))
            return false;
        if (!json)
            print_text(group_id, merge->destination_id, &result);
        else if (!print_json(group_id, merge->destination_id, &result, error))
            return false;
        (void)fflush(stdout);
    }
    return true;
}

static bool connect_and_merge(const struct config *config, struct merge *merge, bool json,
                              struct error *error)
{
    return cli_check_embedded_tagstore(config, error) &&
           cli_connect_pg(config, &merge->pg, error) &&
           tagstore_new(config, config->tagstore, merge->pg, &merge->tagstore, error) &&
           merge_all(merge, json, error);
}

/* The first word is the action, the others are ids. */
static bool read_words(const struct positional *given, struct merge *merge, struct error *error)
{
    const char *const *words = given->words;
    if (!text_equal(words[0], "merge"))
        return error_set(error, ERROR_USAGE, "unknown word '%.60s'; merge is needed", words[0]);
    if (given->count < 2)
        return error_set(error, ERROR_USAGE, "an ID is missing");
    for (int i = 1; i < given->count; i++)
        if (!text_to_int64(words[i], 1, INT64_MAX, &merge->group_ids[merge->count++]))
            return error_set(error, ERROR_USAGE, "'%.60s' is not the id of a group", words[i]);
    return true;
}

bool command_group(const struct config *config, int argc, char **argv, struct error *error)
{
    struct merge merge = {.count = 0};
    bool json = false;
    const char **words = memory_zeroed((size_t)argc, sizeof(*words));
    struct positional given = {.min = 1, .max = argc, .words = words};
    const struct option_spec specs[] = {
        {"into", 0, true, OPTION_NUMBER, &merge.into, 1, INT64_MAX},
        {.name = "json", .type = OPTION_SWITCH, .value = &json},
        {.name = NULL},
    };
    merge.group_ids = memory_zeroed((size_t)argc, sizeof(*merge.group_ids));
    bool done = words == NULL || merge.group_ids == NULL
                    ? error_no_memory(error)
                    : options_parse(argc, argv, specs, &given, error) &&
                          read_words(&given, &merge, error) &&
                          connect_and_merge(config, &merge, json, error);
    tagstore_free(merge.tagstore);
    pg_free(merge.pg);
    free(merge.group_ids);
    free(words);
    return done;
}
