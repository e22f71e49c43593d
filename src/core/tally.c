/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

#define TALLY_MIN 5 /* bytes that one takes at least */

const char *cw_tally_currency(const struct cw_entry *entry)
{
        return entry->has_card ? entry->card.currency : "";
}

void cw_tally_count(struct cw_tally *tally, const struct cw_entry *entry)
{
        tally->firing += entry->state == CW_ENTRY_FIRING;
        tally->resolved += entry->state == CW_ENTRY_RESOLVED;
        tally->events += entry->state == CW_ENTRY_EVENT;
}

void cw_tally_sum(struct cw_tally *tally, const struct cw_tally *more)
{
        tally->firing += more->firing;
        tally->resolved += more->resolved;
        tally->events += more->events;
}

struct cw_tally *cw_tally_like(struct cw_tally *tallies, size_t *n_tallies, const char *rule, const char *currency)
{
        for (size_t i = 0; i < *n_tallies; i++)
                if (strcmp(tallies[i].rule, rule) == 0 && strcmp(tallies[i].currency, currency) == 0)
                        return &tallies[i];
        tallies[*n_tallies] = (struct cw_tally){.rule = rule, .currency = currency};
        return &tallies[(*n_tallies)++];
}

void cw_tallies_pack(const struct cw_tally *tallies, size_t n_tallies, struct cw_buf *buf)
{
        cw_pack_u64(buf, n_tallies);
        for (size_t i = 0; i < n_tallies; i++) {
                cw_pack_string(buf, tallies[i].rule);
                cw_pack_string(buf, tallies[i].currency);
                cw_pack_u64(buf, tallies[i].firing);
                cw_pack_u64(buf, tallies[i].resolved);
                cw_pack_u64(buf, tallies[i].events);
        }
}

static uint32_t count_of(struct cw_unpack *unpack)
{
        return (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
}

int cw_tallies_unpack(struct cw_unpack *unpack, struct cw_tally **ret_tallies, size_t *ret_n)
{
        uint64_t n = cw_unpack_u64(unpack);
        cw_autofree struct cw_tally *tallies = NULL;

        if (unpack->bad || n > (uint64_t)(unpack->end - unpack->at) / TALLY_MIN)
                return -EBADMSG;
        tallies = calloc((size_t)n + 1, sizeof(*tallies));
        if (!tallies)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                tallies[i].rule = cw_unpack_string(unpack);
                tallies[i].currency = cw_unpack_string(unpack);
                tallies[i].firing = count_of(unpack);
                tallies[i].resolved = count_of(unpack);
                tallies[i].events = count_of(unpack);
                if (!tallies[i].rule || !tallies[i].currency)
                        unpack->bad = true;
        }
        *ret_tallies = cw_take(tallies);
        *ret_n = (size_t)n;
        return 0;
}
