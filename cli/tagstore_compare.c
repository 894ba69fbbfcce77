/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tagstore_compare.h"

#include "base/text.h"
#include "tagstore/choose.h"

#include <errno.h>

#define NOT_FOUND "not found"

/* The answer of one backend. */
struct answer {
    const char *side, *backend;
    char *text;
    size_t size;
    char **lines; /* sorted; into `text` */
    size_t count;
};

static void free_answer(struct answer *answer)
{
    free(answer->lines);
    free(answer->text);
}

/* ---- asking ---- */

/* Writes the answer to `out`. */
static bool print_answer(const struct method *method, struct request *request, FILE *out,
                         struct error *error)
{
    request->printer.out = out;
    if (method->run(request, error))
        return true;
    return error->code == ERROR_NOT_FOUND && fputs(NOT_FOUND "\n", out) != EOF;
}

static bool ask_backend(const struct comparison *comparison, struct request *request,
                        struct answer *answer, struct error *error)
{
    FILE *out = open_memstream(&answer->text, &answer->size);
    if (out == NULL)
        return error_set_errno(error, errno, "no memory for an answer");
    bool done =
        tagstore_new(comparison->config, answer->backend, comparison->pg, &request->store, error) &&
        print_answer(comparison->method, request, out, error);
    tagstore_free(request->store);
    request->store = NULL;
    if (fclose(out) != 0 && done)
        return error_set_errno(error, errno, "no memory for an answer");
    return done || error_prefix(error, "%s (%s)", answer->side, answer->backend);
}

/* ---- comparing ---- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool split_lines(struct answer *answer, struct error *error)
{
    for (size_t i = 0; i < answer->size; i++)
        answer->count += answer->text[i] == '\n';
    answer->lines = memory_zeroed(answer->count + 1, sizeof(char *));
    if (answer->lines == NULL)
        return error_no_memory(error);
    char *line = answer->text;
    for (size_t i = 0; i < answer->count; i++) {
        char *end = strchr(line, '\n');
        *end = '\0';
        answer->lines[i] = line;
        line = end + 1;
    }
    qsort(answer->lines, answer->count, sizeof(char *), compare_lines);
    return true;
}

/* A line is JSON, or NOT_FOUND. */
static size_t print_line(const struct answer *answer, size_t i, bool json)
{
    const char *line = answer->lines[i];
    if (json) {
        (void)printf("{\"side\":\"%s\",\"answer\":%s}\n", answer->side,
                     text_equal(line, NOT_FOUND) ? "null" : line);
        return 1;
    }
    (void)printf("%s: ", answer->side);
    text_print(stdout, line);
    (void)putchar('\n');
    return 1;
}

/* Merges the sorted lines: equal ones go in pairs, the others are printed. */
static bool compare_answers(const struct answer *left, const struct answer *right, bool json,
                            struct error *error)
{
    size_t i = 0;
    size_t j = 0;
    size_t only_left = 0;
    size_t only_right = 0;
    while (i < left->count || j < right->count) {
        int order = i == left->count    ? 1
                    : j == right->count ? -1
                                        : strcmp(left->lines[i], right->lines[j]);
        if (order < 0)
            only_left += print_line(left, i, json);
        if (order > 0)
            only_right += print_line(right, j, json);
        i += order <= 0;
        j += order >= 0;
    }
    if (only_left + only_right > 0)
        return error_set(error, ERROR_CONFLICT, "the answers differ: %zu line%s of %s, %zu of %s",
                         only_left, text_plural((int64_t)only_left), left->backend, only_right,
                         right->backend);
    (void)puts(json ? "{\"equal\":true}" : "equal");
    return true;
}

bool tagstore_compare(const struct comparison *comparison, struct request *request,
                      struct error *error)
{
    struct answer answers[2] = {{.side = "left", .backend = comparison->left},
                                {.side = "right", .backend = comparison->right}};
    request->printer.whole_seconds = !text_equal(comparison->left, comparison->right);
    bool done = ask_backend(comparison, request, &answers[0], error) &&
                ask_backend(comparison, request, &answers[1], error) &&
                split_lines(&answers[0], error) && split_lines(&answers[1], error) &&
                compare_answers(&answers[0], &answers[1], comparison->json, error);
    free_answer(&answers[0]);
    free_answer(&answers[1]);
    return done;
}
