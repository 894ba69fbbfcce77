/* SPDX-License-Identifier: Apache-2.0 */
/* The most seen values of many keys. */
#ifndef TAGSTORE_SNUBA_TOP_VALUES_H
#define TAGSTORE_SNUBA_TOP_VALUES_H

#include "tagstore/snuba/question.h"

/* Fills top_values of each key of the place's group. If the server can limit the rows per key
   (limitby), there is one request per thousand keys, else one per key. */
bool snuba_read_top_values(struct tagstore *store, const struct tag_place *place,
                           struct tag_key_summary_list *keys, struct error *error) MUST_CHECK;

#endif
