/* SPDX-License-Identifier: Apache-2.0 */
/* A pickle: if it is read, the result is a JSON value within the limits. */
#include "wire/pickle.h"

#include "fuzz.h"

static size_t count(const json_t *value, size_t depth)
{
    size_t values = 1, index = 0;
    const char *name = NULL;
    json_t *item = NULL;
    CHECK(depth <= PICKLE_DEPTH_MAX);
    json_array_foreach(value, index, item) values += count(item, depth + 1);
    json_object_foreach((json_t *)value, name, item) values += count(item, depth + 1);
    return values;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    json_t *value = NULL, *again = NULL;
    if (!pickle_parse((const char *)bytes, size, &value, &error)) {
        CHECK(value == NULL);
        check_error(&error);
        return 0;
    }
    CHECK(count(value, 0) <= PICKLE_VALUES_MAX);
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    CHECK(text != NULL);
    CHECK(json_parse(text, strlen(text), strlen(text), &again, &error));
    CHECK(json_equal(value, again));
    json_decref(again);
    json_decref(value);
    free(text);
    return 0;
}
