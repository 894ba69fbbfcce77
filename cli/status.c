/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd status`: shows one export, or a list of them. Both are JSON objects of request/find.h,
 * which are printed as they are (--json), as a block of lines (one), or as a table (a list).
 * Tested by tests/system/test_status.py.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/status_watch.h"
#include "cli/table.h"
#include "request/find.h"
#include "schema/migration.h"

enum { LISTED = 50, LISTED_MAX = 1000 };

/* What the words of the command ask for. */
struct question {
    int64_t id; /* 0: a list */
    bool json, watched;
    struct export_filter filter;
    int64_t limit;
};

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "-" : text;
}

/* ---- a list: a table ---- */

static const struct table_column columns[] = {
    {"ID", "id", TABLE_NUMBER},          {"STATUS", "status", TABLE_TEXT},
    {"STATE", "state", TABLE_TEXT},      {"ADDED (UTC)", "date_added", TABLE_TIME},
    {"ROWS", "rows", TABLE_NUMBER},      {"BYTES", "bytes", TABLE_NUMBER},
    {"TRIES", "attempts", TABLE_NUMBER}, {"ORGANIZATION", "organization", TABLE_TEXT},
    {"USER", "user", TABLE_TEXT},        {"MAIL", "mail", TABLE_TEXT},
    {"MESSAGE", "message", TABLE_TEXT},
};

/* ---- one export: a block of lines ---- */

static void print_block(json_t *export)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(export, name, value)
    {
        (void)printf("%-15s ", name);
        if (json_is_integer(value))
            (void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else if (json_is_boolean(value))
            (void)fputs(json_is_true(value) ? "true" : "false", stdout);
        else
            text_print(stdout, text_of(export, name));
        (void)fputc('\n', stdout);
    }
}

/* ---- asking and printing ---- */

static bool print_lines(const json_t *exports, struct error *error)
{
    for (size_t i = 0; i < json_array_size(exports); i++)
        if (!json_print_line(json_array_get(exports, i), error))
            return false;
    return true;
}

/* If there are older exports than those listed: "20 of 137 exports; older ones: --before 118", on
   standard error. */
static bool print_rest(const struct request_context *context, const struct question *question,
                       const struct export_list *list, struct error *error)
{
    int64_t count = 0;
    if (list->older == 0)
        return true;
    if (!request_count(context, &question->filter, &count, error))
        return false;
    bool uncounted = count > EXPORTS_COUNTED;
    (void)fflush(stdout);
    (void)fprintf(stderr, "%zu of %s%" PRId64 " exports; older ones: --before %" PRId64 "\n",
                  json_array_size(list->exports), uncounted ? "more than " : "",
                  uncounted ? EXPORTS_COUNTED : count, list->older);
    return true;
}

static bool show_list(const struct request_context *context, const struct question *question,
                      struct error *error)
{
    struct export_list list = {.exports = NULL};
    bool done = request_list(context, &question->filter, question->limit, &list, error);
    if (done && question->json) {
        done = print_lines(list.exports, error);
    } else if (done) {
        table_print(list.exports, columns, ARRAY_LENGTH(columns));
        done = print_rest(context, question, &list, error);
    }
    json_decref(list.exports);
    return done;
}

static bool show_one(const struct request_context *context, const struct question *question,
                     struct error *error)
{
    json_t *export = NULL;
    bool done = request_find(context, question->id, &export, error) &&
                (!question->json || json_print_line(export, error));
    if (done && !question->json)
        print_block(export);
    json_decref(export);
    return done;
}

static bool answer_question(const struct question *question, const struct request_context *context,
                            struct error *error)
{
    if (question->watched)
        return status_watch(context, question->id, question->json, stdout, error);
    return question->id == 0 ? show_list(context, question, error)
                             : show_one(context, question, error);
}

/* ---- the command ---- */

/* The filter points to *state, which must live as long as the question. */
static bool read_state(const char *word, enum job_state *state, struct question *question,
                       struct error *error)
{
    struct error unknown;
    if (word == NULL)
        return true;
    question->filter.state = state;
    return job_state_parse(word, state, &unknown) ||
           error_set(
               error, ERROR_USAGE,
               "--state: must be waiting, running, delayed, valid, failed, cancelled or gone");
}

static bool read_type(const char *word, struct question *question, struct error *error)
{
    char known[QUERY_TYPE_WORDS_MAX];
    if (word == NULL)
        return true;
    question->filter.type = query_type_find_word(word);
    return question->filter.type != NULL ||
           error_set(error, ERROR_USAGE, "--type: must be %s", query_type_words(known));
}

/* An ID and the options of a list exclude each other. */
static bool check_words(const char *id, struct question *question, struct error *error)
{
    const struct export_filter *filter = &question->filter;
    bool listed = filter->organization != NULL || filter->user != NULL || filter->state != NULL ||
                  filter->type != NULL || filter->before != 0 || question->limit != 0;
    if (id != NULL && !text_to_int64(id, 1, INT64_MAX, &question->id))
        return error_set(error, ERROR_USAGE, "ID: not a whole number above 0");
    if (question->watched && id == NULL)
        return error_set(error, ERROR_USAGE, "--watch needs the ID of an export");
    if (id != NULL && listed)
        return error_set(error, ERROR_USAGE, "an ID goes without the options of a list");
    if (question->limit == 0)
        question->limit = LISTED;
    return true;
}

bool command_status(const struct config *config, int argc, char **argv, struct error *error)
{
    struct question question = {.id = 0};
    struct request_context context = {.caller = &caller_operator,
                                      .max_running = config->max_running,
                                      .lease_seconds = config->lease_seconds};
    const char *id = NULL, *state_word = NULL, *type_word = NULL;
    enum job_state state = JOB_WAITING;
    struct positional words = {.max = 1, .words = &id};
    const struct option_spec specs[] = {
        {"json", 0, false, OPTION_SWITCH, &question.json, 0, 0},
        {"watch", 0, false, OPTION_SWITCH, &question.watched, 0, 0},
        {"organization", 0, false, OPTION_TEXT, &question.filter.organization, 0, 0},
        {"user", 0, false, OPTION_TEXT, &question.filter.user, 0, 0},
        {"state", 0, false, OPTION_TEXT, &state_word, 0, 0},
        {"type", 0, false, OPTION_TEXT, &type_word, 0, 0},
        {"limit", 0, false, OPTION_NUMBER, &question.limit, 1, LISTED_MAX},
        {"before", 0, false, OPTION_NUMBER, &question.filter.before, 1, INT64_MAX},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, &words, error) ||
        !read_state(state_word, &state, &question, error) ||
        !read_type(type_word, &question, error) || !check_words(id, &question, error))
        return false;
    bool done = cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                answer_question(&question, &context, error);
    pg_free(context.pg);
    return done;
}
