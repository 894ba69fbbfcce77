/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd tagstore METHOD`: reads the options, finds the method in tagstore_methods.c, and lets it
 * ask the tagstore of the settings and print the answer; or compares two backends.
 * Tested by tests/system/test_tagstore_methods.py.
 */
#include "base/text.h"
#include "cli/cli.h"
#include "cli/tagstore_compare.h"
#include "cli/tagstore_methods.h"
#include "model/project.h"
#include "request/project.h"
#include "schema/migration.h"
#include "tagstore/choose.h"
#include "tagstore/label.h"

#define ARENA_MAX ((size_t)1024 * 1024 * 1024)

/* The options; each method takes some of them. */
static const struct {
    const char *name;
    const char *value; /* as a usage line shows it */
} arguments[ARGUMENTS] = {
    [PROJECT] = {"project", "ID-or-SLUG"},
    [GROUP] = {"group", "ID"},
    [ENVIRONMENT] = {"environment", "NAME"},
    [KEY] = {"key", "KEY"},
    [VALUE] = {"value", "VALUE"},
    [TAG] = {"tag", "KEY=VALUE"},
    [ANY] = {"any", "KEY"},
    [EMPTY] = {"empty", "KEY"},
    [VERSION] = {"version", "VERSION"},
    [IDENT] = {"ident", "IDENT"},
    [EMAIL] = {"email", "ADDRESS"},
    [USERNAME] = {"username", "NAME"},
    [IP] = {"ip", "ADDRESS"},
    [LIMIT] = {"limit", "N"},
};

/* ---- help ---- */

/* " --group ID", in brackets if it can be left out, with ... if it may be repeated. */
static void print_argument(const struct method *method, enum argument argument)
{
    bool needed = (method->needed & BIT(argument)) != 0;
    bool repeated = (method->repeated & BIT(argument)) != 0;
    (void)printf(" %s--%s %s%s%s", needed ? "" : "[", arguments[argument].name,
                 arguments[argument].value, needed ? "" : "]", repeated ? "..." : "");
}

static void print_method(const struct method *method)
{
    (void)printf("%s", method->name);
    for (enum argument argument = 0; argument < ARGUMENTS; argument++)
        if (((method->needed | method->optional) & BIT(argument)) != 0)
            print_argument(method, argument);
    (void)printf("\n    %s", method->meaning);
    if (method->limit != 0)
        (void)printf("; --limit: %" PRId64 " if not given", method->limit);
    (void)putchar('\n');
}

static void list_methods(void)
{
    for (const struct method *method = tagstore_methods; method->name != NULL; method++)
        print_method(method);
    (void)printf("\n"
                 "Options with ... may be repeated. Without --environment: all environments.\n"
                 "Without --limit, or with --limit 0: no limit. The keys release, dist, user,\n"
                 "filename and function stand for sentry:release and so on, as they are stored.\n"
                 "\n"
                 "`exportd tagstore compare METHOD ... --left BACKEND --right BACKEND` asks the\n"
                 "backends (postgres, snuba) the same question. It prints \"equal\", or the lines\n"
                 "that only one of them answers, and then the exit status is 1. Neither the order\n"
                 "of lines nor fractions of seconds count.\n");
}

static const struct method *find_method(const char *name)
{
    for (const struct method *method = tagstore_methods; method->name != NULL; method++)
        if (text_equal(method->name, name))
            return method;
    return NULL;
}

/* ---- reading the options ---- */

/* An argument that the method needs is given, one that it does not take is not, and only one that
   may be repeated is given twice. */
static bool check_argument(const struct method *method, const struct request *request,
                           enum argument argument, struct error *error)
{
    size_t count = request->given[argument].count;
    const char *name = arguments[argument].name;
    if (count == 0)
        return (method->needed & BIT(argument)) == 0 ||
               error_set(error, ERROR_USAGE, "--%s is missing", name);
    if (((method->needed | method->optional) & BIT(argument)) == 0)
        return error_set(error, ERROR_USAGE, "%s takes no --%s", method->name, name);
    return count == 1 || (method->repeated & BIT(argument)) != 0 ||
           error_set(error, ERROR_USAGE, "--%s is given twice", name);
}

/* Turns the texts of an argument into numbers. */
static bool read_ids(const struct request *request, enum argument argument, int64_t **ids,
                     struct error *error)
{
    const struct option_texts *given = &request->given[argument];
    *ids = arena_array(request->arena, given->count, sizeof(**ids), error);
    for (size_t i = 0; *ids != NULL && i < given->count; i++)
        if (!text_to_int64(given->items[i], 1, INT64_MAX, &(*ids)[i]))
            return error_set(error, ERROR_USAGE, "--%s: not a whole number above 0",
                             arguments[argument].name);
    return *ids != NULL;
}

/* The text of an argument that is given once, or the first; NULL: not given. */
static const char *first_of(const struct request *request, enum argument argument)
{
    return request->given[argument].count == 0 ? NULL : request->given[argument].items[0];
}

/* Checks the arguments and fills in what follows from them without a server. */
static bool read_request(const struct method *method, struct request *request, struct error *error)
{
    for (enum argument argument = 0; argument < ARGUMENTS; argument++)
        if (!check_argument(method, request, argument, error))
            return false;
    if (!read_ids(request, GROUP, &request->group_ids, error))
        return false;
    request->place.group_id = first_of(request, GROUP) == NULL ? 0 : request->group_ids[0];
    request->place.value = first_of(request, VALUE);
    request->limit = method->limit;
    if (first_of(request, LIMIT) != NULL &&
        !text_to_int64(first_of(request, LIMIT), 0, INT64_MAX, &request->limit))
        return error_set(error, ERROR_USAGE, "--limit: not a whole number from 0");
    return first_of(request, KEY) == NULL ||
           tag_key_stored(first_of(request, KEY), request->arena, &request->place.key, error);
}

/* The words of the command, and the options of compare. */
struct words {
    const char *words[2]; /* a method; "help"; or "compare" and a method */
    int count;
    const char *organization; /* of the projects; NULL: not given */
    const char *left, *right; /* likewise */
    bool json;                /* for compare: an answer is always JSON */
};

/* Every argument is read as a list of texts: which may be repeated depends on the method. */
static bool parse_options(int argc, char **argv, struct request *request, struct words *words,
                          struct error *error)
{
    struct option_spec specs[ARGUMENTS + 5] = {{.name = NULL}};
    struct positional positional = {.min = 1, .max = 2, .words = words->words};
    for (enum argument argument = 0; argument < ARGUMENTS; argument++) {
        struct option_texts *given = &request->given[argument];
        given->items = arena_array(request->arena, (size_t)argc, sizeof(*given->items), error);
        if (given->items == NULL)
            return false;
        specs[argument] = (struct option_spec){
            .name = arguments[argument].name, .type = OPTION_TEXTS, .value = given};
    }
    specs[ARGUMENTS] = (struct option_spec){"left", 0, false, OPTION_TEXT, &words->left, 0, 0};
    specs[ARGUMENTS + 1] =
        (struct option_spec){"right", 0, false, OPTION_TEXT, &words->right, 0, 0};
    specs[ARGUMENTS + 2] =
        (struct option_spec){"organization", 0, false, OPTION_TEXT, &words->organization, 0, 0};
    specs[ARGUMENTS + 3] =
        (struct option_spec){"json", 0, false, OPTION_SWITCH, &words->json, 0, 0};
    bool done = options_parse(argc, argv, specs, &positional, error);
    words->count = positional.count;
    return done;
}

static bool check_words(const struct words *words, bool *compares, struct error *error)
{
    *compares = text_equal(words->words[0], "compare");
    if (!*compares && words->count > 1)
        return error_set(error, ERROR_USAGE, "one method at a time");
    if (*compares && words->count < 2)
        return error_set(error, ERROR_USAGE, "compare needs a METHOD");
    if (*compares && (words->left == NULL || words->right == NULL))
        return error_set(error, ERROR_USAGE, "compare needs --left BACKEND and --right BACKEND");
    if (!*compares && (words->left != NULL || words->right != NULL))
        return error_set(error, ERROR_USAGE, "--left and --right belong to compare");
    return true;
}

/* ---- the command ---- */

/* Finds the projects and, in their organization, the environment. */
static bool find_places(struct pg *pg, const char *organization, struct request *request,
                        struct error *error)
{
    const struct request_context context = {.caller = &caller_operator, .pg = pg};
    const struct option_texts *projects = &request->given[PROJECT];
    const char *environment = first_of(request, ENVIRONMENT);
    int64_t organization_id = 0;
    request->project_ids =
        arena_array(request->arena, projects->count, sizeof(*request->project_ids), error);
    if (request->project_ids == NULL)
        return false;
    for (size_t i = 0; i < projects->count; i++) {
        const struct project_words words = {projects->items[i], organization};
        int64_t id = 0;
        if (!request_find_project(&context, &words, &request->project_ids[i], &id, error))
            return false;
        if (i > 0 && id != organization_id && environment != NULL)
            return error_set(error, ERROR_INVALID,
                             "--environment: the projects belong to different organizations");
        organization_id = id;
    }
    request->place.project_id = request->project_ids[0];
    return environment == NULL ||
           (environment_find(pg, organization_id, environment, &request->place.environment_id,
                             error) &&
            (request->place.environment_id != 0 ||
             error_set(error, ERROR_NOT_FOUND, "the organization has no environment '%.64s'",
                       environment)));
}

static bool ask_tagstore(const struct config *config, const struct method *method,
                         struct request *request, struct pg *pg, struct error *error)
{
    request->printer.out = stdout;
    return tagstore_new(config, config->tagstore, pg, &request->store, error) &&
           method->run(request, error);
}

/* Reads the request and asks one backend, or compares two. */
static bool connect_and_ask(const struct config *config, const struct method *method,
                            struct request *request, const struct words *words, struct error *error)
{
    struct pg *pg = NULL;
    struct comparison comparison = {.config = config,
                                    .method = method,
                                    .left = words->left,
                                    .right = words->right,
                                    .json = words->json};
    bool done = read_request(method, request, error) && cli_connect_pg(config, &pg, error) &&
                migration_check(pg, error) && find_places(pg, words->organization, request, error);
    request->page_size = (size_t)config->page_size;
    comparison.pg = pg;
    done = done && (words->left == NULL ? ask_tagstore(config, method, request, pg, error)
                                        : tagstore_compare(&comparison, request, error));
    tagstore_free(request->store);
    pg_free(pg);
    return done;
}

/* `request` has its arena. */
static bool run_words(const struct config *config, int argc, char **argv, struct request *request,
                      struct error *error)
{
    struct words words = {.count = 0};
    bool compares = false;
    if (!parse_options(argc, argv, request, &words, error) ||
        !check_words(&words, &compares, error))
        return false;
    const char *word = words.words[compares];
    if (text_equal(word, "help")) {
        list_methods();
        return true;
    }
    const struct method *method = find_method(word);
    if (method == NULL)
        return error_set(error, ERROR_USAGE,
                         "no method '%.60s'; `exportd tagstore help` lists them", word);
    return connect_and_ask(config, method, request, &words, error);
}

bool command_tagstore(const struct config *config, int argc, char **argv, struct error *error)
{
    struct request request = {.arena = arena_new(ARENA_MAX)};
    if (request.arena == NULL)
        return error_no_memory(error);
    bool done = run_words(config, argc, argv, &request, error);
    arena_free(request.arena);
    return done;
}
