/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd quota`: shows and sets the quotas of organizations, which replace settings.
 * Tested by tests/system/test_quota.py.
 */
#include "request/quota.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "schema/migration.h"

struct session {
    const char *word; /* show or set */
    const char *organization;
    const char *parts[QUOTA_PARTS]; /* as given; NULL: not given */
    bool json;
    struct quota change;
};

/* The options and their ranges; where a setting has the same name, they are those of the setting.
 */
static const struct range {
    const char *option;
    double min, max;
} ranges[] = {
    [QUOTA_WEIGHT] = {"--weight", 0.001, 1000},
    [QUOTA_MAX_RUNNING] = {"--max-running", 0, 1000000},
    [QUOTA_MAX_QUEUED] = {"--max-queued", 0, 1000000000},
    [QUOTA_EXPIRATION_DAYS] = {"--expiration-days", 1, 3650},
};

/* ---- words ---- */

static bool read_part(enum quota_part part, const char *word, double *number, struct error *error)
{
    const struct range *range = &ranges[part];
    const char *digits = part == QUOTA_WEIGHT ? "0123456789." : "0123456789";
    char *end = NULL;
    if (word == NULL || text_equal(word, "default")) {
        *number = word == NULL ? QUOTA_KEEP : QUOTA_DEFAULT;
        return true;
    }
    *number = strtod(word, &end);
    bool fine = end != word && word[strspn(word, digits)] == '\0' && *end == '\0' &&
                *number >= range->min && *number <= range->max;
    return fine || error_set(error, ERROR_USAGE, "%s: must be %.10g to %.10g, or default",
                             range->option, range->min, range->max);
}

static bool read_parts(struct session *session, struct error *error)
{
    bool given = false;
    for (int part = 0; part < QUOTA_PARTS; part++) {
        given = given || session->parts[part] != NULL;
        if (!read_part((enum quota_part)part, session->parts[part], &session->change.parts[part],
                       error))
            return false;
    }
    bool set = text_equal(session->word, "set");
    if (!set && !text_equal(session->word, "show"))
        return error_set(error, ERROR_USAGE, "\"%.40s\": must be show or set", session->word);
    if (!set && given)
        return error_set(error, ERROR_USAGE, "show takes no values: set changes them");
    if (set && (session->organization == NULL || !given))
        return error_set(error, ERROR_USAGE, "set needs --organization and what to change");
    return true;
}

static bool parse_options(int argc, char **argv, struct session *session, struct error *error)
{
    struct positional words = {.min = 1, .max = 1, .words = &session->word};
    const char **parts = session->parts;
    const struct option_spec specs[] = {
        {"organization", 0, false, OPTION_TEXT, &session->organization, 0, 0},
        {"weight", 0, false, OPTION_TEXT, &parts[QUOTA_WEIGHT], 0, 0},
        {"max-running", 0, false, OPTION_TEXT, &parts[QUOTA_MAX_RUNNING], 0, 0},
        {"max-queued", 0, false, OPTION_TEXT, &parts[QUOTA_MAX_QUEUED], 0, 0},
        {"expiration-days", 0, false, OPTION_TEXT, &parts[QUOTA_EXPIRATION_DAYS], 0, 0},
        {"json", 0, false, OPTION_SWITCH, &session->json, 0, 0},
        {.name = NULL},
    };
    return options_parse(argc, argv, specs, &words, error) && read_parts(session, error);
}

/* ---- printing ---- */

static bool is_own(const json_t *quota, const char *name)
{
    const json_t *own = json_object_get(quota, "own");
    for (size_t i = 0; i < json_array_size(own); i++)
        if (text_equal(json_string_value(json_array_get(own, i)), name))
            return true;
    return false;
}

/* "acme  weight 2 (own)  max_running 1000 ..."; "#12" stands for an organization whose row is gone.
 */
static void print_text(const json_t *quota)
{
    const char *slug = json_string_value(json_object_get(quota, "organization"));
    if (slug != NULL)
        text_print(stdout, slug);
    else
        (void)printf("#%" JSON_INTEGER_FORMAT,
                     json_integer_value(json_object_get(quota, "organization_id")));
    for (int part = 0; part < QUOTA_PARTS; part++) {
        const char *name = quota_part_name((enum quota_part)part);
        (void)printf("  %s %.10g%s", name, json_number_value(json_object_get(quota, name)),
                     is_own(quota, name) ? " (own)" : "");
    }
    (void)putchar('\n');
}

static bool print_quotas(const struct request_context *context, const struct config *config,
                         const struct session *session, struct error *error)
{
    const struct quota settings = {{[QUOTA_WEIGHT] = 1,
                                    [QUOTA_MAX_RUNNING] = (double)config->max_running,
                                    [QUOTA_MAX_QUEUED] = (double)config->max_queued,
                                    [QUOTA_EXPIRATION_DAYS] = (double)config->expiration_days}};
    json_t *list = NULL;
    bool done = request_list_quotas(context, session->organization, &settings, &list, error);
    for (size_t i = 0; done && i < json_array_size(list); i++) {
        const json_t *quota = json_array_get(list, i);
        done = !session->json || json_print_line(quota, error);
        if (!session->json)
            print_text(quota);
    }
    json_decref(list);
    return done;
}

bool command_quota(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct request_context context = {.caller = &caller};
    struct session session = {.organization = NULL};
    if (!parse_options(argc, argv, &session, error))
        return false;
    bool done = cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                (text_equal(session.word, "show") ||
                 request_set_quota(&context, session.organization, &session.change, error)) &&
                print_quotas(&context, config, &session, error);
    pg_free(context.pg);
    return done;
}
