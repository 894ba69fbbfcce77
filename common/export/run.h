/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of an export: what it needs, and what it tells while it goes on. The worker and
 * `tag-export` fill it the same way; query_type.h runs it.
 */
#ifndef EXPORT_RUN_H
#define EXPORT_RUN_H

#include "client/pg.h"
#include "export/issues_by_tag_payload.h"
#include "format/row_writer.h"
#include "model/job_progress.h"
#include "tagstore/tagstore.h"

struct export_source {
    struct pg *pg; /* project, group, users; not the tagstore's connection */
    struct tagstore *tagstore;
    size_t page_size;
};

struct export_query {
    int64_t organization_id;
    int64_t query_type;
    const char *query_info;
    int64_t limit;          /* 0: all rows; below 0: what was asked for is no limit */
    int64_t environment_id; /* 0: all; below 0: there is no such environment */
};

/* Why an export fails whose user member_may_export (model/member.h) turns down; ERROR_EXPORT. */
#define EXPORT_USER_HAS_LEFT                                                                       \
    "The user who asked for this export is no longer an active member of the organization"

/* query_info, parsed: the member is that of the query type. */
union export_payload {
    struct issues_by_tag_payload issues_by_tag;
};

/* What an export is expected to have. */
struct export_estimate {
    bool known;    /* else there are no numbers */
    int64_t rows;  /* with the limit taken into account */
    int64_t bytes; /* of a CSV: the rows by a usual width, which is assumed */
};

/* Called after each page, also of those that are read before the first one is written; false (with
 *error) ends the export. */
typedef bool export_progress_function(void *context, const struct job_progress *progress,
                                      struct error *error);

/* Called before the first page if an estimate is to be had within some seconds, and again if the
   group was merged meanwhile; false (with *error) ends the export. */
typedef bool export_expect_function(void *context, const struct export_estimate *estimate,
                                    struct error *error);

struct export_run {
    struct export_source source;
    struct export_query query;
    struct row_output output;
    export_expect_function *expect;     /* NULL: no estimate is made */
    export_progress_function *progress; /* NULL: none */
    void *context;                      /* of both */

    /* Of query_type_run, which fills them. */
    struct arena *texts;            /* what lives as long as the run */
    struct job_progress done;       /* so far; after the run the final numbers */
    bool truncated;                 /* more rows than the limit were there */
    int64_t window_from, window_to; /* events of from <= time < to were looked at; USEC_NONE: no
                                       such bound */
};

#endif
