/* SPDX-License-Identifier: Apache-2.0 */
/* Text files that are compiled into the program (cmake/Embed.cmake). */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include "base/prelude.h"

struct embedded_file {
    const char *name; /* without its folder; NULL ends an array */
    const char *text; /* NUL-terminated */
    size_t size;      /* without the NUL */
};

extern const struct embedded_file embedded_migrations_exportd[];
extern const struct embedded_file embedded_migrations_standalone[];
extern const struct embedded_file embedded_schema_statements[];
extern const struct embedded_file embedded_model_statements[];
extern const struct embedded_file embedded_job_scripts[];
extern const struct embedded_file embedded_job_statements[];
extern const struct embedded_file embedded_tagstore_statements[];
extern const struct embedded_file embedded_mail_templates[];

/* The text of the file `name` in `files`. Aborts if there is none. */
const char *embedded_text(const struct embedded_file *files, const char *name);

#endif
