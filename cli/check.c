/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd check`: looks at the settings, then at each part of the table `parts`, all at once, each
 * in a thread. What a part finds is printed when all before it are printed. A part that has found
 * nothing in time is reported and left alone: its thread may hang in a system call, and ends with
 * the process. It keeps what it works with, so that is not freed then.
 * Tested by tests/system/test_check.py.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/check_parts.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "mail/transport.h"
#include "model/file.h"
#include "snuba/trial.h"
#include "storage/blob_store.h"
#include "worker/bell.h"
#include "worker/threads/claimer.h"

#include <unistd.h>

enum {
    ALL_SECONDS = 13, /* for all parts together; each server is given up before */
    NEWEST_OBJECTS = 20,
    ARENA_MAX = 1024 * 1024
};

/* ---- Snuba, the file store, mail, temporary files ---- */

static void check_snuba(struct findings *findings)
{
    struct error error;
    const struct config *config = findings->config;
    if (!text_equal(config->tagstore, "snuba"))
        return;
    if (snuba_trial(config->snuba_url, snuba_dialect_find(config->snuba_dialect), &error))
        findings_add_ok(findings, "answers, dialect %s", config->snuba_dialect);
    else
        findings_add_failure(findings,
                             error.code == ERROR_USAGE
                                 ? "give EXPORTD_SNUBA_DIALECT the dialect that it speaks"
                                 : "see that it runs, and that EXPORTD_SNUBA_URL names it",
                             &error);
}

/* The paths of the newest objects, in `arena`. Empty if the database cannot be asked, which
   check_postgres reports. */
static struct blob_paths find_newest(const struct config *config, struct arena *arena)
{
    struct error error;
    struct file_blobs blobs = {.count = 0};
    struct pg *pg = pg_new(config->database_url, "exportd");
    bool known = pg != NULL && pg_answers(pg) && pg_connect(pg, &error);
    if (known)
        (void)pg_set_patience(pg, PG_PING_SECONDS * 1000);
    known = known && file_blobs_newest(pg, NEWEST_OBJECTS, arena, &blobs, &error);
    const char **paths = known ? arena_array(arena, blobs.count, sizeof(*paths), &error) : NULL;
    for (size_t i = 0; paths != NULL && i < blobs.count; i++)
        paths[i] = blobs.items[i].path;
    pg_free(pg);
    return (struct blob_paths){.items = paths, .count = paths == NULL ? 0 : blobs.count};
}

static void add_storage_warning(void *context, const char *sentence, const char *advice)
{
    findings_add_warning(context, advice, "%s", sentence);
}

/* The store must take a new object, and have at least one of the newest known ones. */
static void check_storage(struct findings *findings)
{
    struct error error;
    struct blob_store *store = NULL;
    struct arena *arena = arena_new(ARENA_MAX);
    const struct config *config = findings->config;
    const struct blob_warnings warnings = {add_storage_warning, findings};
    bool fine = (arena != NULL || error_no_memory(&error)) &&
                blob_store_open(config->storage_url, config->storage_mode, &store, &error);
    if (fine) {
        const struct blob_paths known = find_newest(config, arena);
        fine = blob_store_check(store, &known, &warnings, &error);
    }
    blob_store_free(store);
    arena_free(arena);
    if (fine)
        findings_add_ok(findings, "can be written");
    else
        findings_add_local_failure(
            findings, "make room there, or let EXPORTD_STORAGE_URL name the right folder", &error);
}

static void check_mail(struct findings *findings)
{
    struct error error;
    struct mail_transport *transport = NULL;
    const struct config *config = findings->config;
    const struct mail_settings settings = {
        .url = config->mail_url, .sender = config->mail_from, .hello = config->mail_helo};
    bool fine = mail_transport_open(&settings, &transport, &error) &&
                mail_transport_check(transport, &error);
    mail_transport_free(transport);
    if (fine)
        findings_add_ok(findings, "accepts mail");
    else if (text_starts_with(config->mail_url, "file:"))
        findings_add_local_failure(findings, "let EXPORTD_MAIL_URL name a folder for mails",
                                   &error);
    else if (error.code == ERROR_AWAY)
        findings_add_failure(findings, "see that it runs, and that EXPORTD_MAIL_URL names it",
                             &error);
    else
        findings_add_failure(
            findings,
            "let it relay for this host, or correct EXPORTD_MAIL_URL, _MAIL_FROM or _MAIL_HELO",
            &error);
}

static void check_tmpdir(struct findings *findings)
{
    struct error error;
    if (claimer_check_tmpdir(findings->config->tmpdir, &error))
        findings_add_ok(findings, "has room");
    else
        findings_add_local_failure(findings, "make room there, or give EXPORTD_TMPDIR", &error);
}

/* ---- all of them ---- */

static const struct part {
    const char *name;
    void (*check)(struct findings *);
} parts[] = {
    {"postgresql", check_postgres}, {"redis", check_queue_redis}, {"lock-redis", check_lock_redis},
    {"snuba", check_snuba},         {"storage", check_storage},   {"mail", check_mail},
    {"tmpdir", check_tmpdir},
};

struct part_run {
    const struct part *part;
    pthread_t thread;
    bool is_started;
    struct findings findings; /* the thread's until the bell rings */
    struct bell done;
};

/* Reachable for ever: a thread that hangs keeps using them. */
static struct config loaded;
static struct part_run runs[ARRAY_LENGTH(parts)];

static void *check_part(void *argument)
{
    struct part_run *run = argument;
    run->part->check(&run->findings);
    bell_ring(&run->done);
    return NULL;
}

static void start_parts(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        struct part_run *run = &runs[i];
        *run = (struct part_run){.part = &parts[i],
                                 .findings = {.config = &loaded, .part = parts[i].name}};
        bell_init(&run->done);
        run->is_started = pthread_create(&run->thread, NULL, check_part, run) == 0;
        if (!run->is_started)
            run->findings.is_cut = true; /* there is no memory for a thread */
    }
}

/* Whether the part came to its end before that of the time. */
static bool wait_for_part(struct part_run *run, int64_t end_ms)
{
    if (!run->is_started)
        return true;
    bool in_time = bell_wait(&run->done, end_ms - clock_monotonic_ms());
    (void)(in_time ? pthread_join(run->thread, NULL) : pthread_detach(run->thread));
    return in_time;
}

/* What is printed of all findings. */
struct summary {
    bool json;
    int failed, away; /* as in struct findings */
};

static bool print_findings(struct summary *summary, struct findings *findings, struct error *error)
{
    summary->failed += findings->failed;
    summary->away += findings->away;
    bool done = findings_print(findings, summary->json, error);
    findings_free(findings);
    return done;
}

/* For on_exit: ends the process without what libraries do at its end, such as freeing what a thread
   still uses. */
static void leave_at_once(int status, void *context)
{
    (void)context;
    (void)fflush(stdout);
    _exit(status);
}

static bool report_late(struct summary *summary, const char *name, struct error *error)
{
    struct findings findings = {.part = name};
    struct error late;
    (void)error_set(&late, ERROR_AWAY, "gave no answer within %d s", ALL_SECONDS);
    findings_add_failure(&findings, "see why it hangs: the network, a name server, a disk", &late);
    return print_findings(summary, &findings, error);
}

/* *ended: no thread is left. */
static bool check_parts(struct summary *summary, bool *ended, struct error *error)
{
    bool done = true;
    int64_t end_ms = clock_monotonic_ms() + ALL_SECONDS * (int64_t)1000;
    start_parts();
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        bool in_time = wait_for_part(&runs[i], end_ms);
        *ended = *ended && in_time;
        done = done && (in_time ? print_findings(summary, &runs[i].findings, error)
                                : report_late(summary, parts[i].name, error));
        (void)fflush(stdout);
    }
    return done;
}

/* ---- the command ---- */

static void add_wrong_setting(void *context, const struct error *error)
{
    findings_add_failure(context, "`exportd help config` explains the settings", error);
}

/* Loads the settings. With a wrong one nothing else is looked at: no part of exportd would run. */
static bool check_settings(const char *file, struct summary *summary, struct error *error)
{
    struct findings findings = {.part = "settings"};
    const struct config_faults faults = {add_wrong_setting, &findings};
    if (config_load_all(file, &loaded, &faults))
        cli_find_wrong_urls(&loaded, &faults);
    if (findings.failed == 0)
        findings_add_ok(&findings, "can be read; `exportd config show` prints them");
    return print_findings(summary, &findings, error) &&
           (summary->failed == 0 || error_set(error, summary->away > 0 ? ERROR_AWAY : ERROR_USAGE,
                                              "%d of the settings failed", summary->failed));
}

bool command_check(const struct config *config, int argc, char **argv, struct error *error)
{
    bool only_settings = false, ended = true;
    struct summary summary = {.json = false};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &summary.json},
        {.name = "config-only", .type = OPTION_SWITCH, .value = &only_settings},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, NULL, error))
        return false;
    bool done = check_settings(config->file, &summary, error) &&
                (only_settings || check_parts(&summary, &ended, error));
    if (ended)
        config_free(&loaded);
    else
        (void)on_exit(leave_at_once, NULL);
    return done && (summary.failed == 0 ||
                    error_set(error, summary.away == summary.failed ? ERROR_AWAY : ERROR_INTERNAL,
                              "%d of the checks failed", summary.failed));
}
