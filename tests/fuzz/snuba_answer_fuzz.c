/* SPDX-License-Identifier: Apache-2.0 */
/* A Snuba's answer. The first byte chooses query and dialect, the second the status. */
#include "snuba/answer.h"

#include "fuzz.h"

static const struct snuba_column page_columns[] = {{.kind = SNUBA_TAGS_VALUE}};
static const struct snuba_aggregation page_counts[] = {
    {.function = SNUBA_COUNT, .alias = "times_seen"},
    {.function = SNUBA_MIN, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "first_seen"},
    {.function = SNUBA_MAX, .column = {.kind = SNUBA_TIMESTAMP}, .alias = "last_seen"},
};
static const struct snuba_column group_columns[] = {{.kind = SNUBA_GROUP_ID},
                                                    {.kind = SNUBA_ALL_TAGS_KEY}};
static const struct snuba_aggregation group_counts[] = {
    {.function = SNUBA_TOP_K, .number = 3, .column = {.kind = SNUBA_TAGS_VALUE}, .alias = "top"},
    {.function = SNUBA_UNIQ, .column = {.kind = SNUBA_USER_ID}, .alias = "values_seen"},
};
static const struct snuba_query queries[] = {
    {.referrer = "a",
     .groupby = page_columns,
     .groupby_count = 1,
     .aggregations = page_counts,
     .aggregation_count = 3,
     .limit = 5},
    {.referrer = "b",
     .groupby = group_columns,
     .groupby_count = 2,
     .aggregations = group_counts,
     .aggregation_count = 2,
     .limit = -1,
     .totals = true},
    {.referrer = "c", .aggregations = page_counts, .aggregation_count = 3, .limit = -1},
};

static void check_cell(const struct snuba_cell *cell)
{
    if (cell->kind == SNUBA_CELL_TEXT)
        CHECK(is_clean(cell->text, cell->size) && cell->text[cell->size] == '\0');
    if (cell->kind == SNUBA_CELL_TIME)
        CHECK(cell->number >= USEC_FIRST && cell->number <= USEC_LAST);
    if (cell->kind == SNUBA_CELL_TEXTS)
        for (size_t i = 0; i < cell->text_count; i++)
            CHECK(is_clean(cell->texts[i], strlen(cell->texts[i])));
}

static void check_answer(const struct snuba_query *query, const struct snuba_answer *answer)
{
    CHECK(answer->columns == query->groupby_count + query->aggregation_count);
    CHECK(query->groupby_count > 0 || answer->rows == 1);
    CHECK(query->limit < 0 || answer->rows <= (size_t)query->limit);
    for (size_t row = 0; row < answer->rows; row++)
        for (size_t column = 0; column < answer->columns; column++)
            check_cell(snuba_cell(answer, row, column));
    CHECK((answer->totals != NULL) == query->totals);
    for (size_t column = 0; answer->totals != NULL && column < answer->columns; column++)
        check_cell(&answer->totals[column]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const int statuses[] = {200, 400, 429, 500, 502};
    struct error error;
    struct snuba_answer answer = {.arena = NULL};
    if (size < 2)
        return 0;
    const struct snuba_query *query = &queries[bytes[0] / 2 % ARRAY_LENGTH(queries)];
    const struct snuba_dialect *dialect = snuba_dialect_find(bytes[0] % 2 == 0 ? "2020" : "2018");
    int status = statuses[bytes[1] % ARRAY_LENGTH(statuses)];
    char *body = malloc(size - 1); /* NUL-terminated, as http.h promises */
    CHECK(body != NULL);
    memcpy(body, bytes + 2, size - 2);
    body[size - 2] = '\0';
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    CHECK(arena != NULL);
    answer.arena = arena;
    const struct snuba_reply reply = {.status = status, .body = body, .size = size - 2};
    if (snuba_answer_read(dialect, query, &reply, &answer, &error))
        check_answer(query, &answer);
    else
        CHECK(error.code != ERROR_NONE && error.message[0] != '\0');
    arena_free(arena);
    free(body);
    return 0;
}
