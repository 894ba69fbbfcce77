/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages leave kombu's lists, in which order, and that each is always in some list. Over a
   private Redis. */
#include "job/intake_lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "wire/job_message.h"

#include "redis_process.h"

static int start(void **state)
{
    static struct redis_process process;
    redis_process_start(&process);
    *state = &process;
    return 0;
}

static int stop(void **state)
{
    return redis_process_stop(*state);
}

static int flush(void **state)
{
    const struct redis_process *process = *state;
    redis_reply_free(ask_redis(process->redis, "FLUSHALL"));
    return 0;
}

static const int four_steps[] = {0, 3, 6, 9};

static struct intake_lists *plain_lists(void)
{
    const struct intake_naming naming = {.queue = "q",
                                         .key_prefix = "",
                                         .separator = "\x06\x16",
                                         .steps = four_steps,
                                         .step_count = 4};
    struct intake_lists *lists = intake_lists_new(&naming);
    assert_non_null(lists);
    return lists;
}

static void push_bytes(const struct redis_process *process, const char *key, const void *bytes,
                       size_t size)
{
    struct redis_command command = {.count = 0};
    redis_add_text(&command, "LPUSH");
    redis_add_text(&command, key);
    redis_add(&command, bytes, size);
    redis_reply_free(call_redis(process->redis, &command));
}

static void push(const struct redis_process *process, const char *key, const char *message)
{
    push_bytes(process, key, message, strlen(message));
}

static void take(const struct redis_process *process, const struct intake_lists *lists,
                 struct intake_taken *taken)
{
    struct error error;
    if (!intake_take(lists, process->redis, taken, &error))
        fail_msg("%s", error.message);
}

static void expect_taken(const struct intake_taken *taken, bool found, const char *expected)
{
    char all[256] = "";
    size_t used = 0;
    assert_int_equal(taken->found, found);
    for (size_t i = 0; i < taken->count; i++)
        used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%.*s:%" PRId64,
                                 i == 0 ? "" : " ", (int)taken->messages[i].size,
                                 taken->messages[i].bytes, taken->messages[i].priority);
    assert_string_equal(all, expected);
}

static int64_t ask_int(const struct redis_process *process, const char *words)
{
    struct redis_reply *reply = ask_redis(process->redis, words);
    int64_t number = redis_int(reply);
    redis_reply_free(reply);
    return number;
}

static void remove_all(const struct redis_process *process, struct intake_taken *taken)
{
    struct error error;
    assert_true(intake_remove(process->redis, taken->messages, taken->count, &error));
    assert_true(intake_remove(process->redis, taken->cut, taken->cut_count, &error));
    intake_taken_free(taken);
}

/* ---- the order ---- */

static void kombus_order(void **state)
{
    const struct redis_process *process = *state;
    struct intake_lists *lists = plain_lists();
    struct intake_taken taken;
    push(process,
         "q\x06\x16"
         "9",
         "lowest");
    push(process,
         "q\x06\x16"
         "3",
         "third");
    push(process,
         "q\x06\x16"
         "6",
         "fourth");
    push(process, "q", "first");
    push(process, "q", "second");
    take(process, lists, &taken);
    expect_taken(&taken, false, "first:0 second:0 third:3 fourth:6 lowest:9");
    intake_taken_free(&taken);
    push(process, "q", "new"); /* not taken before exportd's lists are empty */
    take(process, lists, &taken);
    expect_taken(&taken, true, "first:0 second:0 third:3 fourth:6 lowest:9");
    remove_all(process, &taken);
    take(process, lists, &taken);
    expect_taken(&taken, false, "new:0");
    remove_all(process, &taken);
    assert_int_equal(ask_int(process, "DBSIZE"), 0);
    intake_lists_free(lists);
}

static void other_names(void **state)
{
    const struct redis_process *process = *state;
    static const int steps[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 255};
    const struct intake_naming naming = {
        .queue = "q", .key_prefix = "sentry:", .separator = ":", .steps = steps, .step_count = 10};
    struct intake_lists *lists = intake_lists_new(&naming);
    struct intake_taken taken;
    assert_non_null(lists);
    push(process, "q", "of another");
    push(process, "sentry:q", "of no step");
    push(process, "sentry:q:255", "last");
    push(process, "sentry:q:1", "first");
    push(process, "sentry:q:9", "middle");
    take(process, lists, &taken);
    expect_taken(&taken, false, "first:1 middle:9 last:255");
    assert_int_equal(ask_int(process, "LLEN exportd:{sentry:q}:intake:255"), 1);
    remove_all(process, &taken);
    assert_int_equal(ask_int(process, "LLEN q"), 1);
    assert_int_equal(ask_int(process, "LLEN sentry:q"), 1);
    intake_lists_free(lists);
}

/* ---- bounds ---- */

static void a_hundred_at_once(void **state)
{
    const struct redis_process *process = *state;
    struct intake_lists *lists = plain_lists();
    struct intake_taken taken;
    for (int i = 0; i < 150; i++)
        push(process,
             i < 60 ? "q"
                    : "q\x06\x16"
                      "3",
             "same");
    take(process, lists, &taken);
    assert_int_equal(taken.count, 100);
    assert_int_equal(taken.messages[59].priority, 0);
    assert_int_equal(taken.messages[60].priority, 3);
    remove_all(process, &taken); /* each is removed once, although all are equal */
    assert_int_equal(ask_int(process, "LLEN q\x06\x16"
                                      "3"),
                     50);
    assert_int_equal(ask_int(process, "EXISTS exportd:{q}:intake:3"), 0);
    intake_lists_free(lists);
}

static void four_mib_at_once(void **state)
{
    const struct redis_process *process = *state;
    struct intake_lists *lists = plain_lists();
    struct intake_taken taken;
    static char large[JOB_MESSAGE_MAX];
    memset(large, 'x', sizeof(large));
    for (int i = 0; i < 6; i++)
        push_bytes(process, "q", large, sizeof(large));
    push(process,
         "q\x06\x16"
         "3",
         "small: not before the large ones");
    take(process, lists, &taken);
    assert_int_equal(taken.count, 4);
    assert_int_equal(taken.messages[3].size, JOB_MESSAGE_MAX);
    remove_all(process, &taken);
    take(process, lists, &taken);
    assert_int_equal(taken.count, 3);
    remove_all(process, &taken);
    assert_int_equal(ask_int(process, "DBSIZE"), 0);
    intake_lists_free(lists);
}

static int64_t bytes_sent(const struct redis_process *process)
{
    struct redis_reply *reply = ask_redis(process->redis, "INFO stats");
    const char *at = strstr(redis_text(reply, NULL), "total_net_output_bytes:");
    assert_non_null(at);
    int64_t bytes = strtoll(at + strlen("total_net_output_bytes:"), NULL, 10);
    redis_reply_free(reply);
    return bytes;
}

static void long_ones_are_cut_within_the_server(void **state)
{
    const struct redis_process *process = *state;
    struct intake_lists *lists = plain_lists();
    struct intake_taken taken;
    size_t size = 80 << 20;
    char *huge = malloc(size);
    char line[128];
    char sha1[SHA1_HEX_SIZE];
    assert_non_null(huge);
    memset(huge, 'x', size);
    sha1_hex(huge, size, sha1);
    (void)snprintf(line, sizeof(line), "longer than 1 MiB (%zu bytes, SHA-1 %s)\n", size, sha1);
    push(process, "q", "before");
    push_bytes(process, "q", huge, size);
    push_bytes(process, "q", huge, JOB_MESSAGE_MAX + 1);
    push(process, "q", "behind");
    free(huge);
    int64_t before = bytes_sent(process);
    take(process, lists, &taken);
    expect_taken(&taken, false, "before:0");
    remove_all(process, &taken);
    take(process, lists, &taken);
    expect_taken(&taken, false, "");
    assert_int_equal(taken.cut_count, 1);
    assert_int_equal(taken.cut[0].size, strlen(line) + 2000);
    assert_memory_equal(taken.cut[0].bytes, line, strlen(line));
    intake_taken_free(&taken);
    take(process, lists, &taken); /* takes no more while the remnant is there */
    expect_taken(&taken, false, "");
    assert_int_equal(taken.cut_count, 1);
    remove_all(process, &taken);
    take(process, lists, &taken);
    assert_int_equal(taken.cut_count, 1);
    assert_memory_equal(taken.cut[0].bytes, "longer than 1 MiB (1048577 bytes, ", 34);
    remove_all(process, &taken);
    take(process, lists, &taken);
    expect_taken(&taken, false, "behind:0");
    remove_all(process, &taken);
    assert_true(bytes_sent(process) - before < 64 * 1024);
    assert_int_equal(ask_int(process, "DBSIZE"), 0);
    intake_lists_free(lists);
}

/* ---- counting ---- */

static void counts(void **state)
{
    const struct redis_process *process = *state;
    struct error error;
    struct intake_lists *lists = plain_lists();
    struct intake_count count;
    push(process, "q", "a");
    push(process, "q", "b");
    push(process,
         "q\x06\x16"
         "9",
         "c");
    push(process, "exportd:{q}:intake:3", "d");
    push(process, "exportd:{q}:intake:cut", "e");
    assert_true(intake_count(lists, process->redis, &count, &error));
    assert_int_equal(count.step_count, 4);
    assert_int_equal(count.steps[3], 9);
    assert_int_equal(count.by_step[0], 2);
    assert_int_equal(count.by_step[1], 0);
    assert_int_equal(count.by_step[3], 1);
    assert_int_equal(count.waiting, 3);
    assert_int_equal(count.taken, 2);
    intake_lists_free(lists);
}

#define TEST(function) cmocka_unit_test_setup(function, flush)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kombus_order),
        TEST(other_names),
        TEST(a_hundred_at_once),
        TEST(four_mib_at_once),
        TEST(long_ones_are_cut_within_the_server),
        TEST(counts),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
