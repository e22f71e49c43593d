/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a fallback is a route of its own that is there while a notifier fails. All else follows from the ledger: who
 * stood in is told once, and is owed the end; the one that failed gets its own outcome when it is there again. A
 * fallback that fails has one too; whoever was asked is not asked again, so two may stand in for each other.
 */
#include "policy_fallback.h"

#include <errno.h>
#include <stdlib.h>

#include "cardwatch/cleanup.h"
#include "policy_copy.h"
#include "policy_groups.h"
#include "policy_tellings.h"

#define NOTIFIERS_MOST 64 /* of a chain; whoever comes later in the file stands in for nobody */

/* What is to be passed on: an alert, or an event. */
struct cargo {
        const struct cw_entry *entry;
        const struct cw_alert *alert; /* NULL: an event */
};

static bool is_fallback_of(const struct cw_policy *policy, size_t notifier, size_t of)
{
        const struct cw_notifier_traits *traits = &policy->rules->notifiers[of];

        for (size_t i = 0; i < traits->n_fallback; i++)
                if (traits->fallback[i] == notifier)
                        return true;
        return false;
}

/* What it accepted before it began to fail it knows. */
static bool knows(const struct cw_policy *policy, size_t notifier, const struct cw_alert *alert)
{
        uint64_t key = cw_ledger_key(policy->rules->notifiers[notifier].name, alert->fingerprint);
        const struct cw_telling *telling = cw_map_get(&policy->tellings, key);

        return telling && telling->accepted.state == CW_KNOWN_FIRING && telling->accepted.severity >= alert->severity;
}

static bool is_to_be_told(const struct cw_policy *policy, size_t notifier, const struct cargo *cargo)
{
        if (!cargo->alert)
                return cw_policy_reaching(policy, cargo->entry, notifier) != NULL;
        return cw_policy_routed_itself(policy, cargo->alert, notifier);
}

/* Whether the cargo comes to the notifier from one that fails, or from one that fails and stands in itself. */
static bool comes_to(const struct cw_policy *policy, const struct cargo *cargo, size_t notifier, uint64_t *asked)
{
        size_t n = policy->rules->n_notifiers < NOTIFIERS_MOST ? policy->rules->n_notifiers : NOTIFIERS_MOST;

        *asked |= notifier < NOTIFIERS_MOST ? UINT64_C(1) << notifier : 0;
        for (size_t i = 0; i < n; i++) {
                if ((*asked >> i & 1) || !policy->outbox.lines[i].failing || !is_fallback_of(policy, notifier, i))
                        continue;
                if (cargo->alert && knows(policy, i, cargo->alert))
                        continue;
                if (is_to_be_told(policy, i, cargo) || comes_to(policy, cargo, i, asked))
                        return true;
        }
        return false;
}

bool cw_policy_stands_in(const struct cw_policy *policy, const struct cw_alert *alert, size_t notifier)
{
        struct cargo cargo = {.entry = alert->entry, .alert = alert};
        uint64_t asked = 0;

        return alert->severity == CW_SEVERITY_CRITICAL && comes_to(policy, &cargo, notifier, &asked);
}

bool cw_policy_event_stands_in(const struct cw_policy *policy, const struct cw_entry *entry, size_t notifier)
{
        struct cargo cargo = {.entry = entry};
        uint64_t asked = 0;

        return entry->severity == CW_SEVERITY_CRITICAL && comes_to(policy, &cargo, notifier, &asked);
}

void cw_policy_pass_on_all(struct cw_policy *policy)
{
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                struct cw_alert *alert = value;

                if (!alert->entry || alert->state != CW_ALERT_FIRING || alert->severity != CW_SEVERITY_CRITICAL)
                        continue;
                for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                        if (cw_ruleset_is_fallback(policy->rules, i) && cw_policy_stands_in(policy, alert, i))
                                cw_policy_touch_at(policy, i, alert, true);
        }
}

/* The messages of the notifier that tell of events; their number in *ret_n. */
static struct cw_intent **events_of(struct cw_policy *policy, size_t notifier, size_t *ret_n)
{
        struct cw_intent **found = calloc(policy->outbox.intents.used + 1, sizeof(struct cw_intent *));
        size_t cursor = 0, n = 0;
        void *value;

        while (found && cw_map_next(&policy->outbox.intents, &cursor, NULL, &value)) {
                struct cw_intent *intent = value;

                if (intent->notifier_index == notifier && intent->kind == CW_NOTICE_EVENT && !intent->passed_on)
                        found[n++] = intent;
        }
        *ret_n = n;
        return found;
}

static void pass_on_event(struct cw_policy *policy, const struct cw_item *item)
{
        for (size_t i = 0; i < policy->rules->n_notifiers; i++)
                if (!cw_policy_reaching(policy, item->entry, i) && cw_policy_event_stands_in(policy, item->entry, i))
                        cw_policy_tell_event(policy, i, item);
}

void cw_policy_pass_on(struct cw_policy *policy, size_t notifier)
{
        cw_autofree struct cw_intent **events = NULL;
        size_t n;

        if (policy->rules->notifiers[notifier].n_fallback == 0)
                return;
        cw_policy_pass_on_all(policy);
        events = events_of(policy, notifier, &n);
        if (!events) {
                policy->error = -ENOMEM;
                return;
        }
        for (size_t i = 0; i < n && !policy->error; i++) {
                events[i]->passed_on = true;
                for (size_t k = 0; k < events[i]->n_items; k++)
                        pass_on_event(policy, &events[i]->items[k]);
        }
}
