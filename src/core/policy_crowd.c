/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_crowd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "intent_count.h"
#include "policy_copy.h"
#include "policy_delivery.h"
#include "policy_fold.h"
#include "policy_groups.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* One message that waits, and what decides with which others it may become one. */
struct waiting {
        struct cw_intent *intent;
        int64_t reader; /* at notifiers that tell customers: whom */
        const char *rule; /* what all of it is about; "": several */
        bool critical;
};

struct crowd {
        struct waiting *all;
        size_t n;
};

static void crowd_deinit(struct crowd *crowd)
{
        free(crowd->all);
}

static bool may_grow(const struct cw_intent *intent)
{
        return intent->kind == CW_NOTICE_EVENT && intent->state == CW_INTENT_QUEUED && !intent->in_hand &&
               intent->n_items > 0 && intent->notifier_index != SIZE_MAX;
}

static struct waiting look_at(const struct cw_policy *policy, struct cw_intent *intent)
{
        const struct cw_entry *first = intent->items[0].entry;
        struct waiting waiting = {.intent = intent, .rule = first->rule};

        waiting.reader = cw_policy_reader(&policy->rules->notifiers[intent->notifier_index], first);
        for (size_t i = 0; i < intent->n_items; i++) {
                const struct cw_entry *entry = intent->items[i].entry;

                waiting.critical |= entry->severity == CW_SEVERITY_CRITICAL;
                if (strcmp(entry->rule, first->rule) != 0)
                        waiting.rule = "";
        }
        return waiting;
}

/* In the order in which those that may become one are neighbours; by their age, so that nothing hangs on the map. */
static int compare(const void *one, const void *other)
{
        const struct waiting *a = one, *b = other;
        int order = COMPARE(a->reader, b->reader);

        if (!order)
                order = strcmp(a->rule, b->rule);
        return order ? order : COMPARE(a->intent->sequence, b->intent->sequence);
}

static int gather(const struct cw_policy *policy, size_t notifier, struct crowd *ret_crowd)
{
        size_t cursor = 0;
        void *value;

        free(ret_crowd->all);
        ret_crowd->n = 0;
        ret_crowd->all = calloc(policy->outbox.lines[notifier].n + 1, sizeof(*ret_crowd->all));
        if (!ret_crowd->all)
                return -ENOMEM;
        while (cw_map_next(&policy->outbox.intents, &cursor, NULL, &value)) {
                struct cw_intent *intent = value;

                if (intent->notifier_index == notifier && may_grow(intent))
                        ret_crowd->all[ret_crowd->n++] = look_at(policy, intent);
        }
        qsort(ret_crowd->all, ret_crowd->n, sizeof(*ret_crowd->all), compare);
        return 0;
}

/* Neighbours about one rule for one reader become one message. */
static int fold(struct cw_policy *policy, const struct crowd *crowd, bool critical)
{
        cw_autofree struct cw_intent **like = calloc(crowd->n + 1, sizeof(struct cw_intent *));
        size_t n = 0;

        if (!like)
                return -ENOMEM;
        for (size_t i = 0; i < crowd->n && !policy->error; i++) {
                const struct waiting *waiting = &crowd->all[i];

                if (!waiting->critical || critical)
                        like[n++] = waiting->intent;
                if (i + 1 < crowd->n && crowd->all[i + 1].reader == waiting->reader &&
                    strcmp(crowd->all[i + 1].rule, waiting->rule) == 0)
                        continue;
                cw_policy_merge(policy, like, n);
                n = 0;
        }
        return 0;
}

/* They are in the history, and it says that their message does not. */
static void count_only(struct cw_policy *policy, struct cw_intent *intent, size_t n_kept)
{
        static const char nowhere[sizeof(intent->id)] = "";
        const struct cw_post post = {.id = nowhere,
                                     .notifier = intent->notifier,
                                     .what = "counted",
                                     .reason = "too many events wait for this receiver"};

        cw_intent_rank_items(intent);
        for (size_t i = n_kept; i < intent->n_items; i++)
                cw_policy_record(policy, &post, &intent->items[i]);
        if (cw_intent_count_items(intent, n_kept) < 0)
                policy->error = -ENOMEM;
        cw_policy_intent_changed(policy, intent);
}

static void shorten(struct cw_policy *policy, const struct crowd *crowd)
{
        size_t n_items = 0, most = CW_CROWD_ITEMS_MOST;

        for (size_t i = 0; i < crowd->n; i++)
                n_items += crowd->all[i].intent->n_items;
        if (n_items > CW_CROWD_NOTIFIER_MOST && crowd->n > CW_CROWD_NOTIFIER_MOST / CW_CROWD_ITEMS_MOST)
                most = crowd->n < CW_CROWD_NOTIFIER_MOST ? CW_CROWD_NOTIFIER_MOST / crowd->n : 1;
        for (size_t i = 0; i < crowd->n && !policy->error; i++)
                if (crowd->all[i].intent->n_items > most)
                        count_only(policy, crowd->all[i].intent, most);
}

/* A receiver that is there gets all of it, however much one poll brings. */
static bool waits(const struct cw_policy *policy, size_t notifier, const struct crowd *crowd)
{
        if (cw_circuit_is_open(&policy->outbox.lines[notifier].circuit))
                return true;
        for (size_t i = 0; i < crowd->n; i++)
                if (crowd->all[i].intent->queued_at + CW_CROWD_AFTER_MS <= policy->now)
                        return true;
        return false;
}

static void thin(struct cw_policy *policy, size_t notifier)
{
        cw_cleanup(crowd_deinit) struct crowd crowd = {NULL, 0};
        int r = gather(policy, notifier, &crowd);

        if (r == 0 && !waits(policy, notifier, &crowd))
                return;
        for (int critical = 0; r == 0 && critical < 2 && crowd.n > CW_CROWD_MESSAGES_MOST; critical++) {
                r = fold(policy, &crowd, critical);
                if (r == 0)
                        r = gather(policy, notifier, &crowd);
        }
        if (r < 0)
                policy->error = r;
        else
                shorten(policy, &crowd);
}

void cw_policy_thin_crowds(struct cw_policy *policy)
{
        cw_autofree bool *grew = NULL;

        for (size_t i = 0; i < policy->n_changed && !policy->error; i++) {
                const struct cw_intent *intent = cw_outbox_find(&policy->outbox, policy->changed[i]);

                if (!intent || !may_grow(intent))
                        continue;
                if (!grew)
                        grew = calloc(policy->rules->n_notifiers, sizeof(*grew));
                if (!grew)
                        policy->error = -ENOMEM;
                else
                        grew[intent->notifier_index] = true;
        }
        for (size_t i = 0; grew && i < policy->rules->n_notifiers && !policy->error; i++)
                if (grew[i])
                        thin(policy, i);
}
