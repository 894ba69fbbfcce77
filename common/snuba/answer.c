/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer is cut into slices first: its members, and the rows of `data`. Each slice is cleaned
 * and parsed for itself, so the JSON tree of the whole answer, much larger than its text, is never
 * in memory.
 */
#include "snuba/answer.h"

#include "wire/clean_text.h"
#include "wire/json_slice.h"

/* Maximum bytes of each member except `data`: meta, totals and the SQL are small. */
enum { MEMBER_MAX = 1 << 20 };

/* ---- the members of the answer ---- */

struct members {
    struct json_slice data;
    json_t *meta, *totals, *error; /* NULL: absent */
};

static void free_members(struct members *members)
{
    json_decref(members->meta);
    json_decref(members->totals);
    json_decref(members->error);
}

static bool is_named(struct json_slice name, const char *wanted)
{
    return name.size == strlen(wanted) && memcmp(name.at, wanted, name.size) == 0;
}

/* Keeps a member that is needed. Parses the others too: if any part of an answer is broken, none of
   it is used. */
static bool read_member(struct members *members, struct json_slice name, struct json_slice value,
                        struct error *error)
{
    json_t *tree = NULL;
    bool is_data = is_named(name, "\"data\"");
    if (is_data && json_slice_is(value, '[')) {
        members->data = value;
        return true;
    }
    if (!clean_json_parse(value.at, value.size, MEMBER_MAX, &tree, error))
        return false;
    json_t **place = is_named(name, "\"meta\"")     ? &members->meta
                     : is_named(name, "\"totals\"") ? &members->totals
                     : is_named(name, "\"error\"")  ? &members->error
                                                    : NULL;
    if (place != NULL) {
        json_decref(*place);
        *place = json_incref(tree);
    }
    json_decref(tree);
    return true;
}

static bool refuse_json(struct error *error)
{
    return error_set(error, ERROR_INVALID, "not JSON");
}

/* JSON that is no object has no members, but is parsed too. */
static bool read_members(const char *body, size_t size, struct members *members,
                         struct error *error)
{
    struct json_slice whole;
    struct json_slice name;
    struct json_slice value;
    if (!json_slice_of(body, size, &whole))
        return refuse_json(error);
    if (!json_slice_is(whole, '{'))
        return read_member(members, (struct json_slice){.at = ""}, whole, error);
    struct json_cursor cursor = json_cursor_in(whole);
    while (json_next_member(&cursor, &name, &value))
        if (!read_member(members, name, value, error))
            return false;
    return !cursor.broken || refuse_json(error);
}

/* ---- the columns ---- */

struct column {
    const char *name;
    enum snuba_cell_kind kind;
    bool nullable;
    bool null_is_zero;
    bool is_flag; /* see snuba_column_is_flag */
};

struct reader {
    const struct snuba_query *query;
    struct column *columns; /* those of the query: groupby, aggregations */
    size_t count;
    struct arena *arena;
    struct error *error;
};

static enum snuba_cell_kind kind_of(const struct snuba_column *column)
{
    switch (column->kind) {
    case SNUBA_TIMESTAMP:
        return SNUBA_CELL_TIME;
    case SNUBA_PROJECT_ID:
    case SNUBA_GROUP_ID:
        return SNUBA_CELL_NUMBER;
    default:
        return SNUBA_CELL_TEXT;
    }
}

/* The name and type of an aggregation's column. */
static struct column aggregation_column(const struct snuba_aggregation *aggregation)
{
    struct column column = {.name = aggregation->alias, .kind = SNUBA_CELL_NUMBER};
    switch (aggregation->function) {
    case SNUBA_COUNT:
        break;
    case SNUBA_UNIQ:
    case SNUBA_UNIQ_ABOUT:
        column.null_is_zero = true;
        break;
    case SNUBA_MIN:
    case SNUBA_MAX:
        column.kind = kind_of(&aggregation->column);
        column.nullable = true;
        break;
    case SNUBA_TOP_K:
        column.kind = SNUBA_CELL_TEXTS;
        break;
    }
    return column;
}

/* Lists the columns of the query, with the names that the answer uses. */
static bool name_columns(struct reader *in, const struct snuba_dialect *dialect)
{
    const struct snuba_query *query = in->query;
    in->count = query->groupby_count + query->aggregation_count;
    in->columns = arena_array(in->arena, in->count, sizeof(*in->columns), in->error);
    if (in->columns == NULL)
        return false;
    for (size_t i = 0; i < query->groupby_count; i++) {
        struct column *column = &in->columns[i];
        column->kind = kind_of(&query->groupby[i]);
        column->nullable =
            column->kind == SNUBA_CELL_TEXT || query->groupby[i].kind == SNUBA_GROUP_ID;
        column->is_flag = snuba_column_is_flag(&query->groupby[i]);
        if (!snuba_dialect_column(dialect, &query->groupby[i], in->arena, &column->name, in->error))
            return false;
    }
    for (size_t i = 0; i < query->aggregation_count; i++)
        in->columns[query->groupby_count + i] = aggregation_column(&query->aggregations[i]);
    return true;
}

static bool refuse_answer(struct reader *in, const char *what)
{
    return error_set(in->error, ERROR_INTERNAL, "snuba's answer: %s", what);
}

static bool has_name(const json_t *meta, const char *name)
{
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(meta, i, entry)
    {
        const char *found = json_string_value(json_object_get(entry, "name"));
        if (found != NULL && strcmp(found, name) == 0)
            return true;
    }
    return false;
}

/* The answer must have exactly the columns of the query, in any order. */
static bool check_meta(struct reader *in, const json_t *meta)
{
    if (!json_is_array(meta))
        return refuse_answer(in, "no meta");
    for (size_t i = 0; i < in->count; i++)
        if (!has_name(meta, in->columns[i].name))
            return refuse_answer(in, "a column is missing");
    return json_array_size(meta) == in->count || refuse_answer(in, "a column too many");
}

/* ---- the cells ---- */

/* Reads a list of texts without its nulls. */
static bool read_texts(struct reader *in, const json_t *list, struct snuba_cell *cell)
{
    size_t i = 0;
    const json_t *entry = NULL;
    const char **texts =
        arena_array(in->arena, json_array_size(list) + 1, sizeof(*texts), in->error);
    if (texts == NULL)
        return false;
    json_array_foreach(list, i, entry)
    {
        if (json_is_null(entry))
            continue;
        if (!json_is_string(entry))
            return refuse_answer(in, "not a list of texts");
        texts[cell->text_count] =
            arena_copy(in->arena, json_string_value(entry), json_string_length(entry), in->error);
        if (texts[cell->text_count++] == NULL)
            return false;
    }
    cell->texts = texts;
    return true;
}

static bool read_text(struct reader *in, const json_t *value, struct snuba_cell *cell)
{
    if (!json_is_string(value))
        return refuse_answer(in, "not a text");
    cell->size = json_string_length(value);
    cell->text = arena_copy(in->arena, json_string_value(value), cell->size, in->error);
    return cell->text != NULL;
}

static bool read_flag(struct reader *in, const json_t *value, struct snuba_cell *cell)
{
    int64_t flag = 0;
    if (!json_to_int64(value, 0, 1, &flag))
        return refuse_answer(in, "not a flag");
    cell->text = flag == 1 ? "yes" : "no";
    cell->size = strlen(cell->text);
    return true;
}

static bool read_time(struct reader *in, const json_t *value, struct snuba_cell *cell)
{
    return (json_is_string(value) &&
            clock_parse_iso(json_string_value(value), json_string_length(value), &cell->number,
                            in->error)) ||
           refuse_answer(in, "not a time");
}

/* Reads a value of the column's type; NULL only where the type allows it. */
static bool read_cell(struct reader *in, const struct column *column, const json_t *value,
                      struct snuba_cell *cell)
{
    if (value == NULL)
        return refuse_answer(in, "a row without all columns");
    bool is_null = json_is_null(value);
    if (is_null && column->nullable)
        return true; /* the cell is zeroed: SNUBA_CELL_NULL */
    cell->kind = column->kind;
    switch (column->kind) {
    case SNUBA_CELL_TEXT:
        return column->is_flag ? read_flag(in, value, cell) : read_text(in, value, cell);
    case SNUBA_CELL_TIME:
        return read_time(in, value, cell);
    case SNUBA_CELL_TEXTS:
        return json_is_array(value) ? read_texts(in, value, cell) : refuse_answer(in, "not a list");
    case SNUBA_CELL_NUMBER:
    case SNUBA_CELL_NULL:
        break;
    }
    return (is_null && column->null_is_zero) || json_to_int64(value, 0, INT64_MAX, &cell->number) ||
           refuse_answer(in, "not a number");
}

/* As clean_json_parse. *mended: cleaning has changed the text. */
static bool parse_row(struct json_slice text, json_t **row, bool *mended, struct error *error)
{
    struct buffer clean;
    buffer_init(&clean, 3 * text.size);
    bool done = clean_json(text.at, text.size, &clean, error) &&
                json_parse(clean.data, clean.size, clean.maximum, row, error);
    *mended = done && (clean.size != text.size || memcmp(clean.data, text.at, text.size) != 0);
    buffer_free(&clean);
    return done;
}

static bool read_row(struct reader *in, struct json_slice text, struct snuba_cell *cells,
                     bool *mended)
{
    json_t *row = NULL;
    if (!parse_row(text, &row, mended, in->error))
        return in->error->code == ERROR_INVALID ? snuba_judge_page(200, false, in->error) : false;
    bool done = json_is_object(row) || refuse_answer(in, "a row is not an object");
    for (size_t i = 0; done && i < in->count; i++)
        done = read_cell(in, &in->columns[i], json_object_get(row, in->columns[i].name), &cells[i]);
    json_decref(row);
    return done;
}

/* Counts the rows, so that all cells can be allocated at once. */
static bool count_rows(struct reader *in, struct json_slice data, size_t *count)
{
    struct json_slice row;
    struct json_cursor cursor = json_cursor_in(data);
    *count = 0;
    while (json_next_element(&cursor, &row))
        (*count)++;
    if (cursor.broken)
        return snuba_judge_page(200, false, in->error);
    if (in->query->limit >= 0 && *count > (size_t)in->query->limit)
        return refuse_answer(in, "more rows than were asked for");
    return in->query->groupby_count > 0 || *count == 1 || refuse_answer(in, "not one row");
}

static bool read_rows(struct reader *in, struct json_slice data, struct snuba_answer *answer)
{
    struct json_slice row;
    size_t cells = 0;
    answer->columns = in->count;
    if (!count_rows(in, data, &answer->rows))
        return false;
    if (__builtin_mul_overflow(answer->rows, in->count, &cells))
        return refuse_answer(in, "too many rows");
    answer->cells = arena_array(in->arena, cells, sizeof(*answer->cells), in->error);
    answer->mended = arena_array(in->arena, answer->rows + 1, sizeof(*answer->mended), in->error);
    if (answer->cells == NULL || answer->mended == NULL)
        return false;
    struct json_cursor cursor = json_cursor_in(data);
    for (size_t i = 0; json_next_element(&cursor, &row); i++)
        if (!read_row(in, row, &answer->cells[i * in->count], &answer->mended[i]))
            return false;
    return true;
}

/* Reads the aggregations only: the groupby columns of the totals have no meaning. */
static bool read_totals(struct reader *in, const json_t *totals, struct snuba_answer *answer)
{
    if (!in->query->totals)
        return true;
    if (!json_is_object(totals))
        return refuse_answer(in, "no totals");
    answer->totals = arena_array(in->arena, in->count, sizeof(*answer->totals), in->error);
    bool done = answer->totals != NULL;
    for (size_t i = in->query->groupby_count; done && i < in->count; i++)
        done = read_cell(in, &in->columns[i], json_object_get(totals, in->columns[i].name),
                         &answer->totals[i]);
    return done;
}

/* ---- the whole ---- */

bool snuba_text_is_certain(const struct snuba_answer *answer, size_t row)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    return !answer->mended[row] && strstr(snuba_cell(answer, row, 0)->text, replacement) == NULL;
}

/* The reported error, or NULL. A value that is false in Python (null, "", {} and so on) is no
   error. */
static json_t *reported_error(json_t *said)
{
    bool nothing = said == NULL || json_is_null(said) || json_is_false(said) ||
                   (json_is_string(said) && json_string_length(said) == 0) ||
                   (json_is_object(said) && json_object_size(said) == 0) ||
                   (json_is_array(said) && json_array_size(said) == 0) ||
                   (json_is_integer(said) && json_integer_value(said) == 0);
    return nothing ? NULL : said;
}

/* Finds an error in the members, or reads the rows and totals. */
static bool read_answer(struct reader *in, const struct snuba_dialect *dialect, int status,
                        const struct members *members, struct snuba_answer *answer)
{
    json_t *said = reported_error(members->error);
    if (status != 200 || said != NULL)
        return snuba_judge_error(status, said, &answer->trouble, in->error);
    if (members->data.at == NULL)
        return refuse_answer(in, "no data");
    return name_columns(in, dialect) && check_meta(in, members->meta) &&
           read_rows(in, members->data, answer) && read_totals(in, members->totals, answer);
}

bool snuba_answer_read(const struct snuba_dialect *dialect, const struct snuba_query *query,
                       const struct snuba_reply *reply, struct snuba_answer *answer,
                       struct error *error)
{
    struct members members = {.meta = NULL};
    struct reader in = {.query = query, .arena = answer->arena, .error = error};
    *answer = (struct snuba_answer){.arena = answer->arena, .size = reply->size};
    bool done = read_members(reply->body, reply->size, &members, error);
    if (done)
        done = read_answer(&in, dialect, reply->status, &members, answer);
    else if (error->code == ERROR_INVALID || error->code == ERROR_TOO_LARGE)
        done = snuba_judge_page(reply->status, dialect->refuses_by_html, error);
    free_members(&members);
    return done;
}
