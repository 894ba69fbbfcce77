/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd group`: lists the groups (issues) of a project, and merges some into one.
 * Tested by tests/system/test_groups.py and tests/system/test_group_merge.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/table.h"
#include "event/merge.h"
#include "request/project.h"
#include "schema/migration.h"
#include "tagstore/choose.h"

/* The options of both actions, and the words after them. */
struct group_words {
    struct positional given;
    bool json;
    int64_t into;                   /* of merge; 0: not given */
    struct issue_question question; /* of list */
};

/* ---- list ---- */

enum { LISTED = 50, LISTED_MAX = 1000 };

static const struct table_column columns[] = {
    {"ID", "id", TABLE_NUMBER},
    {"SHORT ID", "short_id", TABLE_TEXT},
    {"TIMES SEEN", "times_seen", TABLE_NUMBER},
    {"LAST SEEN (UTC)", "last_seen", TABLE_TIME},
    {"TITLE", "title", TABLE_TEXT},
};

static bool print_issues(const json_t *issues, bool json, struct error *error)
{
    if (!json)
        table_print(issues, columns, ARRAY_LENGTH(columns));
    for (size_t i = 0; json && i < json_array_size(issues); i++)
        if (!json_print_line(json_array_get(issues, i), error))
            return false;
    return true;
}

/* Prints at most `max` issues. One more was asked for, to learn whether there are more. */
static bool print_page(json_t *issues, int64_t max, bool json, struct error *error)
{
    size_t shown = (size_t)max;
    bool more = json_array_size(issues) > shown;
    if (more)
        (void)json_array_remove(issues, shown);
    if (!print_issues(issues, json, error))
        return false;
    (void)fflush(stdout);
    if (more)
        (void)fprintf(stderr, "there are more groups: --before %" JSON_INTEGER_FORMAT "\n",
                      json_integer_value(json_object_get(json_array_get(issues, shown - 1), "id")));
    return true;
}

static bool list_groups(const struct config *config, struct group_words *words, struct error *error)
{
    struct request_context context = {.caller = &caller_operator};
    struct issue_question *question = &words->question;
    int64_t max = question->max == 0 ? LISTED : question->max;
    json_t *issues = NULL;
    question->max = max + 1;
    bool done = cli_connect_pg(config, &context.pg, error) &&
                request_list_issues(&context, question, &issues, error) &&
                print_page(issues, max, words->json, error);
    json_decref(issues);
    pg_free(context.pg);
    return done;
}

/* ---- merge ---- */

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

/* The words after "merge" are ids. */
static bool read_ids(const struct positional *given, struct merge *merge, struct error *error)
{
    if (given->count < 2)
        return error_set(error, ERROR_USAGE, "an ID is missing");
    for (int i = 1; i < given->count; i++)
        if (!text_to_int64(given->words[i], 1, INT64_MAX, &merge->group_ids[merge->count++]))
            return error_set(error, ERROR_USAGE, "'%.60s' is not the id of a group",
                             given->words[i]);
    return true;
}

static bool merge_groups(const struct config *config, const struct group_words *words,
                         struct error *error)
{
    struct merge merge = {.into = words->into};
    merge.group_ids = memory_zeroed((size_t)words->given.count, sizeof(*merge.group_ids));
    bool done = (merge.group_ids != NULL || error_no_memory(error)) &&
                read_ids(&words->given, &merge, error) &&
                cli_check_embedded_tagstore(config, error) &&
                cli_connect_pg(config, &merge.pg, error) &&
                tagstore_new(config, config->tagstore, merge.pg, &merge.tagstore, error) &&
                merge_all(&merge, words->json, error);
    tagstore_free(merge.tagstore);
    pg_free(merge.pg);
    free(merge.group_ids);
    return done;
}

/* ---- the command ---- */

/* Each action has options of its own. */
static bool check_words(const struct group_words *words, bool *lists, struct error *error)
{
    const struct issue_question *question = &words->question;
    const char *action = words->given.words[0];
    bool merges = text_equal(action, "merge");
    *lists = text_equal(action, "list");
    if (!merges && !*lists)
        return error_set(error, ERROR_USAGE, "unknown word '%.60s'; list or merge is needed",
                         action);
    if (merges && (question->project.project != NULL || question->project.organization != NULL ||
                   question->before != 0 || question->max != 0))
        return error_set(error, ERROR_USAGE, "merge takes --into and --json");
    if (merges && words->into == 0)
        return error_set(error, ERROR_USAGE, "--into is missing");
    if (*lists && (words->into != 0 || words->given.count > 1))
        return error_set(error, ERROR_USAGE, "list takes no --into and no ID");
    return merges || question->project.project != NULL ||
           error_set(error, ERROR_USAGE, "--project is missing");
}

bool command_group(const struct config *config, int argc, char **argv, struct error *error)
{
    struct group_words words = {.given = {.min = 1, .max = argc}};
    struct issue_question *question = &words.question;
    bool lists = false;
    const struct option_spec specs[] = {
        {"into", 0, false, OPTION_NUMBER, &words.into, 1, INT64_MAX},
        {"project", 0, false, OPTION_TEXT, &question->project.project, 0, 0},
        {"organization", 0, false, OPTION_TEXT, &question->project.organization, 0, 0},
        {"limit", 0, false, OPTION_NUMBER, &question->max, 1, LISTED_MAX},
        {"before", 0, false, OPTION_NUMBER, &question->before, 1, INT64_MAX},
        {"json", 0, false, OPTION_SWITCH, &words.json, 0, 0},
        {.name = NULL},
    };
    words.given.words = memory_zeroed((size_t)argc, sizeof(*words.given.words));
    bool done = (words.given.words != NULL || error_no_memory(error)) &&
                options_parse(argc, argv, specs, &words.given, error) &&
                check_words(&words, &lists, error) &&
                (lists ? list_groups(config, &words, error) : merge_groups(config, &words, error));
    free(words.given.words);
    return done;
}
