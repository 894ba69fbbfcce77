/* SPDX-License-Identifier: Apache-2.0 */
/* A line for `exportd ingest`: an event that is read keeps every promise of its struct. */
#include "wire/event_line.h"

#include "base/utf8.h"
#include "fuzz.h"

/* Checks that a text is clean, has at most `characters`, and no newline unless it is allowed. */
static void check_text(const char *text, size_t characters, bool one_line)
{
    size_t size = strlen(text), count = 0;
    bool valid = false;
    CHECK(is_clean(text, size));
    CHECK(!one_line || strchr(text, '\n') == NULL);
    for (size_t i = 0; i < size; i += utf8_step(text + i, size - i, &valid))
        count++;
    CHECK(count <= characters);
}

static void check_optional(const char *text_or_null, size_t characters)
{
    if (text_or_null != NULL)
        check_text(text_or_null, characters, true);
}

static void check_tags(const struct event_line *event)
{
    CHECK(event->tag_count <= EVENT_TAGS_MAX);
    for (size_t i = 0; i < event->tag_count; i++) {
        const char *key = event->tags[i].key;
        size_t size = strlen(key);
        CHECK(size >= 1 && size <= EVENT_TAG_KEY_MAX);
        CHECK(strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") ==
              size);
        check_text(event->tags[i].value, EVENT_TAG_VALUE_MAX, true);
        for (size_t j = 0; j < i && i < 50; j++)
            CHECK(strcmp(event->tags[j].key, key) != 0);
    }
}

static void check_hashes(const struct event_line *event)
{
    CHECK(event->hash_count >= 1 && event->hash_count <= EVENT_HASHES_MAX);
    for (size_t i = 0; i < event->hash_count; i++) {
        CHECK(strlen(event->hashes[i]) >= 1 && strlen(event->hashes[i]) <= 32);
        check_text(event->hashes[i], 32, false);
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(event->hashes[j], event->hashes[i]) != 0);
    }
}

static void check_event(const struct event_line *event)
{
    CHECK(strlen(event->event_id) == 32 && strspn(event->event_id, "0123456789abcdef") == 32);
    CHECK(event->project_id >= 1);
    CHECK(event->datetime >= USEC_FIRST && event->datetime < EVENT_TIME_END);
    check_text(event->message, SIZE_MAX, false);
    check_optional(event->platform, EVENT_PLATFORM_MAX);
    check_optional(event->user.id, EVENT_USER_ID_MAX);
    check_optional(event->user.email, EVENT_USER_EMAIL_MAX);
    check_optional(event->user.username, EVENT_USER_USERNAME_MAX);
    check_optional(event->user.ip_address, EVENT_USER_ADDRESS_MAX);
    check_tags(event);
    check_hashes(event);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct error error;
    struct event_line event;
    struct arena *arena = arena_new((size_t)64 * 1024 * 1024);
    CHECK(arena != NULL);
    if (event_line_parse((const char *)bytes, size, arena, &event, &error))
        check_event(&event);
    else
        check_error(&error);
    arena_free(arena);
    return 0;
}
