/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A question to Snuba as a value: what is counted, of which events, in which order. It speaks of
 * columns by what they mean; a dialect (dialect.h) knows what they are called and how to print the
 * whole. Nothing here does I/O, or knows what an id means: the caller has translated what the
 * server knows by name (environments, hashes of groups).
 *
 * A query only points at its parts, which have to outlive it.
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
    SNUBA_RELEASE,    /* 2020: tags[sentry:release] */
    SNUBA_TAG,        /* the value of the tag `name`; "" or NULL where an event has none */
    SNUBA_TAGS_KEY,   /* each of an event's keys, and */
    SNUBA_TAGS_VALUE, /* its value: one row a tag. 2018: by arrayjoin, without the keys that are */
                      /* columns of their own there; nothing can be sorted by them */
    SNUBA_ALL_TAGS_KEY,   /* the same with those keys; 2018: needs an aggregation over one of */
    SNUBA_ALL_TAGS_VALUE, /* the two, values may be NULL, the key is for snuba_dialect_tag_key */
    SNUBA_USER_ID,
    SNUBA_EMAIL,
    SNUBA_USERNAME,
    SNUBA_IP_ADDRESS,
    SNUBA_ALIAS, /* the aggregation called `name` */
};

struct snuba_column {
    enum snuba_column_kind kind;
    const char *name; /* of SNUBA_TAG and SNUBA_ALIAS */
};

enum snuba_function {
    SNUBA_COUNT,
    SNUBA_UNIQ,       /* the exact one where the server takes it */
    SNUBA_UNIQ_ABOUT, /* within a few per cent, in little memory */
    SNUBA_MIN,
    SNUBA_MAX,
    SNUBA_TOP_K, /* the `number` most frequent values, which may be approximate */
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
    const int64_t *numbers;   /* or microseconds, of which the server takes the whole seconds */
    size_t count;             /* 1, or any number above 0 for SNUBA_IN */
};

struct snuba_condition {
    struct snuba_column column;
    enum snuba_operator compare;
    struct snuba_literal literal;
};

/* One of the conditions has to hold. */
struct snuba_any_of {
    const struct snuba_condition *conditions;
    size_t count;
};

struct snuba_order {
    struct snuba_column column;
    bool descending;
};

/* What the `issues` map of the 2018 dialect is made of: a group and its hashes. */
struct snuba_group_hashes {
    int64_t group_id;
    const char *const *hashes;
    size_t count;
};

struct snuba_query {
    const char *referrer; /* who asks: "tagstore.get_group_tag_key" */

    /* filter keys; a list that is empty filters nothing, but a project there has to be */
    const int64_t *project_ids;
    size_t project_count;
    const char *const *environments; /* names; "": the events without an environment */
    size_t environment_count;
    const int64_t *group_ids;
    size_t group_count;

    int64_t from, to; /* whole seconds in microseconds: from <= event < to, in every dialect */

    const struct snuba_column *groupby;
    size_t groupby_count;
    const struct snuba_aggregation *aggregations; /* at least one */
    size_t aggregation_count;
    const struct snuba_any_of *conditions; /* each has to hold */
    size_t condition_count;
    const struct snuba_condition *having; /* each has to hold; over aliases */
    size_t having_count;
    const struct snuba_order *orderby;
    size_t orderby_count;
    int64_t limit;   /* -1: none is sent; the 2020 server then takes 1000 */
    int64_t offset;  /* 0: none is sent */
    int64_t limitby; /* rows for each value of a groupby column; 0: no bound. Not in 2018 */
    struct snuba_column limitby_column;
    bool totals;

    const struct snuba_group_hashes *issues; /* for the 2018 dialect */
    size_t issue_count;

    int64_t patience_ms; /* how long it is worth waiting for, in all; 0: as long as for any other */
};

#endif
