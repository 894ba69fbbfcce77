/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_status.py. */
#include "cli/status_watch.h"

#include "base/clock.h"
#include "base/text.h"

#include <unistd.h>

enum {
    WATCH_MS = 1000,
    LINE_MAX_BYTES = 256,
    WAIT_MAX_BYTES = 512,
    LEFT_MAX = 48,
    READ_MAX = 48,
    BAR = 16,
    UNKNOWN = -1
};

struct watch {
    const struct request_context *context;
    int64_t id;
    FILE *out;
    bool json;
    bool terminal; /* `out` is one */
    int ticks;
    char shown[LINE_MAX_BYTES + WAIT_MAX_BYTES]; /* the last line; an equal one is not printed */
};

static const char *text_of(const json_t *export, const char *name)
{
    const char *text = json_string_value(json_object_get(export, name));
    return text == NULL ? "-" : text;
}

static int64_t number_of(const json_t *export, const char *name)
{
    return json_integer_value(json_object_get(export, name));
}

static int64_t moment_of(const json_t *export, const char *name)
{
    struct error none;
    int64_t usec = USEC_NONE;
    const char *text = text_of(export, name);
    return clock_parse_iso(text, strlen(text), &usec, &none) ? usec : USEC_NONE;
}

/* ---- progress ---- */

/* The rows so far, or the values read so far if they are more: some exports read all values before
   they write the first row. */
static int64_t count_of(const json_t *export)
{
    int64_t rows = number_of(export, "rows"), values = number_of(export, "values_read");
    return rows > values ? rows : values;
}

/* 0 to 99; UNKNOWN without an estimate, or when there are more rows than estimated. */
static int percent_of(const json_t *export)
{
    int64_t rows = count_of(export), expected = number_of(export, "rows_expected");
    if (!text_equal(text_of(export, "state"), "running") || expected <= 0 || rows > expected)
        return UNKNOWN;
    int percent = (int)((double)rows / (double)expected * 100);
    return percent > 99 ? 99 : percent;
}

/* Extrapolates from the beginning of the attempt to its last count of rows. */
static int64_t seconds_left(const json_t *export)
{
    int64_t rows = count_of(export), expected = number_of(export, "rows_expected");
    int64_t begin = moment_of(export, "started_at"), counted = moment_of(export, "progress_at");
    if (rows == 0 || begin == USEC_NONE || counted == USEC_NONE || counted <= begin)
        return UNKNOWN;
    return (int64_t)((double)(counted - begin) / USEC_PER_SECOND / (double)rows *
                     (double)(expected - rows));
}

static void format_left(const json_t *export, int percent, char text[LEFT_MAX])
{
    int64_t left = percent == UNKNOWN ? UNKNOWN : seconds_left(export);
    text[0] = '\0';
    if (percent != UNKNOWN && left == UNKNOWN)
        (void)snprintf(text, LEFT_MAX, "  %d %%", percent);
    else if (left >= 3600)
        (void)snprintf(text, LEFT_MAX, "  %d %%  %" PRId64 " h %02" PRId64 " min left", percent,
                       left / 3600, left / 60 % 60);
    else if (left >= 60)
        (void)snprintf(text, LEFT_MAX, "  %d %%  %" PRId64 " min left", percent, left / 60);
    else if (left >= 0)
        (void)snprintf(text, LEFT_MAX, "  %d %%  %" PRId64 " s left", percent, left);
}

/* ---- showing ---- */

static void format_line(const json_t *export, char line[LINE_MAX_BYTES])
{
    int64_t rows = number_of(export, "rows"), values = number_of(export, "values_read");
    char read[READ_MAX] = "";
    if (values > 0)
        (void)snprintf(read, sizeof(read), "%" PRId64 " value%s read  ", values,
                       text_plural(values));
    (void)snprintf(line, LINE_MAX_BYTES,
                   "%s  %s  %s%" PRId64 " row%s  %" PRId64 " bytes  attempt %" PRId64,
                   text_of(export, "status"), text_of(export, "state"), read, rows,
                   text_plural(rows), number_of(export, "bytes"), number_of(export, "attempts"));
}

/* "  place 3: the queue is paused"; "" if the export waits for nothing. */
static void format_wait(const json_t *export, char text[WAIT_MAX_BYTES])
{
    const char *reason = text_of(export, "reason");
    text[0] = '\0';
    if (json_is_integer(json_object_get(export, "place")))
        (void)snprintf(text, WAIT_MAX_BYTES, "  place %" PRId64 ": %s", number_of(export, "place"),
                       reason);
    else if (!text_equal(reason, "-"))
        (void)snprintf(text, WAIT_MAX_BYTES, "  %s", reason);
}

/* Fills the bar up to `percent`. If that is UNKNOWN, a block moves to and fro. */
static void fill_bar(struct watch *watch, int percent, char bar[BAR + 1])
{
    const int span = BAR - 3;
    int phase = watch->ticks++ % (2 * span);
    memset(bar, ' ', BAR);
    bar[BAR] = '\0';
    if (percent == UNKNOWN)
        memset(bar + (phase <= span ? phase : 2 * span - phase), '=', 3);
    else
        memset(bar, '=', (size_t)(percent * BAR / 100));
}

/* Draws over the last line. The terminal is told not to wrap `wait`, because the next drawing
   would not reach a second line. */
static void draw_bar_line(struct watch *watch, const json_t *export, const char *line,
                          const char *wait)
{
    char bar[BAR + 1], left[LEFT_MAX];
    bool final = request_is_finished(export);
    int percent = percent_of(export);
    format_left(export, percent, left);
    fill_bar(watch, final ? 100 : percent, bar);
    (void)fprintf(watch->out, "\r\x1b[K[%s] ", bar);
    text_print(watch->out, line);
    (void)fputs(left, watch->out);
    if (wait[0] != '\0') {
        (void)fputs("\x1b[?7l", watch->out);
        text_print(watch->out, wait);
        (void)fputs("\x1b[?7h", watch->out);
    }
    (void)fputs(final ? "\n" : "", watch->out);
}

static bool show_export(struct watch *watch, const json_t *export, struct error *error)
{
    char line[LINE_MAX_BYTES], wait[WAIT_MAX_BYTES], both[LINE_MAX_BYTES + WAIT_MAX_BYTES];
    bool done = true;
    format_line(export, line);
    format_wait(export, wait);
    (void)snprintf(both, sizeof(both), "%s%s", line, wait);
    bool changed = !text_equal(both, watch->shown);
    if (watch->terminal && !watch->json)
        draw_bar_line(watch, export, line, wait);
    else if (changed && watch->json)
        done = json_print_line_to(watch->out, export, error);
    else if (changed)
        (void)fprintf(watch->out, "%s\n", both);
    memcpy(watch->shown, both, sizeof(both));
    (void)fflush(watch->out);
    return done;
}

/* ---- watching ---- */

/* The exit status tells whether the export is VALID. */
static bool check_end(const json_t *export, struct error *error)
{
    const char *status = text_of(export, "status");
    return text_equal(status, "VALID") || error_set(error, ERROR_EXPORT, "the export is %s: %s",
                                                    status, text_of(export, "message"));
}

bool status_watch(const struct request_context *context, int64_t id, bool json, FILE *out,
                  struct error *error)
{
    struct watch watch = {.context = context,
                          .id = id,
                          .out = out,
                          .json = json,
                          .terminal = isatty(fileno(out)) == 1};
    for (;;) {
        json_t *export = NULL;
        if (!request_find(watch.context, watch.id, &export, error))
            return false;
        bool done = show_export(&watch, export, error);
        bool final = request_is_finished(export);
        done = done && (!final || check_end(export, error));
        json_decref(export);
        if (!done || final)
            return done;
        clock_sleep_ms(WATCH_MS);
    }
}
