/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/each_export.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/options.h"

/* ---- reading the words ---- */

bool each_export_add(struct each_export *each, int64_t id, struct error *error)
{
    int64_t *ids = memory_resize(each->ids, (each->count + 1) * sizeof(*ids));
    if (ids == NULL)
        return error_no_memory(error);
    each->ids = ids;
    each->ids[each->count++] = id;
    return true;
}

static bool read_ids(const struct positional *words, struct each_export *each, struct error *error)
{
    if (each->all != (words->count == 0))
        return error_set(error, ERROR_USAGE,
                         each->all ? "--all goes without ids" : "the id of an export is needed");
    for (int i = 0; i < words->count; i++) {
        int64_t id = 0;
        if (!text_to_int64(words->words[i], 1, INT64_MAX, &id))
            return error_set(error, ERROR_USAGE, "'%.60s' is not the id of an export",
                             words->words[i]);
        if (!each_export_add(each, id, error))
            return false;
    }
    return true;
}

bool each_export_parse(struct each_export *each, int argc, char **argv, struct error *error)
{
    const char **texts = memory_zeroed((size_t)argc, sizeof(*texts));
    struct positional words = {.min = each->takes_all ? 0 : 1, .max = argc, .words = texts};
    const struct option_spec specs[] = {
        {.name = "json", .type = OPTION_SWITCH, .value = &each->json},
        {.name = each->takes_all ? "all" : NULL, .type = OPTION_SWITCH, .value = &each->all},
        {.name = NULL}};
    bool done = texts == NULL ? error_no_memory(error)
                              : options_parse(argc, argv, specs, &words, error) &&
                                    read_ids(&words, each, error);
    free(texts);
    return done;
}

void each_export_free(struct each_export *each)
{
    free(each->ids);
}

/* ---- printing a line; `reason` is NULL after a success, else the error's message ---- */

static void print_text(const struct each_export *each, int64_t id, int64_t result,
                       const char *reason)
{
    if (reason != NULL)
        (void)fprintf(stderr, "not %s: %s\n", each->participle, reason);
    else if (each->result != NULL)
        (void)printf("%" PRId64 "\n", result);
    else
        (void)printf("%s %" PRId64 "\n", each->participle, id);
}

static bool put_result(const struct each_export *each, json_t *object, int64_t result,
                       struct error *error)
{
    if (each->result == NULL)
        return true;
    return result != 0 ? json_put_int(object, each->result, result, error)
                       : json_put_null(object, each->result, error);
}

static bool print_json(const struct each_export *each, int64_t id, int64_t result,
                       const char *reason, struct error *error)
{
    json_t *object = json_object();
    bool done = json_put_int(object, "id", id, error) &&
                json_put(object, each->participle, json_boolean(reason == NULL), error) &&
                put_result(each, object, reason == NULL ? result : 0, error) &&
                json_put_text(object, "error", reason, error) && json_print_line(object, error);
    json_decref(object);
    return done;
}

/* ---- acting ---- */

/* After an error that concerns only this export, the next one is tried. */
static bool is_about_one(const struct error *reason)
{
    return reason->code == ERROR_NOT_FOUND || reason->code == ERROR_CONFLICT ||
           reason->code == ERROR_BUSY;
}

static bool act_on_one(struct each_export *each, int64_t id, struct error *error)
{
    struct error reason;
    int64_t result = 0;
    bool done = each->act(each->with, id, &result, &reason);
    if (!done && !is_about_one(&reason)) {
        *error = reason;
        return false;
    }
    each->failed += done ? 0 : 1;
    each->refused += done || reason.code == ERROR_NOT_FOUND ? 0 : 1;
    if (!each->json)
        print_text(each, id, result, done ? NULL : reason.message);
    else if (!print_json(each, id, result, done ? NULL : reason.message, error))
        return false;
    (void)fflush(stdout);
    return true;
}

bool each_export_act(struct each_export *each, struct error *error)
{
    for (size_t i = 0; i < each->count; i++)
        if (!act_on_one(each, each->ids[i], error))
            return false;
    return each->failed == 0 ||
           error_set(error, each->refused == 0 ? ERROR_NOT_FOUND : ERROR_CONFLICT,
                     "%zu of %zu could not be %s", each->failed, each->count, each->participle);
}
