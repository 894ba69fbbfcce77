/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text of a settings file, which has the syntax of systemd's EnvironmentFile. No I/O. */
#ifndef CONFIG_ENVIRONMENT_FILE_H
#define CONFIG_ENVIRONMENT_FILE_H

#include "base/error.h"

struct environment_line {
    const char *name;
    const char *value;
};

struct environment_lines {
    struct environment_line *items; /* the caller's to free */
    size_t count;
};

/* Reads NAME=value lines. A line that is blank, or begins with # or ;, is a comment. A value may be
   in single quotes, which keep everything, or in double quotes, in which a backslash escapes one of
   " \ ` $. Outside of single quotes a backslash before the end of a line joins the next line.
   Blanks around a name and an unquoted value are dropped.

   Changes `text`, which the lines point into and which must be NUL-terminated. ERROR_USAGE names
   the number of a line that has no NAME=, or a quote that is not closed. */
bool environment_file_parse(char *text, struct environment_lines *lines,
                            struct error *error) MUST_CHECK;

#endif
