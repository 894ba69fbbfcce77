/* SPDX-License-Identifier: Apache-2.0 */
/* Issues-by-tag exports: the values of one tag of one issue. */
#ifndef EXPORT_ISSUES_BY_TAG_H
#define EXPORT_ISSUES_BY_TAG_H

#include "export/run.h"

/* The operations of the query type. */
bool issues_by_tag_parse(const char *query_info, struct arena *arena, union export_payload *payload,
                         struct error *error) MUST_CHECK;
bool issues_by_tag_run(struct export_run *run, const union export_payload *payload,
                       struct error *error) MUST_CHECK;
bool issues_by_tag_estimate(struct export_run *run, const union export_payload *payload,
                            struct export_estimate *estimate, struct error *error) MUST_CHECK;

#endif
