/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of claims and leases: puts in jobs, and claims them for one worker. */
#ifndef TEST_QUEUE_FIXTURE_H
#define TEST_QUEUE_FIXTURE_H

#include "job/claim.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../export_fixture.h"

#define QUEUE "exports"

static inline void run_sql_with(struct pg *pg, const char *format, ...) PRINTF_LIKE(2, 3);
static inline void run_sql_with(struct pg *pg, const char *format, ...)
{
    char sql[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sql, sizeof(sql), format, arguments);
    va_end(arguments);
    run_sql(pg, sql);
}

struct test_job {
    int64_t id;
    int64_t organization, user, priority; /* may be 0 */
    bool big;
};

static void put_on(struct pg *pg, const struct test_job *job)
{
    run_sql_with(pg,
                 "INSERT INTO exportd.export (data_export_id, date_added, organization_id, user_id,"
                 " query_type, query_info, queue, priority, big, state, attempt, failures, rows,"
                 " bytes, pages) VALUES (%" PRId64 ", now(), %" PRId64 ", %" PRId64
                 ", 0, '{}', '" QUEUE "', %" PRId64 ", %s, 'waiting', 0, 0, 0, 0, 0)",
                 job->id, job->organization, job->user, job->priority, job->big ? "true" : "false");
}

/* Puts in jobs of one user of an organization, with the ids first to last. */
static inline void put_many(struct pg *pg, int64_t first, int64_t last, int64_t organization)
{
    for (int64_t id = first; id <= last; id++)
        put_on(pg, &(struct test_job){.id = id, .organization = organization});
}

static void claim_as(struct fixture *fixture, const char *worker, const struct claim_order *order,
                     struct claims *claims)
{
    static int64_t runs;
    struct error error;
    struct claimant claimant = {
        .worker = worker, .queue = QUEUE, .max_running = 1000, .runs = runs};
    if (!claim_jobs(fixture->pg, &claimant, order, claims, &error))
        fail_msg("%s", error.message);
    runs = claimant.runs;
}

/* Claims the next job; false: there is none. */
static bool claim_next(struct fixture *fixture, struct claim *claim)
{
    struct claims claims;
    claim_as(fixture, "w1", &(struct claim_order){.jobs = 1, .big = 1, .upkeep = true}, &claims);
    *claim = claims.items[0];
    return claims.count == 1;
}

/* Claims the next job, which must exist. */
static inline void claim_one(struct fixture *fixture, struct claim *claim)
{
    if (!claim_next(fixture, claim))
        fail_msg("nothing to claim");
}

static bool end_claim(struct pg *pg, const struct claim *claim, const struct claim_end *end,
                      struct error *error)
{
    if (!pg_begin(pg, error))
        fail_msg("%s", error->message);
    if (claim_end(pg, claim, end, error) && pg_commit(pg, error))
        return true;
    pg_rollback(pg);
    return false;
}

static inline void end_well(struct fixture *fixture, const struct claim *claim,
                            const struct claim_end *end)
{
    struct error error;
    if (!end_claim(fixture->pg, claim, end, &error))
        fail_msg("%s", error.message);
}

static inline struct pg *connect_another(struct fixture *fixture)
{
    struct error error;
    struct pg *pg = pg_new(fixture->server.url, "another");
    assert_non_null(pg);
    if (!pg_connect(pg, &error))
        fail_msg("%s", error.message);
    return pg;
}

static const struct claim_end valid_end = {.state = "valid",
                                           .outcome = "valid",
                                           .delay_ms = -1,
                                           .window_from = USEC_NONE,
                                           .window_to = USEC_NONE};

#define TEST(function) cmocka_unit_test_setup(function, prepare)

#endif
