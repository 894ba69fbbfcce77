/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a question, as rows: all of them, or the first ones. All rows come page by page
 * along the groupby column, each page asking for what is after the last row of the one before; of
 * all groups of a project in a dialect that needs hashes, for some groups at a time. The first rows
 * come in one request where the server sorts by the whole order; else more are asked for, until the
 * last row that is wanted is not tied with one that may be missing.
 */
#include "base/text.h"
#include "tagstore/snuba/border.h"
#include "tagstore/snuba/page_size.h"
#include "tagstore/snuba/question.h"

/* A tie at the limit of the 2018 dialect is looked at this far before all rows are asked for. */
enum { TIES_FIRST = 100, TIES_NEXT = SNUBA_PAGE };

/* The question's columns of some rows of an answer, which may have more of both. */
static bool add_rows(struct snuba_question *question, const struct snuba_answer *answer,
                     const struct border_rows *taken, struct snuba_rows *rows, struct error *error)
{
    size_t count = taken->end - taken->first;
    size_t columns = question->query.groupby_count + question->query.aggregation_count;
    size_t wanted = rows->count + count;
    rows->columns = columns;
    if (rows->cells == NULL || wanted > rows->room) {
        size_t room = wanted > 2 * rows->room ? wanted : 2 * rows->room;
        struct snuba_cell *cells =
            arena_array(question->arena, room + 1, columns * sizeof(*cells), error);
        if (cells == NULL)
            return false;
        if (rows->count > 0)
            memcpy(cells, rows->cells, rows->count * columns * sizeof(*cells));
        rows->cells = cells;
        rows->room = room;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(&rows->cells[(rows->count + i) * columns],
               &answer->cells[(taken->first + i) * answer->columns],
               columns * sizeof(*rows->cells));
    rows->count = wanted;
    return true;
}

static void sort_rows(struct snuba_rows *rows, snuba_compare *compare)
{
    if (rows->count > 1)
        qsort(rows->cells, rows->count, rows->columns * sizeof(*rows->cells), compare);
}

/* ---- all rows: each page asks for what is behind the last row of the one before ---- */

struct pager {
    struct snuba_question *question;
    struct snuba_query query; /* the question's, with the bound and the order of pages */
    struct snuba_aggregation *aggregations;
    struct snuba_any_of *conditions;
    struct snuba_condition behind;
    struct snuba_any_of bound;
    struct snuba_order order;
    struct border border; /* of texts */
    const char *last_text;
    int64_t last_number;
    struct page_size size;
};

/* Both dialects sort by a tag or a group as it is; of another column its smallest value, which is
   the only one, has an alias. */
static bool needs_alias(const struct snuba_column *column)
{
    return column->kind != SNUBA_TAG && column->kind != SNUBA_GROUP_ID;
}

static bool start_order(struct pager *pager, struct error *error)
{
    const struct snuba_query *query = &pager->question->query;
    size_t count = query->aggregation_count;
    pager->order.column = query->groupby[0];
    pager->query.orderby = &pager->order;
    pager->query.orderby_count = 1;
    if (!needs_alias(&query->groupby[0]))
        return true;
    pager->aggregations =
        arena_array(pager->question->arena, count + 1, sizeof(*pager->aggregations), error);
    if (pager->aggregations == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        pager->aggregations[i] = query->aggregations[i];
    pager->aggregations[count] = (struct snuba_aggregation){
        .function = SNUBA_MIN, .column = query->groupby[0], .alias = "page"};
    pager->order.column = (struct snuba_column){.kind = SNUBA_ALIAS, .name = "page"};
    pager->query.aggregations = pager->aggregations;
    pager->query.aggregation_count = count + 1;
    return true;
}

static bool start_pager(struct pager *pager, struct snuba_question *question, struct error *error)
{
    size_t count = question->query.condition_count;
    bool by_number = question->query.groupby[0].kind == SNUBA_GROUP_ID;
    *pager = (struct pager){.question = question,
                            .query = question->query,
                            .size = page_size_of(SNUBA_PAGE, SNUBA_PAGE)};
    border_init(&pager->border);
    pager->conditions = arena_array(question->arena, count + 1, sizeof(*pager->conditions), error);
    if (pager->conditions == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        pager->conditions[i] = question->conditions[i];
    pager->behind =
        (struct snuba_condition){.column = question->query.groupby[0], .compare = SNUBA_GREATER};
    pager->behind.literal =
        by_number ? (struct snuba_literal){.kind = SNUBA_NUMBER, .numbers = &pager->last_number}
                  : (struct snuba_literal){.kind = SNUBA_TEXT, .texts = &pager->last_text};
    pager->behind.literal.count = 1;
    pager->conditions[count] = (struct snuba_any_of){.conditions = &pager->behind, .count = 1};
    pager->query.conditions = pager->conditions;
    pager->query.condition_count = count + by_number; /* events without a group have 0 or NULL */
    return start_order(pager, error);
}

static bool is_unsorted(struct error *error)
{
    return error_set(error, ERROR_INTERNAL, "snuba's answer: a page that is not sorted");
}

/* A page whose values are all odd, or begin alike for longer than a request can say. */
static bool lengthen(struct pager *pager, size_t rows, struct error *error)
{
    bool longer = false;
    if (!border_lengthen(&pager->border, &longer, error))
        return false;
    return longer || error_set(error, ERROR_INTERNAL,
                               "snuba's answer: %zu values in a row that are no valid text", rows);
}

static bool move_on_by_text(struct pager *pager, const struct snuba_answer *answer,
                            struct border_rows *taken, struct error *error)
{
    if (!border_judge(&pager->border, answer, taken))
        return is_unsorted(error);
    if (answer->rows < (size_t)pager->query.limit) {
        taken->end = answer->rows;
        return true;
    }
    if (taken->end == 0) {
        taken->first = 0;
        return lengthen(pager, answer->rows, error);
    }
    return border_move(&pager->border, snuba_cell(answer, taken->end - 1, 0)->text, error);
}

static bool move_on_by_number(struct pager *pager, const struct snuba_answer *answer,
                              struct border_rows *taken, struct error *error)
{
    *taken = (struct border_rows){.end = answer->rows};
    for (size_t i = 0; i < answer->rows; i++) {
        const struct snuba_cell *cell = snuba_cell(answer, i, 0);
        if (cell->number <= pager->last_number)
            return is_unsorted(error);
        pager->last_number = cell->number;
    }
    return true;
}

/* *taken: the rows that no other page has. A server whose order is not that of its comparison would
   be asked for ever. */
static bool move_on(struct pager *pager, const struct snuba_answer *answer,
                    struct border_rows *taken, struct error *error)
{
    bool by_text = pager->behind.literal.kind == SNUBA_TEXT;
    if (!(by_text ? move_on_by_text(pager, answer, taken, error)
                  : move_on_by_number(pager, answer, taken, error)))
        return false;
    pager->last_text = border_text(&pager->border);
    pager->query.condition_count =
        pager->question->query.condition_count + (!by_text || pager->border.is_set);
    return true;
}

static bool ask_page(struct pager *pager, struct snuba_answer *answer, struct error *error)
{
    bool done = false;
    do {
        int64_t sent_at = clock_monotonic_ms();
        pager->query.limit = pager->size.rows;
        done = snuba_ask(pager->question->store->client, &pager->query, pager->question->arena,
                         answer, error);
        if (done)
            page_size_came(&pager->size, clock_monotonic_ms() - sent_at, answer->size);
        if (done || error->code != ERROR_OVERLOAD || pager->query.limit / 2 < SNUBA_PAGE_MIN)
            break;
        page_size_halve(&pager->size, pager->query.limit);
    } while (true);
    return done;
}

static bool ask_pages(struct snuba_question *question, struct snuba_rows *rows, struct error *error)
{
    struct pager pager;
    struct snuba_answer answer = {.rows = 0};
    struct border_rows taken;
    bool done = start_pager(&pager, question, error);
    do
        done = done && ask_page(&pager, &answer, error) &&
               move_on(&pager, &answer, &taken, error) &&
               add_rows(question, &answer, &taken, rows, error);
    while (done && answer.rows == (size_t)pager.query.limit);
    border_free(&pager.border);
    return done;
}

/* ---- all groups of a project, where groups are told by their hashes ---- */

typedef bool ask_function(struct snuba_question *question, const struct snuba_top *top,
                          struct snuba_rows *rows, struct error *error);

static bool asks_for_all_groups(const struct snuba_question *question)
{
    const struct snuba_query *query = &question->query;
    return snuba_client_dialect(question->store->client)->needs_hashes && query->group_count == 0 &&
           query->groupby_count > 0 && query->groupby[0].kind == SNUBA_GROUP_ID;
}

/* Some groups a time: all their hashes have to go with the question. */
static bool for_all_groups(struct snuba_question *question, ask_function *ask,
                           const struct snuba_top *top, struct snuba_rows *rows,
                           struct error *error)
{
    struct pg *pg = question->store->translator.pg;
    int64_t last = 0;
    *rows = (struct snuba_rows){0};
    if (!asks_for_all_groups(question))
        return ask(question, top, rows, error);
    do {
        if (!snuba_translate_next_groups(pg, &last, question->arena, &question->query, error))
            return false;
        if (question->query.issue_count > 0 && !ask(question, top, rows, error))
            return false;
    } while (question->query.issue_count > 0);
    return true;
}

static bool ask_all(struct snuba_question *question, const struct snuba_top *top,
                    struct snuba_rows *rows, struct error *error)
{
    (void)top;
    return ask_pages(question, rows, error);
}

bool snuba_question_all(struct snuba_question *question, snuba_compare *compare,
                        struct snuba_rows *rows, struct error *error)
{
    if (!for_all_groups(question, ask_all, NULL, rows, error))
        return false;
    sort_rows(rows, compare);
    return true;
}

/* ---- the first rows ---- */

static bool sorts_wholly(const struct snuba_question *question)
{
    return question->query.orderby_count <=
           snuba_client_dialect(question->store->client)->orderby_max;
}

/* The first rows as far as the server sorts: `asked` of them where that is not the whole order. */
static bool ask_some(struct snuba_question *question, const struct snuba_top *top, int64_t asked,
                     struct snuba_answer *answer, struct error *error)
{
    struct snuba_query query = question->query;
    query.limit = asked;
    if (sorts_wholly(question))
        query.limit = top->limit;
    else
        query.orderby_count = snuba_client_dialect(question->store->client)->orderby_max;
    return snuba_ask(question->store->client, &query, question->arena, answer, error);
}

/* Whether a row that was not answered could be among the first `limit`: when the last one answered
   is as good, by the key that the server sorted by, as the last one wanted. */
static bool is_tied(const struct snuba_answer *answer, const struct snuba_top *top, int64_t asked)
{
    if ((int64_t)answer->rows < asked)
        return false;
    return snuba_cell(answer, (size_t)top->limit - 1, top->cell)->number ==
           snuba_cell(answer, answer->rows - 1, top->cell)->number;
}

static bool ask_top(struct snuba_question *question, const struct snuba_top *top,
                    struct snuba_rows *rows, struct error *error)
{
    const int64_t tries[] = {top->limit + TIES_FIRST, TIES_NEXT};
    struct snuba_answer answer;
    for (size_t i = 0; top->limit > 0 && i < ARRAY_LENGTH(tries); i++) {
        if (tries[i] > SNUBA_PAGE || tries[i] <= top->limit)
            continue;
        if (!ask_some(question, top, tries[i], &answer, error))
            return false;
        if (sorts_wholly(question) || !is_tied(&answer, top, tries[i]))
            return add_rows(question, &answer, &(struct border_rows){.end = answer.rows}, rows,
                            error);
    }
    return ask_pages(question, rows, error);
}

/* A group is without a number where an event has none. */
static bool leave_out_no_group(struct snuba_question *question, struct error *error)
{
    static const int64_t none[1] = {0};
    static const struct snuba_condition some_group = {
        .column = {.kind = SNUBA_GROUP_ID},
        .compare = SNUBA_GREATER,
        .literal = {.kind = SNUBA_NUMBER, .numbers = none, .count = 1}};
    return question->query.groupby[0].kind != SNUBA_GROUP_ID ||
           snuba_question_any_of(question, &some_group, 1, error);
}

bool snuba_question_top(struct snuba_question *question, const struct snuba_top *top,
                        struct snuba_rows *rows, struct error *error)
{
    if (!leave_out_no_group(question, error) ||
        !for_all_groups(question, ask_top, top, rows, error))
        return false;
    sort_rows(rows, top->compare);
    if (top->limit > 0 && rows->count > (size_t)top->limit)
        rows->count = (size_t)top->limit;
    return true;
}
