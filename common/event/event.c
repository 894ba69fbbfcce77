/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

#include "base/text.h"
#include "model/environment.h"
#include "model/group.h"
#include "wire/clean_text.h"

static const char USER_KEY[] = "sentry:user";

/* NULL if the tag is absent or empty. */
static struct event_tag *find_tag(const struct event_line *line, const char *key)
{
    for (size_t i = 0; i < line->tag_count; i++)
        if (text_equal(line->tags[i].key, key))
            return line->tags[i].value[0] == '\0' ? NULL : &line->tags[i];
    return NULL;
}

static const char *find_value(const struct event_line *line, const char *key)
{
    const struct event_tag *tag = find_tag(line, key);
    return tag == NULL ? NULL : tag->value;
}

/* A tag that is no valid name of an environment gets an empty value. So it does not count. */
static void read_environment(struct event *event)
{
    struct event_tag *tag = find_tag(&event->line, "environment");
    event->environment = tag == NULL ? "" : tag->value;
    if (tag == NULL || environment_is_valid_name(tag->value))
        return;
    _Static_assert(ENVIRONMENT_NAME_MAX == 64, "the sentence below says 64");
    event_line_drop(&event->line, "the tag 'environment' has a slash or line break or over 64 "
                                  "characters");
    event->environment = tag->value = "";
}

static bool read_user(struct event *event, struct arena *arena, struct error *error)
{
    const struct event_line_user *user = &event->line.user;
    event->user = (struct event_user){.ident = user->id,
                                      .email = user->email,
                                      .username = user->username,
                                      .ip_address = user->ip_address};
    if (!event_user_tag_value(&event->user, arena, &event->user_tag, error))
        return false;
    if (event->user_tag == NULL)
        return true;
    const char *value = strchr(event->user_tag, ':') + 1;
    md5_hex(value, strlen(value), event->user_hash);
    return true;
}

/* Cuts the logger: its column is shorter than a tag's value may be. */
static bool read_logger(struct event *event, struct arena *arena, struct error *error)
{
    const char *logger = find_value(&event->line, "logger");
    if (logger == NULL)
        logger = "";
    event->logger =
        arena_copy(arena, logger, clean_text_cut(logger, strlen(logger), GROUP_LOGGER_MAX), error);
    return event->logger != NULL;
}

/* Lists the tags that count. */
static bool choose_tags(struct event *event, struct arena *arena, struct error *error)
{
    const struct event_line *line = &event->line;
    event->tags = arena_array(arena, line->tag_count + 1, sizeof(struct event_tag), error);
    if (event->tags == NULL)
        return false;
    for (size_t i = 0; i < line->tag_count; i++)
        if (line->tags[i].value[0] != '\0' &&
            (event->user_tag == NULL || !text_equal(line->tags[i].key, USER_KEY)))
            event->tags[event->tag_count++] = line->tags[i];
    if (event->user_tag != NULL)
        event->tags[event->tag_count++] =
            (struct event_tag){.key = USER_KEY, .value = event->user_tag};
    return true;
}

static bool read_all(const char *text, size_t size, struct arena *arena, struct event *event,
                     struct error *error)
{
    if (!event_line_parse(text, size, arena, &event->line, error))
        return false;
    read_environment(event);
    event->release = find_value(&event->line, "sentry:release");
    event->level = find_value(&event->line, "level");
    return read_logger(event, arena, error) && read_user(event, arena, error) &&
           choose_tags(event, arena, error);
}

void event_refuse(struct event *event, const char *reason)
{
    event->state = EVENT_BAD;
    (void)snprintf(event->reason, sizeof(event->reason), "%s", reason);
}

bool event_read(const char *text, size_t size, struct arena *arena, struct event *event,
                struct error *error)
{
    struct error why;
    if (read_all(text, size, arena, event, &why))
        return true;
    if (why.code != ERROR_INVALID && why.code != ERROR_TOO_LARGE) {
        *error = why;
        return false;
    }
    event_refuse(event, why.message);
    return true;
}

static bool shift_time(int64_t *time, int64_t usec)
{
    int64_t moved = 0;
    if (__builtin_add_overflow(*time, usec, &moved) || moved < USEC_FIRST || moved > USEC_LAST)
        return false;
    *time = moved;
    return true;
}

bool event_shift(struct event *event, int64_t usec, struct error *error)
{
    struct event_line *line = &event->line;
    if (shift_time(&line->datetime, usec) &&
        (line->received == USEC_NONE || shift_time(&line->received, usec)))
        return true;
    return error_set(error, ERROR_INVALID, "the shifted time is outside the years 1 to 9999");
}
