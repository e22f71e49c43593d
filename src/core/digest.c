/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a day and a minute of local time are looked for in the universal time by the offset that was in force before
 * them, and if that is not theirs, by the one after; where neither is, the clock skipped them.
 */
#include "cardwatch/digest.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/buf.h"
#include "cardwatch/notice.h"
#include "cardwatch/pack.h"
#include "cardwatch/zone.h"
#include "tally.h"

#define DAY_S   INT64_C(86400)
#define REACH_S (26 * INT64_C(3600)) /* no clock is further from the universal time */

enum {
        DAYS_AHEAD = 8,
        FACTS_VERSION = 1,
};

void cw_digest_plan_deinit(struct cw_digest_plan *plan)
{
        free(plan->name);
        free(plan->notify);
        *plan = (struct cw_digest_plan){0};
}

static int64_t floor_div(int64_t a, int64_t b)
{
        return a / b - (a % b < 0);
}

/* The universal time at which the clock first shows these seconds since 1970, or has passed them. */
static int64_t universal(const struct cw_zone *zone, int64_t local_s)
{
        int32_t before = cw_zone_offset(zone, local_s - REACH_S), after = cw_zone_offset(zone, local_s + REACH_S);

        if (cw_zone_offset(zone, local_s - before) == before)
                return local_s - before;
        if (cw_zone_offset(zone, local_s - after) == after)
                return local_s - after;
        return cw_zone_next_change(zone, local_s - (before > after ? before : after));
}

int64_t cw_digest_next(const struct cw_digest_plan *plan, const struct cw_zone *zone, int64_t after)
{
        int64_t after_s = floor_div(after, 1000);
        int64_t today = floor_div(after_s + cw_zone_offset(zone, after_s), DAY_S);

        /* 1970-01-01 was a Thursday. */
        for (int64_t day = today - 1; day <= today + DAYS_AHEAD; day++) {
                int64_t weekday = day + 3 - floor_div(day + 3, 7) * 7, at_s;

                if (!(plan->days & (1u << weekday)))
                        continue;
                at_s = universal(zone, day * DAY_S + plan->at_min * INT64_C(60));
                if (at_s * 1000 > after)
                        return at_s * 1000;
        }
        return INT64_MAX; /* no day is left out by every clock */
}

void cw_digest_facts_pack(const struct cw_digest_facts *facts, struct cw_buf *buf)
{
        size_t begin = buf->len;

        cw_pack_u64(buf, FACTS_VERSION);
        cw_pack_string(buf, facts->name);
        cw_pack_i64(buf, facts->due_at);
        cw_pack_i64(buf, facts->since_at);
        cw_pack_u64(buf, facts->late);
        cw_pack_u64(buf, facts->n_fired);
        cw_pack_u64(buf, facts->n_ended);
        cw_pack_u64(buf, facts->n_events);
        cw_pack_u64(buf, facts->n_acknowledged);
        cw_pack_u64(buf, facts->n_silenced);
        cw_pack_u64(buf, facts->n_cards);
        cw_pack_i64(buf, facts->looked_at);
        cw_pack_u64(buf, facts->blind);
        cw_tallies_pack(facts->tallies, facts->n_tallies, buf);
        cw_pack_seal(buf, begin);
}

static uint32_t count_of(struct cw_unpack *unpack)
{
        return (uint32_t)cw_unpack_most(unpack, UINT32_MAX);
}

int cw_digest_facts_unpack(const void *data, size_t len, struct cw_digest_facts *ret_facts)
{
        struct cw_digest_facts facts = {0};
        struct cw_unpack unpack;
        int r;

        cw_unpack_init(&unpack, data, len);
        if (cw_unpack_u64(&unpack) != FACTS_VERSION)
                unpack.bad = true;
        facts.name = cw_unpack_string(&unpack);
        facts.due_at = cw_unpack_i64(&unpack);
        facts.since_at = cw_unpack_i64(&unpack);
        facts.late = cw_unpack_most(&unpack, 1);
        facts.n_fired = count_of(&unpack);
        facts.n_ended = count_of(&unpack);
        facts.n_events = count_of(&unpack);
        facts.n_acknowledged = count_of(&unpack);
        facts.n_silenced = count_of(&unpack);
        facts.n_cards = cw_unpack_u64(&unpack);
        facts.looked_at = cw_unpack_i64(&unpack);
        facts.blind = cw_unpack_most(&unpack, 1);
        if (!facts.name)
                unpack.bad = true;
        r = cw_tallies_unpack(&unpack, &facts.tallies, &facts.n_tallies);
        if (r == 0 && !cw_unpack_done(&unpack))
                r = -EBADMSG;
        if (r < 0) {
                free(facts.tallies);
                return r;
        }
        *ret_facts = facts;
        return 0;
}
