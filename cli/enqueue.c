#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "export/payload.h"
#include "export/query_type.h"
#include "job/history.h"
#include "job/queue.h"
#include "model/organization.h"
#include "model/project.h"

#include <limits.h>

enum { QUERY_INFO_MAX = 64 * 1024 };

/* What the command line asks for. */
struct request {
    const char *organization, *user, *key, *environment, *type, *query_info;
    int64_t project, group, limit;
    bool has_project, has_group, json;

    int64_t organization_id, user_id;
    int64_t query_type;
    struct history_request history;
};

struct enqueued {
    int64_t id;
    bool created; /* a new row, not a running twin */
    bool push;    /* a message is needed */
};

static bool parse_options(int argc, char **argv, struct request *request, struct error *error)
{
    const char *project = NULL;
    const char *group = NULL;
    int count = 0;
    const struct option_spec specs[] = {
        {"organization", 0, OPTION_TEXT, true, &request->organization, 0, 0},
        {"user", 0, OPTION_TEXT, true, &request->user, 0, 0},
        {"project", 0, OPTION_TEXT, false, &project, 0, 0},
        {"group", 0, OPTION_TEXT, false, &group, 0, 0},
        {"key", 0, OPTION_TEXT, false, &request->key, 0, 0},
        {"environment", 0, OPTION_TEXT, false, &request->environment, 0, 0},
        {"limit", 0, OPTION_NUMBER, false, &request->limit, 0, INT64_MAX},
        {"type", 0, OPTION_TEXT, false, &request->type, 0, 0},
        {"query-info", 0, OPTION_TEXT, false, &request->query_info, 0, 0},
        {"json", 0, OPTION_SWITCH, false, &request->json, 0, 0},
        {.name = NULL},
    };
    if (!options_parse(argc, argv, specs, 0, 0, NULL, &count, error))
        return false;
    request->has_project = project != NULL;
    request->has_group = group != NULL;
    if (project != NULL && !text_to_int64(project, INT64_MIN, INT64_MAX, &request->project))
        return error_set(error, ERROR_USAGE, "--project: not a whole number of 64 bits");
    if (group != NULL && !text_to_int64(group, INT64_MIN, INT64_MAX, &request->group))
        return error_set(error, ERROR_USAGE, "--group: not a whole number of 64 bits");
    return true;
}

/* Which options belong together. */
static bool check_type(struct request *request, struct error *error)
{
    char words[QUERY_TYPE_WORDS_MAX];
    const struct query_type *type = request->type == NULL ? query_type_find(QUERY_ISSUES_BY_TAG)
                                                          : query_type_find_word(request->type);
    if (type == NULL)
        return error_set(error, ERROR_USAGE, "--type: must be %s", query_type_words(words));
    request->query_type = type->code;
    bool discover = type->code == QUERY_DISCOVER;
    bool by_tag = request->has_project || request->has_group || request->key != NULL;
    if (discover && (by_tag || request->query_info == NULL))
        return error_set(error, ERROR_USAGE,
                         "--type discover takes --query-info instead of --project, --group, --key");
    if (!discover && request->query_info != NULL)
        return error_set(error, ERROR_USAGE, "--query-info goes with --type discover");
    if (!discover && (!request->has_project || !request->has_group || request->key == NULL))
        return error_set(error, ERROR_USAGE, "--project, --group and --key are needed");
    return true;
}

/* query_info as it is stored. */
static bool make_query_info(struct request *request, struct arena *arena, struct error *error)
{
    if (request->query_type == QUERY_ISSUES_BY_TAG)
        return issues_by_tag_payload_write(
            &(struct issues_by_tag_payload){
                .project_id = request->project, .group_id = request->group, .key = request->key},
            arena, &request->query_info, error);
    struct error reason;
    json_t *value = NULL;
    if (!json_parse(request->query_info, strlen(request->query_info), QUERY_INFO_MAX, &value,
                    &reason))
        return error_set(error, ERROR_USAGE, "--query-info: %s", reason.message);
    bool done = json_is_object(value)
                    ? payload_write_object(value, arena, &request->query_info, error)
                    : error_set(error, ERROR_USAGE, "--query-info: not a JSON object");
    json_decref(value);
    return done;
}

static bool resolve(struct request *request, struct pg *pg, struct error *error)
{
    request->history.limit = request->limit;
    if (!organization_find(pg, request->organization, &request->organization_id, error) ||
        !user_find_member(pg, request->organization_id, request->user, &request->user_id, error))
        return false;
    if (request->environment == NULL)
        return true;
    if (!environment_find(pg, request->organization_id, request->environment,
                          &request->history.environment_id, error))
        return false;
    return request->history.environment_id != 0 ||
           error_set(error, ERROR_NOT_FOUND, "the organization has no environment of this name");
}

/* A twin that runs already: the same id is the answer, unless it was asked for something else. One
   that exportd has never seen is queued: a second message does no harm. */
static bool adopt_twin(struct pg *pg, const struct request *request, struct enqueued *enqueued,
                       struct error *error)
{
    struct history_request twin;
    char state[16];
    bool known = false;
    if (!history_find(pg, enqueued->id, &known, state, &twin, error))
        return false;
    if (!known) {
        enqueued->push = true;
        return history_insert_waiting(pg, enqueued->id, &request->history, error);
    }
    if (twin.limit != request->history.limit ||
        twin.environment_id != request->history.environment_id)
        return error_set(error, ERROR_CONFLICT,
                         "export %" PRId64 " of the same query is not finished yet, with another "
                         "limit or environment",
                         enqueued->id);
    /* who enqueued a waiting one may have died between COMMIT and message: queue_push looks */
    enqueued->push = text_equal(state, "waiting");
    return true;
}

/* Under the advisory lock of the dedupe key: equal requests come one after the other. */
static bool get_or_create(struct pg *pg, const struct request *request, struct enqueued *enqueued,
                          struct error *error)
{
    const struct exported_data_key key = {request->organization_id, request->user_id,
                                          request->query_type, request->query_info};
    if (!pg_begin(pg, error) || !exported_data_lock_key(pg, &key, error) ||
        !exported_data_find_unfinished(pg, &key, &enqueued->id, error))
        goto failed;
    if (enqueued->id != 0) {
        if (!adopt_twin(pg, request, enqueued, error))
            goto failed;
    } else {
        enqueued->created = enqueued->push = true;
        if (!exported_data_insert(pg, &key, &enqueued->id, error) ||
            !history_insert_waiting(pg, enqueued->id, &request->history, error))
            goto failed;
    }
    if (pg_commit(pg, error))
        return true;
failed:
    pg_rollback(pg);
    return false;
}

static bool push(const struct config *config, struct redis *redis, const struct request *request,
                 int64_t id, struct error *error)
{
    struct queue *queue = queue_new(config->queue, NULL);
    bool done = queue != NULL ? queue_push_export(queue, redis, id, request->history.limit,
                                                  request->history.environment_id, error)
                              : error_no_memory(error);
    queue_free(queue);
    return done;
}

static bool print(const struct request *request, const struct enqueued *enqueued,
                  struct error *error)
{
    if (!request->json) {
        (void)printf("%" PRId64 "\n", enqueued->id);
        return true;
    }
    json_t *line =
        json_pack("{s:I, s:b}", "id", (json_int_t)enqueued->id, "created", (int)enqueued->created);
    bool done = line != NULL ? json_print_line(line, error) : error_no_memory(error);
    json_decref(line);
    return done;
}

/* Redis is asked for first: an export that cannot be queued is not made. If it goes away just
   behind the COMMIT, the job is forgotten again, so that the next try queues it. */
static bool enqueue(const struct config *config, struct request *request, struct pg *pg,
                    struct redis *redis, struct error *error)
{
    struct enqueued enqueued = {.id = 0};
    struct error ignored;
    if (!resolve(request, pg, error) || !get_or_create(pg, request, &enqueued, error))
        return false;
    if (enqueued.push && !push(config, redis, request, enqueued.id, error)) {
        if (!history_forget_waiting(pg, enqueued.id, &ignored))
            log_error(LOG_WARNING, "enqueue.not-forgotten", &ignored);
        return error_prefix(error, "export %" PRId64 " is made but not queued: try again",
                            enqueued.id);
    }
    return print(request, &enqueued, error);
}

bool command_enqueue(const struct config *config, int argc, char **argv, struct error *error)
{
    struct request request = {.limit = 0, .history = {.queue = config->queue}};
    struct pg *pg = NULL;
    struct redis *redis = NULL;
    struct arena *arena = arena_new((size_t)1 << 20);
    bool done = arena != NULL || error_no_memory(error);
    done = done && parse_options(argc, argv, &request, error) && check_type(&request, error) &&
           make_query_info(&request, arena, error) && cli_connect_pg(config, &pg, error) &&
           cli_connect_redis(config, &redis, error) && enqueue(config, &request, pg, redis, error);
    redis_free(redis);
    pg_free(pg);
    arena_free(arena);
    return done;
}
