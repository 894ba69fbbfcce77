/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd delete`: deletes finished exports and their files.
 * Tested by tests/system/test_delete.py.
 */
#include "request/delete.h"

#include "cli/each_export.h"
#include "schema/migration.h"

struct session {
    struct request_context context;
    struct upload_locks locks;
    struct blob_store *store;
};

static bool delete_one(void *with, int64_t id, int64_t *result, struct error *error)
{
    const struct session *session = with;
    const struct delete_order order = {
        .data_export_id = id, .locks = &session->locks, .store = session->store};
    *result = id;
    return request_delete(&session->context, &order, error);
}

bool command_delete(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct session session = {.context = {.caller = &caller}};
    struct pg **pg = &session.context.pg;
    struct each_export each = {.participle = "deleted", .act = delete_one, .with = &session};
    bool done = each_export_parse(&each, argc, argv, error) &&
                blob_store_open(config->storage_url, config->storage_mode, &session.store, error) &&
                cli_connect_pg(config, pg, error) && migration_check(*pg, error) &&
                cli_open_locks(config, *pg, &session.locks, error) && each_export_act(&each, error);
    upload_locks_close(&session.locks);
    pg_free(*pg);
    blob_store_free(session.store);
    each_export_free(&each);
    return done;
}
