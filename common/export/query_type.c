/* SPDX-License-Identifier: Apache-2.0 */
#include "export/query_type.h"

#include "base/text.h"
#include "export/discover.h"
#include "export/issues_by_tag.h"

/* What a payload has in memory. */
#define TEXTS_MAX ((size_t)4 * 1024 * 1024)

static const struct query_type types[] = {
    {.code = QUERY_ISSUES_BY_TAG,
     .word = "issues-by-tag",
     .name = "Issues-by-Tag",
     .parse = issues_by_tag_parse,
     .run = issues_by_tag_run},
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

bool query_type_run(struct export_run *run, struct error *error)
{
    const struct query_type *type = query_type_find(run->query.query_type);
    run->done = (struct job_progress){.rows = 0};
    run->truncated = false;
    run->window_from = run->window_to = USEC_NONE;
    if (type == NULL)
        return error_set(error, ERROR_EXPORT, "No processor found for this query type: %" PRId64,
                         run->query.query_type);
    union export_payload payload = {0};
    run->texts = arena_new(TEXTS_MAX);
    bool done = run->texts != NULL || error_no_memory(error);
    done =
        done &&
        (type->parse == NULL || type->parse(run->query.query_info, run->texts, &payload, error)) &&
        type->run(run, &payload, error);
    arena_free(run->texts);
    run->texts = NULL;
    return done;
}
