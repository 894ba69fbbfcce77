/* SPDX-License-Identifier: Apache-2.0 */
#include "event/sampling.h"

/* One event in `keep` is stored. by_count: if times_seen is at most `bound`; by_silence: if the
   silence is at least `bound` seconds. The first step that fits counts. */
struct step {
    int64_t bound, keep;
};

static const struct step by_count[] = {{50, 1},           {1000, 2},      {10000, 10},
                                       {100000, 50},      {1000000, 300}, {10000000, 2000},
                                       {INT64_MAX, 10000}};
static const struct step by_silence[] = {{3600, 1}, {360, 10}, {60, 60}, {INT64_MIN, 10000}};

bool sampling_covers(const char *projects, int64_t project_id)
{
    char id[24];
    int size = snprintf(id, sizeof(id), "%" PRId64, project_id);
    for (const char *at = projects; *at != '\0'; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == (size_t)size && memcmp(at, id, (size_t)size) == 0)
            return true;
    return false;
}

bool sampling_keeps(int64_t times_seen, int64_t silence_seconds)
{
    const struct step *count = by_count;
    const struct step *silence = by_silence;
    while (times_seen > count->bound)
        count++;
    while (silence_seconds < silence->bound)
        silence++;
    return times_seen % count->keep == 0 || times_seen % silence->keep == 0;
}

/* The groups of sampled projects, sorted by id. */
struct groups {
    struct group_state *states;
    size_t count;
};

static int compare_states(const void *left, const void *right)
{
    const struct group_state *a = left;
    const struct group_state *b = right;
    return (a->group_id > b->group_id) - (a->group_id < b->group_id);
}

static struct group_state *find_state(const struct groups *groups, int64_t group_id)
{
    struct group_state wanted = {.group_id = group_id};
    return bsearch(&wanted, groups->states, groups->count, sizeof(wanted), compare_states);
}

static bool list_groups(const struct event_batch *batch, const char *projects,
                        struct groups *groups, struct error *error)
{
    groups->states = arena_array(batch->arena, batch->count, sizeof(*groups->states), error);
    if (groups->states == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++)
        if (sampling_covers(projects, batch->events[i]->line.project_id))
            groups->states[groups->count++].group_id = batch->events[i]->group_id;
    qsort(groups->states, groups->count, sizeof(*groups->states), compare_states);
    size_t kept = 0;
    for (size_t i = 0; i < groups->count; i++)
        if (kept == 0 || groups->states[kept - 1].group_id != groups->states[i].group_id)
            groups->states[kept++] = groups->states[i];
    groups->count = kept;
    return true;
}

/* A group made by this batch is in the table with its events counted already. None of them has
   happened before the batch. */
static void forget_made(const struct groups *groups, const struct grouping *grouping)
{
    for (size_t i = 0; i < grouping->made_count; i++) {
        struct group_state *state = find_state(groups, grouping->made[i].count.group_id);
        if (state != NULL)
            state->times_seen = 0;
    }
}

/* Decides about an event, and updates the state of its group as the event changes it. */
static bool is_sampled(struct group_state *state, const struct event *event)
{
    const struct event_line *line = &event->line;
    int64_t now = line->received == USEC_NONE ? line->datetime : line->received;
    bool is_new = state->times_seen == 0;
    bool keep = is_new || state->status == GROUP_RESOLVED ||
                sampling_keeps(state->times_seen, (now - state->last_seen) / USEC_PER_SECOND);
    state->status = 0;
    state->times_seen++;
    if (is_new || line->datetime > state->last_seen)
        state->last_seen = line->datetime;
    return !keep;
}

bool sampling_apply(const struct event_batch *batch, const char *projects,
                    const struct grouping *grouping, bool *any, struct error *error)
{
    struct groups groups = {.count = 0};
    *any = false;
    for (size_t i = 0; i < batch->count; i++)
        batch->events[i]->sampled = false;
    if (projects[0] == '\0')
        return true;
    if (!list_groups(batch, projects, &groups, error))
        return false;
    *any = groups.count > 0;
    if (!*any)
        return true;
    if (!group_lock_states(batch->pg, groups.states, groups.count, error))
        return false;
    forget_made(&groups, grouping);
    for (size_t i = 0; i < batch->count; i++) {
        struct event *event = batch->events[i];
        struct group_state *state = find_state(&groups, event->group_id);
        event->sampled = state != NULL && is_sampled(state, event);
    }
    return true;
}
