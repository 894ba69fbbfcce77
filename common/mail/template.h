/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of mails: files in templates/, compiled in.
 *
 *     {{name}}             the value; escaped in a file that ends with .html. Its further lines are
 *                          indented as the tag is
 *     {{#name}}...{{/name}}  only if there is a value
 *     {{^name}}...{{/name}}  only if there is none
 *     {{>file}}            another file
 *
 * A line that has such a tag alone is no line of the text.
 */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include "base/arena.h"

struct mail_value {
    const char *name;
    const char *text; /* NULL: none */
};

/* The file, filled in; the text is in `arena`. The values end with a name of NULL. NULL and *error:
   ERROR_TOO_LARGE, ERROR_AWAY without memory. */
char *mail_template_fill(const char *file, const struct mail_value *values, struct arena *arena,
                         struct error *error) MUST_CHECK;

#endif
