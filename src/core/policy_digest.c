/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: what is due follows from the last planned time that was dealt with, so that neither a restart nor a clock that
 * was set can make it come twice, and however many were missed, only the last of them is told.
 */
#include "policy_digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

#define LATE_MAX_MS  (INT64_C(6) * 3600 * 1000) /* later nobody reads it as the one that was missed */
#define LATE_MS      (INT64_C(5) * 60 * 1000) /* from here on it says so */
#define SETTLE_MS    (INT64_C(60) * 1000) /* after a start, for the cards to be read before something missed is told */
#define LOOK_BACK_MS (INT64_C(9) * 24 * 3600 * 1000) /* every plan comes at least once in it */
#define ENTRIES_MAX  1000 /* kept for each digest; the rest is counted */

static uint64_t meaning_of(const struct cw_digest_plan *plan)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_u64(&hash, plan->days);
        cw_hash_u64(&hash, (uint64_t)plan->at_min);
        return cw_hash_end(&hash);
}

static void remember(struct cw_policy *policy, const struct cw_digest *digest, bool gone)
{
        struct cw_digest_row row = {
                .name = (char *)digest->name,
                .meaning = digest->meaning,
                .slot_at = digest->slot_at,
                .since_at = digest->since_at,
                .gone = gone,
        };

        cw_changes_digest(policy->changes, &row);
}

static void remember_happening(struct cw_policy *policy, const struct cw_digest *digest,
                               const struct cw_happening *happening, bool gone)
{
        struct cw_happening_row row = {
                .digest = (char *)digest->name,
                .rule = (char *)happening->rule,
                .source = (char *)happening->source,
                .fingerprint = happening->fingerprint,
                .customer = happening->customer,
                .has_card = happening->has_card,
                .fired = happening->fired,
                .ended = happening->ended,
                .events = happening->events,
                .edge = happening->edge,
                .entry = gone ? NULL : happening->entry,
                .gone = gone,
        };

        memcpy(row.currency, happening->currency, sizeof(row.currency));
        cw_changes_happening(policy->changes, &row);
}

static void happening_free(struct cw_policy *policy, struct cw_happening *happening)
{
        cw_strpool_unref(policy->pool, happening->rule);
        cw_strpool_unref(policy->pool, happening->source);
        cw_entry_unref(happening->entry);
        free(happening);
}

/* `forget`: their rows too. */
static void clear(struct cw_policy *policy, struct cw_digest *digest, bool forget)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&digest->happenings, &cursor, NULL, &value)) {
                if (forget)
                        remember_happening(policy, digest, value, true);
                happening_free(policy, value);
        }
        cw_map_deinit(&digest->happenings);
        digest->happenings = (struct cw_map){0};
        digest->n_entries = 0;
}

void cw_policy_digests_deinit(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_digests; i++) {
                clear(policy, &policy->digests[i], false);
                cw_strpool_unref(policy->pool, policy->digests[i].name);
        }
        free(policy->digests);
}

static struct cw_digest *find(const struct cw_policy *policy, const char *name)
{
        for (size_t i = 0; i < policy->n_digests; i++)
                if (strcmp(policy->digests[i].name, name) == 0)
                        return &policy->digests[i];
        return NULL;
}

static struct cw_digest *add(struct cw_policy *policy, const char *name)
{
        struct cw_digest *digests = reallocarray(policy->digests, policy->n_digests + 1, sizeof(*digests));

        if (digests)
                policy->digests = digests;
        if (!digests || cw_strpool_ref(policy->pool, name, strlen(name), &name) < 0) {
                policy->error = -ENOMEM;
                return NULL;
        }
        digests[policy->n_digests] = (struct cw_digest){.name = name};
        return &digests[policy->n_digests++];
}

static void plan_next(const struct cw_policy *policy, struct cw_digest *digest)
{
        digest->due_at = digest->plan ? cw_digest_next(digest->plan, policy->rules->zone, digest->slot_at) : 0;
}

/* What is new, or comes at other times than before, begins now. */
static void adopt(struct cw_policy *policy, const struct cw_digest_plan *plan)
{
        struct cw_digest *digest = find(policy, plan->name);
        uint64_t meaning = meaning_of(plan);

        if (!digest) {
                digest = add(policy, plan->name);
                if (!digest)
                        return;
                digest->since_at = policy->now;
        }
        digest->plan = plan;
        if (digest->meaning != meaning) {
                digest->meaning = meaning;
                if (digest->slot_at < policy->now)
                        digest->slot_at = policy->now;
                remember(policy, digest, false);
        }
        plan_next(policy, digest);
}

static void drop(struct cw_policy *policy, size_t i)
{
        struct cw_digest *digest = &policy->digests[i];

        clear(policy, digest, true);
        remember(policy, digest, true);
        cw_strpool_unref(policy->pool, digest->name);
        *digest = policy->digests[--policy->n_digests];
}

void cw_policy_digests_set_rules(struct cw_policy *policy)
{
        policy->has_digests = true;
        for (size_t i = 0; i < policy->n_digests; i++)
                policy->digests[i].plan = NULL;
        for (size_t i = 0; i < policy->rules->n_digests; i++)
                adopt(policy, &policy->rules->digests[i]);
        for (size_t i = 0; i < policy->n_digests;)
                if (policy->digests[i].plan)
                        i++;
                else
                        drop(policy, i);
}

void cw_policy_digests_clock_set(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_digests; i++) {
                struct cw_digest *digest = &policy->digests[i];

                /* A little back is what daylight saving looks like to a careless clock: told is told. */
                if (digest->slot_at > policy->now + LATE_MAX_MS)
                        digest->slot_at = policy->now;
                if (digest->since_at > policy->now)
                        digest->since_at = policy->now;
                plan_next(policy, digest);
                remember(policy, digest, false);
        }
}

static struct cw_happening *get(struct cw_policy *policy, struct cw_digest *digest, const struct cw_entry *entry)
{
        struct cw_happening *happening = cw_map_get(&digest->happenings, entry->fingerprint);

        if (happening)
                return happening;
        happening = calloc(1, sizeof(*happening));
        if (!happening || cw_strpool_ref(policy->pool, entry->rule, strlen(entry->rule), &happening->rule) < 0 ||
            cw_strpool_ref(policy->pool, entry->source, strlen(entry->source), &happening->source) < 0 ||
            cw_map_put(&digest->happenings, entry->fingerprint, happening) < 0) {
                if (happening)
                        happening_free(policy, happening);
                policy->error = -ENOMEM;
                return NULL;
        }
        happening->fingerprint = entry->fingerprint;
        happening->has_card = entry->has_card;
        if (entry->has_card) {
                happening->customer = entry->card.customer;
                memcpy(happening->currency, entry->card.currency, sizeof(happening->currency));
        }
        return happening;
}

/* Where there is no room, the least severe of what is kept makes it. */
static bool make_room(struct cw_policy *policy, struct cw_digest *digest, enum cw_severity severity)
{
        struct cw_happening *least = NULL;
        size_t cursor = 0;
        void *value;

        if (digest->n_entries < ENTRIES_MAX)
                return true;
        while (cw_map_next(&digest->happenings, &cursor, NULL, &value)) {
                struct cw_happening *happening = value;

                if (happening->entry && (!least || happening->entry->severity < least->entry->severity))
                        least = happening;
        }
        if (!least || least->entry->severity >= severity)
                return false;
        cw_entry_unref(least->entry);
        least->entry = NULL;
        digest->n_entries--;
        remember_happening(policy, digest, least, false);
        return true;
}

static void note(struct cw_policy *policy, struct cw_digest *digest, struct cw_entry *entry, uint32_t edge)
{
        struct cw_happening *happening = get(policy, digest, entry);

        if (!happening)
                return;
        happening->fired += entry->state == CW_ENTRY_FIRING;
        happening->ended += entry->state == CW_ENTRY_RESOLVED;
        happening->events += entry->state == CW_ENTRY_EVENT;
        happening->edge = edge;
        if (happening->entry) {
                cw_entry_unref(happening->entry);
                happening->entry = NULL;
                digest->n_entries--;
        }
        /* What fires is told of as it is then. */
        if (entry->state != CW_ENTRY_FIRING && make_room(policy, digest, entry->severity)) {
                happening->entry = cw_entry_ref(entry);
                digest->n_entries++;
        }
        remember_happening(policy, digest, happening, false);
}

void cw_policy_digest_note(struct cw_policy *policy, struct cw_entry *entry, uint32_t edge)
{
        for (size_t i = 0; i < policy->n_digests; i++)
                if (policy->digests[i].plan && (entry->has_card || !policy->digests[i].plan->per_customer))
                        note(policy, &policy->digests[i], entry, edge);
}

/* The last planned time by now. */
static int64_t last_slot(const struct cw_policy *policy, const struct cw_digest *digest)
{
        int64_t slot = digest->due_at, next;

        if (policy->now - slot > LOOK_BACK_MS)
                slot = cw_digest_next(digest->plan, policy->rules->zone, policy->now - LOOK_BACK_MS);
        while ((next = cw_digest_next(digest->plan, policy->rules->zone, slot)) <= policy->now)
                slot = next;
        return slot;
}

/* What was missed while nobody looked waits for the cards to be read. */
static bool must_wait(const struct cw_policy *policy, const struct cw_digest *digest)
{
        return digest->due_at <= policy->begun_at && !policy->watch.all_tried &&
               policy->now < policy->begun_at + SETTLE_MS;
}

void cw_policy_digests_due(struct cw_policy *policy)
{
        for (size_t i = 0; !policy->loading && i < policy->n_digests; i++) {
                struct cw_digest *digest = &policy->digests[i];
                int64_t slot_at;

                if (!digest->due_at || digest->due_at > policy->now || must_wait(policy, digest))
                        continue;
                slot_at = last_slot(policy, digest);
                digest->slot_at = slot_at;
                plan_next(policy, digest);
                if (policy->now - slot_at <= LATE_MAX_MS) {
                        cw_policy_digest_tell(policy, digest, slot_at, policy->now - slot_at >= LATE_MS);
                        clear(policy, digest, true);
                        digest->since_at = policy->now;
                }
                remember(policy, digest, false);
        }
}

int64_t cw_policy_digests_wake_at(const struct cw_policy *policy)
{
        int64_t wake_at = 0;

        for (size_t i = 0; i < policy->n_digests; i++) {
                const struct cw_digest *digest = &policy->digests[i];
                int64_t at = must_wait(policy, digest) ? policy->begun_at + SETTLE_MS : digest->due_at;

                if (digest->due_at && (!wake_at || at < wake_at))
                        wake_at = at;
        }
        return wake_at;
}

int cw_policy_load_digest(struct cw_policy *policy, const struct cw_digest_row *row)
{
        struct cw_digest *digest = add(policy, row->name);

        if (!digest)
                return policy->error;
        digest->meaning = row->meaning;
        digest->slot_at = row->slot_at > policy->now + LATE_MAX_MS ? policy->now : row->slot_at;
        digest->since_at = row->since_at > policy->now ? policy->now : row->since_at;
        return 0;
}

int cw_policy_load_happening(struct cw_policy *policy, const struct cw_happening_row *row)
{
        struct cw_digest *digest = find(policy, row->digest);
        struct cw_happening *happening = calloc(1, sizeof(*happening));

        if (!happening)
                return -ENOMEM;
        if (cw_strpool_ref(policy->pool, row->rule, strlen(row->rule), &happening->rule) < 0 ||
            cw_strpool_ref(policy->pool, row->source, strlen(row->source), &happening->source) < 0 || !digest ||
            cw_map_get(&digest->happenings, row->fingerprint) ||
            cw_map_put(&digest->happenings, row->fingerprint, happening) < 0) {
                happening_free(policy, happening);
                return digest ? -ENOMEM : -EBADMSG;
        }
        happening->fingerprint = row->fingerprint;
        happening->customer = row->customer;
        happening->has_card = row->has_card;
        memcpy(happening->currency, row->currency, sizeof(happening->currency));
        happening->fired = row->fired;
        happening->ended = row->ended;
        happening->events = row->events;
        happening->edge = row->edge;
        if (row->entry) {
                happening->entry = cw_entry_ref(row->entry);
                digest->n_entries++;
        }
        return 0;
}
