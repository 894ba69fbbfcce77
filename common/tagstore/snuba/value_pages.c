/* SPDX-License-Identifier: Apache-2.0 */
#include "tagstore/snuba/value_pages.h"

#include "base/log.h"
#include "tagstore/snuba/border.h"
#include "tagstore/snuba/page_size.h"

#define TEXTS_MAX ((size_t)16 * 1024 * 1024)

enum {
    WIDEST_PAGE = 10000, /* to find an end of a row of odd values */
    CONDITIONS_MAX = 2,
    ORDERS_MAX = 2,
};

enum step {
    IN_ORDER, /* one request, in the order of the export */
    BEYOND,   /* the row beyond the limit, where it does not fit into that answer */
    FIRST,    /* the first page, with the empty value */
    REST,     /* what is behind the border */
    OVER,
};

struct value_pages {
    const struct group_tag_value_query *asked;
    struct snuba_client *client;
    const struct snuba_dialect *dialect;
    struct arena *texts;
    struct snuba_query range; /* scope and time, the same for all requests; in `texts` */

    enum step step;
    struct border border;
    struct page_size size; /* of the pages to come */
    bool widened;          /* a page of doubtful values only is asked for again, larger */

    /* the request that is on its way, if one is */
    bool is_out;
    int64_t sent_at; /* milliseconds of the monotonic clock */
    struct snuba_query query;
    struct snuba_column column; /* of the values */
    struct snuba_condition conditions[CONDITIONS_MAX];
    struct snuba_any_of all_of[CONDITIONS_MAX];
    const char *literals[CONDITIONS_MAX];
    struct snuba_order order[ORDERS_MAX];
    struct snuba_aggregation aggregations[SNUBA_SUMS + 1];
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- a request is put together ---- */

static void begin(struct value_pages *pages)
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

/* Values by tags[key], where it can be written. */
static void use_column(struct value_pages *pages)
{
    begin(pages);
    pages->column = (struct snuba_column){.kind = SNUBA_TAG, .name = pages->asked->key};
}

/* Values among all tags of the events. */
static void use_tags(struct value_pages *pages)
{
    begin(pages);
    pages->column = (struct snuba_column){.kind = SNUBA_TAGS_VALUE};
    add_condition(pages, SNUBA_TAGS_KEY, SNUBA_EQUAL, pages->asked->key);
}

static void use_fastest(struct value_pages *pages)
{
    if (snuba_dialect_has_tag_column(pages->dialect, pages->asked->key))
        use_column(pages);
    else
        use_tags(pages);
}

/* Where the server does not sort by what is among the tags: the smallest of equal values is the
   value, and an aggregation can be sorted by. */
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

static void make_in_order(struct value_pages *pages)
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
    pages->query.limit = smaller(pages->asked->limit, pages->dialect->limit_max);
}

static void make_beyond(struct value_pages *pages)
{
    make_in_order(pages);
    pages->query.offset = pages->query.limit;
    pages->query.limit = 1;
}

static void make_first(struct value_pages *pages)
{
    use_tags(pages);
    order_by_value(pages);
}

/* All values are behind "" but "" itself. */
static void make_rest(struct value_pages *pages)
{
    bool with_empty = !pages->border.is_set && !pages->asked->seen_only;
    use_fastest(pages);
    add_condition(pages, pages->column.kind, with_empty ? SNUBA_GREATER_OR_EQUAL : SNUBA_GREATER,
                  border_text(&pages->border));
    order_by_value(pages);
}

static bool send(struct value_pages *pages, struct error *error)
{
    switch (pages->step) {
    case IN_ORDER:
        make_in_order(pages);
        break;
    case BEYOND:
        make_beyond(pages);
        break;
    case FIRST:
        make_first(pages);
        break;
    case REST:
        make_rest(pages);
        break;
    case OVER:
        return true;
    }
    pages->sent_at = clock_monotonic_ms();
    pages->is_out = snuba_start(pages->client, &pages->query, error);
    return pages->is_out;
}

/* ---- the beginning ---- */

static bool fits_one_answer(const struct value_pages *pages)
{
    int64_t limit = pages->asked->limit - 1; /* without the row beyond it */
    return limit > 0 && limit <= pages->dialect->limit_max &&
           pages->dialect->orderby_max >= ORDERS_MAX;
}

static enum step first_page(const struct value_pages *pages)
{
    return pages->asked->seen_only || snuba_dialect_tag_is_apart(pages->dialect, pages->asked->key)
               ? REST
               : FIRST;
}

static bool start(struct value_pages *pages, const struct snuba_tagstore *store,
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
    return send(pages, error);
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
    bool done = made->texts != NULL ? start(made, snuba, error) : error_no_memory(error);
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

/* ---- less at a time, or more ---- */

static bool begin_alike(const struct value_pages *pages, struct error *error)
{
    return error_set(error, ERROR_EXPORT,
                     "The tag has too many values that begin with the same %zu bytes to ask Snuba "
                     "for them",
                     pages->border.asked.size);
}

/* Halves what is asked for, if it can be. A question that is the same to the letter would be
   refused for as long as the server works on the first one (ClickHouse 216): this is another. */
static bool halve(struct value_pages *pages, struct error *error)
{
    int64_t asked = pages->query.limit;
    int64_t least = smaller(VALUE_PAGES_MIN, (int64_t)pages->asked->page_size);
    if (page_size_is_too_much(error) && pages->widened && !border_is_whole(&pages->border))
        return begin_alike(pages, error);
    if (!page_size_is_too_much(error) || pages->widened || asked / 2 < least)
        return false;
    if (pages->step == IN_ORDER) {
        pages->step = first_page(pages);
        asked = smaller(asked, 2 * pages->size.rows);
    }
    page_size_halve(&pages->size, asked);
    LOG(LOG_WARNING, "tagstore.page-halved", log_int("rows", pages->size.rows),
        log_text("code", error_code_name(error->code)));
    return true;
}

/* A full page without a value to go on from: only a longer border, or a larger page, can have one.
 */
static bool widen(struct value_pages *pages, struct error *error)
{
    bool longer = false;
    if (!border_lengthen(&pages->border, &longer, error))
        return false;
    if (longer)
        return true;
    if (pages->size.rows >= WIDEST_PAGE && !border_is_whole(&pages->border))
        return begin_alike(pages, error);
    if (pages->size.rows >= WIDEST_PAGE)
        return error_set(error, ERROR_INTERNAL,
                         "snuba's answer: %d values in a row that are no valid text", WIDEST_PAGE);
    pages->size.rows = smaller(pages->size.rows * 2, WIDEST_PAGE);
    pages->widened = true;
    return true;
}

/* ---- a page ---- */

static bool check_cells(const struct snuba_answer *answer, struct error *error)
{
    for (size_t i = 0; i < answer->rows; i++)
        if (snuba_cell(answer, i, 0)->kind != SNUBA_CELL_TEXT ||
            snuba_cell(answer, i, 2)->kind != SNUBA_CELL_TIME ||
            snuba_cell(answer, i, 3)->kind != SNUBA_CELL_TIME)
            return error_set(error, ERROR_INTERNAL, "snuba's answer: a value that is none");
    return true;
}

/* What comes next, and which of the rows count: those from rows->first to before rows->end. Values
   in another order than the one the server compares by would be asked for in circles, or be left
   out. */
static bool move_on(struct value_pages *pages, const struct snuba_answer *answer,
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
        return widen(pages, error);
    }
    page_size_came(&pages->size, clock_monotonic_ms() - pages->sent_at, answer->size);
    pages->widened = false;
    pages->step = REST;
    return border_move(&pages->border, snuba_cell(answer, rows->end - 1, 0)->text, error);
}

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
        return halve(pages, error) && send(pages, error);
    if (!check_cells(&answer, error) || !move_on(pages, &answer, &taken, error) ||
        !send(pages, error))
        return false;
    *more = pages->is_out;
    return copy_rows(pages, &answer, &taken, rows, error);
}
