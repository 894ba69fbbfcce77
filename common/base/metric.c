/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each metric is a row of the table, and has a row of numbers in `cells`: one series for each
 * combination of its labels' values. A series is one number, or for a histogram one number for each
 * bucket, one for what is above them all, and the sum.
 */
#include "base/metric.h"

#include "base/clock.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

enum { LABELS_MAX = 2, VALUES_MAX = 8, SERIES_MAX = 24, BUCKETS_MAX = 10 };

enum metric_type { COUNTER, GAUGE, HISTOGRAM };

struct label {
    const char *name;               /* NULL: no such label */
    const char *values[VALUES_MAX]; /* NULL ends the list */
};

static const struct metric_row {
    const char *name;
    const char *help;
    enum metric_type type;
    int64_t unit;                 /* what is counted as one; 0: 1 */
    int64_t buckets[BUCKETS_MAX]; /* their upper bounds; 0 ends the list */
    struct label labels[LABELS_MAX];
} table[METRIC_COUNT] = {
    [METRIC_JOBS] = {.name = "exportd_jobs_total",
                     .help = "Attempts that have ended, by type of the export and by outcome.",
                     .type = COUNTER,
                     .labels = {{"type", {"issues-by-tag", "discover", "other"}},
                                {"outcome",
                                 {"valid", "failed", "delayed", "given-back", "gone", "elsewhere",
                                  "lost"}}}},
    [METRIC_JOBS_RUNNING] = {.name = "exportd_jobs_running",
                             .help = "Jobs that this worker holds.",
                             .type = GAUGE},
    [METRIC_JOB_DURATION] = {.name = "exportd_job_duration_seconds",
                             .help = "How long attempts took that ended with a valid export.",
                             .type = HISTOGRAM,
                             .unit = USEC_PER_SECOND,
                             .buckets = {50000, 200000, 1000000, 5000000, 20000000, 60000000,
                                         300000000, 1200000000, 3600000000}},
    [METRIC_JOB_ROWS] = {.name = "exportd_job_rows",
                         .help = "Rows of valid exports.",
                         .type = HISTOGRAM,
                         .buckets = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000}},
    [METRIC_JOB_BYTES] = {.name = "exportd_job_bytes",
                          .help = "Bytes of the files of valid exports.",
                          .type = HISTOGRAM,
                          .buckets = {1000, 10000, 100000, 1000000, 10000000, 100000000,
                                      1000000000}},
    [METRIC_TRUNCATED] = {.name = "exportd_truncated_total",
                          .help = "Valid exports that have fewer rows than there were, because of "
                                  "their limit.",
                          .type = COUNTER},
    [METRIC_JOBS_QUEUED] = {.name = "exportd_jobs_queued",
                            .help = "Jobs of the queue, of all workers, by state.",
                            .type = GAUGE,
                            .labels = {{"state", {"waiting", "running", "delayed"}}}},
    [METRIC_QUEUE_OLDEST] =
        {.name = "exportd_queue_oldest_seconds",
         .help = "How long ago the oldest waiting job was asked for; 0 if none waits.",
         .type = GAUGE,
         .unit = USEC_PER_SECOND},
    [METRIC_WORKERS] = {.name = "exportd_workers",
                        .help = "Workers of the queue that are alive.",
                        .type = GAUGE},
    [METRIC_LEASES_LOST] = {.name = "exportd_leases_lost_total",
                            .help = "Silent workers whose jobs this worker has given back.",
                            .type = COUNTER},
    [METRIC_SOURCE_REQUESTS] =
        {.name = "exportd_source_requests_total",
         .help = "Requests for tag values, by server and result.",
         .type = COUNTER,
         .labels = {{"backend", {"postgres", "snuba"}},
                    {"result", {"ok", "away", "busy", "timeout", "overload", "stopped", "other"}}}},
    [METRIC_SOURCE_DURATION] = {.name = "exportd_source_seconds",
                                .help = "How long requests for tag values took.",
                                .type = HISTOGRAM,
                                .unit = USEC_PER_SECOND,
                                .buckets = {1000, 5000, 25000, 100000, 500000, 1000000, 5000000,
                                            20000000, 60000000}},
    [METRIC_STORAGE_DURATION] = {.name = "exportd_storage_seconds",
                                 .help = "How long operations on objects of the file store took.",
                                 .type = HISTOGRAM,
                                 .unit = USEC_PER_SECOND,
                                 .buckets = {1000, 5000, 25000, 100000, 500000, 1000000, 5000000,
                                             20000000},
                                 .labels = {{"op", {"put", "get", "remove"}}}},
    [METRIC_STORAGE_BYTES] = {.name = "exportd_storage_bytes_total",
                              .help = "Bytes of objects written to the file store, and read.",
                              .type = COUNTER,
                              .labels = {{"op", {"put", "get"}}}},
    [METRIC_MAILS] = {.name = "exportd_mails_total",
                      .help = "Tries to send a mail, by kind of mail and by result.",
                      .type = COUNTER,
                      .labels = {{"kind", {"success", "failure", "other"}},
                                 {"result", {"sent", "delayed", "given-up"}}}},
    [METRIC_LOG_LINES_LOST] = {.name = "exportd_log_lines_lost_total",
                               .help = "Log lines that were dropped because the log was not read.",
                               .type = COUNTER},
    [METRIC_PROCESS_CPU] = {.name = "process_cpu_seconds_total",
                            .help = "CPU time of the process.",
                            .type = COUNTER,
                            .unit = USEC_PER_SECOND},
    [METRIC_PROCESS_MEMORY] = {.name = "process_resident_memory_bytes",
                               .help = "Memory of the process that is resident.",
                               .type = GAUGE},
    [METRIC_PROCESS_OPEN_FDS] = {.name = "process_open_fds",
                                 .help = "Open file descriptors of the process.",
                                 .type = GAUGE},
    [METRIC_PROCESS_START_TIME] = {.name = "process_start_time_seconds",
                                   .help = "When the process started, in seconds since 1970.",
                                   .type = GAUGE},
};

enum { ABOVE = BUCKETS_MAX, SUM = BUCKETS_MAX + 1, CELLS = BUCKETS_MAX + 2 };

static _Atomic int64_t cells[METRIC_COUNT][SERIES_MAX][CELLS];
static atomic_bool is_set[METRIC_COUNT]; /* of a gauge */

/* ---- counting ---- */

static int count_values(const struct label *label)
{
    int count = 0;
    while (count < VALUES_MAX && label->values[count] != NULL)
        count++;
    return count;
}

/* The place of a value in its label: 0 without a label, the last one for an unknown value. */
static int find_value(const struct label *label, const char *value)
{
    int count = count_values(label);
    for (int i = 0; i < count; i++)
        if (value != NULL && text_equal(label->values[i], value))
            return i;
    return count == 0 ? 0 : count - 1;
}

/* How many series the second label multiplies the first one by. */
static int width_of(const struct metric_row *row)
{
    int width = count_values(&row->labels[1]);
    return width == 0 ? 1 : width;
}

static int count_series(const struct metric_row *row)
{
    int count = count_values(&row->labels[0]);
    return (count == 0 ? 1 : count) * width_of(row);
}

static _Atomic int64_t *find_series(enum metric metric, const char *first, const char *second)
{
    const struct metric_row *row = &table[metric];
    return cells[metric][find_value(&row->labels[0], first) * width_of(row) +
                         find_value(&row->labels[1], second)];
}

void metric_add(enum metric metric, int64_t amount, const char *first, const char *second)
{
    (void)atomic_fetch_add(find_series(metric, first, second), amount);
}

void metric_set(enum metric metric, int64_t value, const char *first)
{
    atomic_store(find_series(metric, first, NULL), value);
    atomic_store(&is_set[metric], true);
}

void metric_unset(enum metric metric)
{
    atomic_store(&is_set[metric], false);
}

static int find_bucket(const struct metric_row *row, int64_t value)
{
    for (int i = 0; i < BUCKETS_MAX && row->buckets[i] != 0; i++)
        if (value <= row->buckets[i])
            return i;
    return ABOVE;
}

void metric_observe(enum metric metric, int64_t value, const char *first)
{
    _Atomic int64_t *series = find_series(metric, first, NULL);
    (void)atomic_fetch_add(&series[find_bucket(&table[metric], value)], 1);
    (void)atomic_fetch_add(&series[SUM], value);
}

/* ---- the process ---- */

/* Reads a small file of /proc. False: it cannot be read. */
static bool read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        (void)close(fd);
    text[got < 0 ? 0 : got] = '\0';
    return got > 0;
}

/* The number after `skip` blanks. */
static int64_t nth_number(const char *text, int skip)
{
    for (; skip > 0 && text != NULL; skip--) {
        text = strchr(text, ' ');
        text = text == NULL ? NULL : text + 1;
    }
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

/* `since_boot`: microseconds from the start of the machine to that of the process. */
static int64_t start_time(int64_t since_boot)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    int64_t age = (int64_t)now.tv_sec * USEC_PER_SECOND + now.tv_nsec / 1000 - since_boot;
    return (clock_wall_usec() - age) / USEC_PER_SECOND;
}

static int64_t count_open_files(void)
{
    int64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        (void)closedir(folder);
    return count < 3 ? 0 : count - 3; /* without ".", ".." and the folder itself */
}

/* /proc/self/stat: after the name of the program, which is in parentheses, its 3rd field and those
   that follow. */
static void read_process(void)
{
    char text[1024];
    enum { FIRST = 2, USER_TIME = 14, SYSTEM_TIME = 15, START_TIME = 22, RESIDENT_PAGES = 24 };
    int64_t ticks = sysconf(_SC_CLK_TCK);
    const char *fields = read_file("/proc/self/stat", text, sizeof(text)) ? strrchr(text, ')') : "";
    if (fields == NULL || fields[0] == '\0' || ticks <= 0)
        return;
    int64_t cpu = nth_number(fields, USER_TIME - FIRST) + nth_number(fields, SYSTEM_TIME - FIRST);
    metric_set(METRIC_PROCESS_CPU, cpu * (USEC_PER_SECOND / ticks), NULL);
    metric_set(METRIC_PROCESS_MEMORY,
               nth_number(fields, RESIDENT_PAGES - FIRST) * sysconf(_SC_PAGESIZE), NULL);
    if (!atomic_load(&is_set[METRIC_PROCESS_START_TIME])) /* a clock that is set must not move it */
        metric_set(METRIC_PROCESS_START_TIME,
                   start_time(nth_number(fields, START_TIME - FIRST) * (USEC_PER_SECOND / ticks)),
                   NULL);
    metric_set(METRIC_PROCESS_OPEN_FDS, count_open_files(), NULL);
}

/* ---- printing ---- */

/* A line of the output. `series` is its place; `bound` is the label `le`, or NULL. */
struct sample {
    const struct metric_row *row;
    int series;
    const char *suffix;
    const char *bound;
};

static bool print_labels(const struct sample *sample, struct buffer *out, struct error *error)
{
    const struct metric_row *row = sample->row;
    const int places[LABELS_MAX] = {sample->series / width_of(row), sample->series % width_of(row)};
    const char *before = "{";
    bool done = true;
    for (int i = 0; done && i < LABELS_MAX && row->labels[i].name != NULL; i++) {
        const struct label *label = &row->labels[i];
        done =
            buffer_printf(out, error, "%s%s=\"%s\"", before, label->name, label->values[places[i]]);
        before = ",";
    }
    if (sample->bound != NULL) {
        done = done && buffer_printf(out, error, "%sle=\"%s\"", before, sample->bound);
        before = ",";
    }
    return done && (before[0] == '{' || buffer_append_byte(out, '}', error));
}

/* `value` in parts of `unit`. */
static bool print_sample(const struct sample *sample, int64_t value, int64_t unit,
                         struct buffer *out, struct error *error)
{
    return buffer_append_text(out, sample->row->name, error) &&
           buffer_append_text(out, sample->suffix, error) && print_labels(sample, out, error) &&
           (unit <= 1 ? buffer_printf(out, error, " %" PRId64 "\n", value)
                      : buffer_printf(out, error, " %.6f\n", (double)value / (double)unit));
}

static void format_bound(const struct metric_row *row, int bucket, char *text, size_t size)
{
    double unit = row->unit == 0 ? 1 : (double)row->unit;
    if (bucket == ABOVE)
        (void)snprintf(text, size, "+Inf");
    else
        (void)snprintf(text, size, "%.10g", (double)row->buckets[bucket] / unit);
}

/* The count of observations is the last bucket's, so that the two always agree. */
static bool print_histogram(const struct metric_row *row, int place, struct buffer *out,
                            struct error *error)
{
    char bound[32];
    struct sample sample = {.row = row, .series = place, .suffix = "_bucket", .bound = bound};
    _Atomic int64_t *series = cells[row - table][place];
    int64_t count = 0;
    bool done = true;
    for (int i = 0; done && i <= ABOVE; i++) {
        if (i != ABOVE && row->buckets[i] == 0)
            continue;
        count += atomic_load(&series[i]);
        format_bound(row, i, bound, sizeof(bound));
        done = print_sample(&sample, count, 1, out, error);
    }
    sample.bound = NULL;
    sample.suffix = "_sum";
    done = done && print_sample(&sample, atomic_load(&series[SUM]), row->unit, out, error);
    sample.suffix = "_count";
    return done && print_sample(&sample, count, 1, out, error);
}

static bool print_series(const struct metric_row *row, int place, struct buffer *out,
                         struct error *error)
{
    const struct sample sample = {.row = row, .series = place, .suffix = ""};
    if (row->type == HISTOGRAM)
        return print_histogram(row, place, out, error);
    return print_sample(&sample, atomic_load(&cells[row - table][place][0]), row->unit, out, error);
}

static bool print_metric(const struct metric_row *row, struct buffer *out, struct error *error)
{
    static const char *const types[] = {
        [COUNTER] = "counter", [GAUGE] = "gauge", [HISTOGRAM] = "histogram"};
    bool known = row->type != GAUGE || atomic_load(&is_set[row - table]);
    bool done = buffer_printf(out, error, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
                              row->name, types[row->type]);
    for (int i = 0; done && known && i < count_series(row); i++)
        done = print_series(row, i, out, error);
    return done;
}

bool metric_print(struct buffer *out, struct error *error)
{
    bool done = true;
    read_process();
    for (size_t i = 0; done && i < METRIC_COUNT; i++)
        done = print_metric(&table[i], out, error);
    return done;
}
