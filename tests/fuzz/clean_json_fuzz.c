/* SPDX-License-Identifier: Apache-2.0 */
/* Cleaned JSON: if jansson accepts the JSON before cleaning, the value is the same after it. Clean
JSON is not changed. A value that is read and printed is read again as the same value. */
#include "wire/clean_text.h"

#include "fuzz.h"

static void check_same(const char *text, size_t size, const json_t *value)
{
    struct error error;
    json_t *plain = NULL;
    if (json_parse(text, size, size, &plain, &error))
        CHECK(json_equal(plain, value));
    json_decref(plain);
}

static void check_again(const json_t *value)
{
    struct error error;
    struct buffer out;
    json_t *again = NULL;
    buffer_init(&out, SIZE_MAX / 2);
    CHECK(json_write(value, &out, &error));
    CHECK(clean_json_parse(out.data, out.size, out.size, &again, &error));
    CHECK(json_equal(again, value));
    json_decref(again);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct error error;
    struct buffer once;
    json_t *value = NULL;
    buffer_init(&once, 3 * size);
    CHECK(clean_json(text, size, &once, &error));
    if (clean_json_parse(text, size, size, &value, &error)) {
        check_same(text, size, value);
        check_again(value);
    } else {
        check_error(&error);
        CHECK(!json_parse(text, size, size, &value, &error));
    }
    json_decref(value);
    buffer_free(&once);
    return 0;
}
