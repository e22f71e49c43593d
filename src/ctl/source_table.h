/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_SOURCE_TABLE_H
#define CARDWATCH_CTL_SOURCE_TABLE_H

struct cw_json;

/* The "sources" of an answer as rows for people. An exit status; what is wrong is said. */
int cw_source_table_print(const struct cw_json *answer);

#endif
