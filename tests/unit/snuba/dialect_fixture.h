/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of Snuba's dialects: a query, its parts, and checks of what a dialect prints for it. */
#ifndef TEST_DIALECT_FIXTURE_H
#define TEST_DIALECT_FIXTURE_H

#include "base/text.h"
#include "snuba/dialect.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FROM INT64_C(1787448625000000) /* 2026-08-23T01:30:25 */
#define TO   INT64_C(1795224631000000) /* 2026-11-21T01:30:31, exclusive */

#define HEAD_2018                                                                                  \
    "{\"project\":[10],\"from_date\":\"2026-08-23T01:30:25\",\"to_date\":\"2026-11-21T01:30:30\""
#define HEAD_2020                                                                                  \
    "{\"dataset\":\"events\",\"project\":[10],\"from_date\":\"2026-08-23T01:30:25\","              \
    "\"to_date\":\"2026-11-21T01:30:31\""
#define SUMS_2018                                                                                  \
    "[[\"count\",\"\",\"count\"],[\"min\",\"timestamp\",\"first_seen\"],"                          \
    "[\"max\",\"timestamp\",\"last_seen\"]]"
#define SUMS_2020                                                                                  \
    "[[\"count()\",\"\",\"count\"],[\"min\",\"timestamp\",\"first_seen\"],"                        \
    "[\"max\",\"timestamp\",\"last_seen\"]]"

static const int64_t projects[] = {10};
static const int64_t groups[] = {101};
static const char *const environments[] = {"test"};
static const char *const hashes[] = {"11111111111111111111111111111111",
                                     "22222222222222222222222222222222"};
static const struct snuba_group_hashes issues[] = {{101, hashes, 2}, {102, hashes + 1, 1}};

static const struct snuba_aggregation sums[] = {
    {.function = SNUBA_COUNT, .alias = "count"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "first_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"}};

static const struct snuba_column foo = {SNUBA_TAG, "foo"};
static const struct snuba_column group_id = {.kind = SNUBA_GROUP_ID};
static const struct snuba_column tags_key = {.kind = SNUBA_TAGS_KEY};
static const struct snuba_column tags_value = {.kind = SNUBA_TAGS_VALUE};
static const struct snuba_column all_tags_key = {.kind = SNUBA_ALL_TAGS_KEY};
static const struct snuba_column all_tags_value = {.kind = SNUBA_ALL_TAGS_VALUE};

static inline struct snuba_query query_of_project(void)
{
    return (struct snuba_query){.project_ids = projects,
                                .project_count = 1,
                                .from = FROM,
                                .to = TO,
                                .aggregations = sums,
                                .aggregation_count = 1,
                                .limit = -1};
}

static inline const struct snuba_dialect *dialect(const char *name)
{
    const struct snuba_dialect *found = snuba_dialect_find(name);
    assert_non_null(found);
    return found;
}

static inline void expect(const char *name, const struct snuba_query *query, const char *expected)
{
    struct error error;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    if (!snuba_dialect_print(dialect(name), query, &body, &error))
        fail_msg("%s: %s", name, error.message);
    assert_string_equal(body.data, expected);
    buffer_free(&body);
}

static inline void refuses(const char *name, const struct snuba_query *query, enum error_code code,
                           const char *message)
{
    struct error error;
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_false(snuba_dialect_print(dialect(name), query, &body, &error));
    assert_string_equal(error.message, message);
    assert_int_equal(error.code, code);
    buffer_free(&body);
}

static inline void both_refuse(const struct snuba_query *query, const char *message)
{
    refuses("2018", query, ERROR_QUERY, message);
    refuses("2020", query, ERROR_QUERY, message);
}

#endif
