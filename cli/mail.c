/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd mail`: lists the mails of exports, and sends them again.
 * Tested by tests/system/test_mail_transports.py.
 */
#include "base/text.h"
#include "cli/each_export.h"
#include "cli/options.h"
#include "model/outbox_mail.h"
#include "request/resend.h"
#include "schema/migration.h"

enum { AT_ONCE = 100 }; /* mails in one query */

/* Is called with each mail of a list. */
typedef bool use_mail(void *with, const json_t *mail, struct error *error);

static bool for_each_mail(struct pg *pg, const char *state, use_mail *use, void *with,
                          struct error *error)
{
    struct outbox_filter filter = {.state = state, .max = AT_ONCE};
    size_t count = AT_ONCE;
    while (count == AT_ONCE) {
        json_t *mails = NULL;
        bool done = outbox_mail_list(pg, &filter, &mails, error);
        count = json_array_size(mails);
        for (size_t i = 0; done && i < count; i++) {
            const json_t *mail = json_array_get(mails, i);
            filter.after = json_integer_value(json_object_get(mail, "id"));
            done = use(with, mail, error);
        }
        json_decref(mails);
        if (!done)
            return false;
    }
    return true;
}

/* ---- list ---- */

static const char *text_of(const json_t *mail, const char *name)
{
    const char *text = json_string_value(json_object_get(mail, name));
    return text == NULL ? "-" : text;
}

static bool print_mail(void *json, const json_t *mail, struct error *error)
{
    int64_t tries = json_integer_value(json_object_get(mail, "tries"));
    if (*(const bool *)json)
        return json_print_line(mail, error);
    (void)printf("%" JSON_INTEGER_FORMAT "  %s  %" PRId64 " tr%s  %s  ",
                 json_integer_value(json_object_get(mail, "id")), text_of(mail, "state"), tries,
                 tries == 1 ? "y" : "ies", text_of(mail, "next_try_at"));
    text_print(stdout, text_of(mail, "recipient"));
    (void)fputs("  ", stdout);
    text_print(stdout, text_of(mail, "message"));
    (void)putchar('\n');
    return true;
}

static bool list_mails(const struct config *config, int argc, char **argv, struct error *error)
{
    const char *state = NULL;
    bool json = false;
    struct pg *pg = NULL;
    const struct option_spec specs[] = {{.name = "state", .type = OPTION_TEXT, .value = &state},
                                        {.name = "json", .type = OPTION_SWITCH, .value = &json},
                                        {.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    if (state != NULL && !text_equal(state, "waiting") && !text_equal(state, "sent") &&
        !text_equal(state, "given-up"))
        return error_set(error, ERROR_USAGE, "--state is waiting, sent or given-up");
    bool done = cli_connect_pg(config, &pg, error) && migration_check(pg, error) &&
                for_each_mail(pg, state, print_mail, &json, error);
    pg_free(pg);
    return done;
}

/* ---- resend ---- */

static bool resend_one(void *with, int64_t id, int64_t *result, struct error *error)
{
    *result = id;
    return request_resend(with, id, error);
}

static bool add_mail(void *each, const json_t *mail, struct error *error)
{
    return each_export_add(each, json_integer_value(json_object_get(mail, "id")), error);
}

static bool resend_mails(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct request_context context = {.caller = &caller};
    struct each_export each = {
        .participle = "resent", .act = resend_one, .with = &context, .takes_all = true};
    bool done = each_export_parse(&each, argc, argv, error) &&
                cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                (!each.all || for_each_mail(context.pg, "given-up", add_mail, &each, error)) &&
                each_export_act(&each, error);
    pg_free(context.pg);
    each_export_free(&each);
    return done;
}

/* ---- the command ---- */

bool command_mail(const struct config *config, int argc, char **argv, struct error *error)
{
    if (argc > 1 && text_equal(argv[1], "resend"))
        return resend_mails(config, argc - 1, argv + 1, error);
    if (argc > 1 && text_equal(argv[1], "list"))
        return list_mails(config, argc - 1, argv + 1, error);
    return error_set(error, ERROR_USAGE, "one of list, resend is needed");
}
