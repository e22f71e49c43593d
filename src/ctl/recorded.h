/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_RECORDED_H
#define CARDWATCH_CTL_RECORDED_H

#include <stdint.h>

#include "cardwatch/changes.h"

struct cw_buf;
struct cw_engine;
struct cw_explain_style;
struct cw_settings;
struct cw_store;
struct cw_store_span;

/*
 * Recorded: a configuration, and what its store holds, as it was at one instant; whether a daemon runs on it or not.
 *
 * Only looks. Texts for people are in the configuration's time zone from then on.
 */

struct cw_recorded {
        const char *command; /* for messages */
        struct cw_settings *settings;
        struct cw_store *store;
        struct cw_changes rows; /* the present state */
        int64_t now;
};

/* `command` and the path of a configuration; says what is wrong. An exit status. */
int cw_recorded_open(struct cw_recorded *recorded, const char *command, const char *config);
void cw_recorded_deinit(struct cw_recorded *recorded);

/* Appends what was recorded in that span to `changes`: changes of cards, or edges. Says what is wrong; an exit status.
 */
int cw_recorded_cards(const struct cw_recorded *recorded, const struct cw_store_span *span, struct cw_changes *changes);
int cw_recorded_edges(const struct cw_recorded *recorded, const struct cw_store_span *span, struct cw_changes *changes);

/* The engine of these rows under the configuration's rules, as at `now`; what its windows look back at is taken from
 * `past` (NULL: from the store). Says what is wrong; an exit status. */
int cw_recorded_engine(const struct cw_recorded *recorded, const struct cw_changes *rows, int64_t now,
                       const struct cw_changes *past, struct cw_engine **ret_engine);

/* How explanations are written. */
extern const struct cw_explain_style cw_recorded_style;

#endif
