/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/event_line.h"

#include "base/text.h"
#include "wire/clean_text.h"
#include "wire/tag_key.h"

/* What every step needs. */
struct reader {
    struct arena *arena;
    struct event_line *event;
    struct error *error;
};

static bool wrong(struct reader *in, const char *what)
{
    return error_set(in->error, ERROR_INVALID, "%s", what);
}

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

static bool copy_text(struct reader *in, const char *text, const char **copy)
{
    *copy = arena_copy(in->arena, text, strlen(text), in->error);
    return *copy != NULL;
}

static bool is_longer_than(const char *text, size_t characters)
{
    size_t size = strlen(text);
    return clean_text_cut(text, size, characters) < size;
}

void event_line_drop(struct event_line *event, const char *reason)
{
    if (event->dropped++ == 0)
        event->drop_reason = reason;
}

/* A part of the event that is dropped must not cost the rest. False only without memory. */
static PRINTF_LIKE(2, 3) bool drop(struct reader *in, const char *format, ...)
{
    char text[ERROR_MESSAGE_MAX];
    const char *reason = NULL;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!copy_text(in, text, &reason))
        return false;
    event_line_drop(in->event, reason);
    return true;
}

/* ---- scalars as text ---- */

enum { NUMBER_TEXT_MAX = 64, DIGITS_MAX = 17 };

/* As Python prints a float: the fewest digits that read back as the same number, an exponent only
   for the very large and very small. */
static void print_real(double number, char text[NUMBER_TEXT_MAX])
{
    int digits = 1;
    for (; digits < DIGITS_MAX; digits++) {
        (void)snprintf(text, NUMBER_TEXT_MAX, "%.*e", digits - 1, number);
        if (strtod(text, NULL) == number)
            break;
    }
    (void)snprintf(text, NUMBER_TEXT_MAX, "%.*e", digits - 1, number);
    int64_t exponent = 0;
    const char *written = strchr(text, 'e') + 1;
    if (!text_to_int64(*written == '+' ? written + 1 : written, -400, 400, &exponent) ||
        exponent < -4 || exponent >= 16)
        return;
    int decimals = digits - 1 - (int)exponent;
    (void)snprintf(text, NUMBER_TEXT_MAX, "%.*f", decimals < 1 ? 1 : decimals, number);
}

/* The text of a string, number or boolean; NULL for anything else. `scratch` may hold it. */
static const char *scalar_text(const json_t *value, char scratch[NUMBER_TEXT_MAX])
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        (void)snprintf(scratch, NUMBER_TEXT_MAX, "%" JSON_INTEGER_FORMAT,
                       json_integer_value(value));
        return scratch;
    case JSON_REAL:
        print_real(json_real_value(value), scratch);
        return scratch;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return NULL;
    }
}

/* ---- the event's own members ---- */

static bool read_event_id(struct reader *in, const json_t *value)
{
    char id[33];
    size_t size = 0;
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    for (; *text != '\0'; text++) {
        char c = *text >= 'A' && *text <= 'F' ? (char)(*text + ('a' - 'A')) : *text;
        if (c == '-')
            continue;
        if (size == 32 || strchr("0123456789abcdef", c) == NULL)
            return wrong(in, "event_id is not 32 hex digits");
        id[size++] = c;
    }
    if (size != 32)
        return wrong(in, "event_id is not 32 hex digits");
    id[size] = '\0';
    return copy_text(in, id, &in->event->event_id);
}

static bool add_hash(struct reader *in, const json_t *value)
{
    struct event_line *event = in->event;
    size_t size = json_string_length(value);
    if (!json_is_string(value) || size < 1 || size > 32)
        return wrong(in, "a hash is no text of 1 to 32 bytes");
    for (size_t i = 0; i < event->hash_count; i++)
        if (text_equal(event->hashes[i], json_string_value(value)))
            return true;
    return copy_text(in, json_string_value(value), &event->hashes[event->hash_count++]);
}

static bool read_hashes(struct reader *in, const json_t *hashes, const json_t *primary)
{
    bool listed = !is_absent(hashes);
    size_t count = listed ? json_array_size(hashes) : 1;
    if (listed && (!json_is_array(hashes) || count == 0))
        return wrong(in, "hashes is no list of at least one");
    if (!listed && is_absent(primary))
        return wrong(in, "neither hashes nor primary_hash is there");
    if (count > EVENT_HASHES_MAX)
        return error_set(in->error, ERROR_TOO_LARGE, "more than %d hashes", EVENT_HASHES_MAX);
    in->event->hashes = arena_array(in->arena, count, sizeof(char *), in->error);
    if (in->event->hashes == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_hash(in, listed ? json_array_get(hashes, i) : primary))
            return false;
    return true;
}

static bool read_message(struct reader *in, const json_t *value)
{
    if (!is_absent(value) && !json_is_string(value))
        return wrong(in, "message is no text");
    return copy_text(in, is_absent(value) ? "" : json_string_value(value), &in->event->message);
}

static bool read_platform(struct reader *in, const json_t *value)
{
    if (is_absent(value))
        return true;
    if (!json_is_string(value) || is_longer_than(json_string_value(value), EVENT_PLATFORM_MAX) ||
        strchr(json_string_value(value), '\n') != NULL)
        return error_set(in->error, ERROR_INVALID,
                         "platform is no text of at most %d characters in one line",
                         EVENT_PLATFORM_MAX);
    return copy_text(in, json_string_value(value), &in->event->platform);
}

/* The year 9999 is what others write for "never". */
static bool read_datetime(struct reader *in, const json_t *value)
{
    if (!json_is_string(value))
        return wrong(in, "datetime is no text");
    if (!clock_parse_iso(json_string_value(value), json_string_length(value), &in->event->datetime,
                         in->error))
        return error_prefix(in->error, "datetime");
    return in->event->datetime < EVENT_TIME_END || wrong(in, "datetime is in the year 9999");
}

/* Seconds since 1970. */
static bool read_received(struct reader *in, const json_t *value)
{
    in->event->received = USEC_NONE;
    if (is_absent(value))
        return true;
    double usec = json_number_value(value) * (double)USEC_PER_SECOND;
    if (!json_is_number(value) || usec < (double)USEC_FIRST || usec >= (double)USEC_LAST)
        return wrong(in, "received is no time in seconds since 1970");
    in->event->received = (int64_t)(usec + (usec < 0 ? -0.5 : 0.5));
    return true;
}

/* ---- tags ---- */

static bool is_valid_key(const char *key)
{
    size_t size = strlen(key);
    return size >= 1 && size <= EVENT_TAG_KEY_MAX &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") ==
               size;
}

/* The tag of that name, or a new one behind the others; NULL when there are too many. */
static struct event_tag *find_tag(struct event_line *event, const char *key)
{
    for (size_t i = 0; i < event->tag_count; i++)
        if (text_equal(event->tags[i].key, key))
            return &event->tags[i];
    return event->tag_count == EVENT_TAGS_MAX ? NULL : &event->tags[event->tag_count++];
}

static bool add_tag(struct reader *in, const char *key, const json_t *value)
{
    char scratch[NUMBER_TEXT_MAX];
    if (!is_valid_key(key))
        return drop(in, "a tag key is not 1 to %d of [a-zA-Z0-9_.:-]", EVENT_TAG_KEY_MAX);
    const char *text = scalar_text(value, scratch);
    if (text == NULL)
        return drop(in, "the tag '%s' has no plain value", key);
    if (strchr(text, '\n') != NULL || is_longer_than(text, EVENT_TAG_VALUE_MAX))
        return drop(in, "the tag '%s' has a value with a newline or of over %d characters", key,
                    EVENT_TAG_VALUE_MAX);
    const char *name =
        arena_printf(in->arena, in->error, "%s%s", tag_key_is_reserved(key) ? "sentry:" : "", key);
    if (name == NULL)
        return false;
    struct event_tag *tag = find_tag(in->event, name);
    if (tag == NULL)
        return drop(in, "there are more than %d tags", EVENT_TAGS_MAX);
    tag->key = name;
    return copy_text(in, text, &tag->value);
}

static bool add_pair(struct reader *in, const json_t *pair)
{
    const json_t *key = json_array_get(pair, 0);
    if (json_array_size(pair) != 2 || !json_is_string(key))
        return drop(in, "a tag is no pair of a key and a value");
    return add_tag(in, json_string_value(key), json_array_get(pair, 1));
}

static bool read_tag_map(struct reader *in, json_t *map)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(map, key, value) if (!add_tag(in, key, value)) return false;
    return true;
}

static bool read_tag_list(struct reader *in, const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!add_pair(in, json_array_get(list, i)))
            return false;
    return true;
}

static bool read_tags(struct reader *in, json_t *tags)
{
    if (is_absent(tags))
        return true;
    if (!json_is_object(tags) && !json_is_array(tags))
        return drop(in, "tags is neither a map nor a list of pairs");
    size_t count = json_is_object(tags) ? json_object_size(tags) : json_array_size(tags);
    if (count > EVENT_TAGS_MAX)
        count = EVENT_TAGS_MAX;
    in->event->tags = arena_array(in->arena, count, sizeof(struct event_tag), in->error);
    if (in->event->tags == NULL)
        return false;
    return json_is_object(tags) ? read_tag_map(in, tags) : read_tag_list(in, tags);
}

/* ---- the user ---- */

static bool read_attribute(struct reader *in, const json_t *user, const char *name, size_t maximum,
                           const char **attribute)
{
    char scratch[NUMBER_TEXT_MAX];
    const json_t *value = json_object_get(user, name);
    if (is_absent(value))
        return true;
    const char *text = scalar_text(value, scratch);
    if (text == NULL)
        return drop(in, "the user's %s has no plain value", name);
    if (text[0] == '\0')
        return true;
    if (strchr(text, '\n') != NULL || is_longer_than(text, maximum))
        return drop(in, "the user's %s has a newline or over %zu characters", name, maximum);
    return copy_text(in, text, attribute);
}

static bool read_user(struct reader *in, const json_t *user)
{
    struct event_line_user *out = &in->event->user;
    if (is_absent(user))
        return true;
    if (!json_is_object(user))
        return drop(in, "sentry.interfaces.User is no map");
    return read_attribute(in, user, "id", EVENT_USER_ID_MAX, &out->id) &&
           read_attribute(in, user, "email", EVENT_USER_EMAIL_MAX, &out->email) &&
           read_attribute(in, user, "username", EVENT_USER_USERNAME_MAX, &out->username) &&
           read_attribute(in, user, "ip_address", EVENT_USER_ADDRESS_MAX, &out->ip_address);
}

/* ---- the line ---- */

static bool read_data(struct reader *in, const json_t *data)
{
    if (!is_absent(data) && !json_is_object(data))
        return wrong(in, "data is no map");
    return read_received(in, json_object_get(data, "received")) &&
           read_tags(in, json_object_get(data, "tags")) &&
           read_user(in, json_object_get(data, "sentry.interfaces.User"));
}

static bool read_event(struct reader *in, const json_t *root)
{
    if (!json_is_object(root))
        return wrong(in, "no JSON object");
    if (!json_to_int64(json_object_get(root, "project_id"), 1, INT64_MAX, &in->event->project_id))
        return wrong(in, "project_id is no whole number from 1");
    return read_event_id(in, json_object_get(root, "event_id")) &&
           read_hashes(in, json_object_get(root, "hashes"),
                       json_object_get(root, "primary_hash")) &&
           read_message(in, json_object_get(root, "message")) &&
           read_platform(in, json_object_get(root, "platform")) &&
           read_datetime(in, json_object_get(root, "datetime")) &&
           read_data(in, json_object_get(root, "data"));
}

/* A NUL byte, or its escape behind an even number of backslashes. */
static bool has_nul(const char *text, size_t size)
{
    static const char escape[] = {'u', '0', '0', '0', '0'};
    if (memchr(text, '\0', size) != NULL)
        return true;
    const char *end = text + size;
    while ((text = memchr(text, '\\', (size_t)(end - text))) != NULL) {
        text++;
        if ((size_t)(end - text) >= sizeof(escape) && memcmp(text, escape, sizeof(escape)) == 0)
            return true;
        text += text < end; /* what is escaped, which may be a backslash */
    }
    return false;
}

bool event_line_parse(const char *text, size_t size, struct arena *arena, struct event_line *event,
                      struct error *error)
{
    struct reader in = {.arena = arena, .event = event, .error = error};
    json_t *root = NULL;
    *event = (struct event_line){.received = USEC_NONE};
    if (has_nul(text, size))
        return wrong(&in, "there is a NUL in the line");
    bool done = clean_json_parse(text, size, EVENT_LINE_MAX, &root, error) && read_event(&in, root);
    json_decref(root);
    return done;
}
