/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd purge`: deletes the exports of a user or an organization that is gone.
 * Tested by tests/system/test_purge.py.
 */
#include "request/purge.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "schema/migration.h"

static bool print_json(const struct purge_summary *summary, bool dry_run, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "exports", summary->exports, error) &&
                json_put_int(object, "cancelled", summary->cancelled, error) &&
                json_put_int(object, "files", summary->files, error) &&
                json_put_int(object, "mails", summary->mails, error) &&
                json_put_int(object, "failed", summary->failed, error) &&
                json_put(object, "dry_run", json_boolean(dry_run), error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static void print_text(const struct purge_summary *summary, bool dry_run)
{
    (void)printf("%s %" PRId64 " export%s (%" PRId64 " not finished), %" PRId64
                 " file%s and %" PRId64 " waiting mail%s; %" PRId64 " failed\n",
                 dry_run ? "would remove" : "removed", summary->exports,
                 text_plural(summary->exports), summary->cancelled, summary->files,
                 text_plural(summary->files), summary->mails, text_plural(summary->mails),
                 summary->failed);
}

/* An error if an object could not be removed. */
static bool purge_and_print(const struct request_context *context, const struct purge_order *order,
                            bool json, struct error *error)
{
    struct purge_summary summary;
    if (!migration_check(context->pg, error) || !request_purge(context, order, &summary, error))
        return false;
    if (!json)
        print_text(&summary, order->dry_run);
    else if (!print_json(&summary, order->dry_run, error))
        return false;
    return summary.failed == 0 ||
           error_set(error, ERROR_INTERNAL,
                     "%" PRId64 " object%s could not be removed, see the log; `exportd cleanup` "
                     "tries again",
                     summary.failed, text_plural(summary.failed));
}

static bool parse_options(int argc, char **argv, struct purge_order *order, bool *json,
                          struct error *error)
{
    const struct option_spec specs[] = {
        {.name = "user", .type = OPTION_TEXT, .value = &order->owner.user},
        {.name = "organization", .type = OPTION_TEXT, .value = &order->owner.organization},
        {.name = "dry-run", .type = OPTION_SWITCH, .value = &order->dry_run},
        {.name = "json", .type = OPTION_SWITCH, .value = json},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    return (order->owner.user == NULL) != (order->owner.organization == NULL) ||
           error_set(error, ERROR_USAGE, "--user or --organization: one of them is needed");
}

bool command_purge(const struct config *config, int argc, char **argv, struct error *error)
{
    const struct caller caller = cli_operator();
    struct request_context context = {.caller = &caller};
    struct upload_locks locks = {.redis = NULL};
    struct purge_order order = {.locks = &locks};
    bool json = false;
    bool done = parse_options(argc, argv, &order, &json, error) &&
                blob_store_open(config->storage_url, config->storage_mode, &order.store, error) &&
                cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                (order.dry_run || cli_open_locks(config, context.pg, &locks, error)) &&
                purge_and_print(&context, &order, json, error);
    upload_locks_close(&locks);
    pg_free(context.pg);
    blob_store_free(order.store);
    return done;
}
