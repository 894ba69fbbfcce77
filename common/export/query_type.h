/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Query types are the kinds of exports. They are in one table (query_type.c). A new type needs a
 * line of the table, a payload in run.h, and a file that turns the payload into rows;
 * CONTRIBUTING.md lists what else names the types.
 */
#ifndef EXPORT_QUERY_TYPE_H
#define EXPORT_QUERY_TYPE_H

#include "export/run.h"
#include "model/exported_data.h"

struct query_type {
    enum query_type_code code;
    const char *word; /* on the command line: "issues-by-tag" */
    const char *name; /* in mails and in the names of files: "Issues-by-Tag" */

    /* Parses query_info; texts are in `arena`. ERROR_EXPORT, with a sentence for the export's user,
       if it is wrong. NULL: the payload is ignored. */
    bool (*parse)(const char *query_info, struct arena *arena, union export_payload *payload,
                  struct error *error);

    /* Writes all rows and finishes the row writer. */
    bool (*run)(struct export_run *run, const union export_payload *payload, struct error *error);

    /* Fills the estimate. Only source, query and texts of the run are set. NULL: the type has no
       estimate. */
    bool (*estimate)(struct export_run *run, const union export_payload *payload,
                     struct export_estimate *estimate, struct error *error);
};

/* The type by its code or by its word; NULL: there is none. */
const struct query_type *query_type_find(int64_t code);
const struct query_type *query_type_find_word(const char *word);

/* All words that query_type_find_word knows, for a message: "issues-by-tag or discover". Returns
   `words`. */
#define QUERY_TYPE_WORDS_MAX 128
char *query_type_words(char words[QUERY_TYPE_WORDS_MAX]);

/* "Issues-by-Tag"; NULL for an unknown code. */
const char *query_type_name(int64_t code);

/* Runs an export of any type: writes its rows to the output and flushes it. ERROR_EXPORT: the
   message is a sentence for the user; a wrong limit, a file above the size limit, an unknown type,
   and a type that is not implemented are such errors. ERROR_NO_SUBJECT is another one: "Requested
   project does not exist", or environment, issue, key. Other codes come from the servers. */
bool query_type_run(struct export_run *run, struct error *error) MUST_CHECK;

/* Estimates how large the export will be. Makes the checks of query_type_run, then asks the
   tagstore once (tagstore_estimate_values). The estimate may be wrong, or not known. Errors as
   query_type_run and tagstore_estimate_values; after an error here, the export may still succeed.
   The source's page_size is not used. */
bool query_type_estimate(const struct export_source *source, const struct export_query *query,
                         struct export_estimate *estimate, struct error *error) MUST_CHECK;

#endif
