/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd create`: the rows of organizations, users and projects, for an installation without a
 * Sentry.
 * Tested by tests/system/test_create.py.
 */
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "model/organization.h"

enum { PROJECT_ID_MAX = 2147483647 }; /* sentry_eventuser.project_id has 32 bits */

struct creation {
    const char *words[2]; /* the kind of row, and its name */
    const char *organization;
    int64_t project_id;
    bool json;
};

static bool parse_options(int argc, char **argv, struct creation *creation, struct error *error)
{
    struct positional words = {.min = 2, .max = 2, .words = creation->words};
    const struct option_spec specs[] = {
        {"organization", 0, false, OPTION_TEXT, &creation->organization, 0, 0},
        {"id", 0, false, OPTION_NUMBER, &creation->project_id, 1, PROJECT_ID_MAX},
        {"json", 0, false, OPTION_SWITCH, &creation->json, 0, 0},
        {.name = NULL},
    };
    if (!options_parse(argc, argv, specs, &words, error))
        return false;
    const char *what = creation->words[0];
    bool organization = text_equal(what, "organization");
    bool project = text_equal(what, "project");
    if (!organization && !project && !text_equal(what, "user"))
        return error_set(error, ERROR_USAGE, "\"%.40s\": must be organization, user or project",
                         what);
    if (!organization && creation->organization == NULL)
        return error_set(error, ERROR_USAGE, "--organization is needed");
    if (organization && creation->organization != NULL)
        return error_set(error, ERROR_USAGE, "--organization goes with user and project");
    if (!project && creation->project_id != 0)
        return error_set(error, ERROR_USAGE, "--id goes with project");
    return true;
}

static bool create_row(struct pg *pg, const struct creation *creation, int64_t *id,
                       struct error *error)
{
    const char *name = creation->words[1];
    int64_t organization_id = 0;
    if (text_equal(creation->words[0], "organization"))
        return organization_create(pg, name, id, error);
    if (!organization_find(pg, creation->organization, &organization_id, error))
        return false;
    if (text_equal(creation->words[0], "user"))
        return user_create(pg, organization_id, name, id, error);
    const struct new_project project = {
        .organization_id = organization_id, .slug = name, .id = creation->project_id};
    return project_create(pg, &project, id, error);
}

static bool print_id(const struct creation *creation, int64_t id, struct error *error)
{
    if (!creation->json) {
        (void)printf("%" PRId64 "\n", id);
        return true;
    }
    json_t *object = json_object();
    bool done = json_put_int(object, "id", id, error) && json_print_line(object, error);
    json_decref(object);
    return done;
}

bool command_create(const struct config *config, int argc, char **argv, struct error *error)
{
    struct creation creation = {.organization = NULL};
    struct pg *pg = NULL;
    int64_t id = 0;
    if (!parse_options(argc, argv, &creation, error) || !cli_connect_pg(config, &pg, error))
        return false;
    bool done = create_row(pg, &creation, &id, error) && print_id(&creation, id, error);
    pg_free(pg);
    return done;
}
