/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to a question as rows: all of them, or the first ones. All rows are read page by page
 * along the groupby column; each page asks for the rows behind the last one of the page before. If
 * the dialect needs hashes, all groups of a project are asked about in parts. The first rows come
 * in one request if the server sorts by the whole order. Otherwise more rows are read, until the
 * last wanted row is not tied with a row that may be missing.
 *
 * Tested by tests/system/test_snuba_tagstore.py and tests/system/test_tagstore_methods.py.
 */
#include "base/text.h"
#include "tagstore/snuba/border.h"
#include "tagstore/snuba/page_size.h"
#include "tagstore/snuba/question.h"

/* If rows may be tied at the limit (2018), TIES_FIRST rows beyond the limit are asked for, then
   TIES_NEXT rows in all, then all rows. */
enum { TIES_FIRST = 100, TIES_NEXT = SNUBA_PAGE };

/* Adds the taken rows of an answer. The answer may have more columns than the question. */
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

static void sort_by(struct snuba_rows *rows, snuba_compare *compare)
{
    if (rows->count > 1)
        qsort(rows->cells, rows->count, rows->columns * sizeof(*rows->cells), compare);
}

/* ---- all rows: each page asks for the rows behind the last one of the page before ---- */

struct pager {
    struct snuba_question *question;
    struct snuba_query query; /* the question's, as the next page asks it */
    struct snuba_aggregation *aggregations;
    struct snuba_any_of *conditions;
    /* the condition on the border, and its place in `conditions` */
    struct snuba_condition behind;
    struct snuba_any_of bound;
    struct snuba_order order;
    struct border border; /* for texts */
    const char *last_text;
    int64_t last_number;
    struct page_size size;
};

/* Both dialects can sort by a tag or a group. For other columns they sort by an alias of the
   smallest value, which is the only value of the row. */
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

/* Copies the question's conditions, with room for the condition on the border. */
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
    /* the condition also leaves out the events without a group, which have 0 or NULL */
    pager->query.condition_count = count + by_number;
    return start_order(pager, error);
}

static bool report_unsorted(struct error *error)
{
    return error_set(error, ERROR_INTERNAL, "snuba's answer: a page that is not sorted");
}

/* For a full page without a certain value, or whose values all begin like the border. */
static bool lengthen_border(struct pager *pager, size_t rows, struct error *error)
{
    bool longer = false;
    if (!border_lengthen(&pager->border, &longer, error))
        return false;
    return longer || error_set(error, ERROR_INTERNAL,
                               "snuba's answer: %zu values in a row that are no valid text", rows);
}

/* Finds the new rows and moves the border to the last certain value. */
static bool advance_by_text(struct pager *pager, const struct snuba_answer *answer,
                            struct border_rows *taken, struct error *error)
{
    if (!border_judge(&pager->border, answer, taken))
        return report_unsorted(error);
    if (answer->rows < (size_t)pager->query.limit) {
        taken->end = answer->rows;
        return true;
    }
    if (taken->end == 0) {
        taken->first = 0;
        return lengthen_border(pager, answer->rows, error);
    }
    return border_move(&pager->border, snuba_cell(answer, taken->end - 1, 0)->text, error);
}

static bool advance_by_number(struct pager *pager, const struct snuba_answer *answer,
                              struct border_rows *taken, struct error *error)
{
    *taken = (struct border_rows){.end = answer->rows};
    for (size_t i = 0; i < answer->rows; i++) {
        const struct snuba_cell *cell = snuba_cell(answer, i, 0);
        if (cell->number <= pager->last_number)
            return report_unsorted(error);
        pager->last_number = cell->number;
    }
    return true;
}

/* Moves the border behind the answer. *taken are the rows that no other page has. Fails if the rows
   are not sorted as the server compares: such a server would be asked for ever. */
static bool advance(struct pager *pager, const struct snuba_answer *answer,
                    struct border_rows *taken, struct error *error)
{
    bool by_text = pager->behind.literal.kind == SNUBA_TEXT;
    if (!(by_text ? advance_by_text(pager, answer, taken, error)
                  : advance_by_number(pager, answer, taken, error)))
        return false;
    pager->last_text = border_text(&pager->border);
    pager->query.condition_count =
        pager->question->query.condition_count + (!by_text || pager->border.is_set);
    return true;
}

/* Asks for smaller pages if the server is overloaded, down to SNUBA_PAGE_MIN rows. */
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
               advance(&pager, &answer, &taken, error) &&
               add_rows(question, &answer, &taken, rows, error);
    while (done && answer.rows == (size_t)pager.query.limit);
    border_free(&pager.border);
    return done;
}

/* ---- all groups of a project, where the dialect names groups by their hashes ---- */

typedef bool ask_function(struct snuba_question *question, const struct snuba_top *top,
                          struct snuba_rows *rows, struct error *error);

static bool asks_for_all_groups(const struct snuba_question *question)
{
    const struct snuba_query *query = &question->query;
    return snuba_client_dialect(question->store->client)->needs_hashes && query->group_count == 0 &&
           query->groupby_count > 0 && query->groupby[0].kind == SNUBA_GROUP_ID;
}

/* Asks about the project's groups in parts, because all hashes of the groups must be in the
   request. Any other question is asked once. */
static bool ask_in_parts(struct snuba_question *question, ask_function *ask,
                         const struct snuba_top *top, struct snuba_rows *rows, struct error *error)
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
    if (!ask_in_parts(question, ask_all, NULL, rows, error))
        return false;
    sort_by(rows, compare);
    return true;
}

/* ---- the first rows ---- */

/* Whether the server sorts by all keys of the order. */
static bool sorts_fully(const struct snuba_question *question)
{
    return question->query.orderby_count <=
           snuba_client_dialect(question->store->client)->orderby_max;
}

/* Asks for the first rows in the server's order: for the limit if the server sorts by the whole
   order, else for `asked` rows. */
static bool ask_some(struct snuba_question *question, const struct snuba_top *top, int64_t asked,
                     struct snuba_answer *answer, struct error *error)
{
    struct snuba_query query = question->query;
    query.limit = asked;
    if (sorts_fully(question))
        query.limit = top->limit;
    else
        query.orderby_count = snuba_client_dialect(question->store->client)->orderby_max;
    return snuba_ask(question->store->client, &query, question->arena, answer, error);
}

/* Whether a row that is not in the answer could be among the first `limit` rows. This is so if the
   last row of the answer and the last wanted row are equal in the key by which the server sorts. */
static bool is_tied(const struct snuba_answer *answer, const struct snuba_top *top, int64_t asked)
{
    if ((int64_t)answer->rows < asked)
        return false;
    return snuba_cell(answer, (size_t)top->limit - 1, top->cell)->number ==
           snuba_cell(answer, answer->rows - 1, top->cell)->number;
}

/* Tries ever more rows, and reads all rows as the last resort. */
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
        if (sorts_fully(question) || !is_tied(&answer, top, tries[i]))
            return add_rows(question, &answer, &(struct border_rows){.end = answer.rows}, rows,
                            error);
    }
    return ask_pages(question, rows, error);
}

/* An event without a group has no group number, or 0. */
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
    if (!leave_out_no_group(question, error) || !ask_in_parts(question, ask_top, top, rows, error))
        return false;
    sort_by(rows, top->compare);
    if (top->limit > 0 && rows->count > (size_t)top->limit)
        rows->count = (size_t)top->limit;
    return true;
}
