/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query types: what kinds of exports there are, in one table (query_type.c). A new one is a line of
 * it, a payload in run.h, and a file that turns the payload into rows.
 */
#ifndef EXPORT_QUERY_TYPE_H
#define EXPORT_QUERY_TYPE_H

#include "export/run.h"
#include "model/exported_data.h"

struct query_type {
    enum query_type_code code;
    const char *word; /* on the command line: "issues-by-tag" */
    const char *name; /* for people, and in the names of files: "Issues-by-Tag" */

    /* Reads query_info, with texts in `arena`. ERROR_EXPORT with a sentence for the export's user.
       NULL: the payload is not looked at. */
    bool (*parse)(const char *query_info, struct arena *arena, union export_payload *payload,
                  struct error *error);

    /* Writes all rows and finishes their writer. */
    bool (*run)(struct export_run *run, const union export_payload *payload, struct error *error);

    /* Fills the estimate; of the run, source, query and texts are there. NULL: unknown. */
    bool (*estimate)(struct export_run *run, const union export_payload *payload,
                     struct export_estimate *estimate, struct error *error);
};

/* NULL: there is no such type. */
const struct query_type *query_type_find(int64_t code);
const struct query_type *query_type_find_word(const char *word);

/* "issues-by-tag or discover": what query_type_find_word finds, for a message. Returns `words`. */
#define QUERY_TYPE_WORDS_MAX 128
char *query_type_words(char words[QUERY_TYPE_WORDS_MAX]);

/* "Issues-by-Tag"; NULL for an unknown code. */
const char *query_type_name(int64_t code);

/* Runs the export whatever its type: writes its rows to the output, which is flushed then.
   ERROR_EXPORT carries the sentence for the user: "Requested project does not exist" and the like,
   a wrong limit, a file above the bound, "Discover processing has not been implemented yet", an
   unknown type. Other codes are those of the servers. */
bool query_type_run(struct export_run *run, struct error *error) MUST_CHECK;

/* How large the export will be, by one question to the tagstore (tagstore_estimate_values) after
   the same checks. An estimate and nothing more: it may be wrong, and *estimate may not be known.
   Errors as query_type_run and tagstore_estimate_values; they do not say how the export will end.
   The source's page_size does not count. */
bool query_type_estimate(const struct export_source *source, const struct export_query *query,
                         struct export_estimate *estimate, struct error *error) MUST_CHECK;

#endif
