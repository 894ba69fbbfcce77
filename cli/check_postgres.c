/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `exportd check` asks PostgreSQL, over one connection. A question that fails after another
 * failure is not reported: it most likely fails for the same reason.
 * Tested by tests/system/test_check.py and tests/system/test_grants.py.
 */
#include "base/text.h"
#include "cli/check_parts.h"
#include "cli/cli.h"
#include "job/queue.h"
#include "model/outbox_mail.h"
#include "model/sentry_database.h"
#include "schema/migration.h"
#include "schema/privileges.h"

enum {
    PATIENCE_MS = 5000, /* for one answer */
    OLD_SECONDS = 3600, /* a healthy queue lets no export wait longer */
};

static void fail_first(struct findings *findings, const char *advice, const struct error *error)
{
    if (findings->failed == 0)
        findings_add_failure(findings, advice, error);
}

/* ---- the server ---- */

/* The error of a login does not tell a server that is away from one that refuses; a ping does. */
static struct pg *connect_pg(struct findings *findings)
{
    struct error error;
    struct pg *pg = pg_new(findings->config->database_url, "exportd");
    if (pg != NULL)
        (void)pg_set_patience(pg, PATIENCE_MS);
    if (pg == NULL)
        (void)error_no_memory(&error);
    else if (pg_connect(pg, &error))
        return pg;
    else if (error.code == ERROR_AWAY && pg_answers(pg))
        error.code = ERROR_DENIED;
    findings_add_failure(findings,
                         error.code == ERROR_DENIED
                             ? "correct user, password or database in EXPORTD_DATABASE_URL"
                             : "start it, or let EXPORTD_DATABASE_URL name the right one",
                         &error);
    pg_free(pg);
    return NULL;
}

static void add_privilege(struct findings *findings, const struct privilege *privilege)
{
    struct error error;
    if (!privilege_check(privilege, &error))
        findings_add_failure(findings,
                             error.code == ERROR_DENIED
                                 ? "let the owner run what `exportd grants ROLE` prints"
                                 : "run `exportd migrate`, or lead the search path to the table",
                             &error);
}

static void check_privileges(struct findings *findings, struct pg *pg)
{
    struct error error;
    struct pg_result *rows = NULL;
    if (!privileges_query(pg, findings->config->tagstore, &rows, &error)) {
        fail_first(findings, NULL, &error);
        return;
    }
    for (int row = 0; row < pg_rows(rows); row++) {
        const struct privilege privilege = privilege_read(rows, row);
        add_privilege(findings, &privilege);
    }
    pg_result_free(rows);
}

/* If the migrations cannot be read for want of a right, check_privileges says which one. */
static void check_tables(struct findings *findings, struct pg *pg)
{
    struct error error;
    const struct config *config = findings->config;
    if (!migration_check(pg, &error) && error.code != ERROR_DENIED)
        fail_first(findings, NULL, &error);
    else
        check_privileges(findings, pg);
    if (!upload_lock_kind_check(pg, config_has_lock_redis(config), config->lease_seconds, &error))
        fail_first(findings, NULL, &error);
    int version = pg_server_version(pg);
    if (findings->failed == 0)
        findings_add_ok(findings, "version %d.%d, tables and grants are there", version / 10000,
                        version % 10000);
}

/* ---- settings beside a Sentry ---- */

static bool is_default(const char *name, const char *value)
{
    size_t at = 0;
    struct config_setting setting;
    while (config_next_setting(&at, &setting))
        if (text_equal(setting.name, name))
            return text_equal(setting.fallback, value);
    return false;
}

/* The users of a Sentry get mails, and the defaults are of use on this machine only. */
static void check_defaults(struct findings *findings, struct pg *pg)
{
    struct error error;
    bool is_sentrys = false;
    const struct config *config = findings->config;
    if (!database_is_sentrys(pg, &is_sentrys, &error))
        fail_first(findings, NULL, &error);
    if (!is_sentrys)
        return;
    findings->part = "settings";
    if (is_default("EXPORTD_URL_PREFIX", config->url_prefix))
        findings_add_warning(findings, "give it Sentry's system.url-prefix",
                             "EXPORTD_URL_PREFIX is left at its default: links in mails lead to %s",
                             config->url_prefix);
    if (is_default("EXPORTD_MAIL_FROM", config->mail_from))
        findings_add_warning(findings, "give it Sentry's mail.from",
                             "EXPORTD_MAIL_FROM is left at its default: mails come from %s",
                             config->mail_from);
}

/* ---- the queue ---- */

/* "2 hours", from one hour on. */
static char *format_age(int64_t seconds, char text[TEXT_SIZE_MAX])
{
    const int64_t day = (int64_t)24 * 3600;
    int64_t count = seconds < 2 * day ? seconds / 3600 : seconds / day;
    (void)snprintf(text, TEXT_SIZE_MAX, "%" PRId64 " %s%s", count,
                   seconds < 2 * day ? "hour" : "day", text_plural(count));
    return text;
}

static void check_oldest(struct findings *findings, struct pg *pg)
{
    struct error error;
    char age[TEXT_SIZE_MAX];
    int64_t seconds = 0;
    if (!queue_find_oldest(pg, findings->config->queue, &seconds, &error))
        fail_first(findings, NULL, &error);
    else if (seconds >= OLD_SECONDS)
        findings_add_warning(
            findings, "`exportd queue workers` and `exportd quota show` say what it waits for",
            "the oldest waiting export was asked for %s ago", format_age(seconds, age));
}

static void warn_of_stats(struct findings *findings, const struct queue_stats *stats)
{
    if (stats->workers == 0)
        findings_add_warning(findings, "start `exportd worker`",
                             "no worker has given a sign of life within %" PRId64 " s",
                             findings->config->lease_seconds);
    if (stats->paused)
        findings_add_warning(findings, "`exportd queue resume` ends that",
                             "the queue is paused: no worker takes jobs");
    if (stats->dead > 0)
        findings_add_warning(findings,
                             "`exportd queue dead` shows them, for `queue retry` or `queue drop`",
                             "%" PRId64 " dead message%s: no export came of %s", stats->dead,
                             text_plural(stats->dead), stats->dead == 1 ? "it" : "them");
}

static void check_queue(struct findings *findings, struct pg *pg)
{
    struct error error;
    struct queue_stats stats;
    int warnings = findings->warnings;
    const struct config *config = findings->config;
    findings->part = "queue";
    if (!queue_stats(pg, config->queue, config->lease_seconds, &stats, &error)) {
        fail_first(findings, NULL, &error);
        return;
    }
    warn_of_stats(findings, &stats);
    check_oldest(findings, pg);
    if (findings->warnings == warnings)
        findings_add_ok(findings, "%" PRId64 " worker%s, %" PRId64 " waiting export%s",
                        stats.workers, text_plural(stats.workers), stats.waiting,
                        text_plural(stats.waiting));
    queue_stats_free(&stats);
}

/* ---- mails ---- */

static void check_given_up(struct findings *findings, struct pg *pg)
{
    struct error error;
    int64_t count = 0;
    findings->part = "mail";
    if (!outbox_mail_count_given_up(pg, &count, &error))
        fail_first(findings, NULL, &error);
    else if (count > 0)
        findings_add_warning(
            findings, "`exportd mail list --state given-up` says why, for `mail resend`",
            "%" PRId64 " mail%s given up within 7 days", count, count == 1 ? " was" : "s were");
}

void check_postgres(struct findings *findings)
{
    struct pg *pg = connect_pg(findings);
    if (pg == NULL)
        return;
    check_tables(findings, pg);
    check_defaults(findings, pg);
    check_queue(findings, pg);
    check_given_up(findings, pg);
    pg_free(pg);
}
