/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings, for the files of this folder. Others see config.h. */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "config/config.h"

enum setting_type { TEXT, URL, NUMBER, CHOICE, SWITCH };
enum setting_flag {
    SECRET = 1,  /* never shown; may come from a file */
    HIDDEN = 2,  /* not in the help */
    OR_PATH = 4, /* URL: an absolute path is allowed, too */
    OR_NONE = 8, /* URL: the word none is allowed, too: there is no such server */
};

struct setting {
    const char *name;
    size_t offset; /* of the member in struct config */
    enum setting_type type;
    int flags;
    const char *fallback; /* the default */
    const char *allowed;  /* URL: schemes, CHOICE: words; a space before and after each */
    int64_t min, max;     /* NUMBER */
    const char *meaning;
};

extern const struct setting settings[];
extern const size_t setting_count;

/* ERROR_USAGE if this version lacks the part that `word` stands for: a value of the setting, or the
   scheme of its URL. */
bool setting_check_word(const struct setting *setting, const char *word,
                        struct error *error) MUST_CHECK;

/* ERROR_USAGE for the name of a setting whose part this version lacks, and, with the nearest name,
   for a name that is no setting's. NAME_FILE is one for a secret. */
bool setting_check_name(const char *name, struct error *error) MUST_CHECK;

#endif
