/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/template.h"

#include "base/buffer.h"
#include "base/embedded.h"
#include "base/text.h"
#include "base/utf8.h"

enum { FILLED_MAX = 1024 * 1024, NAME_SIZE = 32 };

struct filling {
    const struct mail_value *values;
    bool html;
    struct buffer *out;
    struct error *error;
};

/* ---- values ---- */

static const char *find_value(const struct filling *filling, const char *name)
{
    for (const struct mail_value *value = filling->values; value->name != NULL; value++)
        if (text_equal(value->name, name))
            return value->text;
    return NULL;
}

/* The text that replaces a byte of a value; NULL: the byte stays. Mails have no control characters.
   A line break may come as CR LF, so the CR is left out. */
static const char *find_replacement(char byte, bool html)
{
    switch (byte) {
    case '&':
        return html ? "&amp;" : NULL;
    case '<':
        return html ? "&lt;" : NULL;
    case '>':
        return html ? "&gt;" : NULL;
    case '"':
        return html ? "&quot;" : NULL;
    case '\'':
        return html ? "&#39;" : NULL;
    case '\r':
        return "";
    case '\n':
    case '\t':
        return NULL;
    default:
        return (unsigned char)byte < 0x20 || byte == 0x7f ? UTF8_REPLACEMENT : NULL;
    }
}

/* How many spaces the last line of `out` has, if it has nothing else. */
static size_t indent_of(const struct buffer *out)
{
    size_t spaces = 0;
    while (spaces < out->size && out->data[out->size - 1 - spaces] == ' ')
        spaces++;
    return spaces < out->size && out->data[out->size - 1 - spaces] != '\n' ? 0 : spaces;
}

static bool append_value(const struct filling *filling, const char *text)
{
    size_t indent = indent_of(filling->out);
    bool done = true;
    for (; done && *text != '\0'; text++) {
        const char *instead = find_replacement(*text, filling->html);
        done = instead != NULL ? buffer_append_text(filling->out, instead, filling->error)
                               : buffer_append_byte(filling->out, *text, filling->error);
        for (size_t i = 0; done && *text == '\n' && i < indent; i++)
            done = buffer_append_byte(filling->out, ' ', filling->error);
    }
    return done;
}

/* ---- tags ---- */

static bool fill_range(const struct filling *filling, const char *at, const char *end);

/* Where the text goes on after a tag: after its line, if the tag is alone in the line. */
static const char *skip_line_end(const char *line_of, const char *tag, const char *after)
{
    bool alone = (tag == line_of || tag[-1] == '\n') && *after == '\n';
    return alone ? after + 1 : after;
}

/* Fills a section. Returns where the text goes on after it; NULL: an error. */
static const char *fill_section(const struct filling *filling, const char *tag, const char *name,
                                const char *text)
{
    char closing[NAME_SIZE + 8];
    (void)snprintf(closing, sizeof(closing), "{{/%s}}", name);
    const char *body = skip_line_end(text, tag, strstr(tag, "}}") + 2);
    const char *stop = strstr(body, closing);
    bool wanted = (find_value(filling, name) != NULL) == (tag[2] == '#');
    if (stop == NULL)
        abort(); /* a mistake in a template */
    if (wanted && !fill_range(filling, body, stop))
        return NULL;
    return skip_line_end(text, stop, stop + strlen(closing));
}

static bool fill_file(const struct filling *filling, const char *file)
{
    const char *text = embedded_text(embedded_mail_templates, file);
    return fill_range(filling, text, text + strlen(text));
}

/* `text` is the text around the tag. Returns where it goes on after the tag; NULL: an error. */
static const char *fill_tag(const struct filling *filling, const char *tag, const char *text)
{
    char name[NAME_SIZE];
    const char *stop = strstr(tag, "}}");
    bool plain = strchr("#^>", tag[2]) == NULL;
    const char *begin = tag + (plain ? 2 : 3);
    if (stop == NULL || (size_t)(stop - begin) >= sizeof(name))
        abort(); /* a mistake in a template */
    (void)snprintf(name, sizeof(name), "%.*s", (int)(stop - begin), begin);
    if (tag[2] == '#' || tag[2] == '^')
        return fill_section(filling, tag, name, text);
    if (tag[2] == '>')
        return fill_file(filling, name) ? skip_line_end(text, tag, stop + 2) : NULL;
    const char *value = find_value(filling, name);
    return value == NULL || append_value(filling, value) ? stop + 2 : NULL;
}

/* Appends the text from `at` to `end`, with its tags filled in. */
static bool fill_range(const struct filling *filling, const char *at, const char *end)
{
    const char *text = at;
    while (at != NULL && at < end) {
        const char *tag = memmem(at, (size_t)(end - at), "{{", 2);
        const char *stop = tag == NULL ? end : tag;
        if (!buffer_append(filling->out, at, (size_t)(stop - at), filling->error))
            return false;
        at = tag == NULL ? end : fill_tag(filling, tag, text);
    }
    return at != NULL;
}

char *mail_template_fill(const char *file, const struct mail_value *values, struct arena *arena,
                         struct error *error)
{
    struct buffer out;
    const char *ending = strrchr(file, '.');
    const struct filling filling = {
        .values = values, .html = text_equal(ending, ".html"), .out = &out, .error = error};
    buffer_init(&out, FILLED_MAX);
    char *copy = fill_file(&filling, file) ? arena_copy(arena, out.data, out.size, error) : NULL;
    buffer_free(&out);
    return copy;
}
