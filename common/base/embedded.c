/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/unit/mail/render_test.c and tests/unit/job. */
#include "base/embedded.h"

#include "base/text.h"

const char *embedded_text(const struct embedded_file *files, const char *name)
{
    while (files->name != NULL && !text_equal(files->name, name))
        files++;
    if (files->name == NULL)
        abort(); /* a mistyped name */
    return files->text;
}
