/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas: an organization may have limits of its own (exportd.organization), which replace those of
   the settings. */
#ifndef JOB_QUOTA_H
#define JOB_QUOTA_H

#include "base/json.h"
#include "client/pg.h"

enum quota_part {
    QUOTA_WEIGHT,          /* its share of the claims: above 0 */
    QUOTA_MAX_RUNNING,     /* exports that may run at once */
    QUOTA_MAX_QUEUED,      /* exports that may wait or be delayed */
    QUOTA_EXPIRATION_DAYS, /* how long a file can be downloaded: above 0 */
    QUOTA_PARTS,
};

/* "weight", ...: the name of the column and of the JSON member. */
const char *quota_part_name(enum quota_part part);

struct quota {
    double parts[QUOTA_PARTS];
};

#define QUOTA_KEEP    (-2.0) /* in a change: the part stays as it is */
#define QUOTA_DEFAULT (-1.0) /* in a change: the settings count again */

/* Lists the quota of an organization, or (organization_id 0) of all organizations with a part of
   their own, by slug. *list is a JSON array, which the caller frees, of {organization (slug; null:
   its row is gone), organization_id, weight, max_running, max_queued, expiration_days, own (the
   names of the parts that do not come from `settings`)}. */
bool quota_list(struct pg *pg, int64_t organization_id, const struct quota *settings, json_t **list,
                struct error *error) MUST_CHECK;

/* Changes an organization's own parts. The table's constraints refuse impossible values, such as a
   weight of 0. */
bool quota_set(struct pg *pg, int64_t organization_id, const struct quota *change,
               struct error *error) MUST_CHECK;

/* ERROR_BUSY if the organization has as many waiting and delayed exports as it may have: its own
   max_queued, else the one given. Exports that came by Celery do not count. Callers that ask at the
   same time may together exceed the number. */
bool quota_check_queued(struct pg *pg, int64_t organization_id, int64_t max_queued,
                        struct error *error) MUST_CHECK;

#endif
