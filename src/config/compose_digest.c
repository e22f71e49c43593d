/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a digest is a time and names; both must be there. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/window.h"
#include "compose_route.h"
#include "shapes_time.h"

#define DAY_MIN (24 * 60)

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->digests[i].node, "name");
}

/* Pagers and collectors of alerts have no place for what is no alert. */
static bool takes_digests(const struct cw_composer *composer, size_t notifier)
{
        enum cw_config_notifier_type type = composer->draft->notifiers[notifier].notifier.type;

        return type != CW_NOTIFIER_PAGERDUTY && type != CW_NOTIFIER_ALERTMANAGER;
}

static void compose_notify(struct cw_composer *composer, const struct cw_digest_draft *draft,
                           struct cw_digest_plan *plan)
{
        const struct cw_name_list list = {draft->notify, "notify", "notifier", cw_compose_notifier_name};
        size_t kept = 0;
        bool whole;

        if (!draft->notify)
                return;
        cw_compose_names(composer, &list, &plan->notify, &plan->n_notify, &whole);
        if (whole && plan->n_notify == 0)
                cw_reader_complain(composer->reader, draft->notify, "\"notify\" must name at least one notifier");
        for (size_t i = 0; i < plan->n_notify; i++) {
                if (takes_digests(composer, plan->notify[i]))
                        plan->notify[kept++] = plan->notify[i];
                else
                        cw_reader_warn(composer->reader, draft->notify, "\"%s\" takes alerts only: it gets no digest",
                                       composer->rules->notifiers[plan->notify[i]].name);
        }
        plan->n_notify = kept;
}

static void compose_digest(struct cw_composer *composer, const struct cw_digest_draft *draft,
                           struct cw_digest_plan *plan)
{
        const struct cw_node *at = cw_node_get(draft->node, "at");

        plan->name = cw_reader_dup(composer->reader, draft->name ? draft->name : "");
        plan->per_customer = draft->per_customer;
        plan->days = draft->n_days ? 0 : CW_EVERY_DAY;
        for (size_t i = 0; i < draft->n_days; i++) {
                unsigned days = 0;

                if (cw_weekdays_parse(draft->days[i], &days))
                        plan->days |= days;
        }
        if (draft->at && cw_hour_parse(draft->at, &plan->at_min) && plan->at_min == DAY_MIN)
                cw_reader_complain(composer->reader, at, "\"at\" must be a time of day up to \"23:59\"");
        compose_notify(composer, draft, plan);
}

void cw_compose_digests(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;

        cw_compose_unique(composer, "digest", draft->n_digests, name_of);
        rules->digests = cw_reader_alloc(composer->reader, draft->n_digests, sizeof(*rules->digests));
        for (size_t i = 0; rules->digests && i < draft->n_digests; i++)
                compose_digest(composer, &draft->digests[i], &rules->digests[rules->n_digests++]);
}
