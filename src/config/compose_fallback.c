/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what notifiers say of their pace, and of each other. Two may be each other's fallback: nothing is passed on
 * that was passed on by either. */
#include <stdlib.h>

#include "cardwatch/clock.h"
#include "compose_route.h"

int64_t cw_compose_token_ms(const char *rate)
{
        char *unit;
        int64_t n = rate ? strtol(rate, &unit, 10) : 0;
        int64_t unit_ms;

        if (n <= 0)
                return 0;
        unit_ms = unit[0] && unit[1] == 'h' ? CW_HOUR_MS : unit[0] && unit[1] == 'm' ? CW_MINUTE_MS : CW_SECOND_MS;
        return (unit_ms + n - 1) / n;
}

static void compose_one(struct cw_composer *composer, size_t self)
{
        const struct cw_node *node = composer->draft->notifiers[self].fallback;
        struct cw_notifier_traits *traits = &composer->rules->notifiers[self];
        struct cw_name_list list = {
                .node = node, .key = "fallback", .what = "notifier", .name_of = cw_compose_notifier_name};
        bool whole;

        if (!node)
                return;
        cw_compose_names(composer, &list, &traits->fallback, &traits->n_fallback, &whole);
        for (size_t i = 0; i < traits->n_fallback; i++)
                if (traits->fallback[i] == self)
                        cw_reader_complain(composer->reader, node, "\"%s\" cannot be its own fallback", traits->name);
}

void cw_compose_fallbacks(struct cw_composer *composer)
{
        for (size_t i = 0; i < composer->rules->n_notifiers; i++)
                compose_one(composer, i);
}
