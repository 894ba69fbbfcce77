/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of an export: in order and beyond, or first and rest (enum step). Each step builds one
 * request, which is sent while the caller works on the page before. The answer decides the next
 * step, the border and the size of the next page.
 *
 * Tested by tests/system/test_snuba_paging.py and tests/system/test_snuba_export.py.
 */
#include "tagstore/snuba/value_pages.h"

#include "base/log.h"
#include "tagstore/snuba/border.h"
#include "tagstore/snuba/page_size.h"

#define TEXTS_MAX ((size_t)16 * 1024 * 1024)

enum {
    WIDEST_PAGE = 10000, /* the largest page that is tried for a certain value */
    CONDITIONS_MAX = 2,
    ORDERS_MAX = 2,
};

enum step {
    IN_ORDER, /* one request, in the order of the export */
    BEYOND,   /* the row beyond the limit, if that answer has no room for it */
    FIRST,    /* the first page, with the empty value */
    REST,     /* the values behind the border */
    OVER,
};

struct value_pages {
    const struct group_tag_value_query *asked;
    struct snuba_client *client;
    const struct snuba_dialect *dialect;
    struct arena *texts;
    struct snuba_query range; /* scope and time range, the same for all requests; in `texts` */

    enum step step;
    struct border border;
    struct page_size size; /* of the next pages */
    bool widened;          /* a page without a certain value is asked for again, larger */

    /* the request that was sent, if is_out */
    bool is_out;
    int64_t sent_at; /* by clock_monotonic_ms */
    struct snuba_query query;
    struct snuba_column column; /* of the values */
    struct snuba_condition conditions[CONDITIONS_MAX];
    struct snuba_any_of all_of[CONDITIONS_MAX];
    const char *literals[CONDITIONS_MAX];
    struct snuba_order order[ORDERS_MAX];
    struct snuba_aggregation aggregations[SNUBA_SUMS + 1];
};

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- building a request ---- */

/* Starts a request for the sums of values, in the scope of the export. */
static void begin_query(struct value_pages *pages)
{
    pages->query = pages->range;
    pages->query.conditions = pages->all_of;
    pages->query.groupby = &pages->column;
    pages->query.groupby_count = 1;
    pages->query.aggregations = pages->aggregations;
    pages->query.aggregation_count = SNUBA_SUMS;
    pages->query.orderby = pages->order;
    for (size_t i = 0; i < SNUBA_SUMS; i++)
        pages->aggregations[i] = snuba_sums[i];
}

/* The literal must live as long as the request. */
static void add_condition(struct value_pages *pages, enum snuba_column_kind kind,
                          enum snuba_operator compare, const char *literal)
{
    size_t i = pages->query.condition_count++;
    pages->literals[i] = literal;
    pages->conditions[i] = (struct snuba_condition){
        .column = {.kind = kind, .name = pages->asked->key},
        .compare = compare,
        .literal = {.kind = SNUBA_TEXT, .texts = &pages->literals[i], .count = 1}};
    pages->all_of[i] = (struct snuba_any_of){.conditions = &pages->conditions[i], .count = 1};
}

static void add_order(struct value_pages *pages, struct snuba_column column, bool descending)
{
    pages->order[pages->query.orderby_count++] =
        (struct snuba_order){.column = column, .descending = descending};
}

/* Values by tags[key], for keys that have such a column. */
static void use_column(struct value_pages *pages)
{
    begin_query(pages);
    pages->column = (struct snuba_column){.kind = SNUBA_TAG, .name = pages->asked->key};
}

/* Values among all tags of the events. */
static void use_tags(struct value_pages *pages)
{
    begin_query(pages);
    pages->column = (struct snuba_column){.kind = SNUBA_TAGS_VALUE};
    add_condition(pages, SNUBA_TAGS_KEY, SNUBA_EQUAL, pages->asked->key);
}

/* tags[key] is the faster one. */
static void use_fastest(struct value_pages *pages)
{
    if (snuba_dialect_has_tag_column(pages->dialect, pages->asked->key))
        use_column(pages);
    else
        use_tags(pages);
}

/* The column to sort by. If the server cannot sort by a value among the tags, it sorts by an
   aggregation: the smallest of equal values is the value itself. */
static struct snuba_column add_sortable(struct value_pages *pages)
{
    if (pages->column.kind == SNUBA_TAG || pages->dialect->sorts_by_tags)
        return pages->column;
    pages->aggregations[pages->query.aggregation_count++] =
        (struct snuba_aggregation){.function = SNUBA_MIN, .column = pages->column, .alias = "page"};
    return (struct snuba_column){.kind = SNUBA_ALIAS, .name = "page"};
}

static void order_by_value(struct value_pages *pages)
{
    add_order(pages, add_sortable(pages), false);
    pages->query.limit = pages->size.rows;
}

/* One request for all rows up to the limit, in the order of the export. */
static void query_in_order(struct value_pages *pages)
{
    const struct snuba_column first_seen = {.kind = SNUBA_ALIAS, .name = "first_seen"};
    if (pages->asked->seen_only) {
        use_fastest(pages);
        add_condition(pages, pages->column.kind, SNUBA_GREATER, "");
    } else {
        use_tags(pages);
    }
    add_order(pages, first_seen, true);
    add_order(pages, pages->column, false);
    pages->query.limit = min_of(pages->asked->limit, pages->dialect->limit_max);
}

/* One row, after those of query_in_order. */
static void query_beyond(struct value_pages *pages)
{
    query_in_order(pages);
    pages->query.offset = pages->query.limit;
    pages->query.limit = 1;
}

static void query_first(struct value_pages *pages)
{
    use_tags(pages);
    order_by_value(pages);
}

/* Without a border all values are wanted. Each one except "" sorts behind "". */
static void query_rest(struct value_pages *pages)
{
    bool with_empty = !pages->border.is_set && !pages->asked->seen_only;
    use_fastest(pages);
    add_condition(pages, pages->column.kind, with_empty ? SNUBA_GREATER_OR_EQUAL : SNUBA_GREATER,
                  border_text(&pages->border));
    order_by_value(pages);
}

/* Builds and sends the request of the current step. */
static bool send_request(struct value_pages *pages, struct error *error)
{
    switch (pages->step) {
    case IN_ORDER:
        query_in_order(pages);
        break;
    case BEYOND:
        query_beyond(pages);
        break;
    case FIRST:
        query_first(pages);
        break;
    case REST:
        query_rest(pages);
        break;
    case OVER:
        return true;
    }
    pages->sent_at = clock_monotonic_ms();
    pages->is_out = snuba_start(pages->client, &pages->query, error);
    return pages->is_out;
}

/* ---- the first request ---- */

/* Whether one request can read all rows in the order of the export. */
static bool fits_one_answer(const struct value_pages *pages)
{
    int64_t limit = pages->asked->limit - 1; /* without the row beyond the limit */
    return limit > 0 && limit <= pages->dialect->limit_max &&
           pages->dialect->orderby_max >= ORDERS_MAX;
}

/* The empty value needs a page of its own, unless it is not wanted or the key has a column that
   tells it from no value. */
static enum step first_page(const struct value_pages *pages)
{
    return pages->asked->seen_only || snuba_dialect_tag_is_apart(pages->dialect, pages->asked->key)
               ? REST
               : FIRST;
}

/* Translates the scope, chooses the first step, and sends its request. */
static bool send_first(struct value_pages *pages, const struct snuba_tagstore *store,
                       struct error *error)
{
    const struct group_tag_value_query *asked = pages->asked;
    const struct snuba_scope scope = {.referrer = "tagstore.get_group_tag_value_iter",
                                      .project_ids = &asked->project_id,
                                      .project_count = 1,
                                      .group_ids = &asked->group_id,
                                      .group_count = asked->group_id != 0,
                                      .environment_id = asked->environment_id};
    if (!snuba_translate(&store->translator, &scope, pages->texts, &pages->range, error))
        return false;
    pages->step = fits_one_answer(pages) ? IN_ORDER : first_page(pages);
    return send_request(pages, error);
}

bool value_pages_new(struct tagstore *store, const struct group_tag_value_query *asked,
                     struct value_pages **pages, struct error *error)
{
    const struct snuba_tagstore *snuba = (const struct snuba_tagstore *)store;
    struct value_pages *made = memory_alloc(sizeof(*made));
    *pages = NULL;
    if (made == NULL)
        return error_no_memory(error);
    *made =
        (struct value_pages){.asked = asked,
                             .client = snuba->client,
                             .dialect = snuba_client_dialect(snuba->client),
                             .texts = arena_new(TEXTS_MAX),
                             .size = page_size_of((int64_t)asked->page_size, snuba->page_size_max)};
    border_init(&made->border);
    bool done = made->texts != NULL ? send_first(made, snuba, error) : error_no_memory(error);
    if (done)
        *pages = made;
    else
        value_pages_free(made);
    return done;
}

void value_pages_get_window(const struct value_pages *pages, int64_t *from, int64_t *to)
{
    *from = pages->range.from == 0 ? USEC_NONE : pages->range.from;
    *to = pages->range.to;
}

void value_pages_free(struct value_pages *pages)
{
    if (pages == NULL)
        return;
    if (pages->is_out)
        snuba_abandon(pages->client);
    border_free(&pages->border);
    arena_free(pages->texts);
    free(pages);
}

/* ---- smaller or larger pages ---- */

static bool report_alike_values(const struct value_pages *pages, struct error *error)
{
    return error_set(error, ERROR_EXPORT,
                     "The tag has too many values that begin with the same %zu bytes to ask Snuba "
                     "for them",
                     pages->border.asked.size);
}

/* After a failed request: halves the page if that may help, and logs it; otherwise returns false
   with the error. The server would refuse the same request as long as it works on the first one
   (ClickHouse error 216); the smaller request is a different one. */
static bool halve_page(struct value_pages *pages, struct error *error)
{
    int64_t asked = pages->query.limit;
    int64_t least = min_of(VALUE_PAGES_MIN, (int64_t)pages->asked->page_size);
    if (page_size_is_too_much(error) && pages->widened && !border_is_whole(&pages->border))
        return report_alike_values(pages, error);
    if (!page_size_is_too_much(error) || pages->widened || asked / 2 < least)
        return false;
    if (pages->step == IN_ORDER) {
        pages->step = first_page(pages);
        asked = min_of(asked, 2 * pages->size.rows);
    }
    page_size_halve(&pages->size, asked);
    LOG(LOG_WARNING, "tagstore.page-halved", log_int("rows", pages->size.rows),
        log_text("code", error_code_name(error->code)));
    return true;
}

/* For a full page without a certain value: only a longer border or a larger page can help. */
static bool widen_page(struct value_pages *pages, struct error *error)
{
    bool longer = false;
    if (!border_lengthen(&pages->border, &longer, error))
        return false;
    if (longer)
        return true;
    if (pages->size.rows >= WIDEST_PAGE && !border_is_whole(&pages->border))
        return report_alike_values(pages, error);
    if (pages->size.rows >= WIDEST_PAGE)
        return error_set(error, ERROR_INTERNAL,
                         "snuba's answer: %d values in a row that are no valid text", WIDEST_PAGE);
    pages->size.rows = min_of(pages->size.rows * 2, WIDEST_PAGE);
    pages->widened = true;
    return true;
}

/* ---- a page ---- */

/* A row needs its value and both times. */
static bool check_cells(const struct snuba_answer *answer, struct error *error)
{
    for (size_t i = 0; i < answer->rows; i++)
        if (snuba_cell(answer, i, 0)->kind != SNUBA_CELL_TEXT ||
            snuba_cell(answer, i, 2)->kind != SNUBA_CELL_TIME ||
            snuba_cell(answer, i, 3)->kind != SNUBA_CELL_TIME)
            return error_set(error, ERROR_INTERNAL,
                             "snuba's answer: a row without a value or a time");
    return true;
}

/* Chooses the next step, moves the border, and finds the rows that count: rows->first to before
   rows->end. Fails if the values are not sorted as the server compares: rows would be read again
   for ever, or be left out. */
static bool choose_next(struct value_pages *pages, const struct snuba_answer *answer,
                        struct border_rows *rows, struct error *error)
{
    bool is_full = (int64_t)answer->rows >= pages->query.limit;
    *rows = (struct border_rows){.end = answer->rows};
    if (pages->step == IN_ORDER || pages->step == BEYOND) {
        bool lacks_one =
            pages->step == IN_ORDER && is_full && pages->query.limit < pages->asked->limit;
        pages->step = lacks_one ? BEYOND : OVER;
        return true;
    }
    if (!border_judge(&pages->border, answer, rows))
        return error_set(error, ERROR_INTERNAL,
                         "snuba's answer: a value that is not behind the last one");
    if (!is_full) {
        rows->end = answer->rows;
        pages->step = OVER;
        return true;
    }
    if (rows->end == 0) {
        rows->first = 0;
        return widen_page(pages, error);
    }
    page_size_came(&pages->size, clock_monotonic_ms() - pages->sent_at, answer->size);
    pages->widened = false;
    pages->step = REST;
    return border_move(&pages->border, snuba_cell(answer, rows->end - 1, 0)->text, error);
}

/* Copies the new rows of the answer. */
static bool copy_rows(const struct value_pages *pages, const struct snuba_answer *answer,
                      const struct border_rows *taken, struct group_tag_value_list *rows,
                      struct error *error)
{
    size_t count = taken->end - taken->first;
    rows->items = arena_array(rows->arena, count + 1, sizeof(*rows->items), error);
    if (rows->items == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        rows->items[i] =
            snuba_take_value(snuba_cell(answer, taken->first + i, 0), pages->asked->group_id, NULL);
    rows->count = count;
    return true;
}

bool value_pages_next(struct value_pages *pages, struct group_tag_value_list *rows, bool *more,
                      struct error *error)
{
    struct snuba_answer answer;
    struct border_rows taken;
    rows->count = 0;
    *more = true;
    pages->is_out = false;
    if (!snuba_finish(pages->client, rows->arena, &answer, error))
        return halve_page(pages, error) && send_request(pages, error);
    if (!check_cells(&answer, error) || !choose_next(pages, &answer, &taken, error) ||
        !send_request(pages, error))
        return false;
    *more = pages->is_out;
    return copy_rows(pages, &answer, &taken, rows, error);
}
