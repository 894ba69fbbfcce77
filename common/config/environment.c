/* SPDX-License-Identifier: Apache-2.0 */
#include "config/environment.h"

#include "base/text.h"

enum { NAME_MAX_SIZE = 96, SECRET_FILE_MAX = 8192 };

/* NULL if it is not set, or empty. */
static const char *find_variable(const char *name, const char *suffix)
{
    char whole[NAME_MAX_SIZE];
    (void)snprintf(whole, sizeof(whole), "%s%s", name, suffix);
    const char *value = getenv(whole);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

bool environment_has(const char *name)
{
    return find_variable(name, "") != NULL || find_variable(name, "_FILE") != NULL;
}

static bool copy_value(const char *text, char **value, struct error *error)
{
    *value = text_duplicate(text);
    return *value != NULL || error_no_memory(error);
}

static bool read_file(const char *name, const char *path, char **value, struct error *error)
{
    char text[SECRET_FILE_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, ERROR_USAGE, "%s_FILE: cannot open the file it names", name);
    size_t size = fread(text, 1, sizeof(text), file);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed || size == sizeof(text))
        return error_set(error, ERROR_USAGE, "%s_FILE: not a readable file of less than %d bytes",
                         name, SECRET_FILE_MAX);
    while (size > 0 && (text[size - 1] == '\n' || text[size - 1] == '\r'))
        size--;
    if (size == 0 || memchr(text, '\0', size) != NULL)
        return error_set(error, ERROR_USAGE, "%s_FILE: the file it names is empty or no text",
                         name);
    text[size] = '\0';
    return copy_value(text, value, error);
}

bool environment_read(const char *name, bool is_secret, char **value, struct error *error)
{
    const char *direct = find_variable(name, "");
    const char *path = is_secret ? find_variable(name, "_FILE") : NULL;
    *value = NULL;
    if (direct != NULL && path != NULL)
        return error_set(error, ERROR_USAGE, "%s and %s_FILE are both set: which one counts?", name,
                         name);
    if (path != NULL)
        return read_file(name, path, value, error);
    return direct == NULL || copy_value(direct, value, error);
}
