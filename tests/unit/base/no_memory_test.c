/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of base/ that allocate (arena, buffer, digest, json, text), without memory. */
#include "../no_memory.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/text.h"

#ifdef EXPORTD_FAULTS

static bool fill_buffer(const void *context, struct error *error)
{
    (void)context;
    struct buffer buffer;
    buffer_init(&buffer, 10000);
    bool done = true;
    for (int i = 0; done && i < 100; i++) {
        size_t size = buffer.size;
        done = buffer_printf(&buffer, error, "%d: some bytes more; ", i);
        assert_true(done || buffer.size == size); /* unchanged after a failure */
    }
    assert_int_equal(strlen(buffer.data), buffer.size);
    buffer_free(&buffer);
    return done;
}

static bool fill_arena(const void *context, struct error *error)
{
    (void)context;
    struct arena *arena = arena_new((size_t)1024 * 1024);
    bool done = arena != NULL || error_no_memory(error);
    for (size_t i = 0; done && i < 20; i++)
        done = arena_copy(arena, "x", 1, error) != NULL &&
               arena_array(arena, i, 1000, error) != NULL &&
               arena_printf(arena, error, "%zu", i) != NULL;
    arena_free(arena);
    return done;
}

static bool digest(const void *context, struct error *error)
{
    (void)context;
    char *copy = text_duplicate("text");
    struct sha1 *sha1 = copy == NULL ? NULL : sha1_new();
    bool done = sha1 != NULL || error_no_memory(error);
    sha1_free(sha1);
    free(copy);
    return done;
}

static void plain_memory(void **state)
{
    (void)state;
    assert_true(no_memory_run(fill_buffer, NULL) > 5);
    assert_true(no_memory_run(fill_arena, NULL) > 3);
    assert_int_equal(no_memory_run(digest, NULL), 2);
}

/* Without json_memory, jansson would return a value with a missing character, or fail without a
   reason. */
static bool parse_json(const void *text, struct error *error)
{
    json_t *value = NULL;
    bool done = json_parse(text, strlen(text), 10000, &value, error);
    assert_true(done == (value != NULL));
    json_decref(value);
    return done;
}

static bool write_json(const void *context, struct error *error)
{
    (void)context;
    struct buffer out;
    json_t *object = json_object();
    buffer_init(&out, 1000);
    bool done = (object != NULL || error_no_memory(error)) &&
                json_put_text(object, "text", "a text", error) &&
                json_put_int(object, "number", 5, error) &&
                json_put_time(object, "time", 5, error) && json_put_null(object, "null", error) &&
                json_write(object, &out, error);
    buffer_free(&out);
    json_decref(object);
    return done;
}

static void json(void **state)
{
    (void)state;
    char texts[6][600];
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) /* the quote is where the buffer grows */
        (void)snprintf(texts[i], sizeof(texts[i]), "{\"%0*d\": [\"%0*d\", 1.5, -5, true, {}]}",
                       (int)(28 + i), 0, (int)(252 + i), 0);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        assert_true(no_memory_run(parse_json, texts[i]) > 15);
    assert_true(no_memory_run(write_json, NULL) > 5);
}

/* After a failure there is memory again. */
static void after_a_failure(void **state)
{
    (void)state;
    struct error error;
    memory_fail(3);
    assert_false(parse_json("{\"key\": \"value\"}", &error));
    assert_true(memory_failed());
    assert_int_equal(error.code, ERROR_AWAY);
    json_t *object = json_object();
    assert_non_null(object);
    json_decref(object);
    assert_true(parse_json("{\"key\": \"value\"}", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_memory),
        cmocka_unit_test(json),
        cmocka_unit_test(after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else
int main(void)
{
    return 0;
}
#endif
