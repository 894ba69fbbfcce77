/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings, and what is refused by name alone. */
#include "config/setting.h"

#include "base/text.h"

#define MEMBER(member) offsetof(struct config, member)

const struct setting settings[] = {
    {"EXPORTD_DATABASE_URL", MEMBER(database_url), TEXT, SECRET, "", NULL, 0, 0,
     "The PostgreSQL: a URI or keywords as libpq has them. Empty: libpq's own defaults."},
    {"EXPORTD_REDIS_URL", MEMBER(redis_url), URL, SECRET | OR_NONE, "redis://127.0.0.1:6379/0",
     " redis unix ", 0, 0,
     "The Redis through which Celery's messages come: redis://[user:password@]host:port/db or "
     "unix:///path?db=N. none: there is no Redis."},
    {"EXPORTD_LOCK_REDIS_URL", MEMBER(lock_redis_url), URL, SECRET | OR_NONE, "", " redis unix ", 0,
     0,
     "The Redis of Sentry's upload locks. Empty: EXPORTD_REDIS_URL. none: the locks are in "
     "PostgreSQL, which is refused beside a Sentry."},
    {"EXPORTD_QUEUE", MEMBER(queue), TEXT, 0, "data_export", NULL, 0, 0,
     "The name of the queue. Workers of several queues may share one database, but one queue "
     "must not be in two databases."},
    {"EXPORTD_REDIS_KEY_PREFIX", MEMBER(redis_key_prefix), TEXT, 0, "", NULL, 0, 0,
     "The producers' global_keyprefix of kombu, in front of the queue's name in Redis."},
    {"EXPORTD_PRIORITY_STEPS", MEMBER(priority_steps_text), TEXT, 0, "0,3,6,9", NULL, 0, 0,
     "The producers' priority_steps of kombu: at most ten numbers, ascending, with commas "
     "between them. `exportd check` warns of messages in a list that they do not name."},
    {"EXPORTD_PRIORITY_SEP", MEMBER(priority_sep), TEXT, 0, "\\x06\\x16", NULL, 0, 0,
     "The producers' sep of kombu, between the queue's name and a priority step. \\xHH stands "
     "for a byte."},
    {"EXPORTD_CONCURRENCY", MEMBER(concurrency), NUMBER, 0, "", NULL, 1, 64,
     "The number of job threads. Empty: the number of CPUs, at most 4."},
    {"EXPORTD_SMALL_ROWS", MEMBER(small_rows), NUMBER, 0, "10000", NULL, 0, 2147483647,
     "An export of more rows is big. A worker with several threads keeps one for exports that "
     "are not."},
    {"EXPORTD_MAX_RUNNING", MEMBER(max_running), NUMBER, 0, "1000", NULL, 0, 1000000,
     "How many exports of one organization may run at once. `exportd quota` can say otherwise "
     "for an organization."},
    {"EXPORTD_MAX_QUEUED", MEMBER(max_queued), NUMBER, 0, "100000", NULL, 0, 1000000000,
     "How many exports of one organization may wait. `enqueue` and `retry` refuse more; "
     "Celery's messages are not refused. `exportd quota` can say otherwise for an "
     "organization."},
    {"EXPORTD_TAGSTORE", MEMBER(tagstore), CHOICE, 0, "postgres", " postgres snuba ", 0, 0,
     "Where tag values are: the tables of `exportd ingest` or of Sentry in PostgreSQL, or a "
     "Snuba."},
    {"EXPORTD_SNUBA_URL", MEMBER(snuba_url), URL, OR_PATH, "http://127.0.0.1:1218",
     " http https unix ", 0, 0,
     "The Snuba: http:// or https://host:port, or the path of a Unix socket. ?timeout=SECONDS "
     "(120) is how long an answer may take; for https, ?cafile=/path names the certificates."},
    {"EXPORTD_SNUBA_DIALECT", MEMBER(snuba_dialect), CHOICE, 0, "2020", " 2018 2020 ", 0, 0,
     "The requests that the Snuba takes: 2020, or 2018 for one that does not know group_id."},
    {"EXPORTD_RETENTION_DAYS", MEMBER(retention_days), NUMBER, 0, "90", NULL, 0, 36500,
     "How far back a Snuba is asked. 0: no bound. The tables in PostgreSQL are sums without a "
     "time axis."},
    {"EXPORTD_PAGE_SIZE", MEMBER(page_size), NUMBER, 0, "1000", NULL, 1, 10000,
     "Tag values in a page, or in the first page of a Snuba."},
    {"EXPORTD_PAGE_SIZE_MAX", MEMBER(page_size_max), NUMBER, 0, "10000", NULL, 1, 10000,
     "To how many values a page may grow while a Snuba answers quickly. At or below "
     "EXPORTD_PAGE_SIZE: pages do not grow."},
    {"EXPORTD_SAMPLED_PROJECTS", MEMBER(sampled_projects), TEXT, 0, "", NULL, 0, 0,
     "Project ids with commas between them. Of their events that happen often, `exportd "
     "ingest` counts all and stores some."},
    {"EXPORTD_STORAGE_URL", MEMBER(storage_url), URL, SECRET, "file:///var/lib/exportd/files",
     " file ", 0, 0,
     "The file store: file:///folder. Beside a Sentry the same as Sentry's filestore."},
    {"EXPORTD_STORAGE_MODE", MEMBER(storage_mode), CHOICE, 0, "0600", " 0600 0640 0660 ", 0, 0,
     "The mode of new files in the store: 0640 if its group may read them, 0660 if it may also "
     "change and remove them. New folders get 0700, 0750 or 0770. Files that are there keep "
     "their mode. For a Sentry that shares the store as another user."},
    {"EXPORTD_TMPDIR", MEMBER(tmpdir), TEXT, 0, "", NULL, 0, 0,
     "The folder of temporary files. A CSV of more than 1 MiB is written there first, to a "
     "file without a name. Empty: TMPDIR, else /var/tmp."},
    {"EXPORTD_CSV_FORMULA_GUARD", MEMBER(csv_formula_guard), SWITCH, 0, "off", NULL, 0, 0,
     "on: a ' before cells that a spreadsheet would take for a formula: those that begin with "
     "= + - @ (also full-width ones), tab, CR or LF, with or without blanks before."},
    {"EXPORTD_MAIL_URL", MEMBER(mail_url), URL, SECRET, "smtp://127.0.0.1:25", " smtp smtps file ",
     0, 0,
     "smtp://[user:password@]host:port is without TLS, with ?starttls=required it insists on "
     "TLS, smtps:// begins with TLS. ?cafile=/path names the certificates, which are verified. "
     "A password without TLS is refused, except on loopback. file:///folder writes .eml files "
     "instead."},
    {"EXPORTD_MAIL_FROM", MEMBER(mail_from), TEXT, 0, "root@localhost", NULL, 0, 0,
     "The sender of the mails: an address, or `Name <address>`."},
    {"EXPORTD_MAIL_HELO", MEMBER(mail_helo), TEXT, 0, "", NULL, 0, 0,
     "The name with which the mail server is greeted, or [address]. Many servers want a name "
     "with a dot. Empty: this host's name."},
    {"EXPORTD_URL_PREFIX", MEMBER(url_prefix), URL, 0, "http://localhost:8000", " http https ", 0,
     0, "The address of the web interface, with which the links in mails begin."},
    {"EXPORTD_EXPIRATION_DAYS", MEMBER(expiration_days), NUMBER, 0, "28", NULL, 1, 3650,
     "How long a finished export can be downloaded. `exportd quota` can say otherwise for an "
     "organization."},
    {"EXPORTD_HISTORY_DAYS", MEMBER(history_days), NUMBER, 0, "90", NULL, 1, 36500,
     "How long `exportd status` remembers. `exportd cleanup` removes what is older."},
    {"EXPORTD_AUDIT_DAYS", MEMBER(audit_days), NUMBER, 0, "400", NULL, 1, 36500,
     "How long `exportd audit` remembers. `exportd cleanup` removes what is older."},
    {"EXPORTD_MAX_FAILURES", MEMBER(max_failures), NUMBER, 0, "5", NULL, 1, 100,
     "How many attempts may fail before the user gets the failure mail."},
    {"EXPORTD_RETRY_BASE_SECONDS", MEMBER(retry_base_seconds), NUMBER, 0, "10", NULL, 1, 3600,
     "The first pause before a retry. It doubles each time, up to an hour."},
    {"EXPORTD_GIVE_UP_HOURS", MEMBER(give_up_hours), NUMBER, 0, "24", NULL, 1, 8760,
     "How long a job waits for a server that is away."},
    {"EXPORTD_LEASE_SECONDS", MEMBER(lease_seconds), NUMBER, 0, "30", NULL, 2, 3600,
     "A worker that is silent for this long counts as dead, and its jobs wait again."},
    {"EXPORTD_STUCK_SECONDS", MEMBER(stuck_seconds), NUMBER, 0, "600", NULL, 20, 86400,
     "A worker aborts if a job or another part of it makes no progress for this long. The "
     "time-outs of Snuba come on top. PostgreSQL gets a quarter of it for an answer."},
    {"EXPORTD_STOP_SECONDS", MEMBER(stop_seconds), NUMBER, 0, "25", NULL, 0, 86400,
     "How long running jobs may go on after TERM."},
    {"EXPORTD_LOG_FORMAT", MEMBER(log_format), CHOICE, 0, "", " json text ", 0, 0,
     "How log lines are written. Empty: text on a terminal, else json."},
    {"EXPORTD_LOG_LEVEL", MEMBER(log_level), CHOICE, 0, "info", " debug info warning error ", 0, 0,
     "The lowest level that is logged."},
    {"EXPORTD_METRICS_LISTEN", MEMBER(metrics_listen), TEXT, 0, "", NULL, 0, 0,
     "Where a worker answers /metrics, /healthz and /readyz: ADDRESS:PORT, [ADDRESS]:PORT, a PORT "
     "alone (on loopback), or the path of a Unix socket for its own user. Everyone who reaches it "
     "may ask. Empty: nowhere."},
    {"EXPORTD_STATSD_URL", MEMBER(statsd_url), URL, 0, "", " udp unixgram ", 0, 0,
     "A StatsD that gets Sentry's metrics of exports: udp://host:port or unixgram:///path. With "
     "?tags=datadog it is a DogStatsD. Empty: none."},
    {"EXPORTD_MAX_FILE_BYTES", MEMBER(max_file_bytes), NUMBER, HIDDEN, "2147483647", NULL, 1,
     2147483647, "the size bound of a file, lowered in tests"},
};

const size_t setting_count = ARRAY_LENGTH(settings);

/* The sections of the table, each from the setting with which it begins. */
static const struct section {
    const char *first;
    const char *title;
} sections[] = {
    {"EXPORTD_DATABASE_URL", "Servers"},
    {"EXPORTD_QUEUE", "The queue"},
    {"EXPORTD_TAGSTORE", "Tag values"},
    {"EXPORTD_STORAGE_URL", "Files"},
    {"EXPORTD_MAIL_URL", "Mail"},
    {"EXPORTD_EXPIRATION_DAYS", "How long things are kept"},
    {"EXPORTD_MAX_FAILURES", "Failures, leases and the stop"},
    {"EXPORTD_LOG_FORMAT", "The log"},
    {"EXPORTD_METRICS_LISTEN", "Metrics"},
};

/* Parts that this version does not have: a setting, or one word or scheme of a setting, is refused.
   Only this table knows them; when a part is built, its row is removed. */
struct missing_part {
    const char *name;
    const char *word; /* NULL: the whole setting */
    const char *reason;
};

#define NO_SUCH_PART "this version does not have the part that it sets"
#define NO_REDIS_TLS "the installed hiredis has no TLS, so rediss:// cannot be used"

static const struct missing_part missing_parts[] = {
    {"EXPORTD_CLICKHOUSE_URL", NULL, NO_SUCH_PART},
    {"EXPORTD_SENTRY_DSN", NULL, NO_SUCH_PART},
    {"EXPORTD_REDIS_URL", "rediss", NO_REDIS_TLS},
    {"EXPORTD_LOCK_REDIS_URL", "rediss", NO_REDIS_TLS},
    {"EXPORTD_TAGSTORE", "clickhouse", "this version does not have the tagstore 'clickhouse'"},
    {"EXPORTD_STORAGE_URL", "s3", "this version does not have the file store 's3'"},
};

bool setting_check_word(const struct setting *setting, const char *word, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(missing_parts); i++) {
        const struct missing_part *part = &missing_parts[i];
        if (part->word != NULL && text_equal(part->name, setting->name) &&
            text_equal(part->word, word))
            return error_set(error, ERROR_USAGE, "%s: %s", setting->name, part->reason);
    }
    return true;
}

/* ---- names that are misspelt ---- */

enum { NAME_SIZE = 64, NEAR = 4 }; /* bytes that are compared; edits up to which a name is near */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many bytes have to be put in, taken out or changed to make one name of the other. */
static size_t count_edits(const char *a, const char *b)
{
    size_t row[NAME_SIZE + 1];
    size_t width = strnlen(b, NAME_SIZE);
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; i <= strnlen(a, NAME_SIZE); i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = least(changed, 1 + least(row[j], row[j - 1]));
        }
    }
    return row[width];
}

static const char *find_nearest(const char *name)
{
    const char *nearest = NULL;
    size_t edits = NEAR + 1;
    for (size_t i = 0; i < setting_count; i++) {
        size_t these = count_edits(name, settings[i].name);
        if ((settings[i].flags & HIDDEN) == 0 && these < edits) {
            edits = these;
            nearest = settings[i].name;
        }
    }
    return nearest;
}

/* Whether `name` is `setting`, or `setting`_FILE where a file may hold the value. */
static bool is_name_of(const char *setting, bool or_file, const char *name)
{
    size_t size = strlen(setting);
    return strncmp(name, setting, size) == 0 &&
           (name[size] == '\0' || (or_file && text_equal(name + size, "_FILE")));
}

static bool is_known(const char *name)
{
#ifdef EXPORTD_FAULTS
    if (text_equal(name, "EXPORTD_FAULT") || text_equal(name, "EXPORTD_MEMORY_FAIL"))
        return true;
#endif
    for (size_t i = 0; i < setting_count; i++)
        if (is_name_of(settings[i].name, (settings[i].flags & SECRET) != 0, name))
            return true;
    return false;
}

bool setting_check_name(const char *name, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(missing_parts); i++)
        if (missing_parts[i].word == NULL && is_name_of(missing_parts[i].name, true, name))
            return error_set(error, ERROR_USAGE, "%s: %s", missing_parts[i].name,
                             missing_parts[i].reason);
    if (is_known(name))
        return true;
    const char *nearest = find_nearest(name);
    if (nearest == NULL)
        return error_set(error, ERROR_USAGE, "%.80s: no such setting; see `exportd help config`",
                         name);
    return error_set(error, ERROR_USAGE, "%.80s: no such setting; is %s meant?", name, nearest);
}

/* ---- the table for documents ---- */

static const char *section_that_begins(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++)
        if (text_equal(sections[i].first, name))
            return sections[i].title;
    return NULL;
}

bool config_next_setting(size_t *at, struct config_setting *view)
{
    while (*at < setting_count && (settings[*at].flags & HIDDEN) != 0)
        (*at)++;
    if (*at == setting_count)
        return false;
    const struct setting *setting = &settings[(*at)++];
    *view = (struct config_setting){
        .name = setting->name,
        .section = section_that_begins(setting->name),
        .meaning = setting->meaning,
        .fallback = setting->fallback,
        .words = setting->type == SWITCH   ? " on off "
                 : setting->type == CHOICE ? setting->allowed
                                           : "",
        .min = setting->min,
        .max = setting->max,
        .secret = (setting->flags & SECRET) != 0,
    };
    return true;
}
