/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the values of a mail by name and fills the two templates with them. A value that is NULL
 * leaves out its section; one that is "" only switches a section on.
 */
#include "mail/render.h"

#include "base/text.h"
#include "base/utf8.h"
#include "mail/template.h"
#include "wire/clean_text.h"

enum {
    PAYLOAD_CHARACTERS_MAX = 32 * 1024, /* twice in a mail; a quote has six bytes in HTML */
    TITLE_CHARACTERS_MAX = 200,
    SUBJECT_CHARACTERS_MAX = 60, /* of an issue's title in a subject */
    VALUES_MAX = 24,
};

#define GROUPED_MAX 32 /* room for a number with commas */

/* ---- text from outside ---- */

/* Slugs need no encoding, unless one was put into the table by hand. */
static char *encode_url_segment(struct arena *arena, const char *text, struct error *error)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    char *segment = arena_array(arena, strlen(text) + 1, 3, error);
    char *to = segment;
    if (segment == NULL)
        return NULL;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (strchr(unreserved, byte) != NULL) {
            *to++ = *text;
            continue;
        }
        *to++ = '%';
        *to++ = hex[byte / 16];
        *to++ = hex[byte % 16];
    }
    return segment;
}

/* ---- numbers for people ---- */

/* 1234567 becomes 1,234,567. */
static char *format_grouped(int64_t number, char text[GROUPED_MAX])
{
    char digits[GROUPED_MAX];
    int length = snprintf(digits, sizeof(digits), "%" PRId64, number);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* ---- values ---- */

struct values {
    struct mail_value items[VALUES_MAX]; /* the last one stays empty */
    size_t count;
};

/* VALUES_MAX is more than a mail needs. Values beyond that would be left out. */
static void add_value(struct values *values, const char *name, const char *text)
{
    if (values->count + 1 < VALUES_MAX)
        values->items[values->count++] = (struct mail_value){name, text};
}

/* The first line of a text, cut to `characters` and without control characters, as for a subject.
   NULL stays NULL. *done becomes false on an error, and then nothing more is done. */
static char *one_line(struct arena *arena, const char *text, size_t characters, bool *done,
                      struct error *error)
{
    if (text == NULL || !*done)
        return NULL;
    size_t size = strcspn(text, "\r\n");
    size_t kept = clean_text_cut(text, size, characters);
    char *line = arena_printf(arena, error, "%.*s%s", (int)kept, text, kept < size ? "..." : "");
    *done = line != NULL;
    if (line == NULL)
        return NULL;
    utf8_mend(line);
    for (char *at = line; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    return line;
}

/* *issue: "SHOP-1  TypeError: x", as far as that is known. *name: the short form for a subject. */
static bool name_issue(const struct mail_facts *facts, struct arena *arena, const char **issue,
                       const char **name, struct error *error)
{
    bool done = true;
    const char *title = one_line(arena, facts->title, TITLE_CHARACTERS_MAX, &done, error);
    const char *brief = one_line(arena, facts->title, SUBJECT_CHARACTERS_MAX, &done, error);
    const char *id = one_line(arena, facts->short_id, TITLE_CHARACTERS_MAX, &done, error);
    if (done && id == NULL && facts->group_id != 0) {
        id = arena_printf(arena, error, "issue %" PRId64, facts->group_id);
        done = id != NULL;
    }
    *name = facts->short_id == NULL && brief != NULL && brief[0] != '\0' ? brief : id;
    *issue = id == NULL || title == NULL || title[0] == '\0'
                 ? id
                 : arena_printf(arena, error, "%s  %s", id, title);
    return done && (id == NULL || *issue != NULL);
}

#define PRE_STYLE                                                                                  \
    "margin:0 0 16px;padding:12px;border:1px solid #8f8f9f;border-radius:4px;font-size:14px;"      \
    "line-height:1.4;font-family:Menlo,Consolas,monospace;white-space:pre-wrap;"                   \
    "word-break:break-word;overflow-wrap:anywhere"

/* The values that both mails have. Their strings are in `arena`, or in `facts`. */
static bool add_facts(struct values *values, const struct mail_facts *facts, struct arena *arena,
                      struct error *error)
{
    bool done = true;
    const char *issue = NULL, *name = NULL;
    const char *key = one_line(arena, facts->key, TITLE_CHARACTERS_MAX, &done, error);
    const char *project = one_line(arena, facts->project, TITLE_CHARACTERS_MAX, &done, error);
    const char *id = arena_printf(arena, error, "%" PRId64, facts->data_export_id);
    if (!done || id == NULL || !name_issue(facts, arena, &issue, &name, error))
        return false;
    add_value(values, "sentry", facts->beside_sentry ? "" : NULL);
    add_value(values, "prefix", facts->url_prefix);
    add_value(values, "id", id);
    add_value(values, "issue", issue);
    add_value(values, "name", key == NULL ? NULL : name);
    add_value(values, "key", key);
    add_value(values, "project", project);
    add_value(values, "colour", facts->beside_sentry ? "#6c5fc7" : "#2f5d8a");
    add_value(values, "pre", PRE_STYLE);
    return true;
}

/* ---- the mails ---- */

/* Fills NAME.subject, NAME.txt and NAME.html. */
static bool fill_templates(const char *name, const struct values *values, struct arena *arena,
                           struct mail_content *content, struct error *error)
{
    static const char *const endings[] = {"subject", "txt", "html"};
    char *texts[ARRAY_LENGTH(endings)];
    for (size_t i = 0; i < ARRAY_LENGTH(endings); i++) {
        const char *file = arena_printf(arena, error, "%s.%s", name, endings[i]);
        texts[i] = file == NULL ? NULL : mail_template_fill(file, values->items, arena, error);
        if (texts[i] == NULL)
            return false;
    }
    texts[0][strcspn(texts[0], "\n")] = '\0';
    content->subject = texts[0];
    content->text = texts[1];
    content->html = texts[2];
    return true;
}

bool mail_render_success(const struct success_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error)
{
    struct values values = {.count = 0};
    char number[GROUPED_MAX], size[TEXT_SIZE_MAX], expiration[CLOCK_TEXT_MAX];
    const char *slug = encode_url_segment(arena, mail->organization_slug, error);
    if (slug == NULL || !add_facts(&values, &mail->facts, arena, error))
        return false;
    const char *url = arena_printf(arena, error, "%s/organizations/%s/data-export/%" PRId64 "/",
                                   mail->facts.url_prefix, slug, mail->facts.data_export_id);
    const char *rows = arena_printf(arena, error, "%s row%s", format_grouped(mail->rows, number),
                                    text_plural(mail->rows));
    if (url == NULL || rows == NULL)
        return false;
    (void)clock_format_mail(mail->date_expired, expiration);
    add_value(&values, "title",
              mail->facts.beside_sentry ? "Your Data is Ready!" : "Your export is ready");
    add_value(&values, "url", url);
    add_value(&values, "rows", rows);
    add_value(&values, "rows_number", number);
    add_value(&values, "size", text_size(mail->bytes, size));
    add_value(&values, "truncated", mail->truncated ? "" : NULL);
    add_value(&values, "expiration", expiration);
    return fill_templates("success", &values, arena, content, error);
}

/* The payload, or its beginning and "...". */
static char *cut_payload(struct arena *arena, const char *payload, struct error *error)
{
    size_t size = strlen(payload);
    size_t kept = clean_text_cut(payload, size, PAYLOAD_CHARACTERS_MAX);
    return arena_printf(arena, error, "%.*s%s", (int)kept, payload, kept < size ? "\n..." : "");
}

/* What the user can do: the export itself is wrong, or too large, or neither. */
static const char *advice_for(enum error_code code)
{
    switch (code) {
    case ERROR_EXPORT:
    case ERROR_NO_SUBJECT:
        return "If the error is about what was asked for, change that. Then ask again; if it fails "
               "again, tell your administrator the number of the export.";
    case ERROR_TOO_LARGE:
    case ERROR_TIMEOUT:
    case ERROR_OVERLOAD:
    case ERROR_BUSY:
        return "Ask for less (a limit, or one environment), or ask again when there is less to do.";
    default:
        return "Nothing is wrong with what was asked for. Ask again; if it fails again, tell your "
               "administrator the number of the export.";
    }
}

bool mail_render_failure(const struct failure_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error)
{
    struct values values = {.count = 0};
    char creation[CLOCK_TEXT_MAX];
    const char *payload = cut_payload(arena, mail->payload, error);
    if (payload == NULL || !add_facts(&values, &mail->facts, arena, error))
        return false;
    (void)clock_format_mail(mail->date_added, creation);
    add_value(&values, "title",
              mail->facts.beside_sentry ? "Unable to Export Data" : "Your export has failed");
    add_value(&values, "creation", creation);
    add_value(&values, "message", mail->error_message);
    add_value(&values, "payload", payload);
    add_value(&values, "advice", advice_for(mail->code));
    return fill_templates("failure", &values, arena, content, error);
}
