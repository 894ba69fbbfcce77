/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_queue_lists.py. */
#include "cli/queue_list.h"

#include "base/text.h"
#include "job/queue.h"

enum { DELAYED_AT_ONCE = 100 }; /* exports in one query */

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text == NULL ? "-" : text;
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Prints each object of a list, as JSON or by `print_object`. */
static bool print_list(const json_t *list, bool json, void (*print_object)(const json_t *),
                       struct error *error)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json)
            print_object(json_array_get(list, i));
        else if (!json_print_line(json_array_get(list, i), error))
            return false;
    }
    return true;
}

/* ---- workers ---- */

static void print_worker(const json_t *worker)
{
    const json_t *exports = json_object_get(worker, "exports");
    bool silent = json_is_true(json_object_get(worker, "silent"));
    int64_t threads = number_of(worker, "threads");
    text_print(stdout, text_of(worker, "instance"));
    (void)fputs("  ", stdout);
    text_print(stdout, text_of(worker, "name"));
    (void)printf("  %s  %" PRId64 " thread%s  since %s  %s %" PRId64 " s%s  ",
                 text_of(worker, "version"), threads, text_plural(threads),
                 text_of(worker, "started_at"), silent ? "SILENT for" : "beat",
                 number_of(worker, "beat_age_seconds"), silent ? "" : " ago");
    (void)fputs(json_array_size(exports) == 0 ? "idle" : "runs", stdout);
    for (size_t i = 0; i < json_array_size(exports); i++)
        (void)printf(" %" JSON_INTEGER_FORMAT, json_integer_value(json_array_get(exports, i)));
    (void)putchar('\n');
}

bool queue_show_workers(struct pg *pg, const struct config *config, bool json, struct error *error)
{
    json_t *workers = NULL;
    bool done = queue_list_workers(pg, config->queue, config->lease_seconds, &workers, error) &&
                print_list(workers, json, print_worker, error);
    json_decref(workers);
    return done;
}

/* ---- delayed exports ---- */

static void print_delayed(const json_t *export)
{
    int64_t failures = number_of(export, "failures");
    (void)printf("%" PRId64 "  %s  %" PRId64 " failure%s  ", number_of(export, "id"),
                 text_of(export, "next_try_at"), failures, text_plural(failures));
    text_print(stdout, text_of(export, "organization"));
    (void)fputs("  ", stdout);
    text_print(stdout, text_of(export, "message"));
    (void)putchar('\n');
}

bool queue_show_delayed(struct pg *pg, const struct config *config, bool json, struct error *error)
{
    struct delayed_page page = {
        .queue = config->queue, .max = DELAYED_AT_ONCE, .after_at = USEC_NONE};
    size_t count = DELAYED_AT_ONCE;
    while (count == DELAYED_AT_ONCE) {
        json_t *exports = NULL;
        bool done = queue_list_delayed(pg, &page, &exports, error) &&
                    print_list(exports, json, print_delayed, error);
        count = json_array_size(exports);
        json_decref(exports);
        if (!done)
            return false;
    }
    return true;
}
