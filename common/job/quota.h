/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas: what an organization has in place of the settings (exportd.organization). */
#ifndef JOB_QUOTA_H
#define JOB_QUOTA_H

#include "base/json.h"
#include "client/pg.h"

enum quota_part {
    QUOTA_WEIGHT,          /* its share of the claims: above 0 */
    QUOTA_MAX_RUNNING,     /* exports that run at once */
    QUOTA_MAX_QUEUED,      /* exports that wait or are delayed */
    QUOTA_EXPIRATION_DAYS, /* how long a file can be downloaded: above 0 */
    QUOTA_PARTS,
};

/* "weight", ...: a column, and a member of JSON. */
const char *quota_part_name(enum quota_part part);

struct quota {
    double parts[QUOTA_PARTS];
};

#define QUOTA_KEEP    (-2.0) /* in a change: leave it as it is */
#define QUOTA_DEFAULT (-1.0) /* in a change: as the settings have it */

/* The quota of an organization, or (organization_id 0) of all that have something of their own, by
   slug: a JSON array that is the caller's, of {organization (slug; null: it is gone),
   organization_id, weight, max_running, max_queued, expiration_days, own (the names of the parts
   that are not `settings`')}. */
bool quota_list(struct pg *pg, int64_t organization_id, const struct quota *settings, json_t **list,
                struct error *error) MUST_CHECK;

/* Changes an organization's own parts. The table refuses what no quota can be, such as a weight of
   0. */
bool quota_set(struct pg *pg, int64_t organization_id, const struct quota *change,
               struct error *error) MUST_CHECK;

/* ERROR_BUSY when as many exports of the organization wait or are delayed as may: its own
   max_queued, else this one. Several that ask at once may exceed it. */
bool quota_check_queued(struct pg *pg, int64_t organization_id, int64_t max_queued,
                        struct error *error) MUST_CHECK;

#endif
