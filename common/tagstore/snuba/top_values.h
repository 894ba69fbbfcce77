/* SPDX-License-Identifier: Apache-2.0 */
/* The values most seen of many keys. */
#ifndef TAGSTORE_SNUBA_TOP_VALUES_H
#define TAGSTORE_SNUBA_TOP_VALUES_H

#include "tagstore/snuba/question.h"

/* Fills top_values of each key, which is of the place's group. One request for a thousand keys
   where the server can bound the rows of each (limitby), else one for each. */
bool snuba_read_top_values(struct tagstore *store, const struct tag_place *place,
                           struct tag_key_summary_list *keys, struct error *error) MUST_CHECK;

#endif
