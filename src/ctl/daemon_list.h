/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_DAEMON_LIST_H
#define CARDWATCH_CTL_DAEMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "cardwatch/buf.h"
#include "daemon_call.h"

struct cw_json;

/*
 * Daemon list: a list of the API, page after page, as one.
 */

struct cw_daemon_list {
        struct cw_daemon_call call; /* its path without a query */
        const char *member; /* of the answer: "alerts" */
        struct cw_buf query; /* cw_daemon_query; freed by cw_daemon_read_list */
        size_t most; /* items wanted, 0: all of them */
        /* What came. */
        struct cw_buf items; /* JSON of all of them, with commas between */
        size_t n;
        bool more; /* than were wanted */
};

/* Appends "name=value&", escaped. */
void cw_daemon_query(struct cw_buf *query, const char *name, const char *value);

/* An exit status; what went wrong is said. */
int cw_daemon_read_list(struct cw_daemon_list *list);

/* Each item that came, in its order. An exit status. */
int cw_daemon_walk_list(struct cw_daemon_list *list, void (*visit)(void *data, const struct cw_json *item), void *data);

/* The list as one object, to standard output. */
void cw_daemon_print_list(const struct cw_daemon_list *list);

void cw_daemon_list_deinit(struct cw_daemon_list *list);

/* The number that --limit says, 0: none was given. False: it is none; said. */
bool cw_daemon_limit(const struct cw_command *command, const char *text, size_t *ret_most);

/* A time as operators write it, into the query; false: it is none; said. */
bool cw_daemon_query_time(const struct cw_command *command, struct cw_buf *query, const char *name, const char *text);

/* A text of an answer; "" when there is none. */
void cw_daemon_text(const struct cw_json *object, const char *member, struct cw_buf *text);

#endif
