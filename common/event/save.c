/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch takes two transactions. The first makes the rows to which the events refer: environments,
 * releases, event users, tag keys and values. It counts nothing and is short, because other writers
 * that need one of its new rows wait until it ends. The second transaction counts, all or nothing.
 *
 * All writers touch the tables in one order, and the rows of a table in one order. So they wait for
 * each other, but do not deadlock. The first transaction's order is project, environment, release,
 * event user, tag key and value. The second's is project, group hash, message, tagstore, group,
 * counters of releases: the rows that most writers need come last. The second transaction holds
 * groups as soon as it knows them from their hashes, so that no other process merges or deletes
 * them.
 *
 * Tested by tests/system/test_ingest.py and tests/system/test_grouphash.py.
 */
#include "event/save.h"

#include "base/fault.h"
#include "event/grouphash.h"
#include "event/sampling.h"
#include "model/environment.h"
#include "model/event_message.h"
#include "model/event_user_attributes.h"
#include "model/plan.h"
#include "model/project.h"
#include "model/release.h"
#include "model/sequence.h"

struct save {
    struct saver *saver;
    struct pg *pg;         /* the saver's */
    struct arena *arena;   /* the saver's */
    struct event **events; /* those without a state, in the order of the input */
    size_t count;
    struct event **sorted; /* the same events by project and event id */
    struct grouping grouping;
};

static struct event_batch batch_of(const struct save *save)
{
    return (struct event_batch){save->pg, save->arena, save->events, save->count};
}

/* ---- which events count ---- */

/* Drops the events that have a state by now. Returns the number of the others. */
static size_t keep_unsaved(struct event **events, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (events[i]->state == EVENT_READ)
            events[kept++] = events[i];
    return kept;
}

static void refuse_unknown_project(struct event *event)
{
    char reason[64];
    (void)snprintf(reason, sizeof(reason), "there is no project %" PRId64, event->line.project_id);
    event_refuse(event, reason);
}

/* Finds the organization of each event; refuses events of unknown projects. */
static bool find_organizations(struct save *save, struct error *error)
{
    struct named_row *rows = arena_array(save->arena, save->count, sizeof(*rows), error);
    int64_t *ids = arena_array(save->arena, save->count, sizeof(*ids), error);
    int64_t *organizations = arena_array(save->arena, save->count, sizeof(*ids), error);
    if (rows == NULL || ids == NULL || organizations == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++)
        rows[i] = (struct named_row){save->events[i]->line.project_id, "", 0};
    size_t count = named_rows_sort(rows, save->count);
    for (size_t i = 0; i < count; i++)
        ids[i] = rows[i].owner_id;
    if (!project_lock(save->pg, ids, count, organizations, error))
        return false;
    for (size_t i = 0; i < save->count; i++) {
        struct event *event = save->events[i];
        event->organization_id =
            organizations[named_rows_find(rows, count, event->line.project_id, "")];
        if (event->organization_id == 0)
            refuse_unknown_project(event);
    }
    save->count = keep_unsaved(save->events, save->count);
    return true;
}

static int compare_ids(const struct event *a, const struct event *b)
{
    if (a->line.project_id != b->line.project_id)
        return a->line.project_id < b->line.project_id ? -1 : 1;
    return strcmp(a->line.event_id, b->line.event_id);
}

static int compare_events(const void *left, const void *right)
{
    const struct event *a = *(struct event *const *)left;
    const struct event *b = *(struct event *const *)right;
    int order = compare_ids(a, b);
    return order != 0 ? order
                      : (a->line_number > b->line_number) - (a->line_number < b->line_number);
}

static struct event_message message_of(const struct event *event)
{
    return (struct event_message){.id = event->id,
                                  .project_id = event->line.project_id,
                                  .event_id = event->line.event_id,
                                  .group_id = event->group_id,
                                  .message = event->line.message,
                                  .platform = event->line.platform,
                                  .datetime = event->line.datetime};
}

/* The messages of the events that are to be stored, or of those that are not (`sampled`); before
   that is decided all are to be. */
static struct event_message *list_messages(struct save *save, bool sampled, size_t *count,
                                           struct error *error)
{
    struct event_message *messages =
        arena_array(save->arena, save->count, sizeof(*messages), error);
    *count = 0;
    for (size_t i = 0; messages != NULL && i < save->count; i++)
        if (save->sorted[i]->sampled == sampled)
            messages[(*count)++] = message_of(save->sorted[i]);
    return messages;
}

/* Drops the events that were counted before: in the database, or earlier in the batch. */
static bool drop_repeated(struct save *save, struct error *error)
{
    save->sorted = arena_array(save->arena, save->count, sizeof(struct event *), error);
    if (save->sorted == NULL)
        return false;
    memcpy(save->sorted, save->events, save->count * sizeof(struct event *));
    qsort(save->sorted, save->count, sizeof(struct event *), compare_events);
    size_t count = 0;
    struct event_message *messages = list_messages(save, false, &count, error);
    if (messages == NULL || !event_message_find(save->pg, messages, count, error))
        return false;
    for (size_t i = 0; i < save->count; i++)
        if (messages[i].id != 0 ||
            (i > 0 && compare_ids(save->sorted[i - 1], save->sorted[i]) == 0))
            save->sorted[i]->state = EVENT_REPEATED;
    (void)keep_unsaved(save->sorted, save->count);
    save->count = keep_unsaved(save->events, save->count);
    return true;
}

/* ---- what the events refer to ---- */

typedef int64_t id_function(const struct event *event);
typedef bool link_function(struct pg *pg, const int64_t *project_ids, const int64_t *ids,
                           size_t count, struct error *error);

/* Links environments or releases to the projects of the events. Events with the id 0 are skipped.
 */
static bool link_projects(struct save *save, id_function *id_of, link_function *link,
                          struct error *error)
{
    size_t count = 0;
    int64_t *projects = arena_array(save->arena, save->count, sizeof(*projects), error);
    int64_t *ids = arena_array(save->arena, save->count, sizeof(*ids), error);
    if (projects == NULL || ids == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++) {
        const struct event *event = save->events[i];
        ids[count] = id_of(event);
        projects[count] = event->line.project_id;
        count += ids[count] != 0;
    }
    return count == 0 || link(save->pg, projects, ids, count, error);
}

static int64_t environment_of(const struct event *event)
{
    return event->environment_id;
}

static int64_t release_of(const struct event *event)
{
    return event->release_id;
}

/* Gets or makes the environments of the events, and links them to the projects. */
static bool find_environments(struct save *save, struct error *error)
{
    struct named_row *rows = arena_array(save->arena, save->count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++)
        rows[i] =
            (struct named_row){save->events[i]->organization_id, save->events[i]->environment, 0};
    size_t count = named_rows_sort(rows, save->count);
    if (!environment_get_or_create(save->pg, rows, count, error))
        return false;
    for (size_t i = 0; i < save->count; i++) {
        struct event *event = save->events[i];
        event->environment_id =
            rows[named_rows_find(rows, count, event->organization_id, event->environment)].id;
    }
    return link_projects(save, environment_of, environment_link_projects, error);
}

/* The same with releases; an event without a release has the id 0. */
static bool find_releases(struct save *save, struct error *error)
{
    size_t count = 0;
    struct named_row *rows = arena_array(save->arena, save->count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++)
        if (save->events[i]->release != NULL)
            rows[count++] =
                (struct named_row){save->events[i]->organization_id, save->events[i]->release, 0};
    count = named_rows_sort(rows, count);
    if (count > 0 && !release_get_or_create(save->pg, rows, count, error))
        return false;
    for (size_t i = 0; i < save->count; i++) {
        struct event *event = save->events[i];
        event->release_id =
            event->release == NULL
                ? 0
                : rows[named_rows_find(rows, count, event->organization_id, event->release)].id;
    }
    return link_projects(save, release_of, release_link_projects, error);
}

/* A user as an event names it. */
struct named_user {
    struct new_event_user user;
    int64_t line_number;
};

/* By project and hash, then in the order of the input. */
static int compare_users(const void *left, const void *right)
{
    const struct named_user *a = left;
    const struct named_user *b = right;
    if (a->user.project_id != b->user.project_id)
        return a->user.project_id < b->user.project_id ? -1 : 1;
    int order = strcmp(a->user.hash, b->user.hash);
    return order != 0 ? order
                      : (a->line_number > b->line_number) - (a->line_number < b->line_number);
}

static size_t list_named_users(const struct save *save, struct named_user *named)
{
    size_t count = 0;
    for (size_t i = 0; i < save->count; i++) {
        const struct event *event = save->events[i];
        if (event->user_tag != NULL)
            named[count++] =
                (struct named_user){.user = {event->line.project_id, event->user_hash, event->user},
                                    .line_number = event->line_number};
    }
    qsort(named, count, sizeof(*named), compare_users);
    return count;
}

/* A new user gets the attributes of the first event that names it. */
static bool save_users(struct save *save, struct error *error)
{
    size_t count = 0;
    struct named_user *named = arena_array(save->arena, save->count, sizeof(*named), error);
    struct new_event_user *users = arena_array(save->arena, save->count, sizeof(*users), error);
    if (named == NULL || users == NULL)
        return false;
    size_t named_count = list_named_users(save, named);
    for (size_t i = 0; i < named_count; i++) {
        const struct new_event_user *user = &named[i].user;
        if (count == 0 || users[count - 1].project_id != user->project_id ||
            strcmp(users[count - 1].hash, user->hash) != 0)
            users[count++] = *user;
    }
    return count == 0 || event_user_insert(save->pg, users, count, error);
}

/* ---- the events themselves ---- */

static bool save_user_attributes(struct save *save, struct error *error)
{
    size_t count = 0;
    struct event_user_attributes *rows =
        arena_array(save->arena, save->count, sizeof(*rows), error);
    if (rows == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++) {
        const struct event *event = save->events[i];
        if (event->user_tag != NULL && !event->sampled)
            rows[count++] = (struct event_user_attributes){.event_id = event->id,
                                                           .project_id = event->line.project_id,
                                                           .group_id = event->group_id,
                                                           .environment_id = event->environment_id,
                                                           .seen = event->line.datetime,
                                                           .user = event->user};
    }
    return count == 0 || event_user_attributes_insert(save->pg, rows, count, error);
}

/* Inserts the rows of the stored events. Sampled events get none, so their id stays 0. */
static bool save_messages(struct save *save, struct error *error)
{
    int64_t *ids = arena_array(save->arena, save->count, sizeof(*ids), error);
    if (ids == NULL || !sequence_take(save->pg, "sentry_message", ids, save->count, error))
        return false;
    for (size_t i = 0; i < save->count; i++)
        if (!save->events[i]->sampled)
            save->events[i]->id = ids[i];
    size_t count = 0;
    struct event_message *messages = list_messages(save, false, &count, error);
    return messages != NULL &&
           (count == 0 || event_message_insert(save->pg, messages, count, error)) &&
           save_user_attributes(save, error);
}

/* Another writer may have counted one of the events while this one waited for the group's lock. If
   both writers store the event, the unique key of sentry_message shows it. If one of them samples
   it, only this check does. */
static bool check_uncounted(struct save *save, struct error *error)
{
    size_t stored_count = 0, sampled_count = 0;
    struct event_message *stored = list_messages(save, false, &stored_count, error);
    struct event_message *sampled = list_messages(save, true, &sampled_count, error);
    if (stored == NULL || sampled == NULL ||
        !event_message_find(save->pg, stored, stored_count, error) ||
        !event_message_find(save->pg, sampled, sampled_count, error))
        return false;
    for (size_t i = 0; i < stored_count + sampled_count; i++)
        if ((i < stored_count ? stored[i] : sampled[i - stored_count]).id != 0)
            return error_set(error, ERROR_CONFLICT, "another writer has counted an event");
    return sampled_count == 0 ||
           event_message_insert_sampled(save->pg, sampled, sampled_count, error);
}

/* Decides which events are stored. Sampled projects need the check above for all their events. */
static bool sample_events(struct save *save, struct error *error)
{
    const struct event_batch batch = batch_of(save);
    bool any = false;
    return sampling_apply(&batch, save->saver->sampled_projects, &save->grouping, &any, error) &&
           (!any || check_uncounted(save, error));
}

/* Keeps the known groups from being merged or deleted until the transaction ends. */
static bool hold_groups(struct save *save, struct error *error)
{
    const struct grouping *grouping = &save->grouping;
    int64_t *ids = arena_array(save->arena, grouping->known_count, sizeof(int64_t), error);
    if (ids == NULL)
        return false;
    for (size_t i = 0; i < grouping->known_count; i++)
        ids[i] = grouping->known[i].group_id;
    return grouping->known_count == 0 || group_hold(save->pg, ids, grouping->known_count, error);
}

/* Adds the events to the counters of old groups, and the new groups to those of releases. */
static bool count_groups(struct save *save, struct error *error)
{
    const struct grouping *grouping = &save->grouping;
    size_t count = 0;
    int64_t *projects = arena_array(save->arena, grouping->made_count, sizeof(int64_t), error);
    int64_t *releases = arena_array(save->arena, grouping->made_count, sizeof(int64_t), error);
    if (projects == NULL || releases == NULL)
        return false;
    for (size_t i = 0; i < grouping->made_count; i++) {
        projects[count] = grouping->made[i].project_id;
        releases[count] = grouping->made[i].first_release_id;
        count += releases[count] != 0;
    }
    return (grouping->known_count == 0 ||
            group_count_events(save->pg, grouping->known, grouping->known_count, error)) &&
           (count == 0 || release_count_new_groups(save->pg, projects, releases, count, error));
}

static void list_event_tags(const struct event *event, struct tag_observation *observations)
{
    for (size_t i = 0; i < event->tag_count; i++)
        observations[i] = (struct tag_observation){.project_id = event->line.project_id,
                                                   .group_id = event->group_id,
                                                   .environment_id = event->environment_id,
                                                   .event_id = event->id,
                                                   .key = event->tags[i].key,
                                                   .value = event->tags[i].value,
                                                   .seen = event->line.datetime};
}

static bool list_observations(struct save *save, struct tag_observation_list *list,
                              struct error *error)
{
    size_t total = 0;
    for (size_t i = 0; i < save->count; i++)
        total += save->events[i]->tag_count;
    struct tag_observation *observations =
        arena_array(save->arena, total, sizeof(*observations), error);
    *list = (struct tag_observation_list){.items = observations};
    if (observations == NULL)
        return false;
    for (size_t i = 0; i < save->count; i++) {
        list_event_tags(save->events[i], observations + list->count);
        list->count += save->events[i]->tag_count;
    }
    return true;
}

static bool prepare_tags(struct save *save, struct error *error)
{
    struct tag_observation_list observations;
    return list_observations(save, &observations, error) &&
           tagstore_prepare(save->saver->tagstore, &observations, error);
}

static bool record_tags(struct save *save, struct error *error)
{
    struct tag_observation_list observations;
    return list_observations(save, &observations, error) &&
           tagstore_record(save->saver->tagstore, &observations, error);
}

/* ---- the transactions ---- */

static bool copy_events(struct save *save, struct event **events, size_t count, struct error *error)
{
    save->events = arena_array(save->arena, count, sizeof(struct event *), error);
    if (save->events == NULL)
        return false;
    memcpy(save->events, events, count * sizeof(struct event *));
    for (size_t i = 0; i < count; i++) { /* an earlier attempt may have set them */
        events[i]->id = 0;
        events[i]->sampled = false;
    }
    save->count = count;
    return true;
}

/* Begins a transaction. save->events are then the events that count. */
static bool begin_transaction(struct save *save, struct error *error)
{
    return pg_begin(save->pg, error) && plan_row_by_row(save->pg, error) &&
           find_organizations(save, error) && drop_repeated(save, error);
}

/* The first transaction. */
static bool prepare_references(struct save *save, struct error *error)
{
    return begin_transaction(save, error) &&
           (save->count == 0 || (find_environments(save, error) && find_releases(save, error) &&
                                 save_users(save, error) && prepare_tags(save, error))) &&
           pg_commit(save->pg, error);
}

static bool list_last(struct save *save, struct error *error)
{
    const struct event_batch batch = batch_of(save);
    return last_processed_list(&batch, &save->grouping, &save->saver->last, error);
}

static bool assign_groups(struct save *save, struct error *error)
{
    const struct event_batch batch = batch_of(save);
    return grouphash_assign(&batch, &save->grouping, error);
}

/* The second transaction. */
static bool count_events(struct save *save, struct error *error)
{
    return begin_transaction(save, error) &&
           (save->count == 0 ||
            (assign_groups(save, error) && hold_groups(save, error) && sample_events(save, error) &&
             save_messages(save, error) && record_tags(save, error) && count_groups(save, error) &&
             list_last(save, error))) &&
           FAULT("ingest_before_commit", error) && pg_commit(save->pg, error) &&
           FAULT("ingest_after_commit", error);
}

bool save_events(struct saver *saver, struct event **events, size_t count, struct error *error)
{
    struct save save = {.saver = saver, .pg = saver->pg, .arena = saver->arena};
    arena_reset(saver->arena);
    saver->last = (struct last_processed_list){.count = 0};
    bool done = copy_events(&save, events, count, error) && prepare_references(&save, error) &&
                FAULT("ingest_prepared", error) && (save.count == 0 || count_events(&save, error));
    if (!done)
        pg_rollback(saver->pg);
    for (size_t i = 0; i < count; i++)
        if (!done)
            events[i]->state = EVENT_READ; /* its state was of the transaction that failed */
        else if (events[i]->state == EVENT_READ)
            events[i]->state = EVENT_COUNTED;
    return done;
}
