/* SPDX-License-Identifier: Apache-2.0 */
#include "job/lease.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "base/text.h"
#include "client/pg_json.h"

#include <unistd.h>

enum { HELD_TEXT_MAX = LEASE_HELD_MAX * (CLAIM_RUN_MAX + 24) };

void lease_make_instance(char instance[CLAIM_WORKER_MAX])
{
    char host[64] = "unknown";
    char random[RANDOM_HEX_SIZE];
    (void)gethostname(host, sizeof(host));
    host[sizeof(host) - 1] = '\0';
    random_hex(random);
    (void)snprintf(instance, CLAIM_WORKER_MAX, "%s:%ld:%.8s", host, (long)getpid(), random);
}

/* ---- beats ---- */

static bool add_beat(struct pg_batch *batch, const struct lease_holder *holder, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_text(&params, holder->instance);
    pg_bind_text(&params, holder->name);
    pg_bind_text(&params, holder->queue);
    pg_bind_text(&params, holder->version);
    pg_bind_int(&params, holder->threads);
    pg_bind_int(&params, holder->lease_ms);
    return pg_batch_add(
        batch,
        "INSERT INTO exportd.worker (instance, name, queue, version, threads, started_at, beat_at,"
        " lease_ms)"
        " VALUES ($1::text, $2::text, $3::text, $4::text, $5::integer, clock_timestamp(),"
        " clock_timestamp(), $6::bigint) ON CONFLICT (instance) DO UPDATE SET beat_at = "
        "clock_timestamp()"
        " RETURNING " PG_USEC("beat_at") ", " PG_USEC(
            "pg_postmaster_start_time()") ", " PG_UNSYNCED,
        &params, error);
}

static bool add_come_back(struct pg_batch *batch, const char *instance, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_text(&params, instance);
    return pg_batch_add(batch, embedded_text(embedded_job_statements, "come_back.sql"), &params,
                        error);
}

bool lease_beat(struct pg *pg, const struct lease_holder *holder, struct lease_beat *beat,
                struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = add_beat(&batch, holder, error) && add_come_back(&batch, holder->instance, error) &&
                pg_batch_run(&batch, error);
    if (done)
        *beat = (struct lease_beat){.at = pg_time(batch.results[0], 0, 0),
                                    .started_at = pg_time(batch.results[0], 0, 1)};
    pg_batch_free(&batch);
    return done;
}

bool lease_end(struct pg *pg, const char *instance, struct error *error)
{
    struct pg_params params = {.count = 0};
    pg_bind_text(&params, instance);
    return pg_execute(pg, "DELETE FROM exportd.worker WHERE instance = $1::text", &params, NULL,
                      error);
}

/* ---- held claims ---- */

/* Binds the runs as a text[]. */
static bool bind_runs(struct pg_params *params, struct pg_array *array,
                      const struct held_runs *held, struct error *error)
{
    const char *text = NULL;
    for (size_t i = 0; i < held->count; i++)
        if (!pg_array_add_text(array, held->items[i].run, error))
            return false;
    if (!pg_array_text(array, &text, error))
        return false;
    pg_bind_text(params, text);
    return true;
}

bool lease_return_unheld(struct pg *pg, const char *instance, const struct held_runs *held,
                         int64_t on_its_way_ms, int64_t *count, struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_array runs;
    pg_array_init(&runs, HELD_TEXT_MAX);
    pg_bind_text(&params, instance);
    bool done = bind_runs(&params, &runs, held, error);
    pg_bind_int(&params, on_its_way_ms);
    done = done && pg_query_int(pg, embedded_text(embedded_job_statements, "return_unheld.sql"),
                                &params, count, error);
    pg_array_free(&runs);
    return done;
}

/* Binds the ids of the exports as a bigint[]. */
static bool bind_ids(struct pg_params *params, struct pg_array *array, const struct held_runs *held,
                     struct error *error)
{
    const char *text = NULL;
    for (size_t i = 0; i < held->count; i++)
        if (!pg_array_add_int(array, held->items[i].data_export_id, error))
            return false;
    if (!pg_array_text(array, &text, error))
        return false;
    pg_bind_text(params, text);
    return true;
}

bool lease_find_lost(struct pg *pg, const struct held_runs *held, bool lost[LEASE_HELD_MAX],
                     struct error *error)
{
    struct pg_params params = {.repeated = true};
    struct pg_array ids;
    struct pg_array runs;
    struct pg_result *result = NULL;
    pg_array_init(&ids, HELD_TEXT_MAX);
    pg_array_init(&runs, HELD_TEXT_MAX);
    bool done = bind_ids(&params, &ids, held, error) && bind_runs(&params, &runs, held, error) &&
                pg_query(pg,
                         "SELECT held.place FROM unnest($1::bigint[], $2::text[])"
                         " WITH ORDINALITY AS held (id, run, place)"
                         " WHERE NOT EXISTS (SELECT FROM exportd.export e"
                         " WHERE e.data_export_id = held.id AND e.run = held.run"
                         " AND e.state = 'running')",
                         &params, &result, error);
    for (size_t i = 0; i < held->count; i++)
        lost[i] = false;
    for (int row = 0; done && row < pg_rows(result); row++)
        lost[pg_int(result, row, 0) - 1] = true;
    pg_result_free(result);
    pg_array_free(&runs);
    pg_array_free(&ids);
    return done;
}

/* ---- silent workers ---- */

static bool put_rescued(json_t *object, const struct pg_result *result, int row,
                        struct error *error)
{
    return json_put_text(object, "worker", pg_text(result, row, 0), error) &&
           json_put_int(object, "jobs", pg_int(result, row, 1), error);
}

static bool add_judgement(struct pg_batch *batch, const char *sql, struct error *error)
{
    static const struct pg_params params = {.repeated = true};
    return pg_batch_add(batch, sql, &params, error);
}

static const char forget_statement[] =
    "DELETE FROM exportd.worker w WHERE"
    " abs(extract(epoch FROM clock_timestamp() - w.beat_at)) * 1000 > w.lease_ms"
    " AND NOT EXISTS (SELECT FROM exportd.export e"
    " WHERE e.worker = w.instance AND e.state = 'running')";

bool lease_judge(struct pg *pg, json_t **rescued, struct error *error)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    bool done = add_judgement(&batch, embedded_text(embedded_job_statements, "judge.sql"), error) &&
                add_judgement(&batch, forget_statement, error) && pg_batch_run(&batch, error) &&
                pg_json_list(batch.results[0], put_rescued, rescued, error);
    pg_batch_free(&batch);
    return done;
}
