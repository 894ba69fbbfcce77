/* SPDX-License-Identifier: Apache-2.0 */
/* The stop of a worker, with signals that the test sends to itself. What it interrupts are doubles,
   and instead of waiting the test moves the times of the stop. */
#include "worker/stop.h"

#include "base/clock.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "log_capture.h"

enum { STOP_SECONDS = 30, STUCK_SECONDS = 60, ALARM_SECONDS = 5, NOT_ENDED = 99 };

static struct {
    struct config config;
    struct worker_context context;
    struct pool pool;
    struct notify notify;
    atomic_int active;
    int mails_interrupted;
    struct watch *watch;
    struct stop stop;
} worker;

static void interrupt_mail(struct mail_transport *transport)
{
    (void)transport;
    worker.mails_interrupted++;
}

static const struct mail_transport_operations operations = {.interrupt = interrupt_mail};
static struct mail_transport transport = {.operations = &operations};
static const int no_job_threads = 0;

static int set_up(void **state)
{
    struct error error;
    struct pg *pg = pg_new("", "test");
    (void)state;
    memset(&worker, 0, sizeof(worker));
    worker.config.stop_seconds = STOP_SECONDS;
    worker.config.stuck_seconds = STUCK_SECONDS;
    worker.context.config = &worker.config;
    worker.notify.fd = -1;
    worker.watch = watchdog_add(&worker.context.watchdog, "mailer", 0);
    atomic_store(&worker.active, 2);
    pool_init(&worker.pool, 1);
    worker.stop = (struct stop){.context = &worker.context,
                                .pool = &worker.pool,
                                .notify = &worker.notify,
                                .active = &worker.active,
                                .job_thread_count = &no_job_threads,
                                .transport = &transport,
                                .claim_pg = pg,
                                .intake_pg = pg,
                                .mail_pg = pg,
                                .beat_pg = pg,
                                .meter_pg = pg,
                                .drain_pg = pg,
                                .signals = -1};
    if (pg == NULL || !stop_open(&worker.stop, &error))
        return -1;
    stop_take_signals();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stop_close(&worker.stop, true);
    pool_destroy(&worker.pool);
    pg_free(worker.stop.claim_pg);
    return 0;
}

static void send_signal(int number)
{
    assert_int_equal(pthread_kill(pthread_self(), number), 0);
}

/* Sends a signal and returns what the tick that reads it logs. */
static const char *tick_after(int number)
{
    send_signal(number);
    capture_log();
    stop_tick(&worker.stop);
    return end_capture();
}

/* As if the jobs had begun to go back `ms` milliseconds ago. */
static void tick_at(int64_t ms)
{
    worker.stop.hurried_at_ms = clock_monotonic_ms() - ms;
    worker.stop.interrupt_ms = 0;
    stop_tick(&worker.stop);
}

static int phase(void)
{
    return worker_phase(&worker.context);
}

/* ---- signals ---- */

static void test_without_a_signal_nothing_happens(void **state)
{
    (void)state;
    int64_t since = clock_monotonic_ms();
    for (int i = 0; i < 3; i++)
        stop_tick(&worker.stop);
    assert_in_range(clock_monotonic_ms() - since, 300, 20000);
    assert_int_equal(phase(), WORKER_RUNS);
    assert_int_equal(worker.mails_interrupted, 0);
    assert_int_equal(alarm(0), 0);
}

static void test_the_first_signal_stops_and_the_second_gives_back(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};
    for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
        if (i > 0)
            assert_int_equal(tear_down(NULL) + set_up(NULL), 0);
        assert_non_null(strstr(tick_after(signals[i]), "worker.stopping"));
        assert_int_equal(phase(), WORKER_STOPS);
        assert_true(worker.pool.stopping);
        assert_false(atomic_load(&worker.context.hurried));
        assert_int_equal(alarm(0), STOP_SECONDS + ALARM_SECONDS);
        stop_tick(&worker.stop);
        assert_int_equal(phase(), WORKER_STOPS);
        assert_non_null(strstr(tick_after(signals[i]), "worker.giving-back"));
        assert_int_equal(phase(), WORKER_GIVES_BACK);
        assert_true(atomic_load(&worker.context.hurried));
        assert_int_equal(alarm(0), ALARM_SECONDS);
    }
}

static void test_usr1_logs_the_state(void **state)
{
    (void)state;
    struct claim claim = {.data_export_id = 27};
    assert_null(pool_receive(&worker.pool, 0, 0));
    assert_true(pool_give(&worker.pool, &claim, 0));
    atomic_store(&worker.context.redis_missing, 2);
    const char *log = tick_after(SIGUSR1);
    assert_int_equal(count_event(log, "worker."), 1);
    assert_non_null(strstr(log, "worker.state"));
    assert_non_null(strstr(log, "phase=\"runs\""));
    assert_non_null(strstr(log, "jobs=1"));
    assert_non_null(strstr(log, "exports=\"27\""));
    assert_non_null(strstr(log, "silent_ms=-1"));
    assert_non_null(strstr(log, "redis_missing=2"));
    assert_int_equal(phase(), WORKER_RUNS);
}

static void test_hup_reads_settings_and_usr2_does_nothing(void **state)
{
    (void)state;
    worker.config.file = "/dev/null";
    assert_int_equal(count_event(tick_after(SIGHUP), "worker.reloaded"), 1);
    assert_int_equal(atomic_load(&worker.context.max_running), 1000);
    worker.config.file = "/there is no such file";
    assert_int_equal(count_event(tick_after(SIGHUP), "worker.not-reloaded"), 1);
    assert_string_equal(tick_after(SIGUSR2), "");
    assert_int_equal(phase(), WORKER_RUNS);
}

/* ---- the clock ---- */

static void test_jobs_go_back_when_their_time_is_up(void **state)
{
    (void)state;
    stop_begin(&worker.stop);
    int64_t left_ms = worker.stop.deadline_ms - clock_monotonic_ms();
    assert_in_range(left_ms, STOP_SECONDS * 1000 - 20000, STOP_SECONDS * 1000);
    stop_tick(&worker.stop);
    assert_int_equal(phase(), WORKER_STOPS);
    worker.stop.deadline_ms -= STOP_SECONDS * 1000;
    stop_tick(&worker.stop);
    assert_int_equal(phase(), WORKER_GIVES_BACK);
}

/* A second begin does not move the deadline. */
static void test_begin_twice(void **state)
{
    (void)state;
    stop_begin(&worker.stop);
    int64_t deadline_ms = worker.stop.deadline_ms;
    clock_sleep_ms(5);
    stop_begin(&worker.stop);
    assert_int_equal(worker.stop.deadline_ms, deadline_ms);
}

/* A job that ends by itself in time, and with it the worker, needs no giving back. */
static void test_a_worker_that_ends_does_not_go_back_a_phase(void **state)
{
    (void)state;
    stop_begin(&worker.stop);
    atomic_store(&worker.context.phase, WORKER_ENDS);
    worker.stop.deadline_ms -= STOP_SECONDS * 1000;
    stop_tick(&worker.stop);
    assert_int_equal(phase(), WORKER_ENDS);
    assert_true(atomic_load(&worker.context.hurried));
}

static void test_a_mail_is_interrupted_after_a_moment(void **state)
{
    (void)state;
    stop_begin(&worker.stop);
    tick_at(1000);
    assert_int_equal(worker.mails_interrupted, 0);
    tick_at(2000);
    assert_int_equal(worker.mails_interrupted, 1);
    stop_tick(&worker.stop); /* too soon after the last interrupt */
    assert_int_equal(worker.mails_interrupted, 1);
}

/* ---- the end of the process ---- */

/* The status of a child process that runs `steps`. */
static int run_in_child(void (*steps)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)dup2(fileno(captured), STDERR_FILENO);
        steps();
        _exit(NOT_ENDED);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static const char *log_of_child(void (*steps)(void), int *status)
{
    capture_log();
    *status = run_in_child(steps);
    return end_capture();
}

static void hang_for_less(void)
{
    stop_begin(&worker.stop);
    tick_at(4000);
}

static void hang_for_longer(void)
{
    stop_begin(&worker.stop);
    tick_at(4500);
}

static void test_the_process_ends_although_threads_hang(void **state)
{
    (void)state;
    int status = 0;
    assert_string_not_equal(log_of_child(hang_for_less, &status), "");
    assert_int_equal(WEXITSTATUS(status), NOT_ENDED);
    assert_non_null(strstr(log_of_child(hang_for_longer, &status), "worker.cut-off"));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_SUCCESS);
}

/* One part hangs. The process is not aborted before the other threads have ended. */
static void stick(void)
{
    atomic_store(&worker.watch->seen_ms, clock_monotonic_ms() - STUCK_SECONDS * 1000);
    stop_tick(&worker.stop);
    stop_tick(&worker.stop);
    if (phase() != WORKER_GIVES_BACK || atomic_load(&worker.context.well_ms) != 0)
        _exit(1);
}

static void stick_alone(void)
{
    stick();
    atomic_store(&worker.active, 1);
    stop_tick(&worker.stop);
}

static void stick_and_hang(void)
{
    stick();
    tick_at(4500);
}

static void test_a_part_that_hangs(void **state)
{
    (void)state;
    int status = 0;
    const char *log = log_of_child(stick, &status);
    assert_int_equal(count_event(log, "worker.stuck"), 1);
    assert_non_null(strstr(log, "part=\"mailer\""));
    assert_int_equal(WEXITSTATUS(status), NOT_ENDED);
    (void)log_of_child(stick_alone, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    (void)log_of_child(stick_and_hang, &status);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* ---- before and after ---- */

static void start(void)
{
    struct error error;
    if (!stop_open(&worker.stop, &error))
        abort();
}

static void end_while_it_starts(void)
{
    start();
    send_signal(SIGTERM);
}

static void be_told_after_the_start(void)
{
    start();
    stop_take_signals();
    send_signal(SIGTERM);
}

static void log_state_while_it_starts(void)
{
    start();
    send_signal(SIGUSR1);
}

static void end_badly(void)
{
    stop_close(&worker.stop, false);
    send_signal(SIGTERM);
}

static void end_well(void)
{
    stop_close(&worker.stop, true);
    send_signal(SIGTERM);
}

static void test_where_a_signal_ends_the_process(void **state)
{
    (void)state;
    static const struct {
        void (*steps)(void);
        bool ends;
    } cases[] = {{end_while_it_starts, true},
                 {be_told_after_the_start, false},
                 {log_state_while_it_starts, false},
                 {end_badly, true},
                 {end_well, false}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int status = 0;
        (void)log_of_child(cases[i].steps, &status);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), cases[i].ends ? EXIT_SUCCESS : NOT_ENDED);
    }
}

static void test_close_ends_the_alarm(void **state)
{
    (void)state;
    stop_begin(&worker.stop);
    stop_close(&worker.stop, true);
    assert_int_equal(worker.stop.signals, -1);
    assert_int_equal(alarm(0), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_without_a_signal_nothing_happens),
        TEST(test_the_first_signal_stops_and_the_second_gives_back),
        TEST(test_usr1_logs_the_state),
        TEST(test_hup_reads_settings_and_usr2_does_nothing),
        TEST(test_jobs_go_back_when_their_time_is_up),
        TEST(test_begin_twice),
        TEST(test_a_worker_that_ends_does_not_go_back_a_phase),
        TEST(test_a_mail_is_interrupted_after_a_moment),
        TEST(test_the_process_ends_although_threads_hang),
        TEST(test_a_part_that_hangs),
        TEST(test_where_a_signal_ends_the_process),
        TEST(test_close_ends_the_alarm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
