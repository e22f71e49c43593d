/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "intent_count.h"
#include "policy_copy.h"
#include "policy_groups.h"
#include "policy_tellings.h"

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* Messages of different kinds are told apart by their readers: they never fold into each other. */
enum kind { KIND_ALERT, KIND_REPEAT, KIND_EVENT, N_KINDS };

/* A message of this step, or several that become one. */
struct fold {
        size_t notifier;
        int64_t reader; /* at notifiers that tell customers: whom; a storm for one is none for another */
        enum kind kind;
        const char *rule; /* what all of it is about; NULL: several */
        enum cw_severity severity; /* the worst in it */
        size_t n_items;
        struct cw_intent **intents; /* neighbours in one array */
        size_t n_intents;
};

static bool is_new(const struct cw_policy *policy, const struct cw_intent *intent)
{
        return intent->sequence >= policy->first_sequence && intent->state == CW_INTENT_QUEUED && !intent->baseline &&
               intent->kind != CW_NOTICE_DIGEST && intent->n_items > 0 && intent->notifier_index != SIZE_MAX;
}

static enum kind kind_of(const struct cw_intent *intent)
{
        if (intent->kind == CW_NOTICE_EVENT)
                return KIND_EVENT;
        return intent->repeat ? KIND_REPEAT : KIND_ALERT;
}

/* The one rule that a message is about. */
static const char *rule_of(const struct cw_intent *intent)
{
        const char *rule = intent->items[0].entry->rule;

        for (size_t i = 1; i < intent->n_items; i++)
                if (strcmp(intent->items[i].entry->rule, rule) != 0)
                        return NULL;
        return rule;
}

static int compare_rules(const char *a, const char *b)
{
        if (!a || !b)
                return COMPARE(a != NULL, b != NULL);
        return strcmp(a, b);
}

static int by_rule(const void *one, const void *other)
{
        const struct fold *a = one, *b = other;
        int order = COMPARE(a->notifier, b->notifier);

        if (!order)
                order = COMPARE(a->reader, b->reader);
        if (!order)
                order = COMPARE(a->kind, b->kind);
        if (!order)
                order = compare_rules(a->rule, b->rule);
        return order ? order : COMPARE(a->intents[0]->sequence, b->intents[0]->sequence);
}

/* What is worst, then what says most, stays a message of its own. */
static int by_weight(const void *one, const void *other)
{
        const struct fold *a = one, *b = other;
        int order = COMPARE(b->severity, a->severity);

        if (!order)
                order = COMPARE(b->n_items, a->n_items);
        if (!order)
                order = COMPARE(a->kind, b->kind);
        return order ? order : compare_rules(a->rule, b->rule);
}

static struct fold fold_of(const struct cw_policy *policy, struct cw_intent **intent)
{
        struct fold fold = {
                .notifier = (*intent)->notifier_index,
                .reader = cw_policy_reader(&policy->rules->notifiers[(*intent)->notifier_index],
                                           (*intent)->items[0].entry),
                .kind = kind_of(*intent),
                .rule = rule_of(*intent),
                .n_items = (*intent)->n_items,
                .intents = intent,
                .n_intents = 1,
        };

        for (size_t i = 0; i < (*intent)->n_items; i++)
                if (fold.severity < (*intent)->items[i].entry->severity)
                        fold.severity = (*intent)->items[i].entry->severity;
        return fold;
}

static void move_items(struct cw_policy *policy, struct cw_intent *from, struct cw_intent *to)
{
        if (cw_intent_count_like(to, from) < 0)
                policy->error = -ENOMEM;
        for (size_t i = 0; i < from->n_items; i++) {
                struct cw_telling *telling = cw_map_get(
                        &policy->tellings, cw_ledger_key(from->notifier, from->items[i].entry->fingerprint));

                if (cw_intent_add_item(to, &from->items[i]) < 0)
                        policy->error = -ENOMEM;
                if (telling && telling->queued == from->sequence)
                        telling->queued = to->sequence;
        }
}

static struct cw_intent *new_message(struct cw_policy *policy, struct cw_intent *const *intents, size_t n)
{
        struct cw_intent like = {.notifier = intents[0]->notifier,
                                 .kind = intents[0]->kind,
                                 .queued_at = policy->now,
                                 .next_at = policy->now,
                                 .passed_on = true};
        cw_autofree struct cw_group **groups = NULL;
        struct cw_intent *intent;
        size_t n_groups = 0;

        for (size_t i = 0; i < n; i++)
                n_groups += intents[i]->n_groups;
        groups = calloc(n_groups, sizeof(struct cw_group *));
        n_groups = 0;
        for (size_t i = 0; groups && i < n; i++) {
                like.repeat = like.repeat > intents[i]->repeat ? like.repeat : intents[i]->repeat;
                like.queued_at = like.queued_at < intents[i]->queued_at ? like.queued_at : intents[i]->queued_at;
                like.passed_on &= intents[i]->passed_on;
                for (size_t k = 0; k < intents[i]->n_groups; k++)
                        groups[n_groups++] = intents[i]->groups[k];
        }
        if (!groups || cw_outbox_add(&policy->outbox, &like, groups, n_groups, &intent) < 0) {
                policy->error = -ENOMEM;
                return NULL;
        }
        return intent;
}

/* It stands last in all its lanes, as what it is made of did: so no two such messages can wait for each other. Until
 * its first lane is free nobody looks whether the others are. */
void cw_policy_merge(struct cw_policy *policy, struct cw_intent *const *intents, size_t n)
{
        struct cw_intent *message = n > 1 ? new_message(policy, intents, n) : NULL;

        if (!message)
                return;
        for (size_t i = 0; i < n; i++)
                move_items(policy, intents[i], message);
        for (size_t i = n; i-- > 0;) {
                if (intents[i]->sequence < policy->first_sequence)
                        cw_intent_remember(intents[i], true, policy->changes);
                if (cw_outbox_remove(&policy->outbox, intents[i]) < 0)
                        policy->error = -ENOMEM;
        }
        cw_policy_intent_changed(policy, message);
}

/* Neighbours about one rule become one. Returns how many are left. */
static size_t fold_rules(struct fold *folds, size_t n)
{
        size_t kept = 0;

        for (size_t i = 1; i < n; i++) {
                struct fold *last = &folds[kept];

                if (folds[i].kind != last->kind || compare_rules(folds[i].rule, last->rule) != 0) {
                        folds[++kept] = folds[i];
                        continue;
                }
                last->n_items += folds[i].n_items;
                last->n_intents += folds[i].n_intents;
                if (last->severity < folds[i].severity)
                        last->severity = folds[i].severity;
        }
        return kept + 1;
}

/* The rules beyond the first few share a message for each kind. */
static void fold_rest(struct cw_policy *policy, const struct fold *folds, size_t n)
{
        for (int kind = 0; kind < N_KINDS && !policy->error; kind++) {
                cw_autofree struct cw_intent **intents = NULL;
                size_t n_intents = 0;

                for (size_t i = 0; i < n; i++)
                        n_intents += (int)folds[i].kind == kind ? folds[i].n_intents : 0;
                if (n_intents == 0)
                        continue;
                intents = calloc(n_intents, sizeof(struct cw_intent *));
                if (!intents) {
                        policy->error = -ENOMEM;
                        return;
                }
                n_intents = 0;
                for (size_t i = 0; i < n; i++)
                        for (size_t k = 0; (int)folds[i].kind == kind && k < folds[i].n_intents; k++)
                                intents[n_intents++] = folds[i].intents[k];
                cw_policy_merge(policy, intents, n_intents);
        }
}

/* `folds` are one notifier's, in the order of by_rule. */
static void fold_notifier(struct cw_policy *policy, struct fold *folds, size_t n)
{
        size_t alone;

        if (n <= CW_MESSAGES_MOST)
                return;
        n = fold_rules(folds, n);
        alone = n <= CW_MESSAGES_MOST ? n : CW_MESSAGES_MOST - N_KINDS;
        qsort(folds, n, sizeof(*folds), by_weight);
        for (size_t i = 0; i < alone && !policy->error; i++)
                cw_policy_merge(policy, folds[i].intents, folds[i].n_intents);
        fold_rest(policy, folds + alone, n - alone);
}

static size_t count_new(const struct cw_policy *policy)
{
        size_t n = 0;

        for (size_t i = 0; i < policy->n_changed; i++) {
                const struct cw_intent *intent = cw_outbox_find(&policy->outbox, policy->changed[i]);

                n += intent && is_new(policy, intent);
        }
        return n;
}

/* In the order of by_rule; `intents` gets them in the same order, so that what folds together lies together. */
static size_t collect(const struct cw_policy *policy, struct fold *folds, struct cw_intent **intents,
                      struct cw_intent **sorted)
{
        size_t n = 0;

        for (size_t i = 0; i < policy->n_changed; i++) {
                struct cw_intent *intent = cw_outbox_find(&policy->outbox, policy->changed[i]);

                if (!intent || !is_new(policy, intent))
                        continue;
                intents[n] = intent;
                folds[n] = fold_of(policy, &intents[n]);
                n++;
        }
        qsort(folds, n, sizeof(*folds), by_rule);
        for (size_t i = 0; i < n; i++)
                sorted[i] = folds[i].intents[0];
        for (size_t i = 0; i < n; i++)
                folds[i].intents = &sorted[i];
        return n;
}

void cw_policy_fold_storm(struct cw_policy *policy)
{
        size_t n = count_new(policy);
        cw_autofree struct fold *folds = NULL;
        cw_autofree struct cw_intent **intents = NULL, **sorted = NULL;

        if (n <= CW_MESSAGES_MOST || policy->error)
                return;
        folds = calloc(n, sizeof(*folds));
        intents = calloc(n, sizeof(struct cw_intent *));
        sorted = calloc(n, sizeof(struct cw_intent *));
        if (!folds || !intents || !sorted) {
                policy->error = -ENOMEM;
                return;
        }
        n = collect(policy, folds, intents, sorted);
        for (size_t first = 0, end; first < n && !policy->error; first = end) {
                for (end = first + 1; end < n && folds[end].notifier == folds[first].notifier &&
                                      folds[end].reader == folds[first].reader;
                     end++)
                        ;
                fold_notifier(policy, folds + first, end - first);
        }
}
