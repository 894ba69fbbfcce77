/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends a message piece by piece: the headers, of which Subject and From may need encoded words
 * (RFC 2047), then the two parts in quoted-printable (RFC 2045). Both encodings cut lines, and
 * neither cuts a character.
 */
#include "mail/mime.h"

#include "base/digest.h"
#include "base/text.h"
#include "base/utf8.h"

enum {
    ADDRESS_MAX = 254,      /* RFC 5321 4.5.3.1.3, without the angle brackets */
    LINE_MAX_COLUMNS = 76,  /* RFC 2045 6.7 */
    WORD_MAX = 75,          /* RFC 2047 2: an encoded word with its frame */
    SUBJECT_PLAIN_MAX = 67, /* makes a line of 76 columns with "Subject: " before it */
};

/* Quoted-printable text never has "=_", because hex digits or a line end follow each "=". */
#define BOUNDARY "=_exportd_alternative"

#define WORD_START "=?utf-8?Q?"
#define WORD_END   "?="

/* ---- addresses ---- */

static bool is_utf8(const char *text, size_t size)
{
    bool valid = true;
    for (size_t i = 0; i < size && valid;)
        i += utf8_step(text + i, size - i, &valid);
    return valid;
}

bool mail_check_address(const char *address, struct error *error)
{
    const char *at = strchr(address, '@');
    size_t size = strlen(address);
    if (size == 0)
        return error_set(error, ERROR_INVALID, "the address is empty");
    if (size > ADDRESS_MAX)
        return error_set(error, ERROR_INVALID, "the address is longer than %d bytes", ADDRESS_MAX);
    if (text_has_control(address))
        return error_set(error, ERROR_INVALID, "the address has control characters in it");
    if (!is_utf8(address, size))
        return error_set(error, ERROR_INVALID, "the address is not UTF-8");
    if (strpbrk(address, " \"()<>[],;:\\") != NULL)
        return error_set(error, ERROR_INVALID,
                         "the address has spaces, quotes, brackets or commas in it");
    if (at == NULL || at == address || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return error_set(error, ERROR_INVALID, "the address is not of the form name@host");
    return true;
}

bool mail_message_id(const char *sender, int64_t data_export_id, int64_t attempt,
                     char message_id[MAIL_MESSAGE_ID_MAX], struct error *error)
{
    char random[RANDOM_HEX_SIZE];
    if (!mail_check_address(sender, error))
        return error_prefix(error, "the sender of mails");
    random_hex(random);
    (void)snprintf(message_id, MAIL_MESSAGE_ID_MAX, "<%" PRId64 ".%" PRId64 ".%s%s>",
                   data_export_id, attempt, random, strchr(sender, '@'));
    return true;
}

/* ---- headers ---- */

/* For values that need no encoding. */
static bool print_header(struct buffer *out, const char *name, const char *value,
                         struct error *error)
{
    if (text_has_control(value))
        return error_set(error, ERROR_INVALID, "the header %s has control characters in it", name);
    return buffer_printf(out, error, "%s: %s\r\n", name, value);
}

/* How many columns a byte takes in an encoded word. The literal bytes are those that are allowed in
   a name before an address (RFC 2047 5 (3)). */
static size_t word_cost(unsigned char byte)
{
    static const char literal[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/ ";
    return byte != '\0' && strchr(literal, byte) != NULL ? 1 : 3;
}

static bool append_word_byte(struct buffer *out, unsigned char byte, struct error *error)
{
    if (byte == ' ')
        return buffer_append_byte(out, '_', error);
    if (word_cost(byte) == 1)
        return buffer_append_byte(out, (char)byte, error);
    return buffer_printf(out, error, "=%02X", byte);
}

/* How many bytes of `text` fit into an encoded word of `room` columns, in whole characters. */
static size_t fit_word(const char *text, size_t size, size_t room)
{
    size_t columns = strlen(WORD_START WORD_END);
    size_t taken = 0;
    while (taken < size) {
        bool valid = false;
        size_t step = utf8_step(text + taken, size - taken, &valid);
        for (size_t i = 0; i < step; i++)
            columns += word_cost((unsigned char)text[taken + i]);
        if (columns > room)
            break;
        taken += step;
    }
    return taken;
}

static bool append_word(struct buffer *out, const char *text, size_t size, struct error *error)
{
    if (!buffer_append_text(out, WORD_START, error))
        return false;
    for (size_t i = 0; i < size; i++)
        if (!append_word_byte(out, (unsigned char)text[i], error))
            return false;
    return buffer_append_text(out, WORD_END, error);
}

/* Whether the text needs no encoded words. One with "=?" needs them, or it would look like one. */
static bool is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return size <= SUBJECT_PLAIN_MAX && memmem(text, size, "=?", 2) == NULL;
}

/* Appends encoded words, one per line. The first line has less room: something stands before it. */
static bool append_words(struct buffer *out, const char *text, size_t size, struct error *error)
{
    size_t room = SUBJECT_PLAIN_MAX;
    for (size_t at = 0, taken = 0; at < size; at += taken, room = WORD_MAX) {
        taken = fit_word(text + at, size - at, room);
        if (at > 0 && !buffer_append_text(out, "\r\n ", error))
            return false;
        if (!append_word(out, text + at, taken, error))
            return false;
    }
    return true;
}

/* Whether a text may stand in a header. `what` names it in the error. */
static bool check_words(const char *what, const char *text, size_t size, struct error *error)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return error_set(error, ERROR_INVALID, "the %s has control characters in it", what);
    return is_utf8(text, size) || error_set(error, ERROR_INVALID, "the %s is not UTF-8", what);
}

/* A long subject is encoded, too, so that it can be folded. */
static bool print_subject(struct buffer *out, const char *subject, struct error *error)
{
    size_t size = strcspn(subject, "\r\n");
    if (!check_words("subject", subject, size, error))
        return false;
    if (is_plain(subject, size))
        return buffer_printf(out, error, "Subject: %.*s\r\n", (int)size, subject);
    return buffer_append_text(out, "Subject: ", error) && append_words(out, subject, size, error) &&
           buffer_append_text(out, "\r\n", error);
}

/* After a name, the address has a line of its own, because both may be long. */
static bool print_from(struct buffer *out, const struct mail_envelope *envelope,
                       struct error *error)
{
    const char *name = envelope->sender_name;
    size_t size = name == NULL ? 0 : strlen(name);
    if (size == 0)
        return print_header(out, "From", envelope->sender, error);
    if (text_has_control(envelope->sender))
        return error_set(error, ERROR_INVALID, "the sender has control characters in it");
    if (!check_words("sender's name", name, size, error) ||
        !buffer_append_text(out, "From: ", error))
        return false;
    bool plain = is_plain(name, size) && strpbrk(name, "\"\\") == NULL;
    bool done =
        plain ? buffer_printf(out, error, "\"%s\"", name) : append_words(out, name, size, error);
    return done && buffer_printf(out, error, "\r\n <%s>\r\n", envelope->sender);
}

static bool print_headers(const struct mail_envelope *envelope, const char *subject,
                          struct buffer *out, struct error *error)
{
    char date[CLOCK_TEXT_MAX];
    (void)clock_format_rfc5322(envelope->date, date);
    return print_from(out, envelope, error) &&
           print_header(out, "To", envelope->recipient, error) &&
           print_subject(out, subject, error) && print_header(out, "Date", date, error) &&
           print_header(out, "Message-ID", envelope->message_id, error) &&
           print_header(out, "MIME-Version", "1.0", error) &&
           print_header(out, "Auto-Submitted", "auto-generated", error) &&
           print_header(out, "Content-Type", "multipart/alternative; boundary=\"" BOUNDARY "\"",
                        error);
}

/* ---- quoted-printable ---- */

/* The length of the line break (LF or CR LF) at `at`; 0: there is none. */
static size_t line_break(const char *at, const char *end)
{
    if (at < end && *at == '\n')
        return 1;
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n' ? 2 : 0;
}

/* Whether the byte may stand for itself. White space at the end of a line may not, because servers
   remove it. A dot and "From " may not begin a line, because old programs change these. */
static bool is_literal(const char *at, const char *end, size_t column)
{
    if (*at == ' ' || *at == '\t')
        return at + 1 < end && line_break(at + 1, end) == 0;
    if (column == 0 && (*at == '.' || (end - at >= 5 && memcmp(at, "From ", 5) == 0)))
        return false;
    return *at > 0x20 && *at < 0x7f && *at != '=';
}

/* Appends one byte, after a soft line break if it does not fit into the line. The last column is
   kept for the "=" of such a break. */
static bool append_byte_quoted(struct buffer *out, const char *at, const char *end, size_t *column,
                               struct error *error)
{
    size_t width = is_literal(at, end, *column) ? 1 : 3;
    if (*column + width > LINE_MAX_COLUMNS - 1) {
        if (!buffer_append_text(out, "=\r\n", error))
            return false;
        *column = 0;
        width = is_literal(at, end, 0) ? 1 : 3;
    }
    *column += width;
    if (width == 1)
        return buffer_append_byte(out, *at, error);
    return buffer_printf(out, error, "=%02X", (unsigned char)*at);
}

/* Appends a text in quoted-printable; its line breaks become CR LF. */
static bool append_quoted(struct buffer *out, const char *text, struct error *error)
{
    const char *end = text + strlen(text);
    size_t column = 0;
    for (const char *at = text; at < end;) {
        size_t length = line_break(at, end);
        if (length == 0) {
            if (!append_byte_quoted(out, at, end, &column, error))
                return false;
            at++;
            continue;
        }
        if (!buffer_append_text(out, "\r\n", error))
            return false;
        column = 0;
        at += length;
    }
    return true;
}

/* One of the two alternatives, with its headers. */
static bool append_part(struct buffer *out, const char *type, const char *text, struct error *error)
{
    return buffer_printf(out, error,
                         "\r\n--" BOUNDARY "\r\n"
                         "Content-Type: %s; charset=utf-8\r\n"
                         "Content-Transfer-Encoding: quoted-printable\r\n"
                         "\r\n",
                         type) &&
           append_quoted(out, text, error);
}

bool mail_print(const struct mail_envelope *envelope, const struct mail_content *content,
                struct buffer *out, struct error *error)
{
    return print_headers(envelope, content->subject, out, error) &&
           append_part(out, "text/plain", content->text, error) &&
           append_part(out, "text/html", content->html, error) &&
           buffer_append_text(out, "\r\n--" BOUNDARY "--\r\n", error);
}
