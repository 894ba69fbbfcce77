/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 8192, LINE_TAIL = 4 };

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* The sink: set once before threads, read by all. */
static enum log_format sink_format = LOG_TEXT;
static enum log_level sink_level = LOG_INFO;

static _Thread_local int64_t job_id, job_attempt;

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

void log_setup(enum log_format format, enum log_level level)
{
    sink_format = format;
    sink_level = level;
}

void log_set_job(int64_t data_export_id, int64_t attempt)
{
    job_id = data_export_id;
    job_attempt = attempt;
}

void log_clear_job(void)
{
    job_id = 0;
    job_attempt = 0;
}

struct log_field log_int(const char *name, int64_t number)
{
    return (struct log_field){.name = name, .number = number};
}

struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){.name = name, .text = text == NULL ? "" : text};
}

/* Appends what fits; room for closing the line is always kept. */
static void put(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);
static void put(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - LINE_TAIL - line->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->size, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->size += (size_t)length < room ? (size_t)length : room - 1;
}

static void put_character(struct line *line, const char *at, size_t size)
{
    if (*at == '"' || *at == '\\')
        put(line, "\\%c", *at);
    else if (size == 1 && ((unsigned char)*at < 0x20 || *at == 0x7f))
        put(line, "\\u%04x", (unsigned)*at);
    else
        put(line, "%.*s", (int)size, at);
}

/* Quoted, with control characters escaped in both formats: nobody forges a log line. Whole
   characters only: a cut never leaves half an escape or half a character. */
static void put_quoted(struct line *line, const char *text)
{
    size_t size = strlen(text);
    put(line, "\"");
    for (size_t i = 0; i < size && sizeof(line->text) - line->size >= 32;) {
        bool valid = false;
        size_t step = utf8_step(text + i, size - i, &valid);
        if (valid)
            put_character(line, text + i, step);
        else
            put(line, "\\ufffd");
        i += step;
    }
    put(line, "\"");
}

static void put_field(struct line *line, const struct log_field *field)
{
    if (sizeof(line->text) - line->size < 128)
        return;
    if (sink_format == LOG_JSON)
        put(line, ",\"%s\":", field->name);
    else
        put(line, " %s=", field->name);
    if (field->text != NULL)
        put_quoted(line, field->text);
    else
        put(line, "%" PRId64, field->number);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < sink_level)
        return;
    struct line line = {.size = 0};
    char now[CLOCK_TEXT_MAX];
    clock_format_iso(clock_wall_usec(), now);
    if (sink_format == LOG_JSON) {
        put(&line, "{\"ts\":\"%s\",\"level\":\"%s\",\"event\":", now, level_names[level]);
        put_quoted(&line, event);
    } else {
        put(&line, "%s %s %s", now, level_names[level], event);
    }
    if (job_id != 0) {
        put_field(&line, &(struct log_field){"data_export_id", NULL, job_id});
        put_field(&line, &(struct log_field){"attempt", NULL, job_attempt});
    }
    for (const struct log_field *field = fields; field != NULL && field->name != NULL; field++) {
        bool twice = job_id != 0 && (strcmp(field->name, "data_export_id") == 0 ||
                                     strcmp(field->name, "attempt") == 0);
        if (!twice)
            put_field(&line, field);
    }
    if (sink_format == LOG_JSON)
        line.text[line.size++] = '}';
    line.text[line.size++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.text, line.size);
    (void)written; /* nowhere left to say that the log cannot be written */
}

void log_error(enum log_level level, const char *event, const struct error *error)
{
    LOG(level, event, log_text("code", error_code_name(error->code)),
        log_text("error", error->message));
}
