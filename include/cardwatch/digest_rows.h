/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DIGEST_ROWS_H
#define CARDWATCH_DIGEST_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct cw_changes;
struct cw_entry;

/*
 * Digest rows: what is remembered of digests, among all other rows (rows.h).
 */

struct cw_digest_row {
        char *name;
        uint64_t meaning; /* of its plan */
        int64_t slot_at; /* the planned time that was told or passed last */
        int64_t since_at; /* when one was told last, or since when it is configured */
        bool gone;
};

/* What happened to one alert since the last digest of a name. */
struct cw_happening_row {
        char *digest, *rule, *source;
        uint64_t fingerprint;
        int64_t customer;
        bool has_card;
        char currency[4];
        uint32_t fired, ended, events, edge;
        struct cw_entry *entry; /* a reference; NULL: only counted */
        bool gone;
};

/* Append a deep copy; a failure is remembered in changes->error. */
void cw_changes_digest(struct cw_changes *changes, const struct cw_digest_row *row);
void cw_changes_happening(struct cw_changes *changes, const struct cw_happening_row *row);

#endif
