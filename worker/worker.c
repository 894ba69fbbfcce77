#include "worker/worker.h"

#include "base/clock.h"
#include "mail/transport.h"
#include "model/outbox_mail.h"
#include "schema/migration.h"
#include "schema/privileges.h"
#include "worker/fetch.h"
#include "worker/job_thread.h"
#include "worker/mailer.h"
#include "worker/notify.h"
#include "worker/outage.h"
#include "worker/rescuer.h"
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
    INTERRUPT_MAIL_MS = 3000, /* how long a mail that is being sent may take then */
    INTERRUPT_ALL_MS = 10000, /* how long rows may take to be written when all is given back */
    STUCK_GRACE_MS = 10000,   /* how long the others have when one part hangs */
    MAIL_MS = 90000,          /* a mail may take 80 s */
    SWEEP_MS = 60000,         /* a sweep asks Redis for all messages */
    GIVE_BACK_SECONDS = 60,   /* more than any of our own time-outs */
    PARTS_MAX = POOL_MAX + 4, /* job threads, fetcher, supervisor, rescuer, mailer */
};

/* A thread. */
struct part {
    pthread_t handle;
    atomic_int *active; /* where it is counted */
    void *(*run)(void *);
    void *argument;
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
    struct rescuer rescuer;
    struct supervisor supervisor;
    struct notify notify;
    struct pg *mail_pg, *rescue_pg;
    struct redis *fetch_redis, *supervisor_redis, *rescue_redis;
    int signals;              /* signalfd */
    int64_t stop_deadline_ms; /* 0: not stopping */
    int64_t hurry_since_ms;   /* the deadline is past, or a second signal came; 0: no hurry */
    int64_t next_interrupt_ms;
    int64_t abort_at_ms; /* a part hangs; 0: none */

    /* for --drain */
    struct redis *redis;
    struct pg *pg;
    struct outage drain_outage;

    struct part parts[PARTS_MAX];
    int part_count;     /* threads started */
    atomic_int active;  /* job threads and the fetcher: still running */
    atomic_int helpers; /* mailer, rescuer and supervisor: still running */
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
    worker->mail_pg = pg_new(config->database_url, "exportd mailer");
    worker->rescue_pg = pg_new(config->database_url, "exportd rescuer");
    worker->redis = redis_new(config->redis_url);
    worker->fetch_redis = redis_new(config->redis_url);
    worker->supervisor_redis = redis_new(config->redis_url);
    worker->rescue_redis = redis_new(config->redis_url);
    worker->context.queue = queue_new(config->queue, worker->context.name);
    if (worker->pg == NULL || worker->mail_pg == NULL || worker->rescue_pg == NULL ||
        worker->redis == NULL || worker->fetch_redis == NULL || worker->supervisor_redis == NULL ||
        worker->rescue_redis == NULL || worker->context.queue == NULL)
        return error_no_memory(error);
    pg_set_patience(worker->pg, worker_patience_ms(config));
    pg_set_patience(worker->mail_pg, worker_patience_ms(config));
    pg_set_patience(worker->rescue_pg, worker_patience_ms(config));
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
    redis_free(worker->fetch_redis);
    redis_free(worker->supervisor_redis);
    redis_free(worker->rescue_redis);
    pg_free(worker->pg);
    pg_free(worker->mail_pg);
    pg_free(worker->rescue_pg);
    mail_transport_free(worker->transport);
    blob_store_free(worker->store);
}

/* ---- threads ---- */

/* Runs a thread's function and counts it out when it ends. */
static void *run_part(void *argument)
{
    const struct part *part = argument;
    void *result = part->run(part->argument);
    (void)atomic_fetch_sub(part->active, 1);
    return result;
}

static bool start_part(struct worker *worker, atomic_int *active, void *(*run)(void *),
                       void *argument, struct error *error)
{
    struct part *part = &worker->parts[worker->part_count];
    part->active = active;
    part->run = run;
    part->argument = argument;
    (void)atomic_fetch_add(active, 1);
    if (pthread_create(&part->handle, NULL, run_part, part) == 0) {
        worker->part_count++;
        return true;
    }
    (void)atomic_fetch_sub(active, 1);
    return error_set(error, ERROR_AWAY, "the system starts no more threads");
}

static void describe_threads(struct worker *worker)
{
    struct worker_context *context = &worker->context;
    struct watchdog *watchdog = &context->watchdog;
    worker->mailer = (struct mailer){.context = context,
                                     .transport = worker->transport,
                                     .pg = worker->mail_pg,
                                     .watch = watchdog_add(watchdog, "mailer", MAIL_MS)};
    worker->rescuer = (struct rescuer){.context = context,
                                       .pg = worker->rescue_pg,
                                       .redis = worker->rescue_redis,
                                       .watch = watchdog_add(watchdog, "rescuer", SWEEP_MS)};
    worker->supervisor = (struct supervisor){.context = context,
                                             .pool = &worker->pool,
                                             .notify = &worker->notify,
                                             .redis = worker->supervisor_redis,
                                             .watch = watchdog_add(watchdog, "supervisor", 0)};
    worker->fetcher =
        (struct fetcher){.context = context,
                         .pool = &worker->pool,
                         .watch = watchdog_add(watchdog, "fetcher", 0),
                         .redis = worker->fetch_redis,
                         .take_wait_ms = worker->options->drain ? DRAIN_WAIT_MS : TAKE_WAIT_MS,
                         .store = worker->store};
}

/* The fetcher last: before it nothing is taken. */
static bool start_threads(struct worker *worker, struct error *error)
{
    atomic_int *helpers = &worker->helpers;
    atomic_int *active = &worker->active;
    describe_threads(worker);
    if (!start_part(worker, helpers, supervisor_thread, &worker->supervisor, error) ||
        !start_part(worker, helpers, rescuer_thread, &worker->rescuer, error) ||
        !start_part(worker, helpers, mailer_thread, &worker->mailer, error))
        return false;
    for (int i = 0; i < worker->thread_count; i++)
        if (!start_part(worker, active, job_thread_run, &worker->job_threads[i], error))
            return false;
    return start_part(worker, active, fetch_thread, &worker->fetcher, error);
}

/* All have ended, or are about to. */
static void join_threads(struct worker *worker)
{
    for (int i = 0; i < worker->part_count; i++)
        (void)pthread_join(worker->parts[i].handle, NULL);
    (void)alarm(0);
}

/* ---- stopping ---- */

static void set_phase(struct worker *worker, enum worker_phase phase)
{
    LOG(LOG_INFO, phase == WORKER_STOPS ? "worker.stopping" : "worker.giving-back",
        log_int("jobs", pool_busy(&worker->pool)));
    atomic_store(&worker->context.phase, phase);
    pool_stop(&worker->pool);
}

/* Take no more, and finish what runs. */
static void stop(struct worker *worker)
{
    if (worker->stop_deadline_ms != 0)
        return;
    worker->stop_deadline_ms = clock_monotonic_ms() + worker->context.config->stop_seconds * 1000;
    notify_send(&worker->notify, "STOPPING=1");
    set_phase(worker, WORKER_STOPS);
}

/* Give back what runs, and let a mail go that is being sent. What nothing moves to end is ended by
   SIGALRM, and a rescue does the rest as after a crash. */
static void hurry(struct worker *worker)
{
    stop(worker);
    if (worker->hurry_since_ms != 0)
        return;
    worker->hurry_since_ms = clock_monotonic_ms();
    if (worker_phase(&worker->context) < WORKER_GIVES_BACK)
        set_phase(worker, WORKER_GIVES_BACK);
    (void)alarm(GIVE_BACK_SECONDS);
}

/* The first signal: stop. The second: at once. */
static void read_signals(struct worker *worker)
{
    struct signalfd_siginfo info;
    struct pollfd ready = {.fd = worker->signals, .events = POLLIN};
    if (poll(&ready, 1, TICK_MS) <= 0 ||
        read(worker->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return;
    LOG(LOG_INFO, "worker.signal", log_int("signal", (int64_t)info.ssi_signo));
    if (worker->stop_deadline_ms == 0)
        stop(worker);
    else
        hurry(worker);
}

/* Ends what threads wait for. After a moment also a mail, which would go out again if its server
   has taken it already; and after a while what they need to put their jobs back in order: a server
   that takes so long does not answer any more. */
static void interrupt(struct worker *worker, int64_t hurried_ms)
{
    bool all = hurried_ms >= INTERRUPT_ALL_MS;
    for (int i = 0; i < worker->thread_count; i++)
        job_thread_interrupt(&worker->job_threads[i], all);
    if (hurried_ms >= INTERRUPT_MAIL_MS)
        mail_transport_interrupt(worker->transport);
    if (!all)
        return;
    pg_interrupt(worker->mail_pg);
    pg_interrupt(worker->rescue_pg);
}

static void press_on(struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    if (worker->stop_deadline_ms != 0 && now >= worker->stop_deadline_ms)
        hurry(worker);
    if (worker->hurry_since_ms == 0 || now < worker->next_interrupt_ms)
        return;
    worker->next_interrupt_ms = now + INTERRUPT_PAUSE_MS; /* each costs the server a process */
    interrupt(worker, now - worker->hurry_since_ms);
}

/* ---- hanging ---- */

/* A part that hangs ends the process, so that its jobs are rescued and counted; but the others may
   put theirs back first, which are not to blame. */
static void look_after(struct worker *worker)
{
    int64_t now = clock_monotonic_ms();
    const struct watch *stuck = NULL;
    if (worker->hurry_since_ms == 0)
        stuck =
            watchdog_check(&worker->context.watchdog, worker->context.config->stuck_seconds * 1000);
    if (stuck != NULL) {
        LOG(LOG_ERROR, "worker.stuck", log_text("part", stuck->part),
            log_int("data_export_id", atomic_load(&stuck->data_export_id)),
            log_int("seconds", worker->context.config->stuck_seconds));
        worker->abort_at_ms = now + STUCK_GRACE_MS;
        hurry(worker);
    }
    if (worker->abort_at_ms != 0 &&
        (now >= worker->abort_at_ms || atomic_load(&worker->active) <= 1))
        abort();
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
            stop(worker);
        return error->code != ERROR_CONFLICT;
    }
    outage_end(&worker->drain_outage);
    if (drained)
        stop(worker);
    return true;
}

/* ---- the whole ---- */

/* Job threads first: what they leave behind, the supervisor's last act must see. */
static bool supervise(struct worker *worker, struct error *error)
{
    bool done = start_threads(worker, error);
    if (done)
        notify_send(&worker->notify, "READY=1");
    else
        stop(worker); /* half a worker would be worse than none */
    while (atomic_load(&worker->active) > 0) {
        read_signals(worker);
        press_on(worker);
        look_after(worker);
        if (worker->options->drain && done)
            done = watch_drain(worker, error);
    }
    atomic_store(&worker->context.phase, WORKER_ENDS);
    bell_ring(&worker->context.mail_bell);
    while (atomic_load(&worker->helpers) > 0) {
        read_signals(worker);
        press_on(worker);
        look_after(worker);
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
    struct worker *worker = memory_zeroed(1, sizeof(*worker));
    if (worker == NULL)
        return error_no_memory(error);
    worker->context.config = config;
    worker->options = options;
    worker->drain_outage.server = "redis or postgres";
    queue_worker_name(worker->context.name);
    notify_open(&worker->notify);
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
    notify_close(&worker->notify);
    pool_destroy(&worker->pool);
    bell_destroy(&worker->context.mail_bell);
    free(worker);
    return done;
}
