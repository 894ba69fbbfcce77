/* SPDX-License-Identifier: Apache-2.0 */
/* Each setting is an entry of the table in setting.c. Its value is read from its source, checked by
   its type and stored in its member of struct config. Rules that concern several settings follow at
   the end. */
#include "config/config.h"

#include "base/text.h"
#include "base/url.h"
#include "base/utf8.h"
#include "config/setting.h"
#include "config/source.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* The name of the setting and its fault; the value may be a secret. */
static bool refuse_value(struct error *error, const struct setting *setting, const char *what)
{
    return error_set(error, ERROR_USAGE, "%s: %s", setting->name, what);
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
    if (!setting_check_word(setting, url.scheme, error))
        return false;
    if (!is_allowed(setting->allowed, url.scheme))
        return error_set(error, ERROR_USAGE, "%s: the scheme '%s' is not one of:%.*s",
                         setting->name, url.scheme, (int)strlen(setting->allowed) - 1,
                         setting->allowed);
    bool local = text_equal(url.scheme, "file") || text_equal(url.scheme, "unix") ||
                 text_equal(url.scheme, "unixgram");
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
    if (!setting_check_word(setting, value, error))
        return false;
    if (!is_allowed(setting->allowed, value))
        return error_set(error, ERROR_USAGE, "%s: must be one of:%.*s", setting->name,
                         (int)strlen(setting->allowed) - 1, setting->allowed);
    return true;
}

/* A setting that is not set gets its default, which is stored in the same way. */
static bool load_setting(const struct config_source *source, const struct setting *setting,
                         struct config *config, struct error *error)
{
    struct config_value value;
    bool is_secret = (setting->flags & SECRET) != 0;
    return config_source_read(source, setting->name, is_secret, &value, error) &&
           (value.text != NULL || copy_text(setting->fallback, &value.text, error)) &&
           store_value(setting, config, value.text, error);
}

/* In the place of a value that is wrong, for the checks of other settings. */
static bool load_default(const struct setting *setting, struct config *config, struct error *error)
{
    char *value = NULL;
    char **member = (char **)((char *)config + setting->offset);
    if (setting->type == NUMBER || setting->type == SWITCH)
        return true;
    free(*member);
    *member = NULL;
    return copy_text(setting->fallback, &value, error) &&
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
static bool check_sampled_projects(struct config *config, struct error *error)
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

/* The following settings must equal those of the producers' kombu. */
static bool check_key_prefix(struct config *config, struct error *error)
{
    return strlen(config->redis_key_prefix) <= 200 ||
           error_set(error, ERROR_USAGE, "EXPORTD_REDIS_KEY_PREFIX: a text of at most 200 bytes");
}

static bool read_priority_steps(struct config *config, struct error *error)
{
    return priority_parse_steps(config->priority_steps_text, &config->priority_steps) ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_PRIORITY_STEPS: not up to ten numbers from 0 to 255, ascending, as "
                     "in 0,3,6,9");
}

static bool read_priority_sep(struct config *config, struct error *error)
{
    return (strlen(config->priority_sep) <= 64 && priority_unescape(config->priority_sep)) ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_PRIORITY_SEP: not a text of at most 64 bytes as in \\x06\\x16; a "
                     "backslash is written twice");
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

static bool check_queue_name(struct config *config, struct error *error)
{
    return (strlen(config->queue) <= 200 && strpbrk(config->queue, "{}") == NULL &&
            !text_has_control(config->queue)) ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_QUEUE: a name of at most 200 characters without braces");
}

static bool check_sender(struct config *config, struct error *error)
{
    if (strchr(config->mail_from, '@') == NULL || text_has_control(config->mail_from) ||
        strpbrk(config->mail_from, " <>") != NULL || strlen(config->mail_from) > 254)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_MAIL_FROM: not an address as in a@b.c or Name <a@b.c>");
    if (text_has_control(config->mail_from_name) || !is_utf8(config->mail_from_name) ||
        strpbrk(config->mail_from_name, "<>\"\\") != NULL)
        return error_set(error, ERROR_USAGE,
                         "EXPORTD_MAIL_FROM: the name has control characters, quotes or brackets");
    return true;
}

static bool check_hello(struct config *config, struct error *error)
{
    return (strlen(config->mail_helo) <= 255 &&
            config->mail_helo[strspn(config->mail_helo, HELO_CHARACTERS)] == '\0') ||
           error_set(error, ERROR_USAGE,
                     "EXPORTD_MAIL_HELO: not a name as in mail.example.com, or [address]");
}

static bool check_url_prefix(struct config *config, struct error *error)
{
    return !text_has_control(config->url_prefix) ||
           error_set(error, ERROR_USAGE, "EXPORTD_URL_PREFIX: has control characters");
}

/* Rules for the texts of single settings. */
static bool (*const rules[])(struct config *, struct error *) = {
    check_key_prefix, read_priority_steps, read_priority_sep, check_queue_name,
    check_sender,     check_hello,         check_url_prefix,  check_sampled_projects};

/* ---- loading ---- */

/* False without memory. */
static bool load_values(const struct config_source *source, struct config *config,
                        const struct config_faults *faults)
{
    struct error error;
    for (size_t i = 0; i < setting_count; i++) {
        if (load_setting(source, &settings[i], config, &error))
            continue;
        faults->tell(faults->context, &error);
        if (!load_default(&settings[i], config, &error))
            return false;
    }
    if (derive_values(config, &error))
        return true;
    faults->tell(faults->context, &error);
    return false;
}

bool config_load_all(const char *file, struct config *config, const struct config_faults *faults)
{
    struct error error;
    struct config_source source;
    bool loaded = false;
    *config = (struct config){.file = file};
    if (config_source_open(file, &source, &error)) {
        config_source_check_names(&source, faults);
        loaded = load_values(&source, config, faults);
    } else {
        faults->tell(faults->context, &error);
    }
    config_source_close(&source);
    for (size_t i = 0; loaded && i < ARRAY_LENGTH(rules); i++)
        if (!rules[i](config, &error))
            faults->tell(faults->context, &error);
    return loaded;
}

void config_keep_first(void *error, const struct error *fault)
{
    struct error *first = error;
    if (first->code == ERROR_NONE)
        *first = *fault;
}

bool config_load(const char *file, struct config *config, struct error *error)
{
    const struct config_faults faults = {config_keep_first, error};
    error->code = ERROR_NONE;
    return config_load_all(file, config, &faults) && error->code == ERROR_NONE;
}

bool config_for_each(const struct config *config, config_visit *visit, void *context,
                     struct error *error)
{
    size_t at = 0;
    struct config_setting setting;
    struct config_source source;
    bool done = config_source_open(config->file, &source, error);
    while (done && config_next_setting(&at, &setting)) {
        struct config_value value;
        done = config_source_read(&source, setting.name, setting.secret, &value, error) &&
               visit(context, &setting, value.text != NULL ? value.text : setting.fallback,
                     value.text != NULL ? value.origin : NULL, error);
        free(value.text);
    }
    config_source_close(&source);
    return done;
}

void config_free(struct config *config)
{
    for (size_t i = 0; i < setting_count; i++) {
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
