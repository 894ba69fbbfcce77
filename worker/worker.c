#include "worker/worker.h"

#include "base/clock.h"
#include "mail/transport.h"
#include "model/migration.h"
#include "model/outbox_mail.h"
#include "model/privileges.h"
#include "worker/fetch.h"
#include "worker/job_thread.h"
#include "worker/mailer.h"
#include "worker/outage.h"
#include "worker/supervisor.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    TICK_MS = 100,
    TAKE_WAIT_MS = 1000,
    DRAIN_WAIT_MS = 100,
    INTERRUPT_PAUSE_MS = 1000,
    GIVE_BACK_SECONDS = 60, /* more than any of our own time-outs, a mail's included */
};

struct worker {
    struct worker_context context;
    const struct worker_options *options;
    struct pool pool;
    struct job_thread job_threads[POOL_MAX];
    int thread_count; /* job threads opened */
    struct blob_store *store;
    struct mail_transport *transport;
    struct fetcher fetcher;
    struct mailer mailer;
    int signals; /* signalfd */
    int64_t stop_deadline_ms;
    int64_t next_interrupt_ms;

    /* for --drain */
    struct redis *redis;
    struct pg *pg;
    struct outage drain_outage;

    pthread_t handles[POOL_MAX];
    pthread_t fetch_handle, mail_handle, supervisor_handle;
    atomic_int active; /* job threads and the fetcher: still running */
};

/* ---- before anything is taken ---- */

/* Without its tables every job would wait in vain. A grant that is lacking may be one that only
   cleanup needs. */
static bool check_tables(struct pg *pg, const struct config *config, struct error *error)
{
    if (migration_check(pg, error) && privileges_check(pg, config->tagstore, error))
        return true;
    if (error->code != ERROR_DENIED)
        return false;
    log_error(LOG_WARNING, "worker.lacks-privilege", error);
    return true;
}

static bool check_database(struct worker *worker, struct error *error)
{
    if (!pg_connect(worker->pg, error)) {
        if (worker->options->drain || error->code != ERROR_AWAY)
            return false;
        log_error(LOG_WARNING, "worker.waits", error); /* the job threads wait for it */
        return true;
    }
    return check_tables(worker->pg, worker->context.config, error);
}

static bool check_redis(struct worker *worker, struct error *error)
{
    if (redis_connect(worker->redis, error))
        return true;
    if (worker->options->drain || error->code != ERROR_AWAY)
        return false;
    log_error(LOG_WARNING, "worker.waits", error);
    return true;
}

static bool open_parts(struct worker *worker, struct error *error)
{
    const struct config *config = worker->context.config;
    if (!fetch_check_tmpdir(config->tmpdir, error))
        return error_prefix(error, "EXPORTD_TMPDIR");
    if (!blob_store_open(config->storage_url, &worker->store, error))
        return false;
    if (!blob_store_check(worker->store, error))
        return error_prefix(error, "EXPORTD_STORAGE_URL");
    if (!mail_transport_open(config->mail_url, config->mail_from, &worker->transport, error))
        return false;
    worker->pg = pg_new(config->database_url, "exportd worker main");
    worker->redis = redis_new(config->redis_url);
    worker->context.queue = queue_new(config->queue, worker->context.name);
    if (worker->pg == NULL || worker->redis == NULL || worker->context.queue == NULL)
        return error_set(error, ERROR_AWAY, "no memory");
    if (!check_database(worker, error) || !check_redis(worker, error))
        return false;
    for (int i = 0; i < worker->options->concurrency; i++) {
        worker->thread_count = i + 1;
        if (!job_thread_open(&worker->job_threads[i], &worker->context, &worker->pool, i, error))
            return false;
    }
    return true;
}

static void close_parts(struct worker *worker)
{
    for (int i = 0; i < worker->thread_count; i++)
        job_thread_close(&worker->job_threads[i]);
    queue_free(worker->context.queue);
    redis_free(worker->redis);
    pg_free(worker->pg);
    mail_transport_free(worker->transport);
    blob_store_free(worker->store);
}

/* ---- threads ---- */

struct counted_start {
    atomic_int *active;
    void *(*run)(void *);
    void *argument;
};

/* Runs a thread's function and counts it out when it ends. */
static void *run_counted(void *argument)
{
    struct counted_start start = *(struct counted_start *)argument;
    free(argument);
    void *result = start.run(start.argument);
    (void)atomic_fetch_sub(start.active, 1);
    return result;
}

static void start_thread(pthread_t *handle, void *(*run)(void *), void *argument)
{
    if (pthread_create(handle, NULL, run, argument) != 0)
        abort(); /* half a worker would be worse than none; nothing is taken yet */
}

static void start_counted(struct worker *worker, pthread_t *handle, void *(*run)(void *),
                          void *argument)
{
    struct counted_start *start = malloc(sizeof(*start));
    if (start == NULL)
        abort();
    *start = (struct counted_start){.active = &worker->active, .run = run, .argument = argument};
    (void)atomic_fetch_add(&worker->active, 1);
    start_thread(handle, run_counted, start);
}

static void start_threads(struct worker *worker)
{
    worker->mailer = (struct mailer){.context = &worker->context, .transport = worker->transport};
    worker->fetcher =
        (struct fetcher){.context = &worker->context,
                         .pool = &worker->pool,
                         .take_wait_ms = worker->options->drain ? DRAIN_WAIT_MS : TAKE_WAIT_MS,
                         .store = worker->store};
    start_thread(&worker->supervisor_handle, supervisor_thread, &worker->context);
    start_thread(&worker->mail_handle, mailer_thread, &worker->mailer);
    for (int i = 0; i < worker->thread_count; i++)
        start_counted(worker, &worker->handles[i], job_thread_run, &worker->job_threads[i]);
    start_counted(worker, &worker->fetch_handle, fetch_thread, &worker->fetcher);
}

/* Job threads first: what they leave behind, the supervisor's last act must see. */
static void join_threads(struct worker *worker)
{
    for (int i = 0; i < worker->thread_count; i++)
        (void)pthread_join(worker->handles[i], NULL);
    (void)pthread_join(worker->fetch_handle, NULL);
    atomic_store(&worker->context.phase, WORKER_ENDS);
    bell_ring(&worker->context.mail_bell);
    (void)pthread_join(worker->mail_handle, NULL);
    (void)pthread_join(worker->supervisor_handle, NULL);
    (void)alarm(0);
}

/* ---- stopping ---- */

static void stop(struct worker *worker, enum worker_phase phase)
{
    if (worker_phase(&worker->context) >= (int)phase)
        return;
    if (phase == WORKER_STOPS)
        worker->stop_deadline_ms =
            clock_monotonic_ms() + worker->context.config->stop_seconds * 1000;
    LOG(LOG_INFO, phase == WORKER_STOPS ? "worker.stopping" : "worker.giving-back",
        log_int("jobs", pool_busy(&worker->pool)));
    atomic_store(&worker->context.phase, phase);
    pool_stop(&worker->pool);
    /* A server that has our question but never answers may hold up any of our threads, this one
       too. Then SIGALRM ends the process, and a rescue does the rest as after a crash. */
    if (phase == WORKER_GIVES_BACK)
        (void)alarm(GIVE_BACK_SECONDS);
}

/* The first signal: take no more. The second: give back at once. */
static void read_signals(struct worker *worker)
{
    struct signalfd_siginfo info;
    struct pollfd ready = {.fd = worker->signals, .events = POLLIN};
    if (poll(&ready, 1, TICK_MS) <= 0 ||
        read(worker->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    LOG(LOG_INFO, "worker.signal", log_int("signal", (int64_t)info.ssi_signo));
    stop(worker, worker_phase(&worker->context) == WORKER_RUNS ? WORKER_STOPS : WORKER_GIVES_BACK);
}

static void press_on(struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    if (worker_phase(&worker->context) == WORKER_STOPS && now >= worker->stop_deadline_ms)
        stop(worker, WORKER_GIVES_BACK);
    if (worker_phase(&worker->context) != WORKER_GIVES_BACK || now < worker->next_interrupt_ms)
        return;
    worker->next_interrupt_ms = now + INTERRUPT_PAUSE_MS; /* each costs the server a process */
    for (int i = 0; i < worker->thread_count; i++)
        job_thread_interrupt(&worker->job_threads[i]);
}

/* ---- draining ---- */

/* Redis first: a job leaves the processing list only when its mail is in the outbox. */
static bool is_drained(struct worker *worker, bool *drained, struct error *error)
{
    struct queue_stats stats;
    int64_t mails = 0;
    *drained = false;
    if (!redis_connect(worker->redis, error) || !pg_connect(worker->pg, error) ||
        !queue_stats(worker->context.queue, worker->redis, &stats, error) ||
        !outbox_mail_count_waiting(worker->pg, &mails, error))
        return false;
    if (stats.paused && stats.waiting > 0)
        return error_set(error, ERROR_CONFLICT,
                         "the queue is paused, so it cannot be drained: `exportd queue resume`");
    *drained = stats.waiting + stats.delayed + stats.processing + mails == 0 &&
               pool_busy(&worker->pool) == 0;
    return true;
}

static bool watch_drain(struct worker *worker, struct error *error)
{
    bool drained = false;
    if (worker_phase(&worker->context) != WORKER_RUNS)
        return true;
    if (!is_drained(worker, &drained, error)) {
        outage_begin(&worker->drain_outage, error);
        if (error->code == ERROR_CONFLICT)
            stop(worker, WORKER_STOPS);
        return error->code != ERROR_CONFLICT;
    }
    outage_end(&worker->drain_outage);
    if (drained)
        stop(worker, WORKER_STOPS);
    return true;
}

/* ---- the whole ---- */

static bool supervise(struct worker *worker, struct error *error)
{
    bool done = true;
    start_threads(worker);
    while (atomic_load(&worker->active) > 0) {
        read_signals(worker);
        press_on(worker);
        if (worker->options->drain && done)
            done = watch_drain(worker, error);
    }
    join_threads(worker);
    return done;
}

/* Signals are read from a file descriptor by the main thread; every thread inherits the mask. */
static bool open_signals(int *fd, struct error *error)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    *fd = signalfd(-1, &set, SFD_CLOEXEC);
    return *fd >= 0 || error_set(error, ERROR_AWAY, "cannot open a signalfd");
}

bool worker_run(const struct config *config, const struct worker_options *options,
                struct error *error)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return error_set(error, ERROR_AWAY, "no memory");
    worker->context.config = config;
    worker->options = options;
    worker->drain_outage.server = "redis or postgres";
    queue_worker_name(worker->context.name);
    bell_init(&worker->context.mail_bell);
    pool_init(&worker->pool);
    bool done = open_signals(&worker->signals, error) && open_parts(worker, error);
    if (done) {
        LOG(LOG_INFO, "worker.started", log_text("worker", worker->context.name),
            log_int("concurrency", options->concurrency));
        done = supervise(worker, error);
        log_event(LOG_INFO, "worker.stopped", NULL);
    }
    close_parts(worker);
    if (worker->signals >= 0)
        (void)close(worker->signals);
    pool_destroy(&worker->pool);
    bell_destroy(&worker->context.mail_bell);
    free(worker);
    return done;
}
