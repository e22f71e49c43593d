/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: an alert that matches both sides is held only by those that match the source alone: so none holds itself, and
 * no two hold each other. */
#include "policy_inhibit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/hash.h"
#include "policy_hold.h"

struct bucket {
        uint32_t n_pure, n_both; /* alerts that match the source only, and the target too */
};

/* An alert that stands in a bucket. */
struct member {
        uint64_t bucket;
        bool both;
};

struct cw_inhibitor {
        struct cw_map buckets;
        struct cw_map members; /* by fingerprint */
};

static void hash_label(struct cw_hash *hash, const struct cw_entry *entry, const char *name)
{
        const char *value = NULL;

        for (size_t i = 0; !value && i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, name) == 0)
                        value = entry->labels[i].value;
        cw_hash_string(hash, value);
}

/* What an alert does not have is alike in all that do not have it. */
static void hash_equal(struct cw_hash *hash, const struct cw_entry *entry, const struct cw_equal *equal)
{
        const struct cw_card *card = entry->has_card ? &entry->card : NULL;

        switch (equal->key) {
        case CW_EQUAL_RULE:
                cw_hash_string(hash, entry->rule);
                break;
        case CW_EQUAL_SEVERITY:
                cw_hash_u64(hash, entry->severity);
                break;
        case CW_EQUAL_SOURCE:
                cw_hash_string(hash, entry->source);
                break;
        case CW_EQUAL_CUSTOMER:
                cw_hash_u64(hash, card ? (uint64_t)card->customer : UINT64_MAX);
                break;
        case CW_EQUAL_REFERENCE:
                cw_hash_string(hash, card ? card->reference : NULL);
                break;
        case CW_EQUAL_CURRENCY:
                cw_hash_string(hash, card ? card->currency : NULL);
                break;
        case CW_EQUAL_CARD:
                cw_hash_u64(hash, card ? (uint64_t)card->id : UINT64_MAX);
                break;
        case CW_EQUAL_LABEL:
                hash_label(hash, entry, equal->label);
                break;
        }
}

static uint64_t bucket_of(const struct cw_inhibition *inhibition, const struct cw_entry *entry)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        for (size_t i = 0; i < inhibition->n_equal; i++)
                hash_equal(&hash, entry, &inhibition->equal[i]);
        return cw_hash_end(&hash);
}

static void leave(struct cw_policy *policy, struct cw_inhibitor *inhibitor, uint64_t fingerprint, struct member *member)
{
        struct bucket *bucket = cw_map_get(&inhibitor->buckets, member->bucket);
        uint32_t *n = member->both ? &bucket->n_both : &bucket->n_pure;

        if (--*n == 0)
                cw_policy_hold_ended(policy);
        if (bucket->n_both == 0 && bucket->n_pure == 0) {
                cw_map_remove(&inhibitor->buckets, member->bucket);
                free(bucket);
        }
        cw_map_remove(&inhibitor->members, fingerprint);
        free(member);
}

static int enter(struct cw_inhibitor *inhibitor, uint64_t fingerprint, const struct member *like)
{
        struct bucket *bucket = cw_map_get(&inhibitor->buckets, like->bucket);
        struct member *member;

        if (!bucket) {
                bucket = calloc(1, sizeof(*bucket));
                if (!bucket)
                        return -ENOMEM;
                if (cw_map_put(&inhibitor->buckets, like->bucket, bucket) < 0) {
                        free(bucket);
                        return -ENOMEM;
                }
        }
        member = malloc(sizeof(*member));
        if (!member || cw_map_put(&inhibitor->members, fingerprint, member) < 0) {
                free(member);
                return -ENOMEM;
        }
        *member = *like;
        *(like->both ? &bucket->n_both : &bucket->n_pure) += 1;
        return 0;
}

static void follow(struct cw_policy *policy, size_t i, const struct cw_alert *alert)
{
        const struct cw_inhibition *inhibition = &policy->rules->inhibitions[i];
        struct cw_inhibitor *inhibitor = &policy->inhibitors[i];
        struct member *member = cw_map_get(&inhibitor->members, alert->fingerprint);
        bool holds = alert->state == CW_ALERT_FIRING && cw_filter_holds(&inhibition->source, alert->entry);
        struct member like = {0};

        if (holds)
                like = (struct member){bucket_of(inhibition, alert->entry),
                                       cw_filter_holds(&inhibition->target, alert->entry)};
        if (member && holds && member->bucket == like.bucket && member->both == like.both)
                return;
        if (member)
                leave(policy, inhibitor, alert->fingerprint, member);
        if (holds && enter(inhibitor, alert->fingerprint, &like) < 0)
                policy->error = -ENOMEM;
}

void cw_policy_inhibitors_follow(struct cw_policy *policy, const struct cw_alert *alert)
{
        for (size_t i = 0; i < policy->n_inhibitors && !policy->error; i++)
                follow(policy, i, alert);
}

static void free_values(struct cw_map *map)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(map, &cursor, NULL, &value))
                free(value);
        cw_map_deinit(map);
}

void cw_policy_inhibitors_deinit(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_inhibitors; i++) {
                free_values(&policy->inhibitors[i].buckets);
                free_values(&policy->inhibitors[i].members);
        }
        free(policy->inhibitors);
        policy->inhibitors = NULL;
        policy->n_inhibitors = 0;
}

int cw_policy_inhibitors_anew(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *alert;

        cw_policy_inhibitors_deinit(policy);
        if (policy->rules->n_inhibitions == 0)
                return 0;
        policy->inhibitors = calloc(policy->rules->n_inhibitions, sizeof(*policy->inhibitors));
        if (!policy->inhibitors)
                return -ENOMEM;
        policy->n_inhibitors = policy->rules->n_inhibitions;
        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &alert))
                cw_policy_inhibitors_follow(policy, alert);
        return policy->error;
}

const char *cw_policy_inhibited(const struct cw_policy *policy, const struct cw_entry *entry)
{
        for (size_t i = 0; i < policy->n_inhibitors; i++) {
                const struct cw_inhibition *inhibition = &policy->rules->inhibitions[i];
                const struct cw_inhibitor *inhibitor = &policy->inhibitors[i];
                const struct bucket *bucket;

                if (inhibitor->buckets.used == 0 || !cw_filter_holds(&inhibition->target, entry))
                        continue;
                bucket = cw_map_get(&inhibitor->buckets, bucket_of(inhibition, entry));
                if (bucket && (bucket->n_pure || !cw_filter_holds(&inhibition->source, entry)))
                        return inhibition->reason;
        }
        return NULL;
}
