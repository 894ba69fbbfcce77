/* SPDX-License-Identifier: Apache-2.0 */
/* Cleaned text is valid UTF-8 without a NUL. Clean text is not changed, and its cut is clean. */
#include "wire/clean_text.h"

#include "base/utf8.h"
#include "fuzz.h"

static size_t characters_of(const char *text, size_t size)
{
    size_t characters = 0;
    bool valid = false;
    for (size_t i = 0; i < size; characters++) {
        i += utf8_step(text + i, size - i, &valid);
        CHECK(valid && i <= size);
    }
    return characters;
}

static void check_cut(const char *text, size_t size, size_t limit)
{
    size_t all = characters_of(text, size);
    size_t cut = clean_text_cut(text, size, limit);
    CHECK(cut <= size && is_clean(text, cut));
    CHECK(characters_of(text, cut) == (all < limit ? all : limit));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct buffer once, twice;
    buffer_init(&once, 3 * size);
    buffer_init(&twice, 3 * size);
    CHECK(clean_text((const char *)bytes, size, &once, &error));
    CHECK(is_clean(once.data, once.size));
    CHECK(clean_text_is_clean(once.data, once.size));
    CHECK(clean_text_is_clean((const char *)bytes, size) == is_clean((const char *)bytes, size));
    if (is_clean((const char *)bytes, size))
        CHECK(once.size == size && memcmp(once.data, bytes, size) == 0);
    CHECK(clean_text(once.data, once.size, &twice, &error));
    CHECK(once.size == twice.size && memcmp(once.data, twice.data, once.size) == 0);
    check_cut(once.data, once.size, size % 7);
    buffer_free(&once);
    buffer_free(&twice);
    return 0;
}
