/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd cleanup`, for cron: frees the files of expired exports.
 * Tested by tests/system/test_cleanup.py.
 */
#include "request/cleanup.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "schema/migration.h"

static bool print_json(const struct cleanup_summary *summary, bool dry_run, struct error *error)
{
    const struct cleanup_result *result = &summary->storage;
    json_t *object = json_object();
    bool done = json_put_int(object, "files", result->files, error) &&
                json_put_int(object, "blobs", result->blobs, error) &&
                json_put_int(object, "objects", result->objects, error) &&
                json_put_int(object, "bytes", result->bytes, error) &&
                json_put_int(object, "exports", summary->exports, error) &&
                json_put_int(object, "audit_entries", summary->audit_entries, error) &&
                json_put_int(object, "failed", result->failed, error) &&
                json_put(object, "dry_run", json_boolean(dry_run), error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static void print_summary(const struct cleanup_summary *summary, bool dry_run)
{
    const struct cleanup_result *result = &summary->storage;
    (void)printf("%s %" PRId64 " file%s, %" PRId64 " blob%s, %" PRId64 " object%s (%" PRId64
                 " bytes), the history of %" PRId64 " export%s and %" PRId64
                 " audit entr%s; %" PRId64 " failed\n",
                 dry_run ? "would remove" : "removed", result->files, text_plural(result->files),
                 result->blobs, text_plural(result->blobs), result->objects,
                 text_plural(result->objects), result->bytes, summary->exports,
                 text_plural(summary->exports), summary->audit_entries,
                 summary->audit_entries == 1 ? "y" : "ies", result->failed);
}

/* An error if a row or object could not be removed. */
static bool clean_and_print(const struct request_context *context,
                            const struct cleanup_order *order, bool json, struct error *error)
{
    struct cleanup_summary summary;
    if (!request_cleanup(context, order, &summary, error))
        return false;
    if (!json)
        print_summary(&summary, order->dry_run);
    else if (!print_json(&summary, order->dry_run, error))
        return false;
    int64_t failed = summary.storage.failed;
    return failed == 0 ||
           error_set(error, ERROR_INTERNAL, "%" PRId64 " row%s or object%s failed, see the log",
                     failed, text_plural(failed), text_plural(failed));
}

bool command_cleanup(const struct config *config, int argc, char **argv, struct error *error)
{
    struct request_context context = {.caller = &caller_operator};
    struct upload_locks locks = {.redis = NULL};
    struct cleanup_order order = {
        .locks = &locks, .history_days = config->history_days, .audit_days = config->audit_days};
    bool json = false;
    const struct option_spec specs[] = {
        {.name = "dry-run", .type = OPTION_SWITCH, .value = &order.dry_run},
        {.name = "json", .type = OPTION_SWITCH, .value = &json},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    bool good = blob_store_open(config->storage_url, config->storage_mode, &order.store, error) &&
                cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                (order.dry_run || cli_open_locks(config, context.pg, &locks, error)) &&
                clean_and_print(&context, &order, json, error);
    upload_locks_close(&locks);
    pg_free(context.pg);
    blob_store_free(order.store);
    return good;
}
