/* SPDX-License-Identifier: Apache-2.0 */
/* file.c, file_blob.c, stored_object.c and outbox_mail.c, over real tables (database_fixture.h).
   tests/system/test_units.py gives the database. */
#include "base/text.h"
#include "model/file.h"
#include "model/outbox_mail.h"
#include "model/stored_object.h"

#include "rows_fixture.h"

/* ---- files ---- */

static struct stored_object object_of(const char *path, const char *checksum,
                                      int64_t data_export_id, int64_t attempt)
{
    struct stored_object object = {
        .path = path, .data_export_id = data_export_id, .attempt = attempt};
    assert_true(text_copy(object.checksum, sizeof(object.checksum), checksum));
    return object;
}

static int64_t insert_blob(const char *path, const char *checksum)
{
    const struct stored_object object = object_of(path, checksum, 27, 1);
    const struct written_blob written = {.path = path, .size = 1048576, .checksum = checksum};
    struct inserted_blob inserted = {.id = 0};
    ok(stored_object_insert(pg, &object, 1, &error));
    ok(file_blob_insert(pg, &written, &inserted, &error));
    assert_true(inserted.journalled);
    assert_int_equal(number_of("SELECT count(*) FROM exportd.object"), inserted.id == 0 ? 1 : 0);
    return inserted.id;
}

static bool touch(struct pg *with, int64_t id, int64_t old_seconds)
{
    const struct file_blob blob = {.id = id, .size = 7};
    bool alive = false;
    ok(file_blob_touch(with, &blob, old_seconds, &alive, &error));
    return alive;
}

static bool change_path(int64_t id, const char *old_path, const char *path, int64_t size)
{
    const struct file_blob blob = {.id = id, .path = old_path};
    const struct written_blob written = {.path = path, .size = size};
    bool changed = false;
    ok(file_blob_change_path(pg, &blob, &written, &changed, &error));
    return changed;
}

static void test_blob(void **state)
{
    (void)state;
    struct file_blob blob;
    need_database();
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &error));
    assert_int_equal(blob.id, 0);
    int64_t id = insert_blob("ab/cdef/01", SHA1_A);
    assert_int_equal(insert_blob("ab/cdef/02", SHA1_A), 0);
    run("UPDATE sentry_fileblob SET timestamp = now() - interval '25 hours'");
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &error));
    assert_false(blob.referenced);
    assert_int_equal(blob.id, id);
    assert_string_equal(blob.path, "ab/cdef/01");
    assert_string_equal(blob.checksum, SHA1_A);
    assert_int_equal(blob.size, 1048576);
    assert_int_equal(blob.age_seconds, 25 * 3600);
    assert_true(touch(pg, id, 26 * 3600));
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &error));
    assert_int_equal(blob.age_seconds, 0);
    assert_int_equal(blob.size, 7);
    assert_false(touch(pg, id + 1, 3600));
    run("UPDATE sentry_fileblob SET timestamp = now() - interval '61 minutes'");
    assert_false(touch(pg, id, 3600));
    assert_int_equal(number_of("SELECT count(*) FROM sentry_fileblob"
                               " WHERE timestamp < now() - interval '1 hour'"),
                     1);
    run("UPDATE sentry_fileblob SET timestamp = now()");
}

static void test_another_path_of_a_blob(void **state)
{
    (void)state;
    struct file_blob blob;
    need_database();
    int64_t id = insert_blob("../etc", SHA1_A);
    assert_false(change_path(id, "", "ab/cdef/01", 8));
    assert_false(change_path(id + 1, "../etc", "ab/cdef/01", 8));
    assert_true(change_path(id, "../etc", "ab/cdef/01", 8));
    run("UPDATE sentry_fileblob SET path = NULL WHERE path = 'ab/cdef/01' AND size = 8");
    assert_true(change_path(id, "", "ab/cdef/02", 9));
    ok(file_blob_find(pg, SHA1_A, arena, &blob, &error));
    assert_string_equal(blob.path, "ab/cdef/02");
    assert_int_equal(blob.size, 9);
}

static void test_file(void **state)
{
    (void)state;
    struct stored_file file;
    struct file_blobs blobs;
    need_database();
    make_organizations();
    int64_t a = insert_blob("a", SHA1_A);
    int64_t b = insert_blob("b", SHA1_B);
    const int64_t ids[] = {b, a, b};
    const int64_t sizes[] = {1048576, 1048576, 10};
    int64_t id = finish_export(insert_export("{}"), 28, ids, sizes, 3);
    ok(file_load(pg, id, arena, &file, &error));
    assert_string_equal(file.name, "x.csv");
    assert_int_equal(file.size, 2097162);
    assert_string_equal(file.checksum, SHA1_A);
    assert_string_equal(text_of("SELECT type || ' ' || headers FROM sentry_file"),
                        "export.csv {\"Content-Type\": \"text/csv\"}");
    assert_string_equal(text_of("SELECT string_agg(\"offset\"::text, ' ' ORDER BY \"offset\")"
                                " FROM sentry_fileblobindex"),
                        "0 1048576 2097152");
    ok(file_blobs_load(pg, id, arena, &blobs, &error));
    assert_int_equal(blobs.count, 3);
    assert_true(blobs.items[0].id == b && blobs.items[1].id == a && blobs.items[2].id == b);
    assert_true(blobs.items[0].referenced);
}

/* An unfinished upload of Sentry leaves a row without size and checksum. */
static void test_incomplete_file(void **state)
{
    (void)state;
    struct stored_file file;
    struct file_blobs blobs = {.count = 9};
    need_database();
    make_organizations();
    int64_t id = finish_export(insert_export("{}"), 28, NULL, NULL, 0);
    run("UPDATE sentry_file SET size = NULL, checksum = NULL");
    ok(file_load(pg, id, arena, &file, &error));
    assert_int_equal(file.size, -1);
    assert_string_equal(file.checksum, "");
    ok(file_blobs_load(pg, id, arena, &blobs, &error));
    assert_int_equal(blobs.count, 0);
    assert_false(file_load(pg, id + 1, arena, &file, &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

static void test_delete_file(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    int64_t blob = insert_blob("a", SHA1_A);
    const int64_t size = 1048576;
    int64_t id = finish_export(insert_export("{}"), 28, &blob, &size, 1);
    ok(file_delete(pg, id, &error));
    ok(file_delete(pg, id, &error));
    assert_int_equal(number_of("SELECT (SELECT count(*) FROM sentry_file) + (SELECT count(*)"
                               " FROM sentry_fileblobindex)"),
                     0);
    assert_int_equal(number_of("SELECT count(*) FROM sentry_exporteddata WHERE file_id IS NULL"
                               " AND date_finished IS NOT NULL"),
                     1);
    assert_int_equal(number_of("SELECT count(*) FROM sentry_fileblob"), 1);
}

static void assert_deleted(int64_t id, bool expected)
{
    bool deleted = !expected;
    ok(file_blob_delete_unused(pg, id, &deleted, &error));
    assert_int_equal(deleted, expected);
}

/* Each kind of reference keeps a blob. */
static void test_delete_unused_blob(void **state)
{
    (void)state;
    need_database();
    make_organizations();
    int64_t id = insert_blob("a", SHA1_A);
    const int64_t size = 1048576;
    (void)finish_export(insert_export("{}"), 28, &id, &size, 1);
    assert_deleted(id, false);
    run("DELETE FROM sentry_fileblobindex");
    run("UPDATE sentry_file SET blob_id = (SELECT id FROM sentry_fileblob)");
    assert_deleted(id, false);
    run("UPDATE sentry_file SET blob_id = NULL");
    run("INSERT INTO sentry_fileblobowner (blob_id, organization_id)"
        " SELECT id, 1 FROM sentry_fileblob");
    assert_deleted(id, false);
    run("DELETE FROM sentry_fileblobowner");
    assert_deleted(id, true);
    assert_deleted(id, false);
}

static int64_t count_gone(const int64_t *ids, size_t count)
{
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    ok(file_blobs_hold_add(&batch, ids, count, &error));
    ok(pg_batch_run(&batch, &error));
    int64_t gone = pg_int(batch.results[0], 0, 0);
    pg_batch_free(&batch);
    return gone;
}

static void test_holding_blobs(void **state)
{
    (void)state;
    need_database();
    int64_t a = insert_blob("a", SHA1_A);
    int64_t b = insert_blob("b", SHA1_B);
    const int64_t ids[] = {b, a, b + 1, a};
    assert_int_equal(count_gone(ids, 0), 0);
    assert_int_equal(count_gone(ids, 2), 0);
    assert_int_equal(count_gone(ids, 4), 1);
    run("DELETE FROM sentry_fileblob");
    assert_int_equal(count_gone(ids, 4), 4);
}

/* A path that is not in the journal gets no row. If another row has the checksum, the path stays in
   the journal. */
static void test_blob_needs_its_journal(void **state)
{
    (void)state;
    const struct written_blob written = {.path = "a", .size = 7, .checksum = SHA1_A};
    struct inserted_blob inserted = {.id = -1, .journalled = true};
    need_database();
    ok(file_blob_insert(pg, &written, &inserted, &error));
    assert_false(inserted.journalled);
    assert_int_equal(inserted.id, 0);
    assert_int_equal(number_of("SELECT count(*) FROM sentry_fileblob"), 0);
    assert_int_not_equal(insert_blob("a", SHA1_A), 0);
    assert_int_equal(insert_blob("b", SHA1_A), 0);
    assert_string_equal(text_of("SELECT path FROM exportd.object"), "b");
}

/* A blob that an outcome has locked is not deleted meanwhile; file_blob_touch does not wait for it.
 */
static void test_locked_blob_stays(void **state)
{
    (void)state;
    bool flag = false;
    const int64_t size = 1048576;
    need_database();
    int64_t id = insert_blob("a", SHA1_A);
    ok(pg_commit(pg, &error));
    ok(pg_begin(pg, &error));
    make_organizations();
    assert_int_equal(count_gone(&id, 1), 0);
    int64_t file = finish_export(insert_export("{}"), 28, &id, &size, 1);
    struct pg *other = connect_pg();
    ok(pg_begin(other, &error));
    ok(pg_script(other, "SET LOCAL lock_timeout TO '200ms'", &error));
    assert_true(touch(other, id, 3600));
    assert_false(file_blob_delete_unused(other, id, &flag, &error));
    assert_int_equal(error.code, ERROR_TIMEOUT);
    pg_free(other);
    ok(file_delete(pg, file, &error));
    assert_deleted(id, true);
    pg_rollback(pg);
    ok(pg_begin(pg, &error));
    assert_deleted(id, true);
    ok(pg_commit(pg, &error));
}

/* ---- exportd's own tables ---- */

static void test_stored_objects(void **state)
{
    (void)state;
    struct stored_objects objects;
    bool deleted = true;
    const struct stored_object running = object_of("aa/1", SHA1_A, 1, 4);
    const struct stored_object before[] = {object_of("aa/1", SHA1_A, 1, 3),
                                           object_of("aa/2", SHA1_B, 1, 3),
                                           object_of("aa/3", SHA1_A, 1, 3)};
    const struct stored_object stays_as_it_is = object_of("aa/3", SHA1_A, 2, 4);
    const struct stored_object_page all = {.after = "", .max = 10};
    const struct stored_object_page rest = {.after = "aa/2", .max = 10};
    const struct stored_object_page first = {.after = "", .max = 1};
    need_database();
    run("INSERT INTO exportd.export (data_export_id, date_added, organization_id, query_type,"
        " query_info, state, attempt, failures, rows, bytes, pages)"
        " SELECT n, now(), 1, 0, '{}', (ARRAY['running', 'delayed'])[n], 4, 0, 0, 0, 0"
        " FROM generate_series(1, 2) AS n");
    ok(stored_object_insert(pg, &running, 1, &error));
    ok(stored_object_insert(pg, before, 3, &error));
    ok(stored_object_insert(pg, &stays_as_it_is, 1, &error));
    ok(stored_object_list_abandoned(pg, &all, arena, &objects, &error));
    assert_int_equal(objects.count, 2);
    assert_string_equal(objects.items[0].path, "aa/2");
    assert_string_equal(objects.items[0].checksum, SHA1_B);
    assert_int_equal(objects.items[1].data_export_id, 1);
    assert_int_equal(objects.items[1].attempt, 3);
    ok(stored_object_list_abandoned(pg, &rest, arena, &objects, &error));
    assert_int_equal(objects.count, 1);
    assert_string_equal(objects.items[0].path, "aa/3");
    const struct stored_object_owner owner = {.data_export_id = 1, .attempt = 4};
    ok(stored_object_list_attempt(pg, &owner, arena, &objects, &error));
    assert_int_equal(objects.count, 1);
    assert_string_equal(objects.items[0].path, "aa/1");
    run("UPDATE exportd.export SET state = 'delayed'");
    ok(stored_object_list_abandoned(pg, &first, arena, &objects, &error));
    assert_int_equal(objects.count, 1);
    assert_string_equal(objects.items[0].path, "aa/1");
    ok(stored_object_delete(pg, "aa/1", &deleted, &error));
    assert_true(deleted);
    ok(stored_object_delete(pg, "aa/1", &deleted, &error));
    assert_false(deleted);
}

static struct outbox_mails mails; /* of the last claim */

static void put_mail(int64_t export, const char *message_id, const char *recipient,
                     const char *mime)
{
    const struct outbox_mail mail = {
        .data_export_id = export, .message_id = message_id, .recipient = recipient, .mime = mime};
    struct pg_batch batch;
    pg_batch_init(&batch, pg);
    ok(outbox_mail_insert_add(&batch, &mail, &error));
    ok(pg_batch_run(&batch, &error));
    pg_batch_free(&batch);
}

/* Claims mails, which must be `expected` many; returns the first one. */
static struct outbox_mail claim(size_t expected)
{
    struct outbox_claim asked = {
        .several = expected != 1, .hold_seconds = 60, .longest_seconds = 4000};
    outbox_mails_free(&mails);
    ok(outbox_mail_claim(pg, &asked, &mails, &error));
    assert_int_equal(mails.count, expected);
    return mails.list[0];
}

static int64_t waiting(void)
{
    int64_t count = -1;
    ok(outbox_mail_count_waiting(pg, &count, &error));
    return count;
}

static void test_outbox(void **state)
{
    (void)state;
    need_database();
    claim(0);
    put_mail(27, "<1@x>", "ann@x.io", "Subject: a\n\nb\n");
    struct outbox_mail mail = claim(1);
    assert_int_equal(mail.data_export_id, 27);
    assert_string_equal(mail.message_id, "<1@x>");
    assert_string_equal(mail.recipient, "ann@x.io");
    assert_string_equal(mail.mime, "Subject: a\n\nb\n");
    assert_int_equal(mail.mime_size, 14);
    assert_int_equal(mail.tries, 1);
    claim(0); /* held back */
    ok(outbox_mail_retry(pg, &mail, 0, "away", &error));
    assert_string_equal(text_of("SELECT message FROM exportd.outbox"), "away");
    struct outbox_mail second = claim(1);
    assert_int_equal(second.tries, 2);
    ok(outbox_mail_retry(pg, &mail, 0, "late",
                         &error)); /* the claim of the first try has ended: no effect */
    ok(outbox_mail_give_up(pg, &mail, "late", &error));
    claim(0);
    assert_int_equal(waiting(), 1);
    ok(outbox_mail_sent(pg, &mail.id, 1, &error)); /* a sent mail is recorded all the same */
    assert_int_equal(waiting(), 0);
    ok(outbox_mail_give_up(pg, &second, "no", &error));
    assert_string_equal(text_of("SELECT state FROM exportd.outbox"), "sent");
}

/* PostgreSQL may forget a hold when it crashes, but not that a mail was sent. */
static void test_only_the_hold_is_unsynced(void **state)
{
    (void)state;
    need_database();
    put_mail(27, "<1@x>", "ann@x.io", "a");
    struct outbox_mail first = claim(1);
    assert_string_equal(text_of("SHOW synchronous_commit"), "off");
    run("SET LOCAL synchronous_commit TO on");
    ok(outbox_mail_sent(pg, &first.id, 1, &error));
    assert_string_equal(text_of("SHOW synchronous_commit"), "on");
    assert_int_equal(waiting(), 0);
}

/* Claims take the mails that have been due longest, each one once. */
static void test_several_mails(void **state)
{
    (void)state;
    char text[32];
    int64_t ids[OUTBOX_MAILS_MAX];
    need_database();
    for (int i = 0; i < 9; i++) {
        (void)snprintf(text, sizeof(text), "<%d@x>", i);
        put_mail(100 + i, text, "ann@x.io", text);
    }
    run("UPDATE exportd.outbox SET next_try_at = now() - data_export_id * interval '1 second'");
    assert_int_equal(claim(1).data_export_id, 108);
    claim(7);
    for (size_t i = 0; i < mails.count; i++) {
        ids[i] = mails.list[i].id;
        assert_in_range(mails.list[i].data_export_id, 101, 107);
        (void)snprintf(text, sizeof(text), "<%d@x>", (int)mails.list[i].data_export_id - 100);
        assert_string_equal(mails.list[i].message_id, text);
        assert_string_equal(mails.list[i].mime, text);
    }
    ok(outbox_mail_sent(pg, ids, 5, &error));
    assert_int_equal(waiting(), 4);
    claim(1);
    run("UPDATE exportd.outbox SET next_try_at = now() + interval '4100 seconds'"
        " WHERE state = 'waiting'");
    claim(1);
}

/* Mails that are given back are as if they had never been claimed. A mailer whose claim has ended
   changes nothing. */
static void test_mails_that_go_back(void **state)
{
    (void)state;
    need_database();
    put_mail(27, "<1@x>", "ann@x.io", "a");
    put_mail(28, "<2@x>", "ann@x.io", "b");
    claim(2);
    struct outbox_mail both[2] = {mails.list[0], mails.list[1]};
    ok(outbox_mail_give_back(pg, both, 2, &error));
    ok(outbox_mail_retry(pg, &both[0], 5, "late", &error)); /* the claim has ended: no effect */
    run("UPDATE exportd.outbox SET next_try_at = now() - interval '1 second'"); /* due */
    claim(2);
    assert_int_equal(mails.list[0].tries, 1);
    run("UPDATE exportd.outbox SET next_try_at = next_try_at + interval '1 second'");
    ok(outbox_mail_give_back(pg, both, 2, &error)); /* the claim has ended: no effect */
    claim(0);
    assert_string_equal(text_of("SELECT sum(tries)::text FROM exportd.outbox"), "2");
}

/* The server's clock was set back: a mail seems to be due only after a long time. */
static void test_mail_of_the_future(void **state)
{
    (void)state;
    need_database();
    put_mail(27, "<1@x>", "ann@x.io", "a");
    run("UPDATE exportd.outbox SET next_try_at = now() + interval '3900 seconds'");
    claim(0);
    run("UPDATE exportd.outbox SET next_try_at = now() + interval '4100 seconds'");
    claim(1);
    claim(0); /* held back */
}

/* A replaced mail is a new one: the mailer that holds the old one does not change it. */
static void test_replaced_mail(void **state)
{
    (void)state;
    need_database();
    put_mail(27, "<1@x>", "ann@x.io", "old");
    struct outbox_mail old = claim(1);
    put_mail(27, "<2@x>", "bob@x.io", "new");
    struct outbox_mail new = claim(1);
    assert_int_equal(new.tries, old.tries);
    assert_string_equal(new.mime, "new");
    ok(outbox_mail_sent(pg, &old.id, 1, &error));
    assert_int_equal(waiting(), 1);
    ok(outbox_mail_give_up(pg, &new, "550 no such user", &error));
    assert_int_equal(waiting(), 0);
    assert_string_equal(text_of("SELECT state || ' ' || message FROM exportd.outbox"),
                        "given-up 550 no such user");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLED_BACK(test_blob),
        ROLLED_BACK(test_another_path_of_a_blob),
        ROLLED_BACK(test_file),
        ROLLED_BACK(test_incomplete_file),
        ROLLED_BACK(test_delete_file),
        ROLLED_BACK(test_delete_unused_blob),
        ROLLED_BACK(test_holding_blobs),
        ROLLED_BACK(test_blob_needs_its_journal),
        ROLLED_BACK(test_locked_blob_stays),
        ROLLED_BACK(test_stored_objects),
        ROLLED_BACK(test_outbox),
        ROLLED_BACK(test_only_the_hold_is_unsynced),
        ROLLED_BACK(test_several_mails),
        ROLLED_BACK(test_mails_that_go_back),
        ROLLED_BACK(test_mail_of_the_future),
        ROLLED_BACK(test_replaced_mail),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
