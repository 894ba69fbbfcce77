/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What running an export needs, and what it reports. The worker and `tag-export` fill it in the
 * same way; query_type_run runs it.
 */
#ifndef EXPORT_RUN_H
#define EXPORT_RUN_H

#include "client/pg.h"
#include "export/issues_by_tag_payload.h"
#include "format/row_writer.h"
#include "model/job_progress.h"
#include "tagstore/tagstore.h"

struct export_source {
    struct pg *pg; /* for project, group and users; not the tagstore's connection */
    struct tagstore *tagstore;
    size_t page_size;
};

struct export_query {
    int64_t organization_id;
    int64_t query_type;
    const char *query_info;
    int64_t limit;          /* 0: all rows; below 0: the request's limit is not valid */
    int64_t environment_id; /* 0: all environments; below 0: the environment does not exist */
};

/* The message (ERROR_EXPORT) of an export whose user member_may_export (model/member.h) refuses. */
#define EXPORT_USER_HAS_LEFT                                                                       \
    "The user who asked for this export is no longer an active member of the organization"

/* The parsed query_info. The query type says which member is used. */
union export_payload {
    struct issues_by_tag_payload issues_by_tag;
};

/* How large an export is expected to be. */
struct export_estimate {
    bool known;    /* false: rows and bytes are not set */
    int64_t rows;  /* at most the limit */
    int64_t bytes; /* of a CSV: the rows, multiplied by an assumed width */
};

/* Called after each page, and also while the tagstore reads before the first page is written. If
   it returns false, with *error set, the export ends. */
typedef bool export_progress_function(void *context, const struct job_progress *progress,
                                      struct error *error);

/* Called before the first page if the tagstore has an estimate within some seconds, and again if
   the group was merged in the meantime. If it returns false, with *error set, the export ends. */
typedef bool export_expect_function(void *context, const struct export_estimate *estimate,
                                    struct error *error);

struct export_run {
    struct export_source source;
    struct export_query query;
    struct row_output output;
    export_expect_function *expect;     /* NULL: no estimate is made */
    export_progress_function *progress; /* NULL: no progress is reported */
    void *context;                      /* of both functions */

    /* Set by query_type_run. */
    struct arena *texts;            /* texts that live until the run ends */
    struct job_progress done;       /* so far; the final numbers after the run */
    bool truncated;                 /* there were more rows than the limit */
    int64_t window_from, window_to; /* the export covers events with from <= time < to; USEC_NONE:
                                       no bound on this side */
};

#endif
