/* SPDX-License-Identifier: Apache-2.0 */
#include "config/environment_file.h"

#include "base/memory.h"
#include "base/text.h"

#define BLANKS " \t\r"

/* Values are written over the text they are read from: without quotes and backslashes they are
   never longer. */
struct reader {
    char *at;   /* what is read next */
    char *out;  /* where the value goes on */
    char *kept; /* the end of the value without the blanks after it */
    int line;
    struct error *error;
};

static bool fail(const struct reader *reader, const char *what)
{
    return error_set(reader->error, ERROR_USAGE, "line %d: %s", reader->line, what);
}

static char next(struct reader *reader)
{
    char c = *reader->at++;
    reader->line += c == '\n' ? 1 : 0;
    return c;
}

/* Appends a character that belongs to the value in any case. */
static void keep(struct reader *reader, char c)
{
    *reader->out++ = c;
    reader->kept = reader->out;
}

static bool read_single_quoted(struct reader *reader)
{
    while (*reader->at != '\'') {
        if (*reader->at == '\0')
            return fail(reader, "a quote ' is not closed");
        keep(reader, next(reader));
    }
    reader->at++;
    return true;
}

static bool read_double_quoted(struct reader *reader)
{
    while (*reader->at != '"') {
        if (*reader->at == '\0')
            return fail(reader, "a quote \" is not closed");
        char c = next(reader);
        if (c == '\\' && *reader->at == '\n') {
            (void)next(reader);
            continue;
        }
        if (c == '\\' && *reader->at != '\0' && strchr("\"\\`$", *reader->at) != NULL)
            c = next(reader);
        keep(reader, c);
    }
    reader->at++;
    return true;
}

/* A backslash outside of quotes keeps the character after it, or joins the next line. */
static void read_escaped(struct reader *reader)
{
    if (*reader->at == '\n')
        (void)next(reader);
    else if (*reader->at != '\0')
        keep(reader, next(reader));
}

/* Reads up to the end of the line, which is not taken. */
static bool read_value(struct reader *reader, const char **value)
{
    reader->at += strspn(reader->at, BLANKS);
    char *start = reader->out = reader->kept = reader->at;
    bool done = true;
    while (done && *reader->at != '\n' && *reader->at != '\0') {
        char c = next(reader);
        if (c == '\'')
            done = read_single_quoted(reader);
        else if (c == '"')
            done = read_double_quoted(reader);
        else if (c == '\\')
            read_escaped(reader);
        else if (strchr(BLANKS, c) != NULL)
            *reader->out++ = c;
        else
            keep(reader, c);
    }
    *value = start;
    return done;
}

/* Reads the name and its `=`. */
static bool read_name(struct reader *reader, const char **name)
{
    char *start = reader->at;
    size_t size = strcspn(start, "=\n");
    if (start[size] != '=' || size == 0)
        return fail(reader, "not NAME=value");
    reader->at += size + 1;
    while (size > 0 && strchr(BLANKS, start[size - 1]) != NULL)
        size--;
    start[size] = '\0';
    *name = start;
    return true;
}

/* Skips blank lines and comments. False at the end of the text. */
static bool find_line(struct reader *reader)
{
    for (;;) {
        reader->at += strspn(reader->at, BLANKS);
        if (*reader->at == '#' || *reader->at == ';')
            reader->at += strcspn(reader->at, "\n");
        if (*reader->at != '\n')
            return *reader->at != '\0';
        (void)next(reader);
    }
}

static bool add_line(struct environment_lines *lines, struct environment_line line,
                     struct error *error)
{
    struct environment_line *items =
        memory_resize_array(lines->items, lines->count + 1, sizeof(*items));
    if (items == NULL)
        return error_no_memory(error);
    items[lines->count++] = line;
    lines->items = items;
    return true;
}

bool environment_file_parse(char *text, struct environment_lines *lines, struct error *error)
{
    struct reader reader = {.line = 1, .error = error};
    bool done = true;
    reader.at = text;
    *lines = (struct environment_lines){.count = 0};
    while (done && find_line(&reader)) {
        struct environment_line line = {.name = NULL};
        done = read_name(&reader, &line.name) && read_value(&reader, &line.value);
        if (done && *reader.at == '\n')
            (void)next(&reader);
        if (done)
            *reader.kept = '\0';
        done = done && add_line(lines, line, error);
    }
    return done;
}
