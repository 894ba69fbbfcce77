/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/order_words.h"

#include "base/text.h"
#include "cli/options.h"
#include "export/query_type.h"

enum { QUERY_INFO_MAX = 64 * 1024 };

static bool read_group(const char *word, int64_t *id, struct error *error)
{
    return word == NULL || text_to_int64(word, INT64_MIN, INT64_MAX, id) ||
           error_set(error, ERROR_USAGE, "--group: not a whole number of 64 bits");
}

static bool parse_options(int argc, char **argv, struct order_words *words, struct error *error)
{
    struct export_order *order = &words->order;
    const struct option_spec specs[] = {
        {"organization", 0, true, OPTION_TEXT, &order->organization, 0, 0},
        {"user", 0, words->enqueues, OPTION_TEXT, &order->user, 0, 0},
        {"project", 0, false, OPTION_TEXT, &order->project, 0, 0},
        {"group", 0, false, OPTION_TEXT, &words->group, 0, 0},
        {"key", 0, false, OPTION_TEXT, &order->key, 0, 0},
        {"environment", 0, false, OPTION_TEXT, &order->environment, 0, 0},
        {"limit", 0, false, OPTION_NUMBER, &order->limit, 0, INT64_MAX},
        {"type", 0, false, OPTION_TEXT, &words->type, 0, 0},
        {"query-info", 0, false, OPTION_TEXT, &words->query_info, 0, 0},
        {"json", 0, false, OPTION_SWITCH, &words->json, 0, 0},
        /* Without a name this ends the list. */
        {words->enqueues ? "wait" : NULL, 0, false, OPTION_SWITCH, &words->wait, 0, 0},
        {"force", 0, false, OPTION_SWITCH, &words->force, 0, 0},
        {.name = NULL},
    };
    return options_parse(argc, argv, specs, NULL, error) &&
           read_group(words->group, &order->group_id, error);
}

/* Each type has its own options: --project, --group and --key, or --query-info. */
static bool check_type(struct order_words *words, struct error *error)
{
    char known[QUERY_TYPE_WORDS_MAX];
    const struct query_type *type = words->type == NULL ? query_type_find(QUERY_ISSUES_BY_TAG)
                                                        : query_type_find_word(words->type);
    if (type == NULL)
        return error_set(error, ERROR_USAGE, "--type: must be %s", query_type_words(known));
    bool discover = type->code == QUERY_DISCOVER;
    words->order.query_type = type->code;
    bool some = words->order.project != NULL || words->group != NULL || words->order.key != NULL;
    bool all = words->order.project != NULL && words->group != NULL && words->order.key != NULL;
    if (discover && (some || words->query_info == NULL))
        return error_set(error, ERROR_USAGE,
                         "--type discover takes --query-info instead of --project, --group, --key");
    if (!discover && words->query_info != NULL)
        return error_set(error, ERROR_USAGE, "--query-info goes with --type discover");
    return discover || all ||
           error_set(error, ERROR_USAGE, "--project, --group and --key are needed");
}

static bool parse_query_info(struct order_words *words, struct error *error)
{
    if (words->query_info == NULL)
        return true;
    if (!json_parse(words->query_info, strlen(words->query_info), QUERY_INFO_MAX, &words->object,
                    error)) {
        error->code = error->code == ERROR_AWAY ? ERROR_AWAY : ERROR_USAGE;
        return error_prefix(error, "--query-info");
    }
    words->order.query_info = words->object;
    return json_is_object(words->object) ||
           error_set(error, ERROR_USAGE, "--query-info: not a JSON object");
}

bool order_words_parse(int argc, char **argv, struct order_words *words, struct error *error)
{
    return parse_options(argc, argv, words, error) && check_type(words, error) &&
           parse_query_info(words, error);
}

void order_words_free(struct order_words *words)
{
    json_decref(words->object);
}
