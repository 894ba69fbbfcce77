/* SPDX-License-Identifier: Apache-2.0 */
/* Tested by tests/system/test_first_export.py. */
#include "model/issue.h"

#include "base/text.h"
#include "client/pg_json.h"
#include "model/project.h"
#include "model/sentry_database.h"

enum { SHORT_ID_MAX = 160 };

/* Prints Sentry's qualified short id: the slug in capitals and the number in Crockford's base 32.
   Returns `text`, or NULL without slug or number. */
static const char *format_short_id(const char *slug, int64_t number, char text[SHORT_ID_MAX])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    char reversed[16];
    int count = 0;
    if (slug == NULL || number <= 0)
        return NULL;
    char *at = text + snprintf(text, SHORT_ID_MAX - sizeof(reversed), "%.100s-", slug);
    for (char *letter = text; letter < at; letter++)
        if (*letter >= 'a' && *letter <= 'z')
            *letter = (char)(*letter - 'a' + 'A');
    for (; number > 0; number /= 32)
        reversed[count++] = digits[number % 32];
    while (count > 0)
        *at++ = reversed[--count];
    *at = '\0';
    return text;
}

static bool copy_text(const char *value, struct arena *arena, const char **text,
                      struct error *error)
{
    *text = value == NULL ? NULL : arena_copy(arena, value, strlen(value), error);
    return value == NULL || *text != NULL;
}

static const char statement[] =
    "SELECT " DATABASE_IS_SENTRYS ", p.slug, g.short_id, left(g.message, 1000)"
    " FROM (SELECT 1) AS one"
    " LEFT JOIN sentry_project p ON p.id = $1::bigint AND p.organization_id = $3::bigint"
    " LEFT JOIN sentry_groupedmessage g ON p.id IS NOT NULL AND g.id = (" GROUP_WITH_REDIRECT ")";

bool issue_describe_add(struct pg_batch *batch, const struct issue_ids *ids, struct error *error)
{
    struct pg_params params = {.repeated = true};
    pg_bind_int(&params, ids->project_id);
    pg_bind_int(&params, ids->group_id);
    pg_bind_int(&params, ids->organization_id);
    return pg_batch_add(batch, statement, &params, error);
}

bool issue_describe_read(const struct pg_result *reply, struct arena *arena, struct issue *issue,
                         struct error *error)
{
    char short_id[SHORT_ID_MAX];
    *issue = (struct issue){.beside_sentry = text_equal(pg_text(reply, 0, 0), "t")};
    return copy_text(pg_text(reply, 0, 1), arena, &issue->project, error) &&
           copy_text(pg_text(reply, 0, 3), arena, &issue->title, error) &&
           copy_text(format_short_id(issue->project, pg_int(reply, 0, 2), short_id), arena,
                     &issue->short_id, error);
}

/* ---- a list ---- */

static bool put_issue(json_t *object, const struct pg_result *result, int row, struct error *error)
{
    char text[SHORT_ID_MAX];
    const char *short_id = format_short_id(pg_text(result, row, 1), pg_int(result, row, 2), text);
    return json_put_int(object, "id", pg_int(result, row, 0), error) &&
           json_put_text(object, "short_id", short_id, error) &&
           json_put_text(object, "title", pg_text(result, row, 3), error) &&
           json_put_int(object, "times_seen", pg_int(result, row, 4), error) &&
           json_put_time(object, "last_seen", pg_time(result, row, 5), error);
}

bool issue_list(struct pg *pg, const struct issue_page *page, json_t **issues, struct error *error)
{
    struct pg_params params = {.count = 0};
    struct pg_result *result = NULL;
    pg_bind_int(&params, page->project_id);
    pg_bind_int(&params, page->before);
    pg_bind_int(&params, page->max);
    if (!pg_query(pg,
                  "SELECT g.id, p.slug, g.short_id, split_part(left(g.message, 1000), E'\\n', 1),"
                  " g.times_seen, " PG_USEC(
                      "g.last_seen") " FROM sentry_groupedmessage g"
                                     " JOIN sentry_project p ON p.id = g.project_id"
                                     " WHERE g.project_id = $1::bigint AND ($2::bigint = 0 OR "
                                     "(g.last_seen, g.id) <"
                                     " (SELECT last_seen, id FROM sentry_groupedmessage WHERE id = "
                                     "$2::bigint))"
                                     " ORDER BY g.last_seen DESC, g.id DESC LIMIT $3::bigint",
                  &params, &result, error))
        return false;
    bool done = pg_json_list(result, put_issue, issues, error);
    pg_result_free(result);
    return done;
}
