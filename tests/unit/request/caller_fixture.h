/* SPDX-License-Identifier: Apache-2.0 */
/* Two organizations with members of every role, as callers. */
#ifndef TEST_CALLER_FIXTURE_H
#define TEST_CALLER_FIXTURE_H

#include "request/context.h"

#include "../export_fixture.h"

enum { ANN = 1001, BOB, MANAGER, OWNER, STRANGER, INACTIVE, ODD_ROLE };
enum { ACME = 101, OTHER = 102, WEB = 201, API = 202 };

/* ANN is on the team of WEB. In ACME, members cannot join a team on their own. */
static inline int start_callers(void **state)
{
    int failed = start(state);
    struct fixture *fixture = *state;
    if (failed != 0)
        return failed;
    run_sql(
        fixture->pg,
        "INSERT INTO sentry_organization (id, name, slug, status, date_added, default_role, flags)"
        " VALUES (101, 'a', 'acme-inc', 0, now(), 'member', 0),"
        " (102, 'o', 'other', 0, now(), 'member', 1);"
        "INSERT INTO auth_user (id, password, username, first_name, email, is_staff, is_active,"
        " is_superuser, is_managed, is_password_expired, date_joined)"
        " SELECT n, '!', 'user' || n, '', n || '@example.com', false, n <> 1006, false, false,"
        " false, now() FROM generate_series(1001, 1007) AS n;"
        "INSERT INTO sentry_organizationmember (id, organization_id, user_id, role, flags,"
        " date_added, has_global_access, type) VALUES"
        " (901, 101, 1001, 'member', 0, now(), true, 50),"
        " (902, 101, 1002, 'admin', 0, now(), true, 50),"
        " (903, 101, 1003, 'manager', 0, now(), true, 50),"
        " (904, 101, 1004, 'owner', 0, now(), true, 50),"
        " (905, 102, 1005, 'owner', 0, now(), true, 50),"
        " (906, 101, 1006, 'owner', 0, now(), true, 50),"
        " (907, 101, 1007, 'emperor', 0, now(), true, 50);"
        "INSERT INTO sentry_project (id, slug, name, organization_id, public, date_added, status)"
        " VALUES (201, 'web', 'web', 101, false, now(), 0),"
        " (202, 'api', 'api', 101, false, now(), 0);"
        "CREATE TABLE sentry_team (id bigserial PRIMARY KEY, status integer NOT NULL);"
        "CREATE TABLE sentry_projectteam (project_id bigint NOT NULL, team_id bigint NOT NULL);"
        "CREATE TABLE sentry_organizationmember_teams (is_active boolean NOT NULL,"
        " organizationmember_id bigint NOT NULL, team_id bigint NOT NULL);"
        "INSERT INTO sentry_team VALUES (1, 0), (2, 0), (3, 1);"
        "INSERT INTO sentry_projectteam VALUES (201, 1), (202, 2), (202, 3);"
        "INSERT INTO sentry_organizationmember_teams VALUES (true, 901, 1), (false, 901, 2),"
        " (true, 901, 3);");
    return 0;
}

static inline struct caller load_caller(struct fixture *fixture, int64_t organization_id,
                                        int64_t user_id)
{
    struct error error;
    struct caller caller = {.organization_id = organization_id, .user_id = user_id};
    if (!caller_load_member(&caller, fixture->pg, fixture->arena, &error))
        fail_msg("%s", error.message);
    return caller;
}

/* Inserts an unfinished row that asks about a project. */
static inline void insert_export(struct fixture *fixture, int64_t id, int64_t user_id,
                                 int64_t project_id)
{
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO sentry_exporteddata (id, date_added, query_type, query_info,"
                   " organization_id, user_id) VALUES (%" PRId64 ", now(), 0,"
                   " '{\"project_id\": \"%" PRId64 "\", \"group_id\": \"1\", \"key\": \"color\"}',"
                   " 101, %" PRId64 ")",
                   id, project_id, user_id);
    run_sql(fixture->pg, sql);
}

#endif
