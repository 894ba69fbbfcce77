/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd audit`: who did what with which export.
 * Tested by tests/system/test_audit.py.
 */
#include "request/audit.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "model/audit.h"
#include "schema/migration.h"

enum { LIMIT = 50, LIMIT_MAX = 10000 };

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text == NULL ? "-" : text;
}

static int64_t number_of(const json_t *entry, const char *name)
{
    return json_integer_value(json_object_get(entry, name));
}

/* The name of the user or organization, or "#12" with its id when its row is gone. */
static void print_owner(const json_t *entry, const char *name, const char *id)
{
    (void)fputs("  ", stdout);
    if (json_is_string(json_object_get(entry, name)) || number_of(entry, id) == 0)
        text_print(stdout, text_of(entry, name));
    else
        (void)printf("#%" PRId64, number_of(entry, id));
}

static void print_entry(const json_t *entry)
{
    (void)printf("%" PRId64 "  %s  %-8s  export %" PRId64, number_of(entry, "id"),
                 text_of(entry, "at"), text_of(entry, "action"),
                 number_of(entry, "data_export_id"));
    print_owner(entry, "organization", "organization_id");
    print_owner(entry, "user", "user_id");
    (void)fputs("  by ", stdout);
    text_print(stdout, text_of(entry, "actor"));
    if (json_is_string(json_object_get(entry, "detail"))) {
        (void)fputs("  ", stdout);
        text_print(stdout, text_of(entry, "detail"));
    }
    (void)putchar('\n');
}

/* Tells on standard error if there are older entries. */
static bool print_entries(const json_t *entries, int64_t total, bool json, struct error *error)
{
    size_t count = json_array_size(entries);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(entries, i);
        if (json && !json_print_line(entry, error))
            return false;
        if (!json)
            print_entry(entry);
    }
    (void)fflush(stdout);
    if ((int64_t)count < total && count > 0)
        (void)fprintf(stderr, "%zu of %" PRId64 "; older entries: --before %" PRId64 "\n", count,
                      total, number_of(json_array_get(entries, count - 1), "id"));
    return true;
}

static bool list_entries(const struct request_context *context,
                         const struct audit_question *question, bool json, struct error *error)
{
    json_t *entries = NULL;
    int64_t total = 0;
    bool done = migration_check(context->pg, error) &&
                request_audit(context, question, &entries, &total, error) &&
                print_entries(entries, total, json, error);
    json_decref(entries);
    return done;
}

bool command_audit(const struct config *config, int argc, char **argv, struct error *error)
{
    struct request_context context = {.caller = &caller_operator};
    struct audit_question question = {.max = LIMIT};
    bool json = false;
    const struct option_spec specs[] = {
        {"organization", 0, false, OPTION_TEXT, &question.owner.organization, 0, 0},
        {"user", 0, false, OPTION_TEXT, &question.owner.user, 0, 0},
        {"action", 0, false, OPTION_TEXT, &question.action, 0, 0},
        {"export", 0, false, OPTION_NUMBER, &question.data_export_id, 1, INT64_MAX},
        {"limit", 0, false, OPTION_NUMBER, &question.max, 1, LIMIT_MAX},
        {"before", 0, false, OPTION_NUMBER, &question.before, 1, INT64_MAX},
        {"json", 0, false, OPTION_SWITCH, &json, 0, 0},
        {.name = NULL},
    };
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    if (question.action != NULL && !audit_is_action(question.action))
        return error_set(error, ERROR_USAGE, "--action: there is no action \"%.40s\"",
                         question.action);
    bool done = cli_connect_pg(config, &context.pg, error) &&
                list_entries(&context, &question, json, error);
    pg_free(context.pg);
    return done;
}
