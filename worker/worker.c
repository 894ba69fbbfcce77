/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker from start to end. The main thread checks the disks, opens all connections, waits for
 * the right database, and starts the other threads. Then it reads signals and watches the threads
 * until all have ended.
 * Tested by tests/system/test_start.py, tests/system/test_stop.py and tests/system/test_worker.py.
 */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/text.h"
#include "job/queue.h"
#include "mail/transport.h"
#include "model/outbox_mail.h"
#include "schema/migration.h"
#include "schema/privileges.h"
#include "storage/upload_lock.h"
#include "worker/probes.h"
#include "worker/stop.h"
#include "worker/threads/claimer.h"
#include "worker/threads/heartbeat.h"
#include "worker/threads/intake.h"
#include "worker/threads/job_thread.h"
#include "worker/threads/mailer.h"
#include "worker/threads/meter.h"

#include <pthread.h>
#include <unistd.h>

enum {
    SHOW_DRAIN_MS = 3000, /* between two lines about what --drain waits for */
    DRAIN_WAIT_MS = 100,
    START_WAIT_MS = 1000,     /* between two tries to reach PostgreSQL */
    START_PATIENCE_MS = 5000, /* how long its answers may take at the start */
    PARTS_MAX = POOL_MAX + 6, /* job threads, claimer, intake, heartbeat, mailer, meter, drainer */
};

/* A thread of the worker. */
struct part {
    pthread_t handle;
    atomic_int *active; /* counts it while it runs */
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
    struct claimer claimer;
    struct intake_thread intake;
    struct mailer mailer;
    struct heartbeat heartbeat;
    struct meter meter;
    struct probes probes;
    struct notify notify;
    struct pg *claim_pg, *mail_pg, *beat_pg, *intake_pg, *meter_pg;
    struct redis *intake_redis;
    struct intake_lists *lists; /* in Redis */
    struct stop stop;

    struct pg *pg;              /* used by the main thread, then by the drainer */
    struct redis *redis;        /* likewise */
    struct error drain_error;   /* the drainer's result; ERROR_NONE: nothing is left to do */
    atomic_bool drain_ended;    /* drain_error is final */
    struct outage start_outage; /* of PostgreSQL, before the threads start */

    struct part parts[PARTS_MAX];
    int part_count;     /* threads started */
    atomic_int active;  /* job threads, claimer and intake that still run */
    atomic_int helpers; /* mailer, heartbeat, meter and drainer that still run */
};

/* ---- before anything is claimed ---- */

/* Without exportd's tables no job could run: an error. A missing grant is only a warning, because
   it may be one that only cleanup needs. */
static bool check_tables(struct pg *pg, const struct config *config, struct error *error)
{
    struct pg_result *rows = NULL;
    if ((!migration_check(pg, error) && error->code != ERROR_DENIED) ||
        !privileges_query(pg, config->tagstore, &rows, error))
        return false;
    bool done = true;
    for (int row = 0; done && row < pg_rows(rows); row++) {
        const struct privilege privilege = privilege_read(rows, row);
        if (privilege_check(&privilege, error))
            continue;
        done = error->code == ERROR_DENIED;
        if (done)
            log_error(LOG_WARNING, "worker.lacks-privilege", error);
    }
    pg_result_free(rows);
    return done;
}

/* Whether this is the right database; also settles where the upload locks are. */
static bool check_database(struct worker *worker, struct error *error)
{
    const struct config *config = worker->context.config;
    return pg_connect(worker->pg, error) && check_tables(worker->pg, config, error) &&
           upload_lock_kind_settle(worker->pg, config_has_lock_redis(config), config->lease_seconds,
                                   error);
}

/* Waits a second, or until the worker stops. Tells systemd READY although the start is not over:
   systemd would not wait that long. */
static void wait_a_moment(struct worker *worker, const struct error *why)
{
    struct outage *outage = &worker->start_outage;
    if (!outage->away)
        notify_send(&worker->notify, "READY=1");
    outage_begin(outage, why);
    notify_alive(&worker->notify, "waits for PostgreSQL");
    int64_t until_ms = clock_monotonic_ms() + START_WAIT_MS;
    while (clock_monotonic_ms() < until_ms)
        stop_tick(&worker->stop);
}

/* Nothing begins before the database is known to be the right one. */
static bool wait_for_database(struct worker *worker, struct error *error)
{
    int64_t patience_ms = pg_set_patience(worker->pg, START_PATIENCE_MS);
    while (!check_database(worker, error)) {
        if (worker->options->drain || (error->code != ERROR_AWAY && error->code != ERROR_TIMEOUT))
            return false;
        wait_a_moment(worker, error);
    }
    outage_end(&worker->start_outage);
    pg_set_patience(worker->pg, patience_ms);
    return true;
}

static void warn_of_storage(void *context, const char *sentence, const char *advice)
{
    (void)context;
    LOG(LOG_WARNING, "storage.not-promised", log_text("reason", sentence),
        log_text("advice", advice));
}

/* Without --drain, a full or read-only disk is no error: the claimer checks the disks again. */
static bool check_disks(struct worker *worker, struct error *error)
{
    static const struct blob_warnings warnings = {.tell = warn_of_storage};
    bool done = claimer_check_tmpdir(worker->context.config->tmpdir, error) ||
                error_prefix(error, "EXPORTD_TMPDIR");
    done = done && (claimer_check_store(worker->store, &warnings, error) ||
                    error_prefix(error, "EXPORTD_STORAGE_URL"));
    done = done || (error->code == ERROR_AWAY && !worker->options->drain);
    if (!done && error->code == ERROR_NOT_FOUND)
        error->code = ERROR_AWAY; /* a folder that is not there, such as on a disk not mounted */
    return done;
}

/* NULL: no memory. */
static struct pg *open_pg(const struct config *config, const char *role)
{
    struct pg *pg = pg_new(config->database_url, role);
    if (pg != NULL)
        pg_set_patience(pg, worker_patience_ms(config));
    return pg;
}

/* The connections to Redis, one for the intake and one for --drain, and the names of the lists. */
static bool open_redis(struct worker *worker, struct error *error)
{
    const struct config *config = worker->context.config;
    worker->redis = redis_new(config->redis_url, "exportd-worker-main");
    worker->intake_redis = redis_new(config->redis_url, "exportd-intake");
    worker->lists = intake_lists_of(config);
    return (worker->redis != NULL && worker->intake_redis != NULL && worker->lists != NULL) ||
           error_no_memory(error);
}

/* Opens all that the threads work with, except what each job thread has for itself. */
static bool open_parts(struct worker *worker, struct error *error)
{
    const struct config *config = worker->context.config;
    if (!blob_store_open(config->storage_url, config->storage_mode, &worker->store, error) ||
        !check_disks(worker, error))
        return false;
    const struct mail_settings mail = {
        .url = config->mail_url, .sender = config->mail_from, .hello = config->mail_helo};
    if (!mail_transport_open(&mail, &worker->transport, error))
        return false;
    worker->pg = open_pg(config, "exportd worker main");
    worker->claim_pg = open_pg(config, "exportd claimer");
    worker->mail_pg = open_pg(config, "exportd mailer");
    worker->beat_pg = open_pg(config, "exportd heartbeat");
    worker->intake_pg = open_pg(config, "exportd intake");
    worker->meter_pg = open_pg(config, "exportd meter");
    if (config_has_redis(config) && !open_redis(worker, error))
        return false;
    if (worker->pg == NULL || worker->claim_pg == NULL || worker->mail_pg == NULL ||
        worker->beat_pg == NULL || worker->intake_pg == NULL || worker->meter_pg == NULL)
        return error_no_memory(error);
    pg_set_patience(worker->beat_pg, config->lease_seconds * 1000); /* a later beat is useless */
    return true;
}

static bool open_job_threads(struct worker *worker, struct error *error)
{
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
    pg_free(worker->pg);
    pg_free(worker->claim_pg);
    pg_free(worker->mail_pg);
    pg_free(worker->beat_pg);
    pg_free(worker->intake_pg);
    pg_free(worker->meter_pg);
    redis_free(worker->intake_redis);
    redis_free(worker->redis);
    intake_lists_free(worker->lists);
    mail_transport_free(worker->transport);
    blob_store_free(worker->store);
}

/* ---- threads ---- */

/* Runs a thread's function. The thread is counted as running until that returns. */
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

static void describe_intake(struct worker *worker)
{
    struct worker_context *context = &worker->context;
    worker->intake = (struct intake_thread){.context = context,
                                            .intake = {.queue = context->config->queue,
                                                       .worker = context->name,
                                                       .lists = worker->lists,
                                                       .pg = worker->intake_pg,
                                                       .redis = worker->intake_redis},
                                            .pool = &worker->pool,
                                            .watch = watchdog_add(&context->watchdog, "intake", 0)};
}

static void describe_threads(struct worker *worker)
{
    struct worker_context *context = &worker->context;
    struct watchdog *watchdog = &context->watchdog;
    worker->stop.transport = worker->transport;
    worker->stop.drain_pg = worker->pg;
    worker->stop.mail_pg = worker->mail_pg;
    worker->stop.claim_pg = worker->claim_pg;
    worker->stop.beat_pg = worker->beat_pg;
    worker->stop.intake_pg = worker->intake_pg;
    worker->stop.meter_pg = worker->meter_pg;
    worker->mailer = (struct mailer){.context = context,
                                     .transport = worker->transport,
                                     .pg = worker->mail_pg,
                                     .watch = watchdog_add(watchdog, "mailer", 0)};
    worker->heartbeat = (struct heartbeat){.context = context,
                                           .pool = &worker->pool,
                                           .threads = worker->job_threads,
                                           .notify = &worker->notify,
                                           .watch = watchdog_add(watchdog, "heartbeat", 0),
                                           .pg = worker->beat_pg,
                                           .version = worker->options->version};
    if (worker->redis != NULL)
        describe_intake(worker);
    if (worker->probes.listener != NULL)
        worker->meter = (struct meter){.context = context,
                                       .watch = watchdog_add(watchdog, "meter", 0),
                                       .pg = worker->meter_pg};
    worker->claimer = (struct claimer){.context = context,
                                       .pool = &worker->pool,
                                       .watch = watchdog_add(watchdog, "claimer", 0),
                                       .pg = worker->claim_pg,
                                       .store = worker->store};
}

/* The claimer comes last: before that, nothing is claimed. */
static bool start_threads(struct worker *worker, struct error *error)
{
    atomic_int *helpers = &worker->helpers;
    atomic_int *active = &worker->active;
    describe_threads(worker);
    if (!start_part(worker, helpers, heartbeat_thread, &worker->heartbeat, error) ||
        !start_part(worker, helpers, mailer_thread, &worker->mailer, error) ||
        (worker->probes.listener != NULL &&
         !start_part(worker, helpers, meter_thread, &worker->meter, error)))
        return false;
    for (int i = 0; i < worker->thread_count; i++)
        if (!start_part(worker, active, job_thread_run, &worker->job_threads[i], error))
            return false;
    if (worker->redis != NULL && !start_part(worker, active, intake_thread, &worker->intake, error))
        return false;
    return start_part(worker, active, claimer_thread, &worker->claimer, error);
}

/* All threads have ended, or are about to. */
static void join_threads(struct worker *worker)
{
    for (int i = 0; i < worker->part_count; i++)
        (void)pthread_join(worker->parts[i].handle, NULL);
}

/* ---- draining ---- */

/* What --drain waits for. It is counted in the order in which a job moves, from a message to a job
   to a mail, so that no job is missed on its way. */
struct remainder {
    int64_t messages; /* in Redis */
    int64_t jobs;
    int64_t mails;
};

static bool count_messages(struct worker *worker, int64_t *messages, struct error *error)
{
    struct intake_count count = {.waiting = 0};
    if (worker->redis != NULL && (!redis_connect(worker->redis, error) ||
                                  !intake_count(worker->lists, worker->redis, &count, error)))
        return false;
    *messages = count.waiting + count.taken;
    return true;
}

/* An error while the queue is paused and jobs wait in it: they would wait for ever. */
static bool count_jobs(struct worker *worker, int64_t *jobs, struct error *error)
{
    const struct config *config = worker->context.config;
    struct queue_stats stats;
    if (!pg_connect(worker->pg, error) ||
        !queue_stats(worker->pg, config->queue, config->lease_seconds, &stats, error))
        return false;
    queue_stats_free(&stats);
    *jobs = stats.waiting + stats.delayed + stats.running + stats.pending;
    return !(stats.paused && stats.waiting > 0) ||
           error_set(error, ERROR_CONFLICT,
                     "the queue is paused, so it cannot be drained: `exportd queue resume`");
}

static bool count_remainder(struct worker *worker, struct remainder *left, struct error *error)
{
    *left = (struct remainder){.messages = 0};
    if (!count_messages(worker, &left->messages, error) ||
        !count_jobs(worker, &left->jobs, error) ||
        (!worker->options->ignore_mail &&
         !outbox_mail_count_waiting(worker->pg, &left->mails, error)))
        return false;
    if (left->jobs == 0)
        left->jobs = pool_busy(&worker->pool); /* outcome written, thread not free yet */
    return true;
}

/* Only on a terminal, for the operator who waits there. */
static void print_remainder(const struct remainder *left, int64_t *shown_ms)
{
    int64_t now = clock_monotonic_ms();
    if (isatty(STDERR_FILENO) == 0 || now < *shown_ms + SHOW_DRAIN_MS)
        return;
    *shown_ms = now;
    (void)fprintf(stderr,
                  "waiting for %" PRId64 " message%s, %" PRId64 " job%s, %" PRId64 " mail%s\n",
                  left->messages, text_plural(left->messages), left->jobs, text_plural(left->jobs),
                  left->mails, text_plural(left->mails));
}

/* Counts what is left until that is nothing. A thread of its own does this, because a server that
   hangs must not keep the main thread from its signals. */
static void *drain_thread(void *argument)
{
    struct worker *worker = argument;
    struct outage outage = {.server = "postgres"};
    struct error *error = &worker->drain_error;
    struct remainder left;
    int64_t shown_ms = 0;
    bool drained = false;
    while (!drained && worker_phase(&worker->context) == WORKER_RUNS) {
        *error = (struct error){.code = ERROR_NONE};
        if (count_remainder(worker, &left, error)) {
            outage_end(&outage);
            print_remainder(&left, &shown_ms);
            drained = left.messages + left.jobs + left.mails == 0;
        } else {
            outage_begin(&outage, error);
            drained = error->code == ERROR_CONFLICT;
        }
        if (!drained)
            clock_sleep_ms(DRAIN_WAIT_MS);
    }
    atomic_store(&worker->drain_ended, drained);
    return NULL;
}

static bool start_drainer(struct worker *worker, struct error *error)
{
    return !worker->options->drain ||
           start_part(worker, &worker->helpers, drain_thread, worker, error);
}

/* Stops the worker once draining has ended. False: it has failed. */
static bool end_drain(struct worker *worker, struct error *error)
{
    if (!atomic_load(&worker->drain_ended))
        return true;
    stop_begin(&worker->stop);
    *error = worker->drain_error;
    return error->code == ERROR_NONE;
}

/* ---- the whole ---- */

/* Runs the threads until all have ended. The heartbeat ends after the job threads, because its last
   act is to give back the jobs that they left. */
static bool supervise_threads(struct worker *worker, struct error *error)
{
    bool done = start_threads(worker, error) && start_drainer(worker, error);
    if (done)
        notify_send(&worker->notify, "READY=1");
    else
        stop_begin(&worker->stop); /* half a worker would be worse than none */
    while (atomic_load(&worker->active) > 0) {
        stop_tick(&worker->stop);
        done = done && end_drain(worker, error);
    }
    atomic_store(&worker->context.phase, WORKER_ENDS);
    bell_ring(&worker->context.mail_bell);
    while (atomic_load(&worker->helpers) > 0)
        stop_tick(&worker->stop);
    join_threads(worker);
    return done;
}

static bool run_until_stopped(struct worker *worker, struct error *error)
{
    if (!stop_open(&worker->stop, error) || !open_parts(worker, error) ||
        !probes_open(&worker->probes, &worker->context, &worker->pool, error) ||
        !wait_for_database(worker, error))
        return false;
    stop_take_signals();
    if (!open_job_threads(worker, error))
        return false;
    LOG(LOG_INFO, "worker.started", log_text("worker", worker->context.name),
        log_int("concurrency", worker->options->concurrency));
    bool done = supervise_threads(worker, error);
    log_event(LOG_INFO, "worker.stopped", NULL);
    return done;
}

bool worker_run(const struct config *config, const struct worker_options *options,
                struct error *error)
{
    struct worker *worker = memory_zeroed(1, sizeof(*worker));
    if (worker == NULL)
        return error_no_memory(error);
    worker->context.config = config;
    atomic_store(&worker->context.max_running, config->max_running);
    worker->options = options;
    worker->start_outage =
        (struct outage){.server = "postgres", .missing = &worker->context.postgres_missing};
    worker->stop = (struct stop){.context = &worker->context,
                                 .pool = &worker->pool,
                                 .notify = &worker->notify,
                                 .active = &worker->active,
                                 .job_threads = worker->job_threads,
                                 .job_thread_count = &worker->thread_count,
                                 .signals = -1};
    memory_tidy(); /* before there are threads: two first calls at once are not safe */
    lease_make_instance(worker->context.name);
    (void)gethostname(worker->context.host, sizeof(worker->context.host) - 1);
    notify_open(&worker->notify);
    statsd_open(&worker->context.statsd, config->statsd_url);
    bell_init(&worker->context.mail_bell);
    pool_init(&worker->pool, (int)options->concurrency);
    bool done = run_until_stopped(worker, error);
    stop_close(&worker->stop, done); /* before the rest, which may take longer than its alarm */
    probes_close(&worker->probes);
    close_parts(worker);
    statsd_close(&worker->context.statsd);
    notify_close(&worker->notify);
    pool_destroy(&worker->pool);
    bell_destroy(&worker->context.mail_bell);
    free(worker);
    return done;
}
