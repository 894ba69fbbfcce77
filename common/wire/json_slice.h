/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a JSON text in place, without a tree. jansson's tree takes six times the memory of the
 * text; with slices, only one row of a long list is parsed at a time.
 *
 * Only the outer structure is checked: brackets, strings, commas. The caller parses a slice by
 * clean_json_parse, which finds the errors inside.
 */
#ifndef WIRE_JSON_SLICE_H
#define WIRE_JSON_SLICE_H

#include "base/error.h"

struct json_slice {
    const char *at; /* a value, without the space around it; NULL: none */
    size_t size;
};

/* A position in an array or an object. */
struct json_cursor {
    const char *at, *end;
    char close;  /* the closing bracket */
    bool first;  /* no element was read yet */
    bool broken; /* the text is cut or not JSON */
};

/* Finds the value of the text, after a byte order mark if there is one. False if the text has no
   value, more than one, or one that is cut. */
bool json_slice_of(const char *text, size_t size, struct json_slice *value) MUST_CHECK;

/* Whether the value is an array ('[') or an object ('{'). */
bool json_slice_is(struct json_slice value, char open);

/* A cursor before the first element of `value`, for which json_slice_is has been true. */
struct json_cursor json_cursor_in(struct json_slice value);

/* Find the next element of an array, or the next member of an object; its name still has its
   quotes. False at the end, and if the text is broken (cursor->broken). */
bool json_next_element(struct json_cursor *cursor, struct json_slice *element) MUST_CHECK;
bool json_next_member(struct json_cursor *cursor, struct json_slice *name,
                      struct json_slice *value) MUST_CHECK;

#endif
