/* SPDX-License-Identifier: Apache-2.0 */
/* The order of an attempt: read, claim, run. What ends it is decided in conclude.c. */
#include "worker/attempt/attempt.h"

#include "base/clock.h"
#include "base/fault.h"
#include "job/retry.h"
#include "worker/attempt/steps.h"

enum {
    AWAY_WAIT_MS = 1000,
    NO_ROW_TRIES = 3, /* the message may be faster than the COMMIT of its row */
    NO_ROW_WAIT_MS = 300,
};

bool attempt_gives_back(const struct attempt *attempt)
{
    return worker_phase(attempt->tools->context) >= WORKER_GIVES_BACK;
}

void attempt_wait_a_moment(const struct attempt *attempt)
{
    watch_seen(attempt->tools->watch);
    clock_sleep_ms(AWAY_WAIT_MS);
}

/* ---- the message ---- */

/* False, for the attempt is over. */
static bool end(struct attempt *attempt, enum message_end how)
{
    attempt->end = how;
    return false;
}

static bool bury(struct attempt *attempt, const char *reason)
{
    attempt->reason = reason;
    LOG(LOG_ERROR, "queue.dead", log_text("reason", reason));
    return end(attempt, MESSAGE_BURIED);
}

/* A job that cannot even be claimed: its message waits for better times. After an unsure claim it
   must stay where it is, so that row and message are rescued together. */
static bool leave_unclaimed(struct attempt *attempt, bool unsure)
{
    const struct retry_limits limits = {.base_seconds =
                                            attempt->tools->context->config->retry_base_seconds};
    log_error(LOG_ERROR, "dataexport.not-claimed", &attempt->error);
    attempt->delay_ms = retry_unclaimed_ms(&limits);
    if (unsure)
        return end(attempt, MESSAGE_STAYS);
    return end(attempt, attempt_gives_back(attempt) ? MESSAGE_GIVEN_BACK : MESSAGE_DELAYED);
}

/* No memory says nothing about the message. */
bool attempt_read(struct attempt *attempt, struct attempt_tools *tools,
                  const struct job_ticket *ticket)
{
    *attempt = (struct attempt){.tools = tools, .crashes = ticket->crashes};
    struct job_message *message = &attempt->message;
    if (!job_message_parse(ticket->message, ticket->size, message, &attempt->error))
        return attempt->error.code == ERROR_AWAY ? leave_unclaimed(attempt, false)
                                                 : bury(attempt, attempt->error.message);
    log_set_job(message->data_export_id, 0);
    atomic_store(&tools->watch->data_export_id, message->data_export_id);
    int64_t early_usec = message->eta == USEC_NONE ? 0 : message->eta - clock_wall_usec();
    if (early_usec <= 0)
        return true;
    attempt->delay_ms = early_usec / 1000 + 1;
    return end(attempt, MESSAGE_DELAYED);
}

/* ---- the claim ---- */

/* Claims while PostgreSQL comes and goes. *unsure: a claim may have been made that we know nothing
   of. Then no error is an answer, or the job would run for ever at a worker that does not run it;
   only a worker that ends leaves the rest to a rescue. */
static bool try_claim(struct attempt *attempt, enum claim_result *result, bool *unsure)
{
    struct attempt_tools *tools = attempt->tools;
    struct error *error = &attempt->error;
    for (;;) {
        const struct claimant claimant = {.worker = tools->context->name,
                                          .queue = tools->context->config->queue,
                                          .again = *unsure};
        const struct claim_request request = {.pg = tools->pg,
                                              .arena = tools->arena,
                                              .message = &attempt->message,
                                              .claimant = &claimant};
        arena_reset(tools->arena);
        bool connected = pg_connect(tools->pg, error);
        if (connected && claim_job(&request, result, &attempt->claim, error)) {
            *unsure = false;
            return true;
        }
        *unsure = *unsure || (connected && error->code == ERROR_AWAY);
        if ((error->code != ERROR_AWAY && !*unsure) || attempt_gives_back(attempt))
            return false;
        outage_begin(&tools->postgres_outage, error);
        attempt_wait_a_moment(attempt);
    }
}

bool attempt_claim(struct attempt *attempt)
{
    enum claim_result result = CLAIM_NO_ROW;
    bool unsure = false;
    for (int tries = 0; tries < NO_ROW_TRIES && result == CLAIM_NO_ROW; tries++) {
        if (tries > 0)
            clock_sleep_ms(NO_ROW_WAIT_MS);
        if (!try_claim(attempt, &result, &unsure))
            return leave_unclaimed(attempt, unsure);
    }
    switch (result) {
    case CLAIM_TAKEN:
        log_set_job(attempt->claim.data_export_id, attempt->claim.attempt);
        return true;
    case CLAIM_FINISHED:
        log_event(LOG_INFO, "dataexport.already-finished", NULL);
        return end(attempt, MESSAGE_ACKNOWLEDGED);
    case CLAIM_RUNNING:
        log_event(LOG_INFO, "dataexport.already-running", NULL);
        return end(attempt, MESSAGE_ACKNOWLEDGED);
    case CLAIM_NO_ROW:
        break;
    }
    return bury(attempt, "no export has this id");
}

/* ---- the run ---- */

static bool check_before_start(const struct attempt *attempt, struct error *error)
{
    const struct config *config = attempt->tools->context->config;
    const struct retry_limits limits = {.max_failures = config->max_failures};
    const struct retry_history history = {.failures = attempt->claim.failures,
                                          .crashes = attempt->crashes};
    if (attempt->message.expires != USEC_NONE && attempt->message.expires < clock_wall_usec())
        return error_set(error, ERROR_EXPORT, "The export expired before it could be started");
    return retry_check_budget(&history, &limits, error);
}

void attempt_run(struct attempt *attempt)
{
    struct error *error = &attempt->error;
    log_event(LOG_INFO, "dataexport.start", NULL);
    if (!FAULT("after_claim", error) || !check_before_start(attempt, error) ||
        !assemble_download(attempt, error) || !conclude_valid(attempt))
        conclude_error(attempt);
}

void attempt_free(struct attempt *attempt)
{
    sink_free(attempt->assembly.sink);
    uploaded_file_free(&attempt->assembly.file);
    atomic_store(&attempt->tools->watch->data_export_id, 0);
    log_clear_job();
}
