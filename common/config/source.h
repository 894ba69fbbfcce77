/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where values of settings come from: the environment, then the settings file. For a secret each of
 * both may have NAME_FILE, which names a file with the value; and systemd may hand the value over
 * as a credential called NAME. An empty value counts as absent.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "config/config.h"
#include "config/environment_file.h"

struct config_source {
    const char *path; /* of the settings file; NULL: there is none */
    char *text;       /* its bytes, in which the lines are */
    struct environment_lines lines;
};

/* Reads the settings file: `path`, or if that is NULL CONFIG_DEFAULT_FILE, which may be missing.
   ERROR_USAGE. Close it also after an error. */
bool config_source_open(const char *path, struct config_source *source,
                        struct error *error) MUST_CHECK;
void config_source_close(struct config_source *source);

/* Checks all names that begin with EXPORTD_, and that the file has no others. */
void config_source_check_names(const struct config_source *source,
                               const struct config_faults *faults);

/* A value, and where it comes from. */
struct config_value {
    char *text;         /* the caller's to free; NULL: there is none */
    const char *origin; /* "environment", "credential", or a path; lives as long as the source */
};

/* Reads the value of NAME. ERROR_USAGE, never with the value: it is given twice, or a file with it
   cannot be read, is empty, no text, or too large. */
bool config_source_read(const struct config_source *source, const char *name, bool is_secret,
                        struct config_value *value, struct error *error) MUST_CHECK;

#endif
