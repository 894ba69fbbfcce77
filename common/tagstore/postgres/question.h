/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the tables: its parameters, in the order in which they are added, with the memory
   of those that are arrays. A failure is remembered and told when it is asked, as in
   model/columns.h.
 */
#ifndef TAGSTORE_POSTGRES_QUESTION_H
#define TAGSTORE_POSTGRES_QUESTION_H

#include "client/pg.h"
#include "tagstore/backend.h"

enum { QUESTION_ARRAYS_MAX = 5 };

struct question {
    struct pg_params params;
    struct pg_array arrays[QUESTION_ARRAYS_MAX];
    int array_count;
    bool failed;
    struct error error;
};

void question_init(struct question *question);
void question_free(struct question *question);

/* Scalars. Texts are not copied. */
void question_add_int(struct question *question, int64_t number);
void question_add_text(struct question *question, const char *text_or_null);

/* A limit of 0 is the largest number: no limit. */
void question_add_limit(struct question *question, int64_t limit);

/* An array of numbers, of texts, and one of which element i is what text_of tells. */
void question_add_ints(struct question *question, const int64_t *numbers, size_t count);
void question_add_texts(struct question *question, const char *const *texts, size_t count);
typedef const char *question_text_function(const void *list, size_t i);
void question_add_list(struct question *question, const void *list, size_t count,
                       question_text_function *text_of);

/* Project, environment, key. */
void question_add_key(struct question *question, const struct tag_place *place);

bool question_ask(struct question *question, struct tagstore *store, const char *sql,
                  struct pg_result **result, struct error *error) MUST_CHECK;

/* ---- answers ---- */

/* The columns value, times_seen, first_seen, last_seen, which are the first. What is taken has
   group_id 0; its text goes into `arena`, or is not taken (question_take_sums). */
#define VALUE_COLUMNS_OF(times_seen, first_seen, last_seen)                                        \
    "v.value, " times_seen ", " PG_USEC_KNOWN(first_seen) ", " PG_USEC_KNOWN(last_seen)
bool question_take_value(const struct pg_result *result, int row, struct arena *arena,
                         struct group_tag_value *value, struct error *error) MUST_CHECK;

void question_take_sums(const struct pg_result *result, int row, struct group_tag_value *value);

/* All rows: value columns, and the group's id after them, which may be NULL. */
bool question_take_values(const struct pg_result *result, struct group_tag_value_list *rows,
                          struct error *error) MUST_CHECK;

/* All rows: one number each. */
bool question_take_ids(const struct pg_result *result, struct tag_id_list *ids,
                       struct error *error) MUST_CHECK;

#endif
