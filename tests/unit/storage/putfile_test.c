/* SPDX-License-Identifier: Apache-2.0 */
/* What putfile makes of a file and of the blobs that are there already. */
#include "upload_fixture.h"

#include "base/clock.h"
#include "base/text.h"

enum { MANY = 100 };

#define EMPTY_SHA1 "da39a3ee5e6b4b0d3255bfef95601890afd80709"

static const char *path_of_blob(void)
{
    return text_of("SELECT path FROM sentry_fileblob");
}

static bool is_there(const char *path)
{
    int64_t size = 0;
    struct error missing;
    return blob_store_size(store, path, &size, &missing);
}

/* The object at the path is a whole chunk of this letter. */
static void expect_chunk(const char *path, char letter)
{
    struct buffer bytes;
    buffer_init(&bytes, BLOB_SIZE);
    ok(blob_store_get(store, path, &bytes, &error));
    assert_int_equal(bytes.size, BLOB_SIZE);
    assert_int_equal(bytes.data[0], letter);
    assert_memory_equal(bytes.data, bytes.data + 1, bytes.size - 1);
    buffer_free(&bytes);
}

/* Puts one chunk of A, and returns the path of its blob. */
static const char *put_one(void)
{
    const struct upload upload = upload_of(26);
    ok(put(&upload, "A", MANY));
    uploaded_file_free(&file);
    expect(1, 1, 0);
    return path_of_blob();
}

static void put_again(void)
{
    const struct upload upload = upload_of(27);
    ok(put(&upload, "A", MANY));
    assert_int_equal(file.blob_count, 1);
}

static void age_blob(const char *interval)
{
    char sql[128];
    (void)snprintf(sql, sizeof(sql), "UPDATE sentry_fileblob SET timestamp = now() - interval '%s'",
                   interval);
    run(sql);
}

static void expect_young(void)
{
    assert_string_equal(
        text_of("SELECT timestamp > now() - interval '1 minute' FROM sentry_fileblob"), "t");
}

/* ---- a new file ---- */

static void test_an_empty_file(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "", 0));
    assert_int_equal(file.size, 0);
    assert_int_equal(file.blob_count, 0);
    assert_string_equal(file.checksum, EMPTY_SHA1);
    expect(0, 0, 0);
}

static void test_chunks_and_a_rest(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "ABabc", MANY));
    assert_int_equal(file.size, 2 * BLOB_SIZE + 3);
    assert_int_equal(file.blob_count, 3);
    assert_int_equal(file.blob_sizes[0], BLOB_SIZE);
    assert_int_equal(file.blob_sizes[1], BLOB_SIZE);
    assert_int_equal(file.blob_sizes[2], 3);
    assert_int_equal(file.made_count, 3);
    expect(3, 3, 0);
    for (size_t i = 0; i < 2; i++)
        expect_chunk(file.made[i].path, "AB"[i]);
    assert_string_equal(text_of("SELECT string_agg(concat_ws(' ', size, checksum), ','"
                                " ORDER BY size, id) FROM sentry_fileblob WHERE size < 1000000"),
                        "3 a9993e364706816aba3e25717850c26c9cd0d89d");
    uploaded_file_free(&file);
    ok(put(&upload, "abc", MANY));
    assert_string_equal(file.checksum, "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_int_equal(file.made_count, 0);
}

static void test_equal_chunks_are_one_blob(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    ok(put(&upload, "ABAA", MANY));
    assert_int_equal(file.blob_count, 4);
    assert_int_equal(file.blob_ids[2], file.blob_ids[0]);
    assert_int_equal(file.blob_ids[3], file.blob_ids[0]);
    assert_int_not_equal(file.blob_ids[1], file.blob_ids[0]);
    expect(2, 2, 0);
}

/* All paths are in the journal before the first chunk is stored. */
static void test_the_journal(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    assert_false(put(&upload, "ABC", 0));
    assert_int_equal(error.code, ERROR_STOPPED);
    expect(0, 0, 3);
    assert_string_equal(text_of("SELECT DISTINCT concat_ws(' ', data_export_id, attempt)"
                                " FROM exportd.object"),
                        "27 1");
}

/* ---- a blob that is there ---- */

static void test_which_blobs_are_reused(void **state)
{
    (void)state;
    need_database();
    static const struct {
        const char *age;
        bool referenced, reused;
    } cases[] = {{"22 hours 59 minutes", false, true},
                 {"23 hours 1 minute", false, false},
                 {"23 hours 1 minute", true, true},
                 {"30 days", false, false},
                 {"30 days", true, true}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        if (i > 0)
            assert_int_equal(tidy(NULL) + prepare(NULL), 0);
        const char *path = put_one();
        if (cases[i].referenced)
            run("INSERT INTO sentry_file (id, name, type, timestamp, headers, blob_id)"
                " SELECT 7, 'a', 'b', now(), '{}', id FROM sentry_fileblob");
        age_blob(cases[i].age);
        put_again();
        assert_int_equal(text_equal(path, path_of_blob()), cases[i].reused);
        assert_int_equal(file.made_count, cases[i].reused ? 0 : 1);
        expect_chunk(path_of_blob(), 'A');
        expect_young();
        expect(1, 1, 0);
    }
}

static void damage_nothing(const char *path)
{
    (void)path;
}

static void lose_object(const char *path)
{
    ok(blob_store_remove(store, path, &error));
}

static void replace_object(const char *path, size_t size)
{
    char *bytes = memory_zeroed(1, size);
    assert_non_null(bytes);
    const struct blob_put wrong = {.path = path, .bytes = bytes, .size = size};
    ok(blob_store_put(store, &wrong, &error));
    free(bytes);
}

static void change_bytes(const char *path)
{
    replace_object(path, BLOB_SIZE);
}

static void shorten_object(const char *path)
{
    replace_object(path, 1);
}

static void enlarge_object(const char *path)
{
    replace_object(path, 2 * BLOB_SIZE);
}

/* The object is written again at its path, and the row stays. */
static void test_a_damaged_object(void **state)
{
    (void)state;
    need_database();
    static void (*const damages[])(const char *) = {damage_nothing, lose_object, change_bytes,
                                                    shorten_object, enlarge_object};
    for (size_t i = 0; i < ARRAY_LENGTH(damages); i++) {
        if (i > 0)
            assert_int_equal(tidy(NULL) + prepare(NULL), 0);
        const char *path = put_one();
        damages[i](path);
        put_again();
        assert_string_equal(path_of_blob(), path);
        assert_int_equal(file.made_count, 0);
        expect_chunk(path, 'A');
        expect(1, 1, 0);
    }
}

/* The row gets the path of a new object. It stays, because there may be no second one. */
static void test_a_row_without_a_usable_path(void **state)
{
    (void)state;
    need_database();
    static const char *const paths[] = {"NULL", "''", "'../../etc/passwd'", "'/etc/passwd'"};
    for (size_t i = 0; i < ARRAY_LENGTH(paths); i++) {
        char sql[128];
        if (i > 0)
            assert_int_equal(tidy(NULL) + prepare(NULL), 0);
        lose_object(put_one());
        const char *id = text_of("SELECT id FROM sentry_fileblob");
        (void)snprintf(sql, sizeof(sql), "UPDATE sentry_fileblob SET path = %s", paths[i]);
        run(sql);
        put_again();
        assert_string_equal(text_of("SELECT id FROM sentry_fileblob"), id);
        expect_chunk(path_of_blob(), 'A');
        expect(1, 1, 0);
    }
}

static void test_a_folder_in_the_place_of_the_object(void **state)
{
    (void)state;
    char place[160];
    need_database();
    const char *path = put_one();
    lose_object(path);
    (void)snprintf(place, sizeof(place), "%s/%s", root, path);
    assert_int_equal(mkdir(place, 0700), 0);
    put_again();
    assert_string_not_equal(path_of_blob(), path);
    expect_chunk(path_of_blob(), 'A');
    expect(1, 1, 0);
}

/* Sentry inserts a row of the same checksum without the upload lock, and its object is missing. */
static void test_another_program_makes_the_row_first(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    meanwhile = "INSERT INTO sentry_fileblob (id, path, size, checksum, timestamp)"
                " SELECT 7, 'ab/cdef/other', 1048576, checksum, now() FROM exportd.object"
                " ON CONFLICT DO NOTHING";
    ok(blob_store_make(store, &error));
    ok(put(&upload, "A", MANY));
    assert_int_equal(file.blob_ids[0], 7);
    assert_int_equal(file.made_count, 0);
    expect_chunk("ab/cdef/other", 'A');
    expect(1, 1, 0);
}

/* ---- an upload that cannot go on ---- */

/* The object must not stay: no journal and no row names it. */
static void test_a_cleanup_takes_the_attempt_for_dead(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    meanwhile = "DELETE FROM exportd.object";
    assert_false(put(&upload, "A", MANY));
    assert_int_equal(error.code, ERROR_LOST);
    expect(0, 0, 0);
}

/* go_on is called each second while another process has the lock. */
static void test_another_process_keeps_the_lock(void **state)
{
    (void)state;
    struct upload_lock lock;
    need_database();
    const struct upload upload = upload_of(27);
    (void)put_one();
    ok(upload_lock_take(&locks, text_of("SELECT checksum FROM sentry_fileblob"), 0, &lock, &error));
    int64_t since = clock_monotonic_ms();
    assert_false(put(&upload, "A", 2));
    assert_int_equal(error.code, ERROR_STOPPED);
    assert_in_range(clock_monotonic_ms() - since, 2000, 60000);
    upload_lock_release(&locks, &lock);
    ok(put(&upload, "A", 1));
}

static void test_the_store_is_away(void **state)
{
    (void)state;
    need_database();
    const struct upload upload = upload_of(27);
    FILE *in_the_way = fopen(root, "w");
    assert_non_null(in_the_way);
    assert_int_equal(fclose(in_the_way), 0);
    assert_false(put(&upload, "AB", MANY));
    assert_int_not_equal(error.code, ERROR_NONE);
    expect(0, 1, 2);
    assert_int_equal(unlink(root), 0);
    ok(put(&upload, "AB", MANY));
    assert_true(is_there(file.made[file.made_count - 1].path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_empty_file),
        TEST(test_chunks_and_a_rest),
        TEST(test_equal_chunks_are_one_blob),
        TEST(test_the_journal),
        TEST(test_which_blobs_are_reused),
        TEST(test_a_damaged_object),
        TEST(test_a_row_without_a_usable_path),
        TEST(test_a_folder_in_the_place_of_the_object),
        TEST(test_another_program_makes_the_row_first),
        TEST(test_a_cleanup_takes_the_attempt_for_dead),
        TEST(test_another_process_keeps_the_lock),
        TEST(test_the_store_is_away),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
