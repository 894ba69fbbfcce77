/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `exportd ingest`: counts events, one JSON object per line.
 * Tested by tests/system/test_ingest.py and tests/system/test_ingest_input.py.
 */
#include "cli/cli.h"

#include "base/json.h"
#include "base/temporary.h"
#include "base/text.h"
#include "cli/options.h"
#include "event/ingest.h"
#include "tagstore/choose.h"

#include <errno.h>
#include <unistd.h>

/* Clears the line that print_progress has left, for the line to be printed. */
static void clear_progress(void)
{
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r\033[K");
}

static void report_bad_line(int64_t number, const char *reason)
{
    clear_progress();
    fprintf(stderr, "line %" PRId64 ": ", number);
    text_print(stderr, reason);
    fputc('\n', stderr);
}

static void report_dropped(int64_t number, size_t count, const char *first_reason)
{
    clear_progress();
    fprintf(stderr, "line %" PRId64 ": dropped: ", number);
    text_print(stderr, first_reason);
    if (count > 1)
        fprintf(stderr, ", and %zu more", count - 1);
    fputc('\n', stderr);
}

static void print_progress(const struct ingest_summary *summary)
{
    if (isatty(STDERR_FILENO) == 1)
        fprintf(stderr, "\r%" PRId64 " lines", summary->lines);
}

static void report_warning(const char *reason)
{
    clear_progress();
    fputs("the last processed events are not recorded any more: ", stderr);
    text_print(stderr, reason);
    fputc('\n', stderr);
}

static bool print_json(const struct ingest_summary *summary, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "lines", summary->lines, error) &&
                json_put_int(object, "counted", summary->counted, error) &&
                json_put_int(object, "repeated", summary->repeated, error) &&
                json_put_int(object, "bad", summary->bad, error) &&
                json_put_int(object, "tags_dropped", summary->dropped, error) &&
                json_print_line(object, error);
    json_decref(object);
    return done;
}

static bool print_summary(const struct ingest_summary *summary, bool json, struct error *error)
{
    clear_progress();
    if (json)
        return print_json(summary, error);
    printf("%" PRId64 " line%s: %" PRId64 " counted, %" PRId64 " repeated, %" PRId64 " bad",
           summary->lines, text_plural(summary->lines), summary->counted, summary->repeated,
           summary->bad);
    if (summary->dropped > 0)
        printf("; %" PRId64 " tag%s dropped", summary->dropped, text_plural(summary->dropped));
    putchar('\n');
    return true;
}

static bool copy_stream(FILE *from, FILE *to, struct error *error)
{
    char piece[65536];
    size_t size = 0;
    while ((size = fread(piece, 1, sizeof(piece), from)) > 0)
        if (fwrite(piece, 1, size, to) != size)
            return error_set_errno(error, errno, "the input cannot be kept in EXPORTD_TMPDIR");
    if (ferror(from))
        return error_set_errno(error, errno, "the input cannot be read");
    if (fflush(to) != 0 || fseeko(to, 0, SEEK_SET) != 0)
        return error_set_errno(error, errno, "the input cannot be kept in EXPORTD_TMPDIR");
    return true;
}

static FILE *open_temporary(const struct config *config, struct error *error)
{
    int descriptor = -1;
    if (!temporary_open(config->tmpdir, &descriptor, error))
        return NULL;
    FILE *file = fdopen(descriptor, "w+");
    if (file == NULL) {
        error_set_errno(error, errno, "no temporary file in EXPORTD_TMPDIR");
        (void)close(descriptor);
    }
    return file;
}

/* Rebasing reads the input twice, so the input of a pipe is copied to a temporary file. */
static bool make_seekable(const struct config *config, FILE **input, struct error *error)
{
    if (ftello(*input) >= 0)
        return true;
    FILE *copy = open_temporary(config, error);
    if (copy == NULL)
        return false;
    bool done = copy_stream(*input, copy, error);
    (void)fclose(*input);
    *input = copy;
    return done;
}

struct ingest_words {
    const char *path;
    bool rebase_time, json;
};

static bool ingest_lines(const struct config *config, FILE *input, const struct ingest_words *words,
                         struct error *error)
{
    struct ingest ingest = {.sampled_projects = config->sampled_projects,
                            .rebase_time = words->rebase_time,
                            .bad_line = report_bad_line,
                            .dropped = report_dropped,
                            .progress = print_progress,
                            .warning = report_warning};
    struct ingest_summary summary = {0};
    struct error unprinted; /* after a failure, which is what is reported */
    if (!cli_connect_pg(config, &ingest.pg, error))
        return false;
    if (config_has_redis(config)) /* ingest_run connects it when there is something to record */
        ingest.redis = redis_new(config->redis_url, "exportd");
    bool done = ingest.redis != NULL || !config_has_redis(config) || error_no_memory(error);
    done = done && tagstore_new(config, config->tagstore, ingest.pg, &ingest.tagstore, error) &&
           ingest_run(&ingest, input, &summary, error);
    if (done || summary.lines > 0)
        done = print_summary(&summary, words->json, done ? error : &unprinted) && done;
    if (done && summary.bad > 0)
        done = error_set(error, ERROR_INVALID, "%" PRId64 " bad line%s", summary.bad,
                         text_plural(summary.bad));
    redis_free(ingest.redis);
    tagstore_free(ingest.tagstore);
    pg_free(ingest.pg);
    return done;
}

bool command_ingest(const struct config *config, int argc, char **argv, struct error *error)
{
    struct ingest_words given = {.path = NULL};
    struct positional words = {.min = 1, .max = 1, .words = &given.path};
    const struct option_spec specs[] = {
        {.name = "rebase-time", .type = OPTION_SWITCH, .value = &given.rebase_time},
        {.name = "json", .type = OPTION_SWITCH, .value = &given.json},
        {.name = NULL}};
    if (!options_parse(argc, argv, specs, &words, error) ||
        !cli_check_embedded_tagstore(config, error))
        return false;
    FILE *input = text_equal(given.path, "-") ? stdin : fopen(given.path, "re");
    if (input == NULL)
        return error_set_errno(error, errno, "%s", given.path);
    bool done = (!given.rebase_time || make_seekable(config, &input, error)) &&
                ingest_lines(config, input, &given, error);
    (void)fclose(input);
    return done;
}
