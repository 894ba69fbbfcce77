/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of exportd.export: a PostgreSQL of their own with an organization, a user, and no
   exports. */
#ifndef TEST_EXPORT_FIXTURE_H
#define TEST_EXPORT_FIXTURE_H

#include "base/arena.h"
#include "model/organization.h"

#include "postgres_server.h"

struct fixture {
    struct postgres_server server;
    struct pg *pg;
    struct arena *arena;
    int64_t organization_id, user_id;
};

static int start(void **state)
{
    static struct fixture fixture;
    struct error error;
    *state = &fixture;
    if (!postgres_server_start(&fixture.server))
        return 1;
    fixture.pg = pg_new(fixture.server.url, "test");
    fixture.arena = arena_new(1 << 20);
    assert_non_null(fixture.pg);
    assert_non_null(fixture.arena);
    if (!pg_connect(fixture.pg, &error) ||
        !organization_create(fixture.pg, "acme", &fixture.organization_id, &error) ||
        !user_create(fixture.pg, fixture.organization_id, "ann@example.com", &fixture.user_id,
                     &error))
        fail_msg("%s", error.message);
    return 0;
}

static int stop(void **state)
{
    struct fixture *fixture = *state;
    pg_free(fixture->pg);
    arena_free(fixture->arena);
    postgres_server_stop(&fixture->server);
    return 0;
}

static int prepare(void **state)
{
    struct fixture *fixture = *state;
    run_sql(
        fixture->pg,
        "TRUNCATE exportd.export, exportd.attempt, exportd.outbox, exportd.flow,"
        " exportd.organization, exportd.worker, exportd.queue, exportd.dead, sentry_exporteddata");
    return 0;
}

/* Inserts an unfinished row as Sentry makes it. `date_added` is an SQL expression. */
static inline void insert_row_of(struct fixture *fixture, int64_t id, const char *date_added)
{
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_exporteddata (id, date_added, query_type, query_info,"
                   " organization_id, user_id) VALUES (%" PRId64 ", %s, 0,"
                   " '{\"key\": \"color\"}', %" PRId64 ", %" PRId64 ")",
                   id, date_added, fixture->organization_id, fixture->user_id);
    run_sql(fixture->pg, sql);
}

#endif
