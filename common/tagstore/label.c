/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/label.h"

#include "base/text.h"
#include "wire/tag_key.h"

static const char PREFIX[] = "sentry:";

const char *const tag_unlisted_keys[TAG_UNLISTED_KEYS] = {"environment", "sentry:release",
                                                          "sentry:dist", "sentry:user"};

/* ---- keys as they are stored ---- */

bool tag_key_stored(const char *key, struct arena *arena, const char **stored, struct error *error)
{
    *stored = tag_key_is_reserved(key) ? arena_printf(arena, error, "%s%s", PREFIX, key) : key;
    return *stored != NULL;
}

const char *tag_key_standardized(const char *key)
{
    const char *found = strstr(key, PREFIX);
    return found == NULL ? key : found + strlen(PREFIX);
}

/* ---- labels ---- */

static const char *known_label(const char *key)
{
    static const char *const labels[][2] = {
        {"exc_type", "Exception Type"},
        {"sentry:user", "User"},
        {"sentry:release", "Release"},
        {"sentry:dist", "Distribution"},
        {"os", "OS"},
        {"url", "URL"},
        {"server_name", "Server"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(labels); i++)
        if (text_equal(key, labels[i][0]))
            return labels[i][1];
    return NULL;
}

/* As Python's title(): the first letter of each run of letters becomes upper case, the others lower
   case. `_` becomes a space. Bytes beyond ASCII are letters without a case. */
static void make_title(char *text)
{
    bool in_word = false;
    for (char *at = text; *at != '\0'; at++) {
        bool is_lower = *at >= 'a' && *at <= 'z';
        bool is_upper = *at >= 'A' && *at <= 'Z';
        if (*at == '_')
            *at = ' ';
        else if (is_lower && !in_word)
            *at = (char)(*at - 'a' + 'A');
        else if (is_upper && in_word)
            *at = (char)(*at - 'A' + 'a');
        in_word = is_lower || is_upper || (unsigned char)*at >= 0x80;
    }
}

bool tag_key_label(const char *key, struct arena *arena, const char **label, struct error *error)
{
    *label = known_label(key);
    if (*label != NULL)
        return true;
    char *title = arena_copy(arena, key, strlen(key), error);
    if (title == NULL)
        return false;
    make_title(title);
    *label = title;
    return true;
}

const char *tag_value_label(const char *key, const char *value)
{
    static const char *const keywords[] = {"id:", "email:", "username:", "ip:"};
    if (text_equal(key, "sentry:user"))
        for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
            if (text_starts_with(value, keywords[i]))
                return value + strlen(keywords[i]);
    return value;
}
