#include "export/processor.h"

#include "export/discover.h"
#include "export/issues_by_tag.h"
#include "model/exported_data.h"

bool processor_run(const struct export_source *source, const struct export_query *query,
                   struct csv_writer *csv, export_progress_function *progress, void *context,
                   struct export_progress *done, struct error *error)
{
    *done = (struct export_progress){.rows = 0};
    switch (query->query_type) {
    case QUERY_ISSUES_BY_TAG:
        return issues_by_tag_run(source, query, csv, progress, context, done, error);
    case QUERY_DISCOVER:
        return discover_run(error);
    default:
        return error_set(error, ERROR_EXPORT, "No processor found for this query type: %" PRId64,
                         query->query_type);
    }
}
