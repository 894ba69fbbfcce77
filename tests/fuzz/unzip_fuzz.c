/* SPDX-License-Identifier: Apache-2.0 */
/* A compressed text: the result stays within its maximum, and a smaller maximum gives the same
beginning. */
#include "wire/unzip.h"

#include "fuzz.h"

enum { MAXIMUM = 256 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct buffer out, less;
    buffer_init(&out, MAXIMUM);
    bool done = unzip((const char *)bytes, size, &out, &error);
    CHECK(out.size <= MAXIMUM);
    if (!done)
        check_error(&error);
    if (done && out.size > 0) {
        buffer_init(&less, out.size - 1);
        CHECK(!unzip((const char *)bytes, size, &less, &error));
        CHECK(error.code == ERROR_TOO_LARGE && less.size < out.size);
        CHECK(memcmp(less.data, out.data, less.size) == 0);
        buffer_free(&less);
    }
    buffer_free(&out);
    return 0;
}
