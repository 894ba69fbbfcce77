/* SPDX-License-Identifier: Apache-2.0 */
/* `exportd status`: one export or the recent ones. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "request/find.h"
#include "schema/migration.h"

#include <unistd.h>

enum { RECENT = 50, CELL_MAX = 96, WATCH_MS = 1000, LINE_MAX_BYTES = 256, BAR = 16 };

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "-" : text;
}

static int64_t number_of(const json_t *export, const char *name)
{
    return json_integer_value(json_object_get(export, name));
}

/* ---- the recent ones: a table ---- */

static const struct column {
    const char *title;
    const char *member;
    bool to_the_right;
} columns[] = {
    {"ID", "id", true},
    {"STATUS", "status", false},
    {"STATE", "state", false},
    {"ADDED (UTC)", "date_added", false},
    {"ROWS", "rows", true},
    {"BYTES", "bytes", true},
    {"TRIES", "attempts", true},
    {"ORGANIZATION", "organization", false},
    {"USER", "user", false},
    {"MAIL", "mail", false},
    {"MESSAGE", "message", false},
};

/* The last column is as long as it likes. */
#define WIDTHS (ARRAY_LENGTH(columns) - 1)

static void format_cell(const struct column *column, const json_t *export, char cell[CELL_MAX])
{
    const json_t *value = json_object_get(export, column->member);
    if (json_is_integer(value))
        (void)snprintf(cell, CELL_MAX, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        (void)snprintf(cell, CELL_MAX, "%s", text_of(export, column->member));
    /* 2020-03-25T16:12:18.123456Z: the seconds will do */
    if (text_equal(column->member, "date_added") && strlen(cell) == 27) {
        cell[10] = ' ';
        cell[19] = '\0';
    }
}

static void print_cell(const struct column *column, const char *text, int width)
{
    int gap = width - (int)strlen(text);
    if (column->to_the_right)
        (void)printf("%*s", gap > 0 ? gap : 0, "");
    text_print(stdout, text);
    if (!column->to_the_right)
        (void)printf("%*s", gap > 0 ? gap : 0, "");
    (void)fputs("  ", stdout);
}

static void measure(const json_t *exports, int widths[WIDTHS])
{
    char cell[CELL_MAX];
    for (size_t c = 0; c < WIDTHS; c++) {
        widths[c] = (int)strlen(columns[c].title);
        for (size_t i = 0; i < json_array_size(exports); i++) {
            format_cell(&columns[c], json_array_get(exports, i), cell);
            if ((int)strlen(cell) > widths[c])
                widths[c] = (int)strlen(cell);
        }
    }
}

static void print_table(const json_t *exports)
{
    int widths[WIDTHS];
    char cell[CELL_MAX];
    measure(exports, widths);
    for (size_t c = 0; c < WIDTHS; c++)
        print_cell(&columns[c], columns[c].title, widths[c]);
    (void)printf("%s\n", columns[WIDTHS].title);
    for (size_t i = 0; i < json_array_size(exports); i++) {
        const json_t *export = json_array_get(exports, i);
        for (size_t c = 0; c < WIDTHS; c++) {
            format_cell(&columns[c], export, cell);
            print_cell(&columns[c], cell, widths[c]);
        }
        text_print(stdout, text_of(export, columns[WIDTHS].member));
        (void)fputc('\n', stdout);
    }
}

/* ---- one: a block of lines ---- */

static void print_block(json_t *export)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(export, name, value)
    {
        (void)printf("%-15s ", name);
        if (json_is_integer(value))
            (void)printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        else
            text_print(stdout, text_of(export, name));
        (void)fputc('\n', stdout);
    }
}

static bool print_lines(const json_t *exports, struct error *error)
{
    for (size_t i = 0; i < json_array_size(exports); i++)
        if (!json_print_line(json_array_get(exports, i), error))
            return false;
    return true;
}

static bool show_recent(const struct request_context *context, bool json, struct error *error)
{
    json_t *exports = NULL;
    bool done =
        request_list(context, RECENT, &exports, error) && (!json || print_lines(exports, error));
    if (done && !json)
        print_table(exports);
    json_decref(exports);
    return done;
}

static bool show_one(const struct request_context *context, int64_t id, bool json,
                     struct error *error)
{
    json_t *export = NULL;
    bool done =
        request_find(context, id, &export, error) && (!json || json_print_line(export, error));
    if (done && !json)
        print_block(export);
    json_decref(export);
    return done;
}

/* ---- watching one ---- */

/* How an export is being watched. */
struct watch {
    const struct request_context *context;
    int64_t id;
    bool json;
    bool terminal;
    int ticks;
    char shown[LINE_MAX_BYTES]; /* the last line, so that only changes are printed */
};

static void format_line(const json_t *export, char line[LINE_MAX_BYTES])
{
    int64_t rows = number_of(export, "rows");
    (void)snprintf(line, LINE_MAX_BYTES,
                   "%s  %s  %" PRId64 " row%s  %" PRId64 " bytes  attempt %" PRId64,
                   text_of(export, "status"), text_of(export, "state"), rows, text_plural(rows),
                   number_of(export, "bytes"), number_of(export, "attempts"));
}

/* How many rows there will be is unknown: the bar shows that something goes on, by a block that
   wanders to and fro. */
static void draw(struct watch *watch, const char *line, bool final)
{
    char bar[BAR + 1];
    const int span = BAR - 3;
    int phase = watch->ticks++ % (2 * span);
    memset(bar, final ? '=' : ' ', BAR);
    bar[BAR] = '\0';
    if (!final)
        memset(bar + (phase <= span ? phase : 2 * span - phase), '=', 3);
    (void)printf("\r\x1b[K[%s] ", bar);
    text_print(stdout, line);
    if (final)
        (void)fputc('\n', stdout);
}

static bool report(struct watch *watch, const json_t *export, struct error *error)
{
    char line[LINE_MAX_BYTES];
    bool done = true;
    format_line(export, line);
    if (watch->terminal && !watch->json)
        draw(watch, line, request_is_finished(export));
    else if (!text_equal(line, watch->shown) && watch->json)
        done = json_print_line(export, error);
    else if (!text_equal(line, watch->shown))
        (void)printf("%s\n", line);
    memcpy(watch->shown, line, sizeof(line));
    (void)fflush(stdout);
    return done;
}

/* The end of a watch is also its exit status. */
static bool conclude(const json_t *export, struct error *error)
{
    const char *status = text_of(export, "status");
    return text_equal(status, "VALID") || error_set(error, ERROR_EXPORT, "the export is %s: %s",
                                                    status, text_of(export, "message"));
}

static bool follow(struct watch *watch, struct error *error)
{
    for (;;) {
        json_t *export = NULL;
        if (!request_find(watch->context, watch->id, &export, error))
            return false;
        bool done = report(watch, export, error);
        bool final = request_is_finished(export);
        done = done && (!final || conclude(export, error));
        json_decref(export);
        if (!done || final)
            return done;
        clock_sleep_ms(WATCH_MS);
    }
}

/* ---- the command ---- */

/* What the words ask for. */
struct question {
    int64_t id; /* 0: the recent ones */
    bool json, watched;
};

static bool answer(const struct question *question, const struct request_context *context,
                   struct error *error)
{
    struct watch watch = {.context = context,
                          .id = question->id,
                          .json = question->json,
                          .terminal = isatty(STDOUT_FILENO) == 1};
    if (question->watched)
        return follow(&watch, error);
    return question->id == 0 ? show_recent(context, question->json, error)
                             : show_one(context, question->id, question->json, error);
}

bool command_status(const struct config *config, int argc, char **argv, struct error *error)
{
    struct question question = {.id = 0};
    struct request_context context = {.caller = &caller_operator};
    const char *word = NULL;
    struct positional words = {.max = 1, .words = &word};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &question.json},
        {.name = "watch", .type = OPTION_SWITCH, .value = &question.watched},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, &words, error))
        return false;
    if (word != NULL && !text_to_int64(word, 1, INT64_MAX, &question.id))
        return error_set(error, ERROR_USAGE, "ID: not a whole number above 0");
    if (question.watched && question.id == 0)
        return error_set(error, ERROR_USAGE, "--watch needs the ID of an export");
    bool done = cli_connect_pg(config, &context.pg, error) && migration_check(context.pg, error) &&
                answer(&question, &context, error);
    pg_free(context.pg);
    return done;
}
