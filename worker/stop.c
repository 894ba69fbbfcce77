/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each tick reads one signal, does what is due by the clock, and asks the watchdog. Once running
 * jobs begin to go back to the queue, all times count from that moment. An alarm ends the process
 * if even the main thread hangs.
 */
#include "worker/stop.h"

#include "base/clock.h"
#include "worker/reload.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    INTERRUPT_PAUSE_MS = 1000, /* between two interrupts */
    /* From the moment at which jobs begin to go back: */
    INTERRUPT_MAIL_MS = 1500, /* until a mail that is being sent is interrupted */
    INTERRUPT_ALL_MS = 2500,  /* until also the writing of rows is interrupted */
    END_MS = 4500,            /* until the process ends */
    END_SECONDS = 5,          /* until the alarm ends it, should this thread hang, too */
};

enum { ENDING_SIGNALS = 3, SIGNALS = 6 }; /* the ending ones come first */
static const int signals[SIGNALS] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

/* The first `count` signals. */
static sigset_t set_of(size_t count)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        (void)sigaddset(&set, signals[i]);
    return set;
}

static void leave(int number)
{
    _exit(number == SIGALRM ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* The default action would end no process 1, which a worker in a container is. */
static void end_by_signals(void)
{
    const struct sigaction action = {.sa_handler = leave};
    for (size_t i = 0; i < ENDING_SIGNALS; i++)
        (void)sigaction(signals[i], &action, NULL);
    (void)sigaction(SIGALRM, &action, NULL);
}

bool stop_open(struct stop *stop, struct error *error)
{
    const sigset_t all = set_of(SIGNALS);
    const sigset_t ending = set_of(ENDING_SIGNALS);
    end_by_signals();
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
    (void)pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
    stop->signals = signalfd(-1, &all, SFD_CLOEXEC);
    return stop->signals >= 0 || error_set(error, ERROR_AWAY, "cannot open a signalfd");
}

void stop_take_signals(void)
{
    const sigset_t ending = set_of(ENDING_SIGNALS);
    (void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
}

void stop_close(struct stop *stop, bool done)
{
    const sigset_t set = set_of(SIGNALS);
    (void)alarm(0);
    if (!done)
        (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    if (stop->signals >= 0)
        (void)close(stop->signals);
    stop->signals = -1;
}

/* ---- the phases ---- */

static void set_phase(struct stop *stop, enum worker_phase phase)
{
    LOG(LOG_INFO, phase == WORKER_STOPS ? "worker.stopping" : "worker.giving-back",
        log_int("jobs", pool_busy(stop->pool)));
    atomic_store(&stop->context->phase, phase);
    pool_stop(stop->pool);
}

void stop_begin(struct stop *stop)
{
    if (stop->deadline_ms != 0)
        return;
    stop->deadline_ms = clock_monotonic_ms() + stop->context->config->stop_seconds * 1000;
    (void)alarm((unsigned)stop->context->config->stop_seconds + END_SECONDS);
    notify_send(stop->notify, "STOPPING=1");
    set_phase(stop, WORKER_STOPS);
}

/* Running jobs go back to the queue, and the mailer begins no more mails. */
static void hurry(struct stop *stop)
{
    stop_begin(stop);
    if (stop->hurried_at_ms != 0)
        return;
    stop->hurried_at_ms = clock_monotonic_ms();
    atomic_store(&stop->context->hurried, true);
    (void)alarm(END_SECONDS);
    if (worker_phase(stop->context) < WORKER_GIVES_BACK)
        set_phase(stop, WORKER_GIVES_BACK);
}

/* ---- each tick ---- */

/* The ids of the exports with blanks between them, as many as there is room for. */
static void list_exports(const struct held_runs *held, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < held->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRId64, i == 0 ? "" : " ",
                                 held->items[i].data_export_id);
}

static void log_state(const struct stop *stop)
{
    static const char *const phases[] = {[WORKER_RUNS] = "runs",
                                         [WORKER_STOPS] = "stops",
                                         [WORKER_GIVES_BACK] = "gives-back",
                                         [WORKER_ENDS] = "ends"};
    struct worker_context *context = stop->context;
    struct held_runs held;
    char exports[LEASE_HELD_MAX * 20];
    int64_t beaten_ms = atomic_load(&context->beaten_ms);
    pool_list_held(stop->pool, &held);
    list_exports(&held, exports, sizeof(exports));
    LOG(LOG_INFO, "worker.state", log_text("phase", phases[worker_phase(context)]),
        log_int("threads", *stop->job_thread_count), log_int("jobs", (int64_t)held.count),
        log_text("exports", exports),
        log_int("silent_ms", beaten_ms == 0 ? -1 : clock_monotonic_ms() - beaten_ms),
        log_int("postgres_missing", atomic_load(&context->postgres_missing)),
        log_int("redis_missing", atomic_load(&context->redis_missing)));
}

/* The first TERM, INT or QUIT stops the worker; the second one also gives its jobs back. */
static void read_signals(struct stop *stop)
{
    struct signalfd_siginfo info;
    struct pollfd ready = {.fd = stop->signals, .events = POLLIN};
    if (poll(&ready, 1, TICK_MS) <= 0 ||
        read(stop->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    if (info.ssi_signo == SIGUSR1)
        log_state(stop);
    if (info.ssi_signo == SIGHUP)
        reload_settings(stop->context);
    if (info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2 || info.ssi_signo == SIGHUP)
        return;
    if (stop->deadline_ms == 0)
        stop_begin(stop);
    else
        hurry(stop);
    LOG(LOG_INFO, "worker.signal", log_int("signal", (int64_t)info.ssi_signo));
}

/* Ends what threads wait for. At first these are questions to the tagstore. A mail that is being
   sent has more time, because it would go out again if its server has taken it already. At last
   everything is interrupted, even what job threads need to give back their jobs. */
static void interrupt_threads(struct stop *stop, int64_t since_ms)
{
    bool all = since_ms >= INTERRUPT_ALL_MS;
    for (int i = 0; i < *stop->job_thread_count; i++)
        job_thread_interrupt(&stop->job_threads[i], all);
    if (since_ms >= INTERRUPT_MAIL_MS)
        mail_transport_interrupt(stop->transport);
    if (!all)
        return;
    pg_interrupt(stop->mail_pg);
    pg_interrupt(stop->claim_pg);
    pg_interrupt(stop->intake_pg);
    pg_interrupt(stop->beat_pg);
    pg_interrupt(stop->meter_pg);
    pg_interrupt(stop->drain_pg);
}

/* A thread that still runs waits for a server that does not answer, or for the file store. */
static void end_process(const struct stop *stop)
{
    if (stop->stuck)
        abort();
    LOG(LOG_WARNING, "worker.cut-off", log_int("threads", atomic_load(stop->active)));
    _exit(EXIT_SUCCESS);
}

/* Does what is due by the clock. */
static void act_on_time(struct stop *stop)
{
    int64_t now = clock_monotonic_ms();
    if (stop->deadline_ms != 0 && now >= stop->deadline_ms)
        hurry(stop);
    if (stop->hurried_at_ms != 0 && now - stop->hurried_at_ms >= END_MS)
        end_process(stop);
    if (stop->hurried_at_ms == 0 || now < stop->interrupt_ms)
        return;
    stop->interrupt_ms = now + INTERRUPT_PAUSE_MS; /* each one starts a process on the server */
    interrupt_threads(stop, now - stop->hurried_at_ms);
}

/* A thread that hangs ends the process, so that its job is given back and counted. The jobs of the
   other threads are not to blame: they go back first. */
static void act_on_watchdog(struct stop *stop)
{
    struct worker_context *context = stop->context;
    const struct watch *stuck = NULL;
    if (stop->hurried_at_ms == 0)
        stuck = watchdog_check(&context->watchdog, context->config->stuck_seconds * 1000);
    if (stuck != NULL) {
        stop->stuck = true;
        hurry(stop);
        LOG(LOG_ERROR, "worker.stuck", log_text("part", stuck->part),
            log_int("data_export_id", atomic_load(&stuck->data_export_id)),
            log_int("seconds", context->config->stuck_seconds));
    }
    atomic_store(&context->well_ms, stop->stuck ? 0 : clock_monotonic_ms());
    if (stop->stuck && atomic_load(stop->active) <= 1) /* only the thread that hangs is left */
        end_process(stop);
}

void stop_tick(struct stop *stop)
{
    read_signals(stop);
    act_on_time(stop);
    act_on_watchdog(stop);
}
