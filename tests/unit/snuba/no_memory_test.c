/* SPDX-License-Identifier: Apache-2.0 */
/* answer.c when an allocation fails: each one in turn. */
#include "../no_memory.h"

#include "snuba/answer.h"

#ifdef EXPORTD_FAULTS

static const struct snuba_column columns[] = {{.kind = SNUBA_TAG, .name = "color"}};
static const struct snuba_aggregation aggregations[] = {
    {.function = SNUBA_COUNT, .alias = "times_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"},
};
static const int64_t projects[] = {1}, groups[] = {7};
static const char *const hashes[] = {"c4a4d06bc314205bb3b6bdb612dde7f1"};
static const struct snuba_group_hashes issues[] = {{.group_id = 7, .hashes = hashes, .count = 1}};
static const struct snuba_query query = {.referrer = "test",
                                         .project_ids = projects,
                                         .project_count = 1,
                                         .group_ids = groups,
                                         .group_count = 1,
                                         .issues = issues,
                                         .issue_count = 1,
                                         .from = 0,
                                         .to = 60 * USEC_PER_SECOND,
                                         .groupby = columns,
                                         .groupby_count = 1,
                                         .aggregations = aggregations,
                                         .aggregation_count = 2,
                                         .limit = 10};

static bool print_query(const void *dialect, struct error *error)
{
    struct buffer body;
    buffer_init(&body, 10000);
    bool done = snuba_dialect_print(snuba_dialect_find(dialect), &query, &body, error);
    buffer_free(&body);
    return done;
}

static bool read_answer(const void *body, struct error *error)
{
    const struct snuba_reply reply = {.status = 200, .body = body, .size = strlen(body)};
    struct snuba_answer answer = {.arena = arena_new((size_t)1024 * 1024)};
    struct arena *arena = answer.arena;
    bool done = arena != NULL
                    ? snuba_answer_read(snuba_dialect_find("2020"), &query, &reply, &answer, error)
                    : error_no_memory(error);
    arena_free(arena);
    return done;
}

static void questions_and_answers(void **state)
{
    (void)state;
    static const char body[] =
        "{\"data\": [{\"tags[color]\": \"red\", \"times_seen\": 5, \"last_seen\":"
        " \"2026-11-21T01:32:05+00:00\"}, {\"tags[color]\": \"a longer one \\ud83d\","
        " \"times_seen\": \"6\", \"last_seen\": \"2026-11-21T01:32:05+00:00\"}], \"meta\":"
        " [{\"name\": \"tags[color]\"}, {\"name\": \"times_seen\"}, {\"name\": \"last_seen\"}]}";
    assert_true(no_memory_run(print_query, "2018") >= 3);
    assert_true(no_memory_run(print_query, "2020") >= 3);
    assert_true(no_memory_run(read_answer, body) > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_and_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
