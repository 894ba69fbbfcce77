/* SPDX-License-Identifier: Apache-2.0 */
/* The query_info of an export, a text from the database. A payload that is read and written is read
again as the same payload. The failure mail can show any text. */
#include "export/payload.h"

#include "export/issues_by_tag_payload.h"

#include "fuzz.h"

static void check_payload(const struct issues_by_tag_payload *payload, struct arena *arena)
{
    struct error error;
    struct issues_by_tag_payload again;
    const char *text = NULL;
    CHECK(payload->project_id == -1 || payload->project_id >= 0);
    CHECK(is_clean(payload->key, strlen(payload->key)) && payload->key[0] != '\0');
    CHECK(issues_by_tag_payload_write(payload, arena, &text, &error));
    if (payload->project_id < 0 || payload->group_id < 0)
        return;
    CHECK(issues_by_tag_payload_parse(text, arena, &again, &error));
    CHECK(again.project_id == payload->project_id && again.group_id == payload->group_id);
    CHECK(strcmp(again.key, payload->key) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct issues_by_tag_payload payload;
    const char *shown = NULL;
    char *text = fuzz_text(bytes, size);
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    CHECK(arena != NULL);
    if (issues_by_tag_payload_parse(text, arena, &payload, &error))
        check_payload(&payload, arena);
    else
        check_error(&error);
    CHECK(payload_print(text, "Issues-by-Tag", arena, &shown, &error));
    CHECK(is_clean(shown, strlen(shown)));
    arena_free(arena);
    free(text);
    return 0;
}
