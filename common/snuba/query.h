/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A query to Snuba as a value: what it counts, of which events, in which order. It names columns by
 * their meaning; a dialect (dialect.h) knows their names and prints the query. Nothing here does
 * I/O or looks up ids: the caller has translated ids into the names that the server knows
 * (environments, hashes of groups).
 *
 * A query points to its parts; they must outlive it.
 */
#ifndef SNUBA_QUERY_H
#define SNUBA_QUERY_H

#include "base/arena.h"
#include "base/clock.h"

enum snuba_column_kind {
    SNUBA_TIMESTAMP,
    SNUBA_PROJECT_ID,
    SNUBA_ENVIRONMENT,
    SNUBA_GROUP_ID, /* 2018: `issue`, which the body's `issues` map defines */
    SNUBA_EVENT_ID,
    SNUBA_RELEASE, /* 2020: tags[sentry:release] */
    SNUBA_TAG,     /* the value of the tag `name`; "" or NULL: the event lacks the tag */

    /* One row per tag of an event: its key and its value. 2018 makes them by arrayjoin; it leaves
       out tags that have a column of their own, and cannot sort by these two columns. */
    SNUBA_TAGS_KEY,
    SNUBA_TAGS_VALUE,

    /* The same with all tags. 2018 needs an aggregation over one of the two columns; there values
       may be NULL, and keys need snuba_dialect_tag_key. */
    SNUBA_ALL_TAGS_KEY,
    SNUBA_ALL_TAGS_VALUE,

    SNUBA_USER_ID,
    SNUBA_EMAIL,
    SNUBA_USERNAME,
    SNUBA_IP_ADDRESS,
    SNUBA_ALIAS, /* the aggregation with the alias `name` */
};

struct snuba_column {
    enum snuba_column_kind kind;
    const char *name; /* of SNUBA_TAG and SNUBA_ALIAS */
};

enum snuba_function {
    SNUBA_COUNT,
    SNUBA_UNIQ,       /* distinct values; exact in 2020, as SNUBA_UNIQ_ABOUT in 2018 */
    SNUBA_UNIQ_ABOUT, /* distinct values, within a few per cent, in little memory */
    SNUBA_MIN,
    SNUBA_MAX,
    SNUBA_TOP_K, /* the `number` most frequent values; may be approximate */
};

struct snuba_aggregation {
    enum snuba_function function;
    int number;                 /* of SNUBA_TOP_K */
    struct snuba_column column; /* ignored by SNUBA_COUNT */
    const char *alias;
};

enum snuba_operator {
    SNUBA_EQUAL,
    SNUBA_NOT_EQUAL,
    SNUBA_GREATER,
    SNUBA_GREATER_OR_EQUAL,
    SNUBA_LESS,
    SNUBA_LESS_OR_EQUAL,
    SNUBA_IN,
    SNUBA_IS_NULL,
    SNUBA_IS_NOT_NULL,
};

enum snuba_literal_kind { SNUBA_NOTHING, SNUBA_TEXT, SNUBA_NUMBER, SNUBA_TIME };

struct snuba_literal {
    enum snuba_literal_kind kind;
    const char *const *texts; /* valid UTF-8 */
    const int64_t *numbers;   /* of SNUBA_TIME: microseconds, printed as whole seconds */
    size_t count;             /* 1; for SNUBA_IN 1 or more */
};

struct snuba_condition {
    struct snuba_column column;
    enum snuba_operator compare;
    struct snuba_literal literal;
};

/* At least one of the conditions must hold. */
struct snuba_any_of {
    const struct snuba_condition *conditions;
    size_t count;
};

struct snuba_order {
    struct snuba_column column;
    bool descending;
};

/* A group and its hashes: an entry of the `issues` map of the 2018 dialect. */
struct snuba_group_hashes {
    int64_t group_id;
    const char *const *hashes;
    size_t count;
};

struct snuba_query {
    const char *referrer; /* the asking method, for logs: "tagstore.get_group_tag_key" */

    /* Filters by key. An empty list filters nothing; at least one project is required. */
    const int64_t *project_ids;
    size_t project_count;
    const char *const *environments; /* names; "": the events without an environment */
    size_t environment_count;
    const int64_t *group_ids;
    size_t group_count;

    int64_t from, to; /* microseconds, of whole seconds: from <= event < to, in every dialect */

    const struct snuba_column *groupby;
    size_t groupby_count;
    const struct snuba_aggregation *aggregations; /* at least one */
    size_t aggregation_count;
    const struct snuba_any_of *conditions; /* all must hold */
    size_t condition_count;
    const struct snuba_condition *having; /* all must hold; over aliases */
    size_t having_count;
    const struct snuba_order *orderby;
    size_t orderby_count;
    int64_t limit;   /* -1: none is sent, and the 2020 server limits to 1000 */
    int64_t offset;  /* 0: none is sent */
    int64_t limitby; /* maximum rows per value of limitby_column; 0: no maximum. Not in 2018 */
    struct snuba_column limitby_column;
    bool totals;

    const struct snuba_group_hashes *issues; /* for the 2018 dialect */
    size_t issue_count;

    int64_t patience_ms; /* longest time for the whole request; 0: the client's own time-outs */
};

#endif
