/* SPDX-License-Identifier: Apache-2.0 */
/* Each line is built on the stack, field by field, and cut where it is too long. One thread at a
   time then writes its line. No thread waits for long: lines that cannot be written are counted. */
#include "base/log.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/utf8.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = PIPE_BUF, /* a pipe takes this much as a whole or not at all */
    LINE_TAIL = 4,             /* room for the end of a line */
    PATIENCE_MS = 1000,        /* the longest wait for a full pipe */
};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

/* The priorities of syslog. journald takes them from the beginning of a line. */
static const char *const level_priorities[] = {"<7>", "<6>", "<4>", "<3>"};

/* Read by all threads. The format is set before they start. */
static enum log_format sink_format = LOG_TEXT;
static bool sink_is_journal;
static atomic_int sink_level = LOG_INFO;

/* The job of this thread; 0: none. */
static _Thread_local int64_t job_id, job_attempt, job_organization, job_project;
static _Thread_local char job_key[64];

struct line {
    char text[LINE_MAX_BYTES];
    size_t size;
};

/* systemd names the device and inode of a standard error that journald reads. */
static bool leads_to_journal(void)
{
    struct stat status;
    char here[64];
    const char *journal = getenv("JOURNAL_STREAM");
    if (journal == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    (void)snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(here, journal) == 0;
}

void log_setup(enum log_format format, enum log_level level)
{
    sink_format = format;
    sink_is_journal = leads_to_journal();
    log_set_level(level);
}

void log_set_level(enum log_level level)
{
    atomic_store(&sink_level, (int)level);
}

/* ---- the settings ---- */

void log_set_job(int64_t data_export_id, int64_t attempt)
{
    job_id = data_export_id;
    job_attempt = attempt;
    job_organization = job_project = 0;
    job_key[0] = '\0';
}

void log_set_subject(int64_t organization_id, int64_t project_id, const char *key)
{
    job_organization = organization_id;
    job_project = project_id;
    (void)snprintf(job_key, sizeof(job_key), "%s", key);
    utf8_mend(job_key);
}

void log_clear_job(void)
{
    log_set_job(0, 0);
}

struct log_field log_int(const char *name, int64_t number)
{
    return (struct log_field){.name = name, .number = number};
}

struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){.name = name, .text = text == NULL ? "" : text};
}

/* ---- a line ---- */

/* Appends as much as fits. LINE_TAIL bytes stay free for the end of the line. */
static void append_format(struct line *line, const char *format, ...) PRINTF_LIKE(2, 3);
static void append_format(struct line *line, const char *format, ...)
{
    size_t room = sizeof(line->text) - LINE_TAIL - line->size;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->size, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        line->size += (size_t)length < room ? (size_t)length : room - 1;
}

/* Appends a character of `size` bytes of a quoted text, escaped if necessary. */
static void append_character(struct line *line, const char *at, size_t size)
{
    if (*at == '"' || *at == '\\')
        append_format(line, "\\%c", *at);
    else if (size == 1 && ((unsigned char)*at < 0x20 || *at == 0x7f))
        append_format(line, "\\u%04x", (unsigned)*at);
    else
        append_format(line, "%.*s", (int)size, at);
}

/* In both formats texts are quoted and control characters escaped, so that a text cannot forge a
   log line. Only whole characters are written, so that a cut leaves no half escape or half
   character. */
static void append_quoted(struct line *line, const char *text)
{
    size_t size = strlen(text);
    append_format(line, "\"");
    for (size_t i = 0; i < size && sizeof(line->text) - line->size >= 32;) {
        bool valid = false;
        size_t step = utf8_step(text + i, size - i, &valid);
        if (valid)
            append_character(line, text + i, step);
        else
            append_format(line, "\\ufffd");
        i += step;
    }
    append_format(line, "\"");
}

/* A line that is nearly full gets no more fields. */
static void append_field(struct line *line, const struct log_field *field)
{
    if (sizeof(line->text) - line->size < 128)
        return;
    if (sink_format == LOG_JSON)
        append_format(line, ",\"%s\":", field->name);
    else
        append_format(line, " %s=", field->name);
    if (field->text != NULL)
        append_quoted(line, field->text);
    else
        append_format(line, "%" PRId64, field->number);
}

/* The fields of this thread's job. */
static void append_job(struct line *line)
{
    const struct log_field fields[] = {
        log_int("data_export_id", job_id), log_int("attempt", job_attempt),
        log_int("organization_id", job_organization), log_int("project_id", job_project)};
    for (size_t i = 0; job_id != 0 && i < ARRAY_LENGTH(fields); i++)
        if (i < 2 || fields[i].number != 0)
            append_field(line, &fields[i]);
    if (job_key[0] != '\0')
        append_field(line, &(struct log_field){"key", job_key, 0});
}

/* Begins the line with time, level and event, which every line has. */
static void begin_line(struct line *line, enum log_level level, const char *event)
{
    char now[CLOCK_TEXT_MAX];
    line->size = 0;
    if (sink_is_journal)
        append_format(line, "%s", level_priorities[level]);
    clock_format_iso(clock_wall_usec(), now);
    if (sink_format == LOG_JSON) {
        append_format(line, "{\"ts\":\"%s\",\"level\":\"%s\",\"event\":", now, level_names[level]);
        append_quoted(line, event);
    } else {
        append_format(line, "%s %s %s", now, level_names[level], event);
    }
}

static void end_line(struct line *line)
{
    if (sink_format == LOG_JSON)
        line->text[line->size++] = '}';
    line->text[line->size++] = '\n';
}

/* ---- writing ---- */

/* Held while a line is written. Otherwise two threads could see room for one line in a pipe, and
   one of them would hang. */
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int64_t lost_lines; /* since the last line that was written */

/* Takes the lock. False if another thread holds it for too long. */
static bool lock_writing(void)
{
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (pthread_mutex_trylock(&write_lock) != 0) {
        if (clock_monotonic_ms() >= until_ms)
            return false;
        clock_sleep_ms(1);
    }
    return true;
}

/* Writes the line if the log has room for it within `wait_ms`. */
static bool write_line(const struct line *line, int wait_ms)
{
    struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&log, 1, wait_ms) > 0 &&
           write(log.fd, line->text, line->size) == (ssize_t)line->size;
}

/* Reports lost lines, if there are any. This does not wait: as long as it fails, no line waits. */
static bool report_lost(void)
{
    struct line line;
    int64_t count = atomic_load(&lost_lines);
    if (count == 0)
        return true;
    begin_line(&line, LOG_WARNING, "log.lines-lost");
    append_field(&line, &(struct log_field){"lines", NULL, count});
    end_line(&line);
    if (!write_line(&line, 0))
        return false;
    (void)atomic_fetch_sub(&lost_lines, count);
    return true;
}

/* Writes the line, or counts it as lost. A line that follows lost ones must not be written before
   their report. */
static void send_line(const struct line *line)
{
    bool locked = lock_writing();
    if (!locked || !report_lost() || !write_line(line, PATIENCE_MS)) {
        (void)atomic_fetch_add(&lost_lines, 1);
        metric_add(METRIC_LOG_LINES_LOST, 1, NULL, NULL);
    }
    if (locked)
        (void)pthread_mutex_unlock(&write_lock);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line;
    if ((int)level < atomic_load(&sink_level))
        return;
    begin_line(&line, level, event);
    append_job(&line);
    for (const struct log_field *field = fields; field != NULL && field->name != NULL; field++) {
        /* append_job has written it */
        bool twice = job_id != 0 && (strcmp(field->name, "data_export_id") == 0 ||
                                     strcmp(field->name, "attempt") == 0);
        if (!twice)
            append_field(&line, field);
    }
    end_line(&line);
    send_line(&line);
}

void log_error(enum log_level level, const char *event, const struct error *error)
{
    LOG(level, event, log_text("code", error_code_name(error->code)),
        log_text("error", error->message));
}
