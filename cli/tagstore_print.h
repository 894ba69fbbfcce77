/* SPDX-License-Identifier: Apache-2.0 */
/* Prints answers of the tagstore as JSON, one object per line. The members have the names that
   Sentry's tagstore gives to the attributes. */
#ifndef CLI_TAGSTORE_PRINT_H
#define CLI_TAGSTORE_PRINT_H

#include "tagstore/tagstore.h"

struct printer {
    FILE *out;
    bool whole_seconds; /* times are rounded down to whole seconds */
};

bool print_tag_key(const struct printer *printer, const struct tag_key *tag_key,
                   struct error *error) MUST_CHECK;

/* A value of `key`. With `project_id` above 0 it is a value of a user: the line names the project
   and no group. */
bool print_tag_value(const struct printer *printer, const char *key,
                     const struct group_tag_value *row, int64_t project_id,
                     struct error *error) MUST_CHECK;

/* A key with its label, standardized name and top values. The label is in `arena`. */
bool print_key_summary(const struct printer *printer, const struct tag_key_summary *summary,
                       struct arena *arena, struct error *error) MUST_CHECK;

/* {"NAME": text} or {"NAME": number}; a NULL is printed as null. */
bool print_text(const struct printer *printer, const char *name, const char *text_or_null,
                struct error *error) MUST_CHECK;
bool print_number(const struct printer *printer, const char *name, int64_t number,
                  struct error *error) MUST_CHECK;

bool print_user_count(const struct printer *printer, int64_t group_id, int64_t count,
                      struct error *error) MUST_CHECK;

#endif
