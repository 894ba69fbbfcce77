/* SPDX-License-Identifier: Apache-2.0 */
/* The claimer as a thread over a private PostgreSQL, and its checks of the disks. The test takes
   the part of the job threads. */
#include "worker/threads/claimer.h"

#include "thread_fixture.h"

#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

/* Replaces the function of the C library: all disks have this many bytes left. */
static _Atomic uint64_t bytes_left;
int statvfs(const char *path, struct statvfs *disk)
{
    struct statfs real;
    if (syscall(SYS_statfs, path, &real) != 0)
        return -1;
    *disk = (struct statvfs){.f_frsize = 4096, .f_bavail = atomic_load(&bytes_left) / 4096};
    return 0;
}

struct side {
    struct worker worker;
    struct claimer claimer;
    char folder[64];
};

static void start_claimer(struct side *side, const struct fixture *fixture)
{
    struct error error;
    char url[96];
    struct worker *worker = &side->worker;
    open_worker(worker, fixture);
    atomic_store(&bytes_left, 1 << 30);
    atomic_store(&worker->context.beaten_ms, clock_monotonic_ms());
    (void)snprintf(side->folder, sizeof(side->folder), "/tmp/claimer_test_XXXXXX");
    assert_non_null(mkdtemp(side->folder));
    worker->config.tmpdir = side->folder;
    worker->config.lease_seconds = 60;
    side->claimer = (struct claimer){.context = &worker->context,
                                     .pool = &worker->pool,
                                     .watch = watchdog_add(&worker->context.watchdog, "claimer", 0),
                                     .pg = worker->pg};
    (void)snprintf(url, sizeof(url), "file://%s/files", side->folder);
    assert_true(blob_store_open(url, "0600", &side->claimer.store, &error));
}

static void run_claimer(struct side *side)
{
    assert_int_equal(pthread_create(&side->worker.thread, NULL, claimer_thread, &side->claimer), 0);
}

static void stop_claimer(struct side *side)
{
    close_worker(&side->worker, WORKER_STOPS);
    blob_store_free(side->claimer.store);
    assert_int_equal(nftw(side->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void expect_job(struct side *side, int slot, int64_t id)
{
    const struct claim *claim = pool_receive(&side->worker.pool, slot, SOON_MS);
    assert_non_null(claim);
    assert_int_equal(claim->data_export_id, id);
}

static void expect_no_job(struct side *side, int slot)
{
    assert_null(pool_receive(&side->worker.pool, slot, A_WHILE_MS));
}

/* ---- claims ---- */

static void test_ready_threads_get_the_jobs(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 3, 7);
    start_claimer(&side, fixture);
    run_claimer(&side);
    expect_job(&side, 0, 1);
    expect_job(&side, 1, 2);
    expect_state_of(fixture, 2, "running");
    clock_sleep_ms(A_WHILE_MS);
    expect_state_of(fixture, 3, "waiting"); /* no thread is ready for it */
    pool_release(&side.worker.pool, 1);
    expect_job(&side, 1, 3);
    stop_claimer(&side);
}

/* New jobs are found without a ring, too. */
static void test_it_looks_again(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    start_claimer(&side, fixture);
    run_claimer(&side);
    expect_no_job(&side, 0);
    put_many(fixture->pg, 1, 1, 7);
    expect_job(&side, 0, 1);
    stop_claimer(&side);
}

/* A job is claimed for a thread that ends, but that takes too long. */
static void test_a_job_that_no_thread_takes_goes_back(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 2, 7);
    start_claimer(&side, fixture);
    run_claimer(&side);
    expect_job(&side, 0, 1);
    pool_end(&side.worker.pool, 0);
    wait_for_sql(fixture, "SELECT count(*) FROM exportd.export WHERE state = 'running'"
                          " AND data_export_id = 2");
    wait_for_sql(fixture, "SELECT count(*) FROM exportd.export WHERE state = 'waiting'"
                          " AND data_export_id = 2");
    expect_state_of(fixture, 1, "running");
    pool_release(&side.worker.pool, 0);
    expect_job(&side, 0, 2);
    stop_claimer(&side);
}

/* ---- no claims ---- */

static void test_without_a_beat_in_time_nothing_is_claimed(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 1, 7);
    start_claimer(&side, fixture);
    atomic_store(&side.worker.context.beaten_ms, 0);
    run_claimer(&side);
    expect_no_job(&side, 0);
    atomic_store(&side.worker.context.beaten_ms, clock_monotonic_ms() - 60000);
    expect_no_job(&side, 0);
    expect_state_of(fixture, 1, "waiting");
    atomic_store(&side.worker.context.beaten_ms, clock_monotonic_ms());
    expect_job(&side, 0, 1);
    stop_claimer(&side);
}

static void test_on_a_full_disk_nothing_is_claimed(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    put_many(fixture->pg, 1, 1, 7);
    start_claimer(&side, fixture);
    atomic_store(&bytes_left, 1 << 20);
    run_claimer(&side);
    expect_no_job(&side, 0);
    expect_state_of(fixture, 1, "waiting");
    atomic_store(&bytes_left, 1 << 30);
    expect_job(&side, 0, 1);
    stop_claimer(&side);
}

static void test_without_postgres_it_tries_again(void **state)
{
    struct fixture *fixture = *state;
    struct side side;
    start_claimer(&side, fixture);
    run_claimer(&side);
    expect_no_job(&side, 0);
    run_sql(fixture->pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE application_name LIKE '%worker%'");
    put_many(fixture->pg, 1, 1, 7);
    expect_job(&side, 0, 1);
    assert_int_equal(atomic_load(&side.worker.context.postgres_missing), 0);
    stop_claimer(&side);
}

/* ---- disks ---- */

static void test_the_temporary_folder(void **state)
{
    (void)state;
    struct error error;
    atomic_store(&bytes_left, 16 << 20);
    assert_true(claimer_check_tmpdir("/tmp", &error));
    atomic_store(&bytes_left, (16 << 20) - 4096);
    assert_false(claimer_check_tmpdir("/tmp", &error));
    assert_int_equal(error.code, ERROR_AWAY);
    atomic_store(&bytes_left, 1 << 30);
    assert_false(claimer_check_tmpdir("/tmp/there is no such folder", &error));
    assert_int_equal(error.code, ERROR_NOT_FOUND);
}

/* The check makes the store's folder, which may be missing. */
static void test_the_store(void **state)
{
    (void)state;
    struct error error;
    struct blob_store *store = NULL;
    char folder[] = "/tmp/claimer_test_XXXXXX", url[96], files[96];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(url, sizeof(url), "file://%s/files", folder);
    (void)snprintf(files, sizeof(files), "%s/files", folder);
    assert_true(blob_store_open(url, "0600", &store, &error));
    assert_false(blob_store_probe(store, &error));
    assert_true(claimer_check_store(store, NULL, &error));
    assert_int_equal(access(files, F_OK), 0);
    assert_int_equal(rmdir(files), 0);
    FILE *file = fopen(files, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_false(claimer_check_store(store, NULL, &error));
    blob_store_free(store);
    assert_int_equal(unlink(files) + rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ready_threads_get_the_jobs),
        TEST(test_it_looks_again),
        TEST(test_a_job_that_no_thread_takes_goes_back),
        TEST(test_without_a_beat_in_time_nothing_is_claimed),
        TEST(test_on_a_full_disk_nothing_is_claimed),
        TEST(test_without_postgres_it_tries_again),
        cmocka_unit_test(test_the_temporary_folder),
        cmocka_unit_test(test_the_store),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
