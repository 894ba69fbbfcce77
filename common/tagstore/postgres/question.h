/* SPDX-License-Identifier: Apache-2.0 */
/* A question to the tables: its parameters, in the order in which they are added, and the memory of
   the arrays among them. A failure of adding is remembered; question_ask returns it (as in
   model/columns.h). */
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

/* Add a scalar. Texts are not copied. */
void question_add_int(struct question *question, int64_t number);
void question_add_text(struct question *question, const char *text_or_null);

/* A limit of 0 becomes the largest number, which is no limit. */
void question_add_limit(struct question *question, int64_t limit);

/* Add an array of numbers, of texts, or of the texts that text_of returns for each element of a
   list. */
void question_add_ints(struct question *question, const int64_t *numbers, size_t count);
void question_add_texts(struct question *question, const char *const *texts, size_t count);
typedef const char *question_text_function(const void *list, size_t i);
void question_add_list(struct question *question, const void *list, size_t count,
                       question_text_function *text_of);

/* Adds project, environment and key. */
void question_add_key(struct question *question, const struct tag_place *place);

/* Runs the statement. Returns the first failure of adding, if there was one. */
bool question_ask(struct question *question, struct tagstore *store, const char *sql,
                  struct pg_result **result, struct error *error) MUST_CHECK;

/* ---- answers ---- */

/* The first columns of an answer: value, times_seen, first_seen, last_seen. A value that is read
   has group_id 0. Its text is copied into `arena`; question_take_sums leaves the text out. */
#define VALUE_COLUMNS_OF(times_seen, first_seen, last_seen)                                        \
    "v.value, " times_seen ", " PG_USEC_KNOWN(first_seen) ", " PG_USEC_KNOWN(last_seen)
bool question_take_value(const struct pg_result *result, int row, struct arena *arena,
                         struct group_tag_value *value, struct error *error) MUST_CHECK;

void question_take_sums(const struct pg_result *result, int row, struct group_tag_value *value);

/* Reads all rows: the columns of a value, then the group's id, which may be NULL. */
bool question_take_values(const struct pg_result *result, struct group_tag_value_list *rows,
                          struct error *error) MUST_CHECK;

/* Reads all rows of one number each. */
bool question_take_ids(const struct pg_result *result, struct tag_id_list *ids,
                       struct error *error) MUST_CHECK;

#endif
