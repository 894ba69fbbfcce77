#include "cli/cli.h"
#include "cli/options.h"
#include "export/query_type.h"
#include "model/organization.h"
#include "model/project.h"
#include "tagstore/choose.h"

#include <unistd.h>

enum { TEXTS_MAX = 4 * 1024 * 1024 };

struct request {
    const char *organization, *key, *environment;
    int64_t project, group, limit;
};

static bool parse_options(int argc, char **argv, struct request *request, struct error *error)
{
    int count = 0;
    const struct option_spec specs[] = {
        {"organization", 0, OPTION_TEXT, true, &request->organization, 0, 0},
        {"project", 0, OPTION_NUMBER, true, &request->project, INT64_MIN, INT64_MAX},
        {"group", 0, OPTION_NUMBER, true, &request->group, INT64_MIN, INT64_MAX},
        {"key", 0, OPTION_TEXT, true, &request->key, 0, 0},
        {"environment", 0, OPTION_TEXT, false, &request->environment, 0, 0},
        {"limit", 0, OPTION_NUMBER, false, &request->limit, 0, INT64_MAX},
        {.name = NULL},
    };
    return options_parse(argc, argv, specs, 0, 0, NULL, &count, error);
}

/* Names to ids: the query as a worker would get it. */
static bool make_query(const struct request *request, struct pg *pg, struct arena *arena,
                       struct export_query *query, struct error *error)
{
    *query =
        (struct export_query){.query_type = QUERY_ISSUES_BY_TAG,
                              .limit_kind = request->limit == 0 ? JOB_LIMIT_NONE : JOB_LIMIT_ROWS,
                              .limit = request->limit};
    const struct issues_by_tag_payload payload = {
        .project_id = request->project, .group_id = request->group, .key = request->key};
    if (!organization_find(pg, request->organization, &query->organization_id, error) ||
        !issues_by_tag_payload_write(&payload, arena, &query->query_info, error))
        return false;
    if (request->environment == NULL)
        return true;
    query->environment_kind = JOB_ENVIRONMENT_ONE;
    return environment_find(pg, query->organization_id, request->environment,
                            &query->environment_id, error);
}

/* No bound on the size: that of the worker is what a row of sentry_file can hold. */
static bool write_rows(const struct config *config, const struct export_source *source,
                       const struct export_query *query, struct error *error)
{
    struct export_run run = {.source = *source,
                             .query = *query,
                             .output = {.format = row_format_default(),
                                        .options.formula_guard = config->csv_formula_guard,
                                        .sink = sink_to_descriptor(STDOUT_FILENO, INT64_MAX)}};
    if (run.output.sink == NULL)
        return error_no_memory(error);
    bool written = query_type_run(&run, error);
    sink_free(run.output.sink);
    return written;
}

static bool run(const struct config *config, const struct request *request, struct pg *tag_pg,
                struct pg *pg, struct error *error)
{
    struct export_query query;
    struct export_source source = {.pg = pg, .page_size = (size_t)config->page_size};
    struct arena *arena = arena_new(TEXTS_MAX);
    bool done = arena != NULL || error_no_memory(error);
    done = done && tagstore_new(config, config->tagstore, tag_pg, &source.tagstore, error) &&
           make_query(request, pg, arena, &query, error) &&
           write_rows(config, &source, &query, error);
    arena_free(arena);
    tagstore_free(source.tagstore);
    return done;
}

bool command_tag_export(const struct config *config, int argc, char **argv, struct error *error)
{
    struct request request = {.limit = 0};
    struct pg *pg = NULL;
    struct pg *tag_pg = NULL;
    if (!parse_options(argc, argv, &request, error))
        return false;
    bool done = cli_connect_pg(config, &pg, error) && cli_connect_pg(config, &tag_pg, error) &&
                run(config, &request, tag_pg, pg, error);
    pg_free(tag_pg);
    pg_free(pg);
    return done;
}
