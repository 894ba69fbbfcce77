/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_slice.h"

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Returns the end of the string that begins at `at`; NULL if it is cut. */
static const char *skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++) {
        if (*at == '\\' && ++at == end)
            return NULL;
    }
    return at < end ? at + 1 : NULL;
}

/* Returns the end of the array or object that begins at `at`; NULL if it is cut. The two kinds of
   brackets are not told apart: the parser checks that. */
static const char *skip_brackets(const char *at, const char *end)
{
    size_t depth = 0;
    while (at < end) {
        char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
            if (at == NULL)
                return NULL;
            continue;
        }
        at++;
        if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
        if (depth == 0)
            return at;
    }
    return NULL;
}

static const char *skip_word(const char *at, const char *end)
{
    while (at < end && *at != '\0' && strchr(" \t\r\n,:[]{}\"", *at) == NULL)
        at++;
    return at;
}

/* Reads the next value and the space around it. */
static bool read_value(const char **at, const char *end, struct json_slice *value)
{
    const char *start = skip_space(*at, end);
    if (start == end)
        return false;
    const char *after = *start == '"'                    ? skip_string(start, end)
                        : *start == '[' || *start == '{' ? skip_brackets(start, end)
                                                         : skip_word(start, end);
    if (after == NULL || after == start)
        return false;
    *value = (struct json_slice){.at = start, .size = (size_t)(after - start)};
    *at = skip_space(after, end);
    return true;
}

bool json_slice_of(const char *text, size_t size, struct json_slice *value)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = size >= 3 && memcmp(text, mark, 3) == 0 ? text + 3 : text;
    return read_value(&at, text + size, value) && at == text + size;
}

bool json_slice_is(struct json_slice value, char open)
{
    char close = open == '[' ? ']' : '}';
    return value.at != NULL && value.size >= 2 && value.at[0] == open &&
           value.at[value.size - 1] == close;
}

struct json_cursor json_cursor_in(struct json_slice value)
{
    return (struct json_cursor){.at = value.at + 1,
                                .end = value.at + value.size,
                                .close = value.at[value.size - 1],
                                .first = true};
}

/* Moves over the comma to the next element. False at the end, and if the text is broken. */
static bool advance_to_element(struct json_cursor *cursor)
{
    if (cursor->broken || cursor->at == cursor->end)
        return false;
    cursor->at = skip_space(cursor->at, cursor->end);
    bool last = cursor->at + 1 == cursor->end && *cursor->at == cursor->close;
    bool comma = cursor->at < cursor->end && *cursor->at == ',';
    if (last)
        cursor->at = cursor->end;
    else if (!cursor->first && comma)
        cursor->at++;
    else
        cursor->broken = !cursor->first;
    cursor->first = false;
    return !last && !cursor->broken;
}

bool json_next_element(struct json_cursor *cursor, struct json_slice *element)
{
    if (!advance_to_element(cursor))
        return false;
    cursor->broken = !read_value(&cursor->at, cursor->end, element);
    return !cursor->broken;
}

bool json_next_member(struct json_cursor *cursor, struct json_slice *name, struct json_slice *value)
{
    if (!json_next_element(cursor, name))
        return false;
    cursor->broken = *name->at != '"' || *cursor->at != ':';
    if (cursor->broken)
        return false;
    cursor->at++;
    cursor->broken = !read_value(&cursor->at, cursor->end, value);
    return !cursor->broken;
}
