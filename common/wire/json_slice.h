/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes a JSON text apart where it lies, without a tree: jansson's tree is six times the text, and
 * of a list of ten thousand rows only one at a time has to be there.
 *
 * Only the outer structure is looked at (brackets, strings, commas); whoever reads a slice parses
 * it (clean_json_parse), which finds what is wrong inside.
 */
#ifndef WIRE_JSON_SLICE_H
#define WIRE_JSON_SLICE_H

#include "base/error.h"

struct json_slice {
    const char *at; /* one value, without the space around it; NULL: none */
    size_t size;
};

/* What stands in an array or an object, one by one. */
struct json_cursor {
    const char *at, *end;
    char close; /* the bracket that ends it */
    bool first;
    bool broken; /* it is cut, or not written as JSON */
};

/* The one value that the text consists of; a byte order mark before it is passed over. False: more
   than one, none, or a cut one. */
bool json_slice_of(const char *text, size_t size, struct json_slice *value) MUST_CHECK;

/* Whether the value is an array ('[') or an object ('{'). */
bool json_slice_is(struct json_slice value, char open);

/* A cursor before the first thing in `value`, which json_slice_is an array or an object. */
struct json_cursor json_cursor_in(struct json_slice value);

/* The next element of an array, or the next member of an object with its name, which still has its
   quotes. False at the end, and where it is broken. */
bool json_next_element(struct json_cursor *cursor, struct json_slice *element) MUST_CHECK;
bool json_next_member(struct json_cursor *cursor, struct json_slice *name,
                      struct json_slice *value) MUST_CHECK;

#endif
