/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd enqueue`: asks for an export. */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/query_type.h"
#include "request/create.h"

enum { QUERY_INFO_MAX = 64 * 1024 };

/* What the command line asks for. */
struct words {
    const char *project, *group, *type, *query_info;
    bool json;
    struct export_order order;
};

static bool read_id(const char *option, const char *word, int64_t *id, struct error *error)
{
    return word == NULL || text_to_int64(word, INT64_MIN, INT64_MAX, id) ||
           error_set(error, ERROR_USAGE, "--%s: not a whole number of 64 bits", option);
}

static bool parse_options(int argc, char **argv, struct words *words, struct error *error)
{
    struct export_order *order = &words->order;
    const struct option_spec specs[] = {
        {"organization", 0, true, OPTION_TEXT, &order->organization, 0, 0},
        {"user", 0, true, OPTION_TEXT, &order->user, 0, 0},
        {"project", 0, false, OPTION_TEXT, &words->project, 0, 0},
        {"group", 0, false, OPTION_TEXT, &words->group, 0, 0},
        {"key", 0, false, OPTION_TEXT, &order->key, 0, 0},
        {"environment", 0, false, OPTION_TEXT, &order->environment, 0, 0},
        {"limit", 0, false, OPTION_NUMBER, &order->limit, 0, INT64_MAX},
        {"type", 0, false, OPTION_TEXT, &words->type, 0, 0},
        {"query-info", 0, false, OPTION_TEXT, &words->query_info, 0, 0},
        {"json", 0, false, OPTION_SWITCH, &words->json, 0, 0},
        {.name = NULL},
    };
    return options_parse(argc, argv, specs, NULL, error) &&
           read_id("project", words->project, &order->project_id, error) &&
           read_id("group", words->group, &order->group_id, error);
}

/* Which options belong together. */
static bool check_type(struct words *words, struct error *error)
{
    char known[QUERY_TYPE_WORDS_MAX];
    const struct query_type *type = words->type == NULL ? query_type_find(QUERY_ISSUES_BY_TAG)
                                                        : query_type_find_word(words->type);
    if (type == NULL)
        return error_set(error, ERROR_USAGE, "--type: must be %s", query_type_words(known));
    bool discover = type->code == QUERY_DISCOVER;
    words->order.query_type = type->code;
    bool some = words->project != NULL || words->group != NULL || words->order.key != NULL;
    bool all = words->project != NULL && words->group != NULL && words->order.key != NULL;
    if (discover && (some || words->query_info == NULL))
        return error_set(error, ERROR_USAGE,
                         "--type discover takes --query-info instead of --project, --group, --key");
    if (!discover && words->query_info != NULL)
        return error_set(error, ERROR_USAGE, "--query-info goes with --type discover");
    return discover || all ||
           error_set(error, ERROR_USAGE, "--project, --group and --key are needed");
}

/* *object is the caller's to free, also after an error. */
static bool parse_query_info(struct words *words, json_t **object, struct error *error)
{
    if (words->query_info == NULL)
        return true;
    struct error reason;
    if (!json_parse(words->query_info, strlen(words->query_info), QUERY_INFO_MAX, object, &reason))
        return error_set(error, ERROR_USAGE, "--query-info: %s", reason.message);
    words->order.query_info = *object;
    return json_is_object(*object) ||
           error_set(error, ERROR_USAGE, "--query-info: not a JSON object");
}

static bool print(const struct words *words, const struct created_export *created,
                  struct error *error)
{
    if (!words->json) {
        (void)printf("%" PRId64 "\n", created->id);
        return true;
    }
    json_t *line =
        json_pack("{s:I, s:b}", "id", (json_int_t)created->id, "created", (int)created->created);
    bool done = line != NULL ? json_print_line(line, error) : error_no_memory(error);
    json_decref(line);
    return done;
}

bool command_enqueue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct words words = {.json = false};
    struct created_export created;
    struct request_context context = {.caller = &caller_operator, .queue_name = config->queue};
    json_t *query_info = NULL;
    bool done = parse_options(argc, argv, &words, error) && check_type(&words, error) &&
                parse_query_info(&words, &query_info, error) &&
                cli_connect_pg(config, &context.pg, error) &&
                request_create(&context, &words.order, &created, error) &&
                print(&words, &created, error);
    json_decref(query_info);
    pg_free(context.pg);
    return done;
}
