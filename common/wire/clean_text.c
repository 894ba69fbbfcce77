/* SPDX-License-Identifier: Apache-2.0 */
/* Clean runs of text are copied as a whole. JSON is not parsed: strings, numbers and a few words
   are recognized where they begin, and all other bytes are copied. What is still wrong, jansson
   refuses. */
#include "wire/clean_text.h"

#include "base/text.h"
#include "base/utf8.h"

#include <math.h>

enum { NUMBER_LENGTH_MAX = 400 };

/* ---- plain text ---- */

/* The number of clean bytes at the beginning of `text`. */
static size_t clean_run(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        bool valid = text[i] != '\0';
        size_t step = 1;
        if ((unsigned char)text[i] >= 0x80)
            step = utf8_step(text + i, size - i, &valid);
        if (!valid)
            break;
        i += step;
    }
    return i;
}

bool clean_text_is_clean(const char *text, size_t size)
{
    return clean_run(text, size) == size;
}

/* Appends the first character of `text` (size > 0), or the replacement of the first invalid
   sequence. Sets *step to its length in `text`. */
static bool clean_step(const char *text, size_t size, size_t *step, struct buffer *out,
                       struct error *error)
{
    bool valid = false;
    *step = utf8_step(text, size, &valid);
    if (text[0] == '\0')
        return true;
    if (valid)
        return buffer_append(out, text, *step, error);
    return buffer_append_text(out, UTF8_REPLACEMENT, error);
}

bool clean_text(const char *text, size_t size, struct buffer *out, struct error *error)
{
    for (size_t i = 0; i < size;) {
        size_t run = clean_run(text + i, size - i);
        size_t step = 0;
        if (!buffer_append(out, text + i, run, error))
            return false;
        i += run;
        if (i < size && !clean_step(text + i, size - i, &step, out, error))
            return false;
        i += step;
    }
    return true;
}

size_t clean_text_cut(const char *text, size_t size, size_t characters)
{
    size_t i = 0;
    for (; characters > 0 && i < size; characters--) {
        bool valid = false;
        i += utf8_step(text + i, size - i, &valid);
    }
    return i;
}

/* ---- JSON ---- */

struct mender {
    const char *at, *end;
    struct buffer *out;
    struct error *error;
};

static size_t bytes_left(const struct mender *in)
{
    return (size_t)(in->end - in->at);
}

/* Copies the next `size` bytes, unchanged. */
static bool copy_bytes(struct mender *in, size_t size)
{
    const char *from = in->at;
    in->at += size;
    return buffer_append(in->out, from, size, in->error);
}

/* Copies the next `size` bytes between quotes. */
static bool copy_as_string(struct mender *in, size_t size)
{
    return buffer_append_byte(in->out, '"', in->error) && copy_bytes(in, size) &&
           buffer_append_byte(in->out, '"', in->error);
}

/* The value of \uXXXX at `at`, or -1 if there is no such escape. */
static int unicode_escape(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    int value = 0;
    for (int i = 2; i < 6; i++) {
        static const char digits[] = "0123456789abcdef";
        int lower = at[i] >= 'A' && at[i] <= 'F' ? at[i] + ('a' - 'A') : at[i];
        const char *digit = memchr(digits, lower, sizeof(digits) - 1);
        if (digit == NULL)
            return -1;
        value = value * 16 + (int)(digit - digits);
    }
    return value;
}

/* The first half of a pair of surrogates; the second half must follow. */
static bool is_high_surrogate(int value)
{
    return value >= 0xd800 && value <= 0xdbff;
}

static bool is_low_surrogate(int value)
{
    return value >= 0xdc00 && value <= 0xdfff;
}

/* Copies or replaces the escape at a backslash in a string. */
static bool mend_escape(struct mender *in)
{
    int value = unicode_escape(in->at, in->end);
    if (value < 0) { /* \n, \" and the like, or an error for the parser */
        bool simple = bytes_left(in) > 1 && in->at[1] != '\0' && (unsigned char)in->at[1] < 0x80;
        return copy_bytes(in, simple ? 2 : 1);
    }
    if (is_high_surrogate(value) && is_low_surrogate(unicode_escape(in->at + 6, in->end)))
        return copy_bytes(in, 12);
    bool lone = is_high_surrogate(value) || is_low_surrogate(value);
    if (!lone && value != 0)
        return copy_bytes(in, 6);
    in->at += 6;
    return !lone || buffer_append_text(in->out, UTF8_REPLACEMENT, in->error);
}

/* The number of bytes in a string that certainly need no change. */
static size_t plain_run(const struct mender *in)
{
    const char *at = in->at;
    while (at < in->end && *at != '"' && *at != '\\' && *at != '\0' && (unsigned char)*at < 0x80)
        at++;
    return (size_t)(at - in->at);
}

/* Copies a string from its opening quote to the closing one, or to the end if there is none. */
static bool mend_string(struct mender *in)
{
    bool done = copy_bytes(in, 1);
    while (done && (done = copy_bytes(in, plain_run(in))) && in->at < in->end) {
        if (*in->at == '"')
            return copy_bytes(in, 1);
        if (*in->at == '\\') {
            done = mend_escape(in);
        } else {
            size_t step = 0;
            done = clean_step(in->at, bytes_left(in), &step, in->out, in->error);
            in->at += step;
        }
    }
    return done;
}

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

/* Whether `text` is a number of JSON; *integer: without fraction and exponent. */
static bool is_number(const char *text, bool *integer)
{
    const char *at = text[0] == '-' ? text + 1 : text;
    size_t digits = digits_at(at);
    if (digits == 0 || (at[0] == '0' && digits > 1))
        return false;
    at += digits;
    *integer = *at == '\0';
    if (*at == '.') {
        digits = digits_at(at + 1);
        if (digits == 0)
            return false;
        at += 1 + digits;
    }
    if (*at == 'e' || *at == 'E') {
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (digits_at(at) == 0)
            return false;
        at += digits_at(at);
    }
    return *at == '\0';
}

/* Whether jansson can hold the number. True also if `text` is not a number, which jansson
   refuses. */
static bool jansson_can_hold(const char *text)
{
    bool integer = false;
    int64_t ignored = 0;
    if (!is_number(text, &integer))
        return true;
    if (integer)
        return text_to_int64(text, INT64_MIN, INT64_MAX, &ignored);
    return isfinite(strtod(text, NULL)) != 0;
}

/* A number of NUMBER_LENGTH_MAX or more characters becomes a string, whatever its value. */
static bool mend_number(struct mender *in)
{
    char text[NUMBER_LENGTH_MAX];
    size_t size = 0;
    while (size < bytes_left(in) && in->at[size] != '\0' && strchr("0123456789+-.eE", in->at[size]))
        size++;
    if (size >= sizeof(text))
        return copy_as_string(in, size);
    memcpy(text, in->at, size);
    text[size] = '\0';
    return jansson_can_hold(text) ? copy_bytes(in, size) : copy_as_string(in, size);
}

/* The length of the next word if it is NaN, Infinity or -Infinity, as Python writes them; else
   0. */
static size_t non_finite_word(const struct mender *in)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (bytes_left(in) >= strlen(words[i]) && memcmp(in->at, words[i], strlen(words[i])) == 0)
            return strlen(words[i]);
    return 0;
}

/* Copies or mends the next string, number, word or single byte. */
static bool mend_next(struct mender *in)
{
    char c = *in->at;
    if (c == '"')
        return mend_string(in);
    size_t word = non_finite_word(in);
    if (word > 0)
        return copy_as_string(in, word);
    if (c == '-' || (c >= '0' && c <= '9'))
        return mend_number(in);
    return copy_bytes(in, 1);
}

bool clean_json(const char *text, size_t size, struct buffer *out, struct error *error)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct mender in = {.at = text, .end = text + size, .out = out, .error = error};
    if (size >= 3 && memcmp(text, mark, 3) == 0)
        in.at += 3;
    while (in.at < in.end)
        if (!mend_next(&in))
            return false;
    return true;
}

bool clean_json_parse(const char *text, size_t size, size_t maximum, json_t **value,
                      struct error *error)
{
    struct buffer cleaned;
    *value = NULL;
    if (size > maximum)
        return error_set(error, ERROR_TOO_LARGE, "more than %zu bytes of JSON", maximum);
    buffer_init(&cleaned, 3 * size);
    bool done = clean_json(text, size, &cleaned, error) &&
                json_parse(cleaned.data, cleaned.size, 3 * size, value, error);
    buffer_free(&cleaned);
    return done;
}
