/* `exportd cleanup`: for cron. */
#include "storage/cleanup.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "job/history.h"
#include "schema/migration.h"

static void print_summary(const struct cleanup_result *result, int64_t exports, bool dry_run)
{
    (void)printf("%s %" PRId64 " file%s, %" PRId64 " blob%s, %" PRId64 " object%s (%" PRId64
                 " bytes) and the history of %" PRId64 " export%s; %" PRId64 " failed\n",
                 dry_run ? "would remove" : "removed", result->files, text_plural(result->files),
                 result->blobs, text_plural(result->blobs), result->objects,
                 text_plural(result->objects), result->bytes, exports, text_plural(exports),
                 result->failed);
}

static bool clean(const struct cleanup *cleanup, int64_t history_days, struct error *error)
{
    struct cleanup_result result = {.failed = 0};
    int64_t exports = 0;
    if (!migration_check(cleanup->pg, error) ||
        !cleanup_abandoned_objects(cleanup, &result, error) ||
        !cleanup_unused_blobs(cleanup, &result, error) ||
        !cleanup_expired_exports(cleanup, &result, error) ||
        !history_delete_old(cleanup->pg, history_days, cleanup->dry_run, &exports, error))
        return false;
    print_summary(&result, exports, cleanup->dry_run);
    return result.failed == 0 ||
           error_set(error, ERROR_INTERNAL, "%" PRId64 " row%s or object%s failed, see the log",
                     result.failed, text_plural(result.failed), text_plural(result.failed));
}

bool command_cleanup(const struct config *config, int argc, char **argv, struct error *error)
{
    struct cleanup cleanup = {.dry_run = false};
    const struct option_spec specs[] = {
        {.name = "dry-run", .type = OPTION_SWITCH, .value = &cleanup.dry_run}, {.name = NULL}};
    int positional = 0;
    if (!options_parse(argc, argv, specs, 0, 0, NULL, &positional, error))
        return false;
    bool good = blob_store_open(config->storage_url, &cleanup.store, error) &&
                cli_connect_pg(config, &cleanup.pg, error) &&
                (cleanup.dry_run || cli_connect_lock_redis(config, &cleanup.locks, error)) &&
                clean(&cleanup, config->history_days, error);
    redis_free(cleanup.locks);
    pg_free(cleanup.pg);
    blob_store_free(cleanup.store);
    return good;
}
