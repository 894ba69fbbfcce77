/* SPDX-License-Identifier: Apache-2.0 */
#include "job/enqueue.h"

#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_columns.h"

struct enqueue_job enqueue_job_from(const struct job_message *message, int64_t priority)
{
    return (struct enqueue_job){
        .data_export_id = message->data_export_id,
        .limit = message->limit_kind == JOB_LIMIT_WRONG ? ENQUEUE_WRONG : message->limit,
        .environment_id = message->environment_kind == JOB_ENVIRONMENT_WRONG
                              ? ENQUEUE_WRONG
                              : message->environment_id,
        .priority = priority,
        .eta = message->eta,
        .expires = message->expires,
    };
}

static void add_job(struct pg_columns *columns, const struct enqueue_job *job)
{
    pg_columns_add_int(columns, job->data_export_id);
    pg_columns_add_int(columns, job->limit);
    pg_columns_add_int(columns, job->environment_id);
    pg_columns_add_int(columns, job->priority);
    pg_columns_add_time(columns, job->eta);
    pg_columns_add_time(columns, job->expires);
    pg_columns_add_int(columns, job->retry_of);
}

static enum enqueue_result parse_result(const char *name)
{
    static const char *const names[] = {
        [ENQUEUE_QUEUED] = "queued",
        [ENQUEUE_KNOWN] = "known",
        [ENQUEUE_FINISHED] = "finished",
        [ENQUEUE_NO_ROW] = "no-row",
    };
    size_t result = 0;
    while (result < ENQUEUE_NO_ROW && !text_equal(names[result], name))
        result++;
    return (enum enqueue_result)result;
}

bool enqueue_jobs(struct pg *pg, const struct enqueue *enqueue, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    struct pg_columns columns;
    pg_columns_init(&columns, 7);
    for (size_t i = 0; i < enqueue->count; i++)
        add_job(&columns, &enqueue->jobs[i]);
    pg_bind_text(&params, enqueue->queue);
    pg_bind_text(&params, enqueue->source);
    bool done = pg_columns_bind(&columns, &params, error) &&
                pg_query(pg, embedded_text(embedded_job_statements, "enqueue.sql"), &params,
                         &result, error);
    for (size_t i = 0; done && i < enqueue->count; i++)
        enqueue->jobs[i].result = parse_result(pg_text(result, (int)i, 0));
    pg_result_free(result);
    pg_columns_free(&columns);
    return done;
}

bool enqueue_is_refused(const struct pg *pg, const struct error *error)
{
    bool constraint = (error->code == ERROR_QUERY || error->code == ERROR_CONFLICT) &&
                      text_starts_with(pg_sqlstate(pg), "23");
    return constraint || error->code == ERROR_INVALID;
}
