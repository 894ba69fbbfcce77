/* The processor of issues-by-tag exports: the values of one tag of one issue (spec/original.md 4.3,
   6.5 to 6.7). */
#ifndef EXPORT_ISSUES_BY_TAG_H
#define EXPORT_ISSUES_BY_TAG_H

#include "export/processor.h"

/* As processor_run. */
bool issues_by_tag_run(const struct export_source *source, const struct export_query *query,
                       struct csv_writer *csv, export_progress_function *progress, void *context,
                       struct export_progress *done, struct error *error) MUST_CHECK;

#endif
