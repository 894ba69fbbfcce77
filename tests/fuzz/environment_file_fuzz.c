/* SPDX-License-Identifier: Apache-2.0 */
/* A settings file. Names and values are texts within the file's own bytes, none overlaps the next.
 */
#include "config/environment_file.h"

#include "base/memory.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct environment_lines lines;
    char *text = memory_alloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    const char *end = text + strlen(text);
    if (environment_file_parse(text, &lines, &error)) {
        const char *after = text;
        for (size_t i = 0; i < lines.count; i++) {
            const struct environment_line *line = &lines.items[i];
            CHECK(line->name >= after && line->value > line->name);
            CHECK(line->name[0] != '\0' && strchr(line->name, '\n') == NULL);
            CHECK(strlen(line->name) < (size_t)(line->value - line->name));
            after = line->value + strlen(line->value);
            CHECK(after <= end);
        }
    } else {
        CHECK(error.code == ERROR_USAGE);
    }
    free(lines.items);
    free(text);
    return 0;
}
