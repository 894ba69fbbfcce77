/* SPDX-License-Identifier: Apache-2.0 */
/* sentry_groupredirect: which group a merged group has become. One redirect always leads to a group
   that exists, because a merge also moves the redirects to the merged group. */
#ifndef MODEL_GROUP_REDIRECT_H
#define MODEL_GROUP_REDIRECT_H

#include "client/pg.h"

/* Finds the group that the previous group was merged into; 0 if there is no redirect. */
bool group_redirect_find(struct pg *pg, int64_t previous_group_id, int64_t *group_id,
                         struct error *error) MUST_CHECK;

/* Moves the redirects that point to `group_id` to `destination_group_id`. *moved: how many. */
bool group_redirect_move(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                         int64_t *moved, struct error *error) MUST_CHECK;

/* Creates the redirect of a group, which must still exist, with its project's slug and its short
   id. Replaces the redirect of an earlier group with this id, if there is one. */
bool group_redirect_create(struct pg *pg, int64_t group_id, int64_t destination_group_id,
                           struct error *error) MUST_CHECK;

#endif
