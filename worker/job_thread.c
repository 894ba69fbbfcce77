#include "worker/job_thread.h"

#include "base/clock.h"
#include "base/fault.h"
#include "job/life.h"
#include "worker/outcome.h"

enum {
    IDLE_CHECK_MS = 3000, /* an idle thread looks after its connections so often */
    AWAY_WAIT_MS = 1000,
    NO_ROW_TRIES = 3, /* the message may be faster than the COMMIT of its row */
    NO_ROW_WAIT_MS = 300,
    OUTCOME_TRIES = 3,  /* in a row, while Postgres answers, before the job is put off */
    STORE_TRIES = 3,    /* blobs may vanish before the outcome so many times */
    LONG_JOB_MS = 1000, /* behind one that took longer, memory goes back to the system */
};

/* One job in the thread's hands. */
struct job {
    const struct job_ticket *ticket;
    struct job_message message;
    struct claim claim;
    struct assembly assembly;
    const char *reason; /* for outcomes: the sentence or the error */
    int64_t delay_ms;
    bool counted;
};

/* ---- waiting ---- */

static bool gives_back(const struct job_thread *thread)
{
    return worker_phase(thread->context) >= WORKER_GIVES_BACK;
}

/* Before the next try to reach a server. To wait is not to hang: the watchdog is told. */
static void wait_a_moment(struct job_thread *thread)
{
    watch_seen(thread->watch);
    clock_sleep_ms(AWAY_WAIT_MS);
}

/* ---- leaving the processing list ---- */

enum leave_how { LEAVE_ACKNOWLEDGED, LEAVE_GIVEN_BACK, LEAVE_DELAYED, LEAVE_BURIED };

static bool try_leave(struct job_thread *thread, const struct job *job, enum leave_how how,
                      bool *left, struct error *error)
{
    struct queue *queue = thread->context->queue;
    if (!redis_connect(thread->redis, error))
        return false;
    switch (how) {
    case LEAVE_ACKNOWLEDGED:
        return queue_acknowledge(queue, thread->redis, job->ticket, left, error);
    case LEAVE_GIVEN_BACK:
        return queue_give_back(queue, thread->redis, job->ticket, left, error);
    case LEAVE_DELAYED:
        return queue_delay(queue, thread->redis, job->ticket, job->delay_ms, left, error);
    case LEAVE_BURIED:
        return queue_bury(queue, thread->redis, job->ticket, job->reason, left, error);
    }
    return error_set(error, ERROR_INTERNAL, "no such way to leave");
}

/* Tries until it is done: a message must not stay behind because Redis was away for a moment. Only
   a worker that ends leaves it to the next rescue. */
static void leave(struct job_thread *thread, const struct job *job, enum leave_how how)
{
    struct error error;
    bool left = false;
    while (!try_leave(thread, job, how, &left, &error)) {
        outage_begin(&thread->redis_outage, &error);
        pool_renounce(thread->pool, thread->slot);
        if (gives_back(thread)) {
            log_error(LOG_WARNING, "queue.left-behind", &error);
            return;
        }
        wait_a_moment(thread);
    }
    outage_end(&thread->redis_outage);
    if (!left)
        log_event(LOG_WARNING, "queue.rescued-meanwhile", NULL);
    if (!FAULT("after_leave", &error))
        log_error(LOG_ERROR, "fault", &error);
}

/* ---- outcomes ---- */

typedef bool outcome_step(struct job_thread *thread, struct job *job, struct error *error);

static bool try_step(struct job_thread *thread, struct job *job, outcome_step *step,
                     struct error *error)
{
    arena_reset(thread->outcome_arena);
    watch_seen(thread->watch);
    return pg_connect(thread->pg, error) && step(thread, job, error);
}

/* Carries a step through while Postgres comes and goes. After a COMMIT that may have had no answer
   the database is asked what became of it; nothing is concluded from the silence, nor from a fence
   that may be closed because that COMMIT closed it. */
static bool persist(struct job_thread *thread, struct job *job, outcome_step *step,
                    struct error *error)
{
    bool unsure = false;
    for (int tries = 1;; tries++) {
        struct error look;
        bool committed = false;
        if (try_step(thread, job, step, error))
            return true;
        unsure = unsure || error->code != ERROR_LOST;
        if (!unsure)
            return false;
        watch_seen(thread->watch);
        if (outcome_was_committed(thread, &job->claim, &committed, &look)) {
            if (committed)
                return true;
            /* Postgres is there: what is away may be a full disk, or the Redis of the locks */
            if (error->code != ERROR_AWAY || tries >= OUTCOME_TRIES)
                return false;
        } else {
            *error = look;
            if (look.code != ERROR_AWAY)
                return false;
            outage_begin(&thread->postgres_outage, &look);
            tries = 0;
        }
        if (gives_back(thread))
            return false;
        wait_a_moment(thread);
    }
}

static void log_otherwise(enum outcome_result result)
{
    if (result == OUTCOME_ROW_GONE)
        log_event(LOG_WARNING, "dataexport.gone", NULL);
    else if (result == OUTCOME_FINISHED)
        log_event(LOG_WARNING, "dataexport.finished-elsewhere", NULL);
}

static bool step_valid(struct job_thread *thread, struct job *job, struct error *error)
{
    enum outcome_result result = OUTCOME_BLOB_GONE;
    for (int tries = 0; tries < STORE_TRIES; tries++) {
        if (!assembly_store(thread, &job->claim, &job->assembly, error) ||
            !outcome_valid(thread, &job->claim, &job->assembly, &result, error))
            return false;
        if (result != OUTCOME_BLOB_GONE) {
            log_otherwise(result);
            return true;
        }
        log_event(LOG_WARNING, "dataexport.blob-gone", NULL);
        job->assembly.stored = false;
    }
    return error_set(error, ERROR_CONFLICT, "a blob vanished %d times before it was referenced",
                     STORE_TRIES);
}

static bool step_failed(struct job_thread *thread, struct job *job, struct error *error)
{
    enum outcome_result result = OUTCOME_DONE;
    if (!outcome_failed(thread, &job->claim, job->reason, &job->assembly.progress, &result, error))
        return false;
    log_otherwise(result);
    return true;
}

static bool step_postponed(struct job_thread *thread, struct job *job, struct error *error)
{
    return outcome_postponed(thread, &job->claim, job->delay_ms, job->counted, job->reason,
                             &job->assembly.progress, error);
}

/* Records that the job is not over and lets its message go back. When even that cannot be written,
   the message stays in the processing list: row and message are rescued together later. */
static void postpone(struct job_thread *thread, struct job *job, const struct error *cause,
                     int64_t delay_ms, bool counted)
{
    struct error error;
    job->reason = cause->message;
    job->delay_ms = delay_ms;
    job->counted = counted;
    while (!persist(thread, job, step_postponed, &error)) {
        log_error(LOG_ERROR, "dataexport.outcome-not-written", &error);
        if (error.code == ERROR_LOST) {
            leave(thread, job, LEAVE_GIVEN_BACK);
            return;
        }
        if (gives_back(thread))
            return;
        wait_a_moment(thread);
    }
    LOG(LOG_WARNING, "dataexport.postponed", log_text("code", error_code_name(cause->code)),
        log_text("error", cause->message), log_int("delay_ms", delay_ms));
    leave(thread, job, delay_ms > 0 ? LEAVE_DELAYED : LEAVE_GIVEN_BACK);
}

/* The judgement of job_judge, bounded by the two budgets and by the end of the worker. */
static enum job_verdict decide(const struct job_thread *thread, const struct job *job,
                               const struct error *error)
{
    const struct config *config = thread->context->config;
    enum job_verdict verdict = job_judge(error);
    if (gives_back(thread) && (verdict == JOB_RETRY || verdict == JOB_WAIT))
        return JOB_GIVE_BACK;
    if (verdict == JOB_RETRY && job->claim.failures + 1 >= config->max_failures)
        return JOB_FAIL;
    if (verdict == JOB_WAIT && job->claim.age_seconds >= config->give_up_hours * 3600)
        return JOB_FAIL;
    return verdict;
}

static void fail(struct job_thread *thread, struct job *job, const struct error *cause)
{
    struct error error;
    job->reason = job_failure_sentence(cause);
    LOG(LOG_ERROR, "dataexport.error", log_text("error", job->reason),
        log_text("code", error_code_name(cause->code)), log_text("cause", cause->message));
    if (persist(thread, job, step_failed, &error)) {
        bell_ring(&thread->context->mail_bell);
        leave(thread, job, LEAVE_ACKNOWLEDGED);
        return;
    }
    postpone(thread, job, &error,
             job_backoff_ms(thread->context->config->retry_base_seconds, job->claim.attempt), true);
}

static void conclude_error(struct job_thread *thread, struct job *job, const struct error *error)
{
    int64_t base = thread->context->config->retry_base_seconds;
    switch (decide(thread, job, error)) {
    case JOB_FAIL:
        fail(thread, job, error);
        break;
    case JOB_RETRY:
        postpone(thread, job, error, job_backoff_ms(base, job->claim.failures + 1), true);
        break;
    case JOB_WAIT:
        postpone(thread, job, error, job_backoff_ms(base, job->claim.attempt), false);
        break;
    case JOB_GIVE_BACK:
        postpone(thread, job, error, 0, false);
        break;
    case JOB_ABANDON:
        /* Not acknowledged: if the job waits again, this may be the only message that leads to it.
         */
        log_error(LOG_WARNING, "dataexport.lost", error);
        leave(thread, job, LEAVE_GIVEN_BACK);
        break;
    }
}

/* ---- one job ---- */

static bool check_before_start(const struct job_thread *thread, const struct job *job,
                               struct error *error)
{
    if (job->message.expires != USEC_NONE && job->message.expires < clock_wall_usec())
        return error_set(error, ERROR_EXPORT, "The export expired before it could be started");
    if (job->claim.failures >= thread->context->config->max_failures)
        return error_set(error, ERROR_INTERNAL, "%" PRId64 " attempts ended without an outcome",
                         job->claim.failures);
    return true;
}

/* Now the database counts what becomes of the job: how many workers died with its message before is
   forgotten, lest those deaths be counted that it only lay beside. False: there were too many, and
   this try is the last. */
static bool count_claim(struct job_thread *thread, const struct job *job, struct error *error)
{
    struct error ignored;
    if (job->ticket->crashes > 0 &&
        (!redis_connect(thread->redis, &ignored) ||
         !queue_claimed(thread->context->queue, thread->redis, job->ticket, &ignored)))
        log_error(LOG_WARNING, "queue.crashes-not-forgotten", &ignored);
    return job->ticket->crashes < QUEUE_CRASHES_MAX ||
           error_set(error, ERROR_INTERNAL, "%" PRId64 " workers died while they held this message",
                     job->ticket->crashes);
}

static void run_claimed(struct job_thread *thread, struct job *job)
{
    struct error error;
    int64_t started_ms = clock_monotonic_ms();
    log_event(LOG_INFO, "dataexport.start", NULL);
    if (!count_claim(thread, job, &error)) {
        fail(thread, job, &error);
        return;
    }
    bool valid = FAULT("after_claim", &error) && check_before_start(thread, job, &error) &&
                 assemble_download(thread, &job->claim, &job->message, &job->assembly, &error) &&
                 persist(thread, job, step_valid, &error);
    if (!valid) {
        conclude_error(thread, job, &error);
        return;
    }
    bell_ring(&thread->context->mail_bell);
    pool_announce(thread->pool, thread->slot);
    leave(thread, job, LEAVE_ACKNOWLEDGED);
    LOG(LOG_INFO, "dataexport.end", log_int("rows", job->assembly.progress.rows),
        log_int("bytes", job->assembly.progress.bytes),
        log_int("duration_ms", clock_monotonic_ms() - started_ms));
}

/* Claims while Postgres comes and goes. *unsure: a claim may have been made that we know nothing
   of. Then no error is an answer, or the job would run for ever at a worker that does not run it;
   only a worker that ends leaves the rest to a rescue. */
static bool claim(struct job_thread *thread, struct job *job, enum claim_result *result,
                  bool *unsure, struct error *error)
{
    *unsure = false;
    for (;;) {
        const struct claimant claimant = {.worker = thread->context->name,
                                          .queue = thread->context->config->queue,
                                          .again = *unsure};
        arena_reset(thread->arena);
        bool connected = pg_connect(thread->pg, error);
        if (connected && claim_job(thread->pg, &job->message, &claimant, thread->arena, result,
                                   &job->claim, error)) {
            *unsure = false;
            return true;
        }
        *unsure = *unsure || (connected && error->code == ERROR_AWAY);
        if ((error->code != ERROR_AWAY && !*unsure) || gives_back(thread))
            return false;
        outage_begin(&thread->postgres_outage, error);
        wait_a_moment(thread);
    }
}

/* A job that cannot even be claimed: its message waits for better times. After an unsure claim it
   must stay where it is, so that row and message are rescued together. */
static void leave_unclaimed(struct job_thread *thread, struct job *job, bool unsure,
                            const struct error *error)
{
    log_error(LOG_ERROR, "dataexport.not-claimed", error);
    if (unsure)
        return;
    job->delay_ms = job_backoff_ms(thread->context->config->retry_base_seconds, 1);
    leave(thread, job, gives_back(thread) ? LEAVE_GIVEN_BACK : LEAVE_DELAYED);
}

static void claim_and_run(struct job_thread *thread, struct job *job)
{
    struct error error;
    enum claim_result result = CLAIM_NO_ROW;
    bool unsure = false;
    for (int tries = 0; tries < NO_ROW_TRIES && result == CLAIM_NO_ROW; tries++) {
        if (tries > 0)
            clock_sleep_ms(NO_ROW_WAIT_MS);
        if (!claim(thread, job, &result, &unsure, &error)) {
            leave_unclaimed(thread, job, unsure, &error);
            return;
        }
    }
    switch (result) {
    case CLAIM_TAKEN:
        log_set_job(job->claim.data_export_id, job->claim.attempt);
        run_claimed(thread, job);
        break;
    case CLAIM_FINISHED:
        log_event(LOG_INFO, "dataexport.already-finished", NULL);
        leave(thread, job, LEAVE_ACKNOWLEDGED);
        break;
    case CLAIM_RUNNING:
        log_event(LOG_INFO, "dataexport.already-running", NULL);
        leave(thread, job, LEAVE_ACKNOWLEDGED);
        break;
    case CLAIM_NO_ROW:
        job->reason = "no export has this id";
        LOG(LOG_ERROR, "queue.dead", log_text("reason", job->reason));
        leave(thread, job, LEAVE_BURIED);
        break;
    }
}

static void leave_unread(struct job_thread *thread, struct job *job, const struct error *error)
{
    if (error->code == ERROR_AWAY) { /* no memory: that says nothing about the message */
        leave_unclaimed(thread, job, false, error);
        return;
    }
    job->reason = error->message;
    LOG(LOG_ERROR, "queue.dead", log_text("reason", error->message));
    leave(thread, job, LEAVE_BURIED);
}

static void work(struct job_thread *thread, const struct job_ticket *ticket)
{
    struct error error;
    struct job job = {.ticket = ticket, .assembly = {.sink = NULL}};
    if (!job_message_parse(ticket->message, ticket->size, &job.message, &error)) {
        leave_unread(thread, &job, &error);
        return;
    }
    log_set_job(job.message.data_export_id, 0);
    atomic_store(&thread->watch->data_export_id, job.message.data_export_id);
    int64_t early_usec = job.message.eta == USEC_NONE ? 0 : job.message.eta - clock_wall_usec();
    if (early_usec > 0) {
        job.delay_ms = early_usec / 1000 + 1;
        leave(thread, &job, LEAVE_DELAYED);
    } else {
        claim_and_run(thread, &job);
    }
    assembly_release(&job.assembly);
    atomic_store(&thread->watch->data_export_id, 0);
    log_clear_job();
}

static void work_and_tidy(struct job_thread *thread, const struct job_ticket *ticket)
{
    int64_t started_ms = clock_monotonic_ms();
    watch_seen(thread->watch);
    work(thread, ticket);
    arena_reset(thread->arena);
    arena_reset(thread->outcome_arena);
    if (clock_monotonic_ms() - started_ms >= LONG_JOB_MS)
        memory_tidy();
}

void *job_thread_run(void *argument)
{
    struct job_thread *thread = argument;
    while (worker_phase(thread->context) == WORKER_RUNS) {
        watch_seen(thread->watch);
        if (!job_thread_prepare(thread)) {
            pool_renounce(thread->pool, thread->slot);
            clock_sleep_ms(AWAY_WAIT_MS);
            continue;
        }
        const struct job_ticket *ticket = pool_receive(thread->pool, thread->slot, IDLE_CHECK_MS);
        if (ticket != NULL) {
            work_and_tidy(thread, ticket);
            pool_release(thread->pool, thread->slot);
        }
    }
    watch_end(thread->watch);
    return NULL;
}
