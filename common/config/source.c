/* SPDX-License-Identifier: Apache-2.0 */
#include "config/source.h"

#include "base/memory.h"
#include "base/text.h"
#include "config/setting.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

enum {
    WORD_SIZE = 96,             /* a name with _FILE */
    SECRET_MAX = 8192,          /* bytes of a file with a secret */
    SETTINGS_MAX = 1024 * 1024, /* bytes of the settings file */
};

/* ---- files ---- */

/* Reads a whole file of less than `max` bytes. `what` begins the message of an error. */
static bool read_text(const char *path, size_t max, const char *what, char **text,
                      struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_USAGE, "%s: cannot open the file: %s", what,
                         strerrordesc_np(errno));
    *text = memory_alloc(max);
    size_t size = *text == NULL ? 0 : fread(*text, 1, max, file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (*text == NULL)
        return error_no_memory(error);
    if (failed || size == max)
        return error_set(error, ERROR_USAGE, "%s: not a readable file of less than %zu bytes", what,
                         max);
    (*text)[size] = '\0';
    return memchr(*text, '\0', size) == NULL ||
           error_set(error, ERROR_USAGE, "%s: not a text", what);
}

/* A file that holds one secret, perhaps with line ends after it. */
static bool read_secret(const char *path, const char *what, char **text, struct error *error)
{
    if (!read_text(path, SECRET_MAX, what, text, error))
        return false;
    size_t size = strlen(*text);
    while (size > 0 && ((*text)[size - 1] == '\n' || (*text)[size - 1] == '\r'))
        (*text)[--size] = '\0';
    return size > 0 || error_set(error, ERROR_USAGE, "%s: the file is empty", what);
}

/* ---- opening ---- */

static bool read_file(struct config_source *source, struct error *error)
{
    return read_text(source->path, SETTINGS_MAX, source->path, &source->text, error) &&
           (environment_file_parse(source->text, &source->lines, error) ||
            error_prefix(error, "%s", source->path));
}

bool config_source_open(const char *path, struct config_source *source, struct error *error)
{
    bool is_there = path != NULL || access(CONFIG_DEFAULT_FILE, F_OK) == 0;
    *source = (struct config_source){.path = path != NULL ? path
                                             : is_there   ? CONFIG_DEFAULT_FILE
                                                          : NULL};
    return !is_there || read_file(source, error);
}

void config_source_close(struct config_source *source)
{
    free(source->lines.items);
    free(source->text);
    *source = (struct config_source){.path = NULL};
}

/* ---- names ---- */

static bool starts_with_prefix(const char *name)
{
    return strncmp(name, "EXPORTD_", strlen("EXPORTD_")) == 0;
}

/* The environment has no array at all after clearenv(). */
static void check_environment(const struct config_faults *faults)
{
    char name[WORD_SIZE];
    struct error error;
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        size_t size = strcspn(*entry, "=");
        bool is_empty = (*entry)[size] == '\0' || (*entry)[size + 1] == '\0';
        if (!starts_with_prefix(*entry) || is_empty)
            continue;
        (void)snprintf(name, sizeof(name), "%.*s", (int)size, *entry);
        if (!setting_check_name(name, &error))
            faults->tell(faults->context, &error);
    }
}

static bool check_line(const char *path, const char *name, struct error *error)
{
    if (!starts_with_prefix(name))
        return error_set(error, ERROR_USAGE, "%s: %.80s does not begin with EXPORTD_", path, name);
    return setting_check_name(name, error) || error_prefix(error, "%s", path);
}

void config_source_check_names(const struct config_source *source,
                               const struct config_faults *faults)
{
    struct error error;
    for (size_t i = 0; i < source->lines.count; i++)
        if (!check_line(source->path, source->lines.items[i].name, &error))
            faults->tell(faults->context, &error);
    check_environment(faults);
}

/* ---- reading ---- */

/* One of both layers. The last line of a name counts. NULL: not there, or empty. */
static const char *find(const struct config_source *source, bool in_file, const char *name)
{
    const char *value = in_file ? NULL : getenv(name);
    for (size_t i = 0; in_file && i < source->lines.count; i++)
        if (text_equal(source->lines.items[i].name, name))
            value = source->lines.items[i].value;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool copy(const char *text, const char *origin, struct config_value *value,
                 struct error *error)
{
    value->text = text_duplicate(text);
    value->origin = origin;
    return value->text != NULL || error_no_memory(error);
}

static bool read_secret_into(const char *path, const char *what, const char *origin,
                             struct config_value *value, struct error *error)
{
    value->origin = origin;
    return read_secret(path, what, &value->text, error);
}

/* Reads NAME, or the file that NAME_FILE names, from one layer. */
static bool read_layer(const struct config_source *source, bool in_file, const char *name,
                       struct config_value *value, struct error *error)
{
    char file_name[WORD_SIZE];
    (void)snprintf(file_name, sizeof(file_name), "%s_FILE", name);
    const char *direct = find(source, in_file, name);
    const char *path = find(source, in_file, file_name);
    if (direct != NULL && path != NULL)
        return error_set(error, ERROR_USAGE, "%s and %s are both set: which one counts?", name,
                         file_name);
    if (path != NULL)
        return read_secret_into(path, file_name, path, value, error);
    return direct == NULL || copy(direct, in_file ? source->path : "environment", value, error);
}

/* Reads what systemd hands over by LoadCredential=NAME:PATH. */
static bool read_credential(const char *name, struct config_value *value, struct error *error)
{
    char path[PATH_MAX];
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    if (folder == NULL || folder[0] == '\0')
        return true;
    int size = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (size < 0 || (size_t)size >= sizeof(path) || access(path, F_OK) != 0)
        return true;
    if (value->text != NULL)
        return error_set(error, ERROR_USAGE,
                         "%s is set and is a credential, too: which one counts?", name);
    return read_secret_into(path, name, "credential", value, error);
}

bool config_source_read(const struct config_source *source, const char *name, bool is_secret,
                        struct config_value *value, struct error *error)
{
    *value = (struct config_value){.text = NULL};
    bool done = read_layer(source, false, name, value, error) &&
                (value->text != NULL || read_layer(source, true, name, value, error)) &&
                (!is_secret || read_credential(name, value, error));
    if (done)
        return true;
    free(value->text);
    value->text = NULL;
    return false;
}
