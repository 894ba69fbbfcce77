/*
 * Processors turn an export's query into the CSV. One a query type; the worker and `tag-export` run
 * them the same way.
 */
#ifndef EXPORT_PROCESSOR_H
#define EXPORT_PROCESSOR_H

#include "client/pg.h"
#include "csv/writer.h"
#include "tagstore/tagstore.h"
#include "wire/job_message.h"

/* What a processor works with. */
struct export_source {
    struct pg *pg; /* project, group, users; not the tagstore's connection */
    struct tagstore *tagstore;
    size_t page_size;
};

struct export_query {
    int64_t organization_id;
    int64_t query_type;
    const char *query_info;
    enum job_limit limit_kind;
    int64_t limit;
    enum job_environment environment_kind;
    int64_t environment_id;
};

struct export_progress {
    int64_t rows, bytes, pages;
};

/* Called after each page, also of those that are read before the first one is written; false (with
 *error) ends the export. */
typedef bool export_progress_function(void *context, const struct export_progress *progress,
                                      struct error *error);

/* Writes the whole CSV, header first, and flushes it. ERROR_EXPORT carries the sentence for the
   user: "Requested project does not exist" and the like (spec/original.md 6.7), a wrong limit, a
   CSV above the bound, "Discover processing has not been implemented yet", an unknown type. Other
   codes are those of the servers. *done tells the final numbers. */
bool processor_run(const struct export_source *source, const struct export_query *query,
                   struct csv_writer *csv, export_progress_function *progress, void *context,
                   struct export_progress *done, struct error *error) MUST_CHECK;

#endif
