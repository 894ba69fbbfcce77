/* SPDX-License-Identifier: Apache-2.0 */
/* The line is cleaned and parsed as JSON; each member is then checked and copied into the arena. A
   fault of a required member refuses the event. A fault of a tag or of the user drops only that
   part. */
#include "wire/event_line.h"

#include "base/text.h"
#include "wire/clean_text.h"
#include "wire/tag_key.h"

struct reader {
    struct arena *arena;
    struct event_line *event;
    struct error *error;
};

static bool refuse_line(struct reader *in, const char *what)
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

/* Limits are in characters, as in the tables, not in bytes. */
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

/* Drops a part of the event, and keeps the rest. False only without memory. */
static PRINTF_LIKE(2, 3) bool drop_part(struct reader *in, const char *format, ...)
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

/* Prints as Python does: with the fewest digits that give the same number when read again, and with
   an exponent only for very large and very small numbers. */
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

/* The text of a string, number or boolean; NULL for anything else. It may be in `scratch`. */
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

/* The id may be a UUID with dashes and upper-case digits. */
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
            return refuse_line(in, "event_id is not 32 hex digits");
        id[size++] = c;
    }
    if (size != 32)
        return refuse_line(in, "event_id is not 32 hex digits");
    id[size] = '\0';
    return copy_text(in, id, &in->event->event_id);
}

/* Leaves out repeated hashes. */
static bool add_hash(struct reader *in, const json_t *value)
{
    struct event_line *event = in->event;
    size_t size = json_string_length(value);
    if (!json_is_string(value) || size < 1 || size > 32)
        return refuse_line(in, "a hash is no text of 1 to 32 bytes");
    for (size_t i = 0; i < event->hash_count; i++)
        if (text_equal(event->hashes[i], json_string_value(value)))
            return true;
    return copy_text(in, json_string_value(value), &event->hashes[event->hash_count++]);
}

/* `hashes` counts if it is there, else `primary_hash`. */
static bool read_hashes(struct reader *in, const json_t *hashes, const json_t *primary)
{
    bool listed = !is_absent(hashes);
    size_t count = listed ? json_array_size(hashes) : 1;
    if (listed && (!json_is_array(hashes) || count == 0))
        return refuse_line(in, "hashes is no list of at least one");
    if (!listed && is_absent(primary))
        return refuse_line(in, "neither hashes nor primary_hash is there");
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
        return refuse_line(in, "message is no text");
    return copy_text(in, is_absent(value) ? "" : json_string_value(value), &in->event->message);
}

/* The platform is optional, but a wrong one refuses the event. */
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

/* Reads a number of seconds since 1970, rounded to microseconds. */
static bool seconds_to_usec(const json_t *value, int64_t *time)
{
    double usec = json_number_value(value) * (double)USEC_PER_SECOND;
    if (!json_is_number(value) || usec < (double)USEC_FIRST || usec >= (double)USEC_LAST)
        return false;
    *time = (int64_t)(usec + (usec < 0 ? -0.5 : 0.5));
    return true;
}

/* Other programs write the year 9999 for "never". */
static bool read_datetime(struct reader *in, const json_t *value)
{
    if (!json_is_string(value) && !seconds_to_usec(value, &in->event->datetime))
        return refuse_line(in, "datetime is neither a text nor seconds since 1970");
    if (json_is_string(value) &&
        !clock_parse_iso(json_string_value(value), json_string_length(value), &in->event->datetime,
                         in->error))
        return error_prefix(in->error, "datetime");
    return in->event->datetime < EVENT_TIME_END || refuse_line(in, "datetime is in the year 9999");
}

/* The time when Sentry received the event; optional. */
static bool read_received(struct reader *in, const json_t *value)
{
    return is_absent(value) || seconds_to_usec(value, &in->event->received) ||
           refuse_line(in, "received is no time in seconds since 1970");
}

/* ---- tags ---- */

static bool is_valid_key(const char *key)
{
    size_t size = strlen(key);
    return size >= 1 && size <= EVENT_TAG_KEY_MAX &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") ==
               size;
}

/* The tag of this key, or a new one after the others; NULL if there are too many. */
static struct event_tag *find_or_add_tag(struct event_line *event, const char *key)
{
    for (size_t i = 0; i < event->tag_count; i++)
        if (text_equal(event->tags[i].key, key))
            return &event->tags[i];
    return event->tag_count == EVENT_TAGS_MAX ? NULL : &event->tags[event->tag_count++];
}

/* Adds a tag, or replaces the value of an earlier one. A tag that cannot be stored is dropped. */
static bool add_tag(struct reader *in, const char *key, const json_t *value)
{
    char scratch[NUMBER_TEXT_MAX];
    if (!is_valid_key(key))
        return drop_part(in, "a tag key is not 1 to %d of [a-zA-Z0-9_.:-]", EVENT_TAG_KEY_MAX);
    const char *text = scalar_text(value, scratch);
    if (text == NULL)
        return drop_part(in, "the tag '%s' has no plain value", key);
    if (strchr(text, '\n') != NULL || is_longer_than(text, EVENT_TAG_VALUE_MAX))
        return drop_part(in, "the tag '%s' has a value with a newline or of over %d characters",
                         key, EVENT_TAG_VALUE_MAX);
    const char *name =
        arena_printf(in->arena, in->error, "%s%s", tag_key_is_reserved(key) ? "sentry:" : "", key);
    if (name == NULL)
        return false;
    struct event_tag *tag = find_or_add_tag(in->event, name);
    if (tag == NULL)
        return drop_part(in, "there are more than %d tags", EVENT_TAGS_MAX);
    tag->key = name;
    return copy_text(in, text, &tag->value);
}

static bool add_pair(struct reader *in, const json_t *pair)
{
    const json_t *key = json_array_get(pair, 0);
    if (json_array_size(pair) != 2 || !json_is_string(key))
        return drop_part(in, "a tag is no pair of a key and a value");
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
        return drop_part(in, "tags is neither a map nor a list of pairs");
    return json_is_object(tags) ? read_tag_map(in, tags) : read_tag_list(in, tags);
}

/* Members that Sentry stores as tags. */
static const char *const tag_members[] = {"environment", "release",     "dist",       "level",
                                          "logger",      "server_name", "transaction"};

/* An empty member is not a tag. */
static bool read_tag_members(struct reader *in, const json_t *object)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tag_members); i++) {
        const json_t *value = json_object_get(object, tag_members[i]);
        bool empty = json_is_string(value) && json_string_length(value) == 0;
        if (!is_absent(value) && !empty && !add_tag(in, tag_members[i], value))
            return false;
    }
    return true;
}

/* The most tags that the event, or its data, can have. */
static size_t count_tags(const json_t *object)
{
    const json_t *tags = json_object_get(object, "tags");
    return json_object_size(tags) + json_array_size(tags) + ARRAY_LENGTH(tag_members);
}

/* Allocates once; the arena cannot grow an array. */
static bool allocate_tags(struct reader *in, size_t tags)
{
    in->event->tags = arena_array(in->arena, tags < EVENT_TAGS_MAX ? tags : EVENT_TAGS_MAX,
                                  sizeof(struct event_tag), in->error);
    return in->event->tags != NULL;
}

/* ---- the user ---- */

/* `maximum` is in characters. */
static bool read_attribute(struct reader *in, const json_t *user, const char *name, size_t maximum,
                           const char **attribute)
{
    char scratch[NUMBER_TEXT_MAX];
    const json_t *value = json_object_get(user, name);
    if (is_absent(value))
        return true;
    const char *text = scalar_text(value, scratch);
    if (text == NULL)
        return drop_part(in, "the user's %s has no plain value", name);
    if (text[0] == '\0')
        return true;
    if (strchr(text, '\n') != NULL || is_longer_than(text, maximum))
        return drop_part(in, "the user's %s has a newline or over %zu characters", name, maximum);
    return copy_text(in, text, attribute);
}

/* A user in `data` replaces all attributes of one in the event. */
static bool read_user(struct reader *in, const json_t *user)
{
    struct event_line_user *out = &in->event->user;
    if (is_absent(user))
        return true;
    if (!json_is_object(user))
        return drop_part(in, "the user is no map");
    *out = (struct event_line_user){.id = NULL};
    return read_attribute(in, user, "id", EVENT_USER_ID_MAX, &out->id) &&
           read_attribute(in, user, "email", EVENT_USER_EMAIL_MAX, &out->email) &&
           read_attribute(in, user, "username", EVENT_USER_USERNAME_MAX, &out->username) &&
           read_attribute(in, user, "ip_address", EVENT_USER_ADDRESS_MAX, &out->ip_address);
}

/* ---- the line ---- */

/* The member `name`, or `other` if it is missing or null. */
static json_t *get_either(const json_t *object, const char *name, const char *other)
{
    json_t *value = json_object_get(object, name);
    return is_absent(value) ? json_object_get(object, other) : value;
}

/* Reads the parts that may be in the event or in its data. */
static bool read_parts(struct reader *in, const json_t *object)
{
    return read_received(in, json_object_get(object, "received")) &&
           read_tags(in, json_object_get(object, "tags")) && read_tag_members(in, object) &&
           read_user(in, get_either(object, "sentry.interfaces.User", "user"));
}

/* The tags of the event come first, because those of `data` replace them. */
static bool read_event(struct reader *in, const json_t *root)
{
    if (!json_is_object(root))
        return refuse_line(in, "no JSON object");
    const json_t *data = json_object_get(root, "data");
    if (!json_to_int64(get_either(root, "project_id", "project"), 1, INT64_MAX,
                       &in->event->project_id))
        return refuse_line(in, "project_id is no whole number from 1");
    if (!is_absent(data) && !json_is_object(data))
        return refuse_line(in, "data is no map");
    return read_event_id(in, json_object_get(root, "event_id")) &&
           read_hashes(in, json_object_get(root, "hashes"),
                       json_object_get(root, "primary_hash")) &&
           read_message(in, json_object_get(root, "message")) &&
           read_platform(in, json_object_get(root, "platform")) &&
           read_datetime(in, get_either(root, "datetime", "timestamp")) &&
           allocate_tags(in, count_tags(root) + count_tags(data)) && read_parts(in, root) &&
           read_parts(in, data);
}

/* Whether there is a NUL byte, or the escape \u0000 whose backslash is not itself escaped. */
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
        text += text < end; /* the escaped character, which may be a backslash */
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
        return refuse_line(&in, "there is a NUL in the line");
    bool done = clean_json_parse(text, size, EVENT_LINE_MAX, &root, error) && read_event(&in, root);
    json_decref(root);
    return done;
}
