/* SPDX-License-Identifier: Apache-2.0 */
/* JSON cut into slices without a tree: if jansson reads the text, the slices are the same values.
 */
#include "wire/json_slice.h"

#include "fuzz.h"

/* NULL if the text is no JSON or has a NUL, which jansson ignores after a number. */
static json_t *parse(struct json_slice slice)
{
    struct error error;
    json_t *value = NULL;
    if (slice.at != NULL && memchr(slice.at, '\0', slice.size) == NULL &&
        !json_parse(slice.at, slice.size, slice.size, &value, &error))
        value = NULL;
    return value;
}

static void check_inside(struct json_slice outer, struct json_slice inner)
{
    CHECK(inner.at >= outer.at && inner.size <= outer.size);
    CHECK(inner.at + inner.size <= outer.at + outer.size);
}

static void check_array(struct json_slice value, const json_t *tree)
{
    struct json_cursor cursor = json_cursor_in(value);
    struct json_slice element = {NULL, 0};
    size_t count = 0;
    while (json_next_element(&cursor, &element)) {
        check_inside(value, element);
        if (tree != NULL) {
            json_t *read = parse(element);
            CHECK(json_equal(read, json_array_get(tree, count)));
            json_decref(read);
        }
        count++;
    }
    CHECK(tree == NULL || (!cursor.broken && count == json_array_size(tree)));
}

static void check_object(struct json_slice value, const json_t *tree)
{
    struct json_cursor cursor = json_cursor_in(value);
    struct json_slice name = {NULL, 0}, member = {NULL, 0};
    size_t count = 0;
    while (json_next_member(&cursor, &name, &member)) {
        check_inside(value, name);
        check_inside(value, member);
        CHECK(name.size >= 2 && name.at[0] == '"');
        count++;
    }
    CHECK(tree == NULL || (!cursor.broken && count >= json_object_size(tree)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct json_slice whole = {(const char *)bytes, size}, value = {NULL, 0};
    json_t *tree = parse(whole);
    if (json_slice_of(whole.at, whole.size, &value)) {
        check_inside(whole, value);
        json_t *read = parse(value);
        CHECK(tree == NULL || json_equal(tree, read));
        if (json_slice_is(value, '['))
            check_array(value, read);
        else if (json_slice_is(value, '{'))
            check_object(value, read);
        json_decref(read);
    } else {
        CHECK(tree == NULL);
    }
    json_decref(tree);
    return 0;
}
