/* SPDX-License-Identifier: Apache-2.0 */
/* Each setting is one entry of a table. It is read from the environment, checked by its type and
   stored in its member of struct config. Rules that concern several settings follow at the end. */
#include "config/config.h"

#include "base/text.h"
#include "base/url.h"
#include "base/utf8.h"
#include "config/environment.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum type { TEXT, URL, NUMBER, CHOICE, SWITCH };
enum flag {
    SECRET = 1,  /* never shown; may come from a file */
    HIDDEN = 2,  /* not in the help */
    OR_PATH = 4, /* URL: an absolute path is allowed, too */
    OR_NONE = 8, /* URL: the word none is allowed, too: there is no such server */
};

struct setting {
    const char *name;
    size_t offset; /* of the member in struct config */
    enum type type;
    int flags;
    const char *fallback; /* the default */
    const char *allowed;  /* URL: schemes, CHOICE: words; a space before and after each */
    int64_t min, max;     /* NUMBER */
    const char *meaning;
};

#define MEMBER(member) offsetof(struct config, member)

static const struct setting settings[] = {
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
    {"EXPORTD_MAX_FILE_BYTES", MEMBER(max_file_bytes), NUMBER, HIDDEN, "2147483647", NULL, 1,
     2147483647, "the size bound of a file, lowered in tests"},
};

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
    {"EXPORTD_STATSD_URL", NULL, NO_SUCH_PART},
    {"EXPORTD_SENTRY_DSN", NULL, NO_SUCH_PART},
    {"EXPORTD_REDIS_URL", "rediss", NO_REDIS_TLS},
    {"EXPORTD_LOCK_REDIS_URL", "rediss", NO_REDIS_TLS},
    {"EXPORTD_TAGSTORE", "clickhouse", "this version does not have the tagstore 'clickhouse'"},
    {"EXPORTD_STORAGE_URL", "s3", "this version does not have the file store 's3'"},
};

/* The name of the setting and its fault; the value may be a secret. */
static bool refuse_value(struct error *error, const struct setting *setting, const char *what)
{
    return error_set(error, ERROR_USAGE, "%s: %s", setting->name, what);
}

/* ---- parts that this version does not have ---- */

/* Refuses a setting whose part is missing. */
static bool check_settings_built(struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(missing_parts); i++) {
        const struct missing_part *part = &missing_parts[i];
        if (part->word == NULL && environment_has(part->name))
            return error_set(error, ERROR_USAGE, "%s: %s", part->name, part->reason);
    }
    return true;
}

/* Refuses a word whose part is missing; it is the value of `setting`, or the scheme of its URL. */
static bool check_word_built(const struct setting *setting, const char *word, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(missing_parts); i++) {
        const struct missing_part *part = &missing_parts[i];
        if (part->word != NULL && text_equal(part->name, setting->name) &&
            text_equal(part->word, word))
            return refuse_value(error, setting, part->reason);
    }
    return true;
}

/* ---- one value ---- */

static bool copy_text(const char *text, char **copy, struct error *error)
{
    *copy = text_duplicate(text);
    return *copy != NULL || error_no_memory(error);
}

/* `allowed` has a space before and after each word. */
static bool is_allowed(const char *allowed, const char *word)
{
    char wanted[64];
    int length = snprintf(wanted, sizeof(wanted), " %s ", word);
    return length > 2 && (size_t)length < sizeof(wanted) && strchr(word, ' ') == NULL &&
           strstr(allowed, wanted) != NULL;
}

/* Checks the form only; the client of the server checks the rest. */
static bool check_url(const struct setting *setting, const char *value, struct error *error)
{
    struct url url;
    bool is_path = (setting->flags & OR_PATH) != 0 && value[0] == '/' && value[1] != '\0';
    bool is_none = (setting->flags & OR_NONE) != 0 && text_equal(value, "none");
    if (value[0] == '\0' || is_path || is_none)
        return true;
    if (!url_parse(value, &url, error))
        return error_set(error, ERROR_USAGE, "%s: not a URL as in scheme://host:port/path",
                         setting->name);
    if (!check_word_built(setting, url.scheme, error))
        return false;
    if (!is_allowed(setting->allowed, url.scheme))
        return error_set(error, ERROR_USAGE, "%s: the scheme '%s' is not one of:%.*s",
                         setting->name, url.scheme, (int)strlen(setting->allowed) - 1,
                         setting->allowed);
    bool local = text_equal(url.scheme, "file") || text_equal(url.scheme, "unix");
    if (local && (url.host[0] != '\0' || url.path[0] != '/' || url.path[1] == '\0'))
        return error_set(error, ERROR_USAGE,
                         "%s: needs three slashes and an absolute path: %s:///path", setting->name,
                         url.scheme);
    if (!local && url.host[0] == '\0')
        return refuse_value(error, setting, "the URL names no host");
    return true;
}

/* The number must be in the range of the setting. */
static bool store_number(const struct setting *setting, const char *value, int64_t *number,
                         struct error *error)
{
    if (!text_to_int64(value, setting->min, setting->max, number))
        return error_set(error, ERROR_USAGE, "%s: not a whole number from %" PRId64 " to %" PRId64,
                         setting->name, setting->min, setting->max);
    return true;
}

/* Checks `value` and stores it in its member, which owns it then. */
static bool store_value(const struct setting *setting, struct config *config, char *value,
                        struct error *error)
{
    void *member = (char *)config + setting->offset;
    if (setting->type == NUMBER) {
        bool done = value[0] == '\0' || store_number(setting, value, member, error);
        free(value);
        return done;
    }
    if (setting->type == SWITCH) {
        bool on = text_equal(value, "on");
        bool off = text_equal(value, "off");
        free(value);
        *(bool *)member = on;
        return on || off || refuse_value(error, setting, "must be on or off");
    }
    *(char **)member = value;
    if (setting->type == URL)
        return check_url(setting, value, error);
    if (setting->type != CHOICE || value[0] == '\0')
        return true;
    if (!check_word_built(setting, value, error))
        return false;
    if (!is_allowed(setting->allowed, value))
        return error_set(error, ERROR_USAGE, "%s: must be one of:%.*s", setting->name,
                         (int)strlen(setting->allowed) - 1, setting->allowed);
    return true;
}

/* A setting that is not set gets its default, which is stored in the same way. */
static bool load_setting(const struct setting *setting, struct config *config, struct error *error)
{
    char *value = NULL;
    bool is_secret = (setting->flags & SECRET) != 0;
    return environment_read(setting->name, is_secret, &value, error) &&
           (value != NULL || copy_text(setting->fallback, &value, error)) &&
           store_value(setting, config, value, error);
}

/* ---- values that depend on others, and further rules ---- */

static bool replace_text(char **member, const char *value, struct error *error)
{
    char *copy = NULL;
    if (!copy_text(value, &copy, error))
        return false;
    free(*member);
    *member = copy;
    return true;
}

/* "none" is needed to say that there is no such server, where "" means the default. */
static void empty_if_none(char *url)
{
    if (text_equal(url, "none"))
        url[0] = '\0';
}

/* Splits "Name <address>" into the name, without quotes, and the address. Leaves any other text as
   it is; check_rules refuses it if it is not an address. */
static void split_sender(struct config *config)
{
    char *name = config->mail_from;
    char *open = strchr(name, '<');
    size_t size = strlen(name);
    if (open == NULL || name[size - 1] != '>')
        return;
    char *end = open;
    while (end > name && end[-1] == ' ')
        end--;
    if (end - name >= 2 && name[0] == '"' && end[-1] == '"') {
        name++;
        end--;
    }
    if ((size_t)(end - name) >= sizeof(config->mail_from_name))
        return;
    (void)snprintf(config->mail_from_name, sizeof(config->mail_from_name), "%.*s",
                   (int)(end - name), name);
    config->mail_from[size - 1] = '\0';
    memmove(config->mail_from, open + 1, strlen(open + 1) + 1);
}

/* Fills defaults that depend on the machine or on other settings. */
static bool derive_values(struct config *config, struct error *error)
{
    if (config->concurrency == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        config->concurrency = cpus < 1 ? 1 : cpus > 4 ? 4 : cpus;
    }
    if (config->lock_redis_url[0] == '\0' &&
        !replace_text(&config->lock_redis_url, config->redis_url, error))
        return false;
    empty_if_none(config->redis_url);
    empty_if_none(config->lock_redis_url);
    split_sender(config);
    const char *tmpdir = getenv("TMPDIR");
    if (config->tmpdir[0] == '\0' &&
        !replace_text(&config->tmpdir, tmpdir != NULL && tmpdir[0] != '\0' ? tmpdir : "/var/tmp",
                      error))
        return false;
    size_t length = strlen(config->url_prefix);
    while (length > 0 && config->url_prefix[length - 1] == '/')
        config->url_prefix[--length] = '\0';
    return true;
}

/* Numbers separated by commas, or no text. */
static bool check_sampled_projects(const struct config *config, struct error *error)
{
    const char *at = config->sampled_projects;
    while (*at != '\0') {
        int64_t id = 0;
        char number[32];
        size_t size = strcspn(at, ",");
        (void)snprintf(number, sizeof(number), "%.*s", size < sizeof(number) ? (int)size : 0, at);
        at += size;
        if (!text_to_int64(number, 1, INT64_MAX, &id) || (*at == ',' && at[1] == '\0'))
            return error_set(error, ERROR_USAGE,
                             "EXPORTD_SAMPLED_PROJECTS: not a list of project ids as in 1,7,12");
        at += *at == ',';
    }
    return true;
}

/* These three settings must equal those of the producers' kombu. */
static bool read_priorities(struct config *config, struct error *error)
{
    if (strlen(config->redis_key_prefix) > 200)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_REDIS_KEY_PREFIX: a text of at most 200 bytes");
    if (!priority_parse_steps(config->priority_steps_text, &config->priority_steps))
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_PRIORITY_STEPS: not up to ten numbers from 0 to 255, ascending, "
                         "as in 0,3,6,9");
    if (strlen(config->priority_sep) > 64 || !priority_unescape(config->priority_sep))
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_PRIORITY_SEP: not a text of at most 64 bytes as in "
                         "\\x06\\x16; a backslash is written twice");
    return true;
}

#define HELO_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]"

static bool is_utf8(const char *text)
{
    bool valid = true;
    for (size_t size = strlen(text); size > 0 && valid;) {
        size_t step = utf8_step(text, size, &valid);
        text += step;
        size -= step;
    }
    return valid;
}

/* Rules for the texts of single settings. */
static bool check_rules(const struct config *config, struct error *error)
{
    if (strlen(config->queue) > 200 || strpbrk(config->queue, "{}") != NULL ||
        text_has_control(config->queue))
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_QUEUE: a name of at most 200 characters without braces");
    if (strchr(config->mail_from, '@') == NULL || text_has_control(config->mail_from) ||
        strpbrk(config->mail_from, " <>") != NULL || strlen(config->mail_from) > 254)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    if (text_has_control(config->mail_from_name) || !is_utf8(config->mail_from_name) ||
        strpbrk(config->mail_from_name, "<>\"\\") != NULL)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_MAIL_FROM: the name has control characters, quotes or brackets");
    if (strlen(config->mail_helo) > 255 ||
        config->mail_helo[strspn(config->mail_helo, HELO_CHARACTERS)] != '\0')
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_MAIL_HELO: not a name as in mail.example.com, or [address]");
    if (text_has_control(config->url_prefix))
        return error_set(error, ERROR_USAGE, "EXPORTD_URL_PREFIX: has control characters");
    return check_sampled_projects(config, error);
}

bool config_load(struct config *config, struct error *error)
{
    *config = (struct config){.concurrency = 0};
    if (!check_settings_built(error))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++)
        if (!load_setting(&settings[i], config, error))
            return false;
    return derive_values(config, error) && read_priorities(config, error) &&
           check_rules(config, error);
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < ARRAY_LENGTH(settings); i++) {
        if (settings[i].type == NUMBER || settings[i].type == SWITCH)
            continue;
        char **member = (char **)((char *)config + settings[i].offset);
        free(*member);
        *member = NULL;
    }
}

bool config_has_redis(const struct config *config)
{
    return config->redis_url[0] != '\0';
}

bool config_has_lock_redis(const struct config *config)
{
    return config->lock_redis_url[0] != '\0';
}

enum log_format config_log_format(const struct config *config)
{
    if (config->log_format[0] != '\0')
        return text_equal(config->log_format, "json") ? LOG_JSON : LOG_TEXT;
    return isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON;
}

enum log_level config_log_level(const struct config *config)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (text_equal(config->log_level, names[i]))
            return (enum log_level)i;
    return LOG_INFO;
}

static const char *section_that_begins(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++)
        if (text_equal(sections[i].first, name))
            return sections[i].title;
    return NULL;
}

bool config_next_setting(size_t *at, struct config_setting *view)
{
    while (*at < ARRAY_LENGTH(settings) && (settings[*at].flags & HIDDEN) != 0)
        (*at)++;
    if (*at == ARRAY_LENGTH(settings))
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
