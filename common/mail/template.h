/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts of mails: files in templates/, compiled in.
 *
 *     {{name}}               the value; escaped in a file that ends with .html. If only blanks
 *                            stand before the tag, all lines of the value are indented like it
 *     {{#name}}...{{/name}}  only if there is a value
 *     {{^name}}...{{/name}}  only if there is no value
 *     {{>file}}              another file
 *
 * If one of the last three kinds of tags stands alone in its line, the line does not appear.
 */
#ifndef MAIL_TEMPLATE_H
#define MAIL_TEMPLATE_H

#include "base/arena.h"

struct mail_value {
    const char *name;
    const char *text; /* NULL: no value */
};

/* Returns the text of the file with the values filled in, in `arena`. The last item of `values` has
   the name NULL. In a value, CR is left out, and other control characters are replaced. NULL: see
   *error, which is ERROR_TOO_LARGE (over 1 MiB), or ERROR_AWAY without memory. */
char *mail_template_fill(const char *file, const struct mail_value *values, struct arena *arena,
                         struct error *error) MUST_CHECK;

#endif
