/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STORE_SCHEMA_H
#define CW_STORE_SCHEMA_H

struct cw_buf;
struct cw_store;

/*
 * Schema: whose database this is, which version, and the way to the present one.
 *
 * Migrations are numbered and only ever added; each runs in a transaction of its own together with its number, so that
 * a crash leaves one version or the next. -EBADMSG: another program's database, or one from a newer cardwatch.
 */

/* Looks only. Outcome besides 0: CW_SCHEMA_EMPTY, nothing was ever put in; CW_SCHEMA_OLD, migrations are missing. */
#define CW_SCHEMA_EMPTY 1
#define CW_SCHEMA_OLD   2

int cw_schema_check(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));

/* After a check that did not fail. */
int cw_schema_migrate(struct cw_store *store, struct cw_buf *message) __attribute__((warn_unused_result));

#endif
