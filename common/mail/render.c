/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/render.h"

#include "base/text.h"
#include "base/utf8.h"
#include "wire/clean_text.h"

/* Both parts hold the payload, and a quote becomes six bytes in HTML: this keeps a mail well below
   MAIL_MAX. */
enum { PAYLOAD_CHARACTERS_MAX = 32 * 1024 };

#define GROUPED_MAX 32

/* ---- text from outside ---- */

/* What stands for a byte, or NULL for itself. */
typedef const char *replacement(char byte);

/* Control characters have no business in a mail; a line break may come as CR LF. */
static const char *plain_text(char byte)
{
    if (byte == '\r')
        return "";
    bool control = ((unsigned char)byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
    return control ? UTF8_REPLACEMENT : NULL;
}

static const char *indented_text(char byte)
{
    return byte == '\n' ? "\n    " : plain_text(byte);
}

static const char *html_text(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return plain_text(byte);
    }
}

static char *replace(struct arena *arena, const char *text, replacement *instead,
                     struct error *error)
{
    size_t size = 0;
    for (const char *at = text; *at != '\0'; at++)
        size += instead(*at) == NULL ? 1 : strlen(instead(*at));
    char *copy = arena_alloc(arena, size + 1, error);
    if (copy == NULL)
        return NULL;
    char *to = copy;
    for (; *text != '\0'; text++) {
        const char *bytes = instead(*text);
        if (bytes == NULL)
            *to++ = *text;
        for (; bytes != NULL && *bytes != '\0'; bytes++)
            *to++ = *bytes;
    }
    return copy;
}

/* A slug needs no encoding; one that was put into the table by hand might. */
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

/* ---- the frame of the HTML parts ---- */

/* Few colours are set, and those that are suit a light and a dark background: the rest is left to
   the reader's program. Styles are inline because many programs drop style sheets. */
#define BODY_STYLE                                                                                 \
    "margin:0;padding:0;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"   \
    "font-size:16px;line-height:1.5"
#define FRAME_STYLE "max-width:600px;margin:0 auto;padding:16px 20px"
#define LOGO_STYLE  "color:#7668dd;font-size:20px;font-weight:bold;text-decoration:none"
#define HEAD_STYLE  "margin:0 0 24px;padding:0 0 12px;border-bottom:2px solid #7668dd"
#define TITLE_STYLE "margin:0 0 16px;font-size:22px;line-height:1.3"
#define BUTTON_STYLE                                                                               \
    "display:inline-block;padding:12px 24px;border-radius:4px;background-color:#6c5fc7;"           \
    "color:#ffffff;font-weight:bold;text-decoration:none"
#define PRE_STYLE                                                                                  \
    "margin:0 0 16px;padding:12px;border:1px solid #8f8f9f;border-radius:4px;font-size:14px;"      \
    "line-height:1.4;font-family:Menlo,Consolas,monospace;white-space:pre-wrap;"                   \
    "word-break:break-word;overflow-wrap:anywhere"
#define FOOT_STYLE      "margin:32px 0 0;padding:12px 0 0;border-top:1px solid #8f8f9f;font-size:14px"
#define FOOT_LINK_STYLE "color:inherit;margin-right:16px"

/* `title` and `body` are HTML, `prefix` is not. */
static char *make_page(struct arena *arena, const char *title, const char *url_prefix,
                       const char *body, struct error *error)
{
    const char *prefix = replace(arena, url_prefix, html_text, error);
    if (prefix == NULL)
        return NULL;
    return arena_printf(
        arena, error,
        "<!doctype html>\n"
        "<html lang=\"en\">\n"
        "<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>%s</title>\n"
        "</head>\n"
        "<body style=\"" BODY_STYLE "\">\n"
        "<div style=\"" FRAME_STYLE "\">\n"
        "<div style=\"" HEAD_STYLE "\"><a href=\"%s/\" style=\"" LOGO_STYLE "\">Sentry</a></div>\n"
        "<h3 style=\"" TITLE_STYLE "\">%s</h3>\n"
        "%s"
        "<div style=\"" FOOT_STYLE "\">"
        "<a href=\"%s/\" style=\"" FOOT_LINK_STYLE "\">Home</a> "
        "<a href=\"%s/settings/account/notifications/\" style=\"" FOOT_LINK_STYLE "\">"
        "Notification Settings</a></div>\n"
        "</div>\n"
        "</body>\n"
        "</html>\n",
        title, prefix, title, body, prefix, prefix);
}

/* ---- success ---- */

/* What text and HTML say alike. */
struct success_facts {
    const char *extent;
    const char *url;
    char expiration[CLOCK_TEXT_MAX];
};

/* How much there is, and whether the limit cut it: a file that ends without a word is taken for
   complete. */
static char *describe_extent(struct arena *arena, const struct success_mail *mail,
                             struct error *error)
{
    char rows[GROUPED_MAX];
    char size[TEXT_SIZE_MAX];
    return arena_printf(arena, error, "It has %s row%s (%s)%s.", format_grouped(mail->rows, rows),
                        text_plural(mail->rows), text_size(mail->bytes, size),
                        mail->truncated ? ", the limit that was asked for: there are more" : "");
}

static char *success_text(struct arena *arena, const struct success_facts *facts,
                          struct error *error)
{
    return arena_printf(arena, error,
                        "Your Download is Ready!\n"
                        "-----------------------\n"
                        "\n"
                        "The data that you asked for has been put together. %s Use the link below "
                        "to download it.\n"
                        "\n"
                        "%s\n"
                        "\n"
                        "The download will expire at %s\n",
                        facts->extent, facts->url, facts->expiration);
}

static char *success_html(struct arena *arena, const struct success_mail *mail,
                          const struct success_facts *facts, struct error *error)
{
    const char *href = replace(arena, facts->url, html_text, error);
    if (href == NULL)
        return NULL;
    const char *body = arena_printf(arena, error,
                                    "<p>The data that you asked for has been put together. %s</p>\n"
                                    "<p>The download will expire at <strong>%s</strong>.</p>\n"
                                    "<p><a href=\"%s\" class=\"btn\" style=\"" BUTTON_STYLE "\">"
                                    "Go to Download</a></p>\n",
                                    facts->extent, facts->expiration, href);
    if (body == NULL)
        return NULL;
    return make_page(arena, "Your Data is Ready!", mail->url_prefix, body, error);
}

bool mail_render_success(const struct success_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error)
{
    struct success_facts facts;
    const char *slug = encode_url_segment(arena, mail->organization_slug, error);
    if (slug == NULL)
        return false;
    facts.url = arena_printf(arena, error, "%s/organizations/%s/data-export/%" PRId64 "/",
                             mail->url_prefix, slug, mail->data_export_id);
    facts.extent = describe_extent(arena, mail, error);
    if (facts.url == NULL || facts.extent == NULL)
        return false;
    (void)clock_format_mail(mail->date_expired, facts.expiration);
    content->subject = "Your Download is Ready!";
    content->text = success_text(arena, &facts, error);
    content->html = success_html(arena, mail, &facts, error);
    return content->text != NULL && content->html != NULL;
}

/* ---- failure ---- */

static char *failure_text(struct arena *arena, const char *creation, const char *message,
                          const char *payload, struct error *error)
{
    const char *indented_message = replace(arena, message, indented_text, error);
    const char *indented_payload = replace(arena, payload, indented_text, error);
    if (indented_message == NULL || indented_payload == NULL)
        return NULL;
    return arena_printf(arena, error,
                        "Unable to Export Data\n"
                        "---------------------\n"
                        "\n"
                        "The data that you asked for at %s could not be exported.\n"
                        "\n"
                        "The export ended due to an error:\n"
                        "\n"
                        "    %s\n"
                        "\n"
                        "This is what was asked for:\n"
                        "\n"
                        "    %s\n"
                        "\n"
                        "Troubleshooting & References:\n"
                        "\n"
                        "  * Documentation: https://docs.sentry.io/\n"
                        "  * FAQs: https://help.sentry.io/\n",
                        creation, indented_message, indented_payload);
}

static char *failure_html(struct arena *arena, const struct failure_mail *mail,
                          const char *creation, const char *payload, struct error *error)
{
    const char *escaped_message = replace(arena, mail->error_message, html_text, error);
    const char *escaped_payload = replace(arena, payload, html_text, error);
    if (escaped_message == NULL || escaped_payload == NULL)
        return NULL;
    const char *body = arena_printf(
        arena, error,
        "<p>The data that you asked for at <strong>%s</strong> could not be exported.</p>\n"
        "<p>The export ended due to an error:</p>\n"
        "<code><pre style=\"" PRE_STYLE "\">%s</pre></code>\n"
        "<p>This is what was asked for:</p>\n"
        "<code><pre style=\"" PRE_STYLE "\">%s</pre></code>\n"
        "<p><strong>Troubleshooting &amp; References</strong></p>\n"
        "<ul>\n"
        "<li><a href=\"https://docs.sentry.io/\">Documentation</a></li>\n"
        "<li><a href=\"https://help.sentry.io/\">FAQs</a></li>\n"
        "</ul>\n",
        creation, escaped_message, escaped_payload);
    if (body == NULL)
        return NULL;
    return make_page(arena, "Unable to Export Data", mail->url_prefix, body, error);
}

/* The payload, or its beginning and "...". */
static char *cut_payload(struct arena *arena, const char *payload, struct error *error)
{
    size_t size = strlen(payload);
    size_t kept = clean_text_cut(payload, size, PAYLOAD_CHARACTERS_MAX);
    return arena_printf(arena, error, "%.*s%s", (int)kept, payload, kept < size ? "\n..." : "");
}

bool mail_render_failure(const struct failure_mail *mail, struct arena *arena,
                         struct mail_content *content, struct error *error)
{
    char creation[CLOCK_TEXT_MAX];
    const char *payload = cut_payload(arena, mail->payload, error);
    if (payload == NULL)
        return false;
    (void)clock_format_mail(mail->date_added, creation);
    content->subject = "Unable to Export Data";
    content->text = failure_text(arena, creation, mail->error_message, payload, error);
    content->html = failure_html(arena, mail, creation, payload, error);
    return content->text != NULL && content->html != NULL;
}
