/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_EDGES_H
#define CARDWATCH_CTL_EDGES_H

#include "cardwatch/changes.h"
#include "cardwatch/json_out.h"

struct cw_buf;

/*
 * Edges: what is recorded of alerts and their messages, as lines for people and as JSON.
 */

/* One line, its time in front; `rule`: with the rule's name. */
void cw_edge_print(struct cw_buf *buf, const struct cw_history_row *row, bool rule);

void cw_edge_json(struct cw_json_out *out, const struct cw_history_row *row);

#endif
