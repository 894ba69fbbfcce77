/* SPDX-License-Identifier: Apache-2.0 */
/* Where the groups that were merged away have gone: sentry_groupredirect.
   One hop leads to a group that is there: whoever merges a group points its redirects to the new
   one. */
#ifndef MODEL_GROUP_REDIRECT_H
#define MODEL_GROUP_REDIRECT_H

#include "client/pg.h"

/* The group that one of this id was merged into; 0 when there is no redirect. */
bool group_redirect_find(struct pg *pg, int64_t previous_group_id, int64_t *group_id,
                         struct error *error) MUST_CHECK;

/* Points to `destination_group_id` what has pointed to `group_id`. *moved counts them. */
bool group_redirect_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                         int64_t *moved, struct error *error) MUST_CHECK;

/* Makes the redirect of a group that is still there, with its project's slug and its short id; it
   replaces one that an earlier group of this id may have left. */
bool group_redirect_create(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                           struct error *error) MUST_CHECK;

#endif
