/* SPDX-License-Identifier: Apache-2.0 */
#include "export/query_type.h"

#include "base/text.h"
#include "export/discover.h"
#include "export/issues_by_tag.h"

/* Bytes of a payload in memory. */
#define TEXTS_MAX ((size_t)4 * 1024 * 1024)

static const struct query_type types[] = {
    {.code = QUERY_ISSUES_BY_TAG,
     .word = "issues-by-tag",
     .name = "Issues-by-Tag",
     .parse = issues_by_tag_parse,
     .run = issues_by_tag_run,
     .estimate = issues_by_tag_estimate},
    {.code = QUERY_DISCOVER, .word = "discover", .name = "Discover", .run = discover_run},
};

const struct query_type *query_type_find(int64_t code)
{
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if ((int64_t)types[i].code == code)
            return &types[i];
    return NULL;
}

const struct query_type *query_type_find_word(const char *word)
{
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++)
        if (text_equal(types[i].word, word))
            return &types[i];
    return NULL;
}

char *query_type_words(char words[QUERY_TYPE_WORDS_MAX])
{
    size_t used = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(types) && used < QUERY_TYPE_WORDS_MAX; i++)
        used += (size_t)snprintf(words + used, QUERY_TYPE_WORDS_MAX - used, "%s%s",
                                 i == 0 ? "" : " or ", types[i].word);
    return words;
}

const char *query_type_name(int64_t code)
{
    const struct query_type *type = query_type_find(code);
    return type == NULL ? NULL : type->name;
}

/* Finds the type and parses the payload. The caller frees run->texts, also after an error. */
static bool prepare_run(struct export_run *run, const struct query_type **type,
                        union export_payload *payload, struct error *error)
{
    *type = query_type_find(run->query.query_type);
    run->texts = NULL;
    if (*type == NULL)
        return error_set(error, ERROR_EXPORT, "No processor found for this query type: %" PRId64,
                         run->query.query_type);
    run->texts = arena_new(TEXTS_MAX);
    if (run->texts == NULL)
        return error_no_memory(error);
    return (*type)->parse == NULL ||
           (*type)->parse(run->query.query_info, run->texts, payload, error);
}

bool query_type_run(struct export_run *run, struct error *error)
{
    const struct query_type *type = NULL;
    union export_payload payload = {0};
    run->done = (struct job_progress){.rows = 0};
    run->truncated = false;
    run->window_from = run->window_to = USEC_NONE;
    bool done = prepare_run(run, &type, &payload, error) && type->run(run, &payload, error);
    arena_free(run->texts);
    run->texts = NULL;
    return done;
}

bool query_type_estimate(const struct export_source *source, const struct export_query *query,
                         struct export_estimate *estimate, struct error *error)
{
    const struct query_type *type = NULL;
    union export_payload payload = {0};
    struct export_run run = {.source = *source, .query = *query};
    *estimate = (struct export_estimate){.known = false};
    bool done = prepare_run(&run, &type, &payload, error);
    done = done && (type->estimate == NULL || type->estimate(&run, &payload, estimate, error));
    arena_free(run.texts);
    return done;
}
