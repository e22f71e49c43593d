/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_BASE_ZONE_RULE_H
#define CARDWATCH_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule at the end of a zone file: when summer time begins and ends in every year to come ("CET-1CEST,M3.5.0,
 * M10.5.0/3").
 */

struct cw_zone_day {
        char form; /* 'M': the week-th weekday of a month; 'J': day 1 to 365, without 29 February; 'N': day 0 to 365 */
        int month, week, day;
        int32_t second; /* of local time, from -167 to 167 hours */
};

struct cw_zone_rule {
        int32_t standard_s, summer_s; /* ahead of UTC */
        bool has_summer;
        struct cw_zone_day begins, ends;
};

/* -EINVAL. */
int cw_zone_rule_parse(const char *text, struct cw_zone_rule *ret_rule) __attribute__((warn_unused_result));

int32_t cw_zone_rule_offset(const struct cw_zone_rule *rule, int64_t at_s);
/* INT64_MAX: there is no summer time. */
int64_t cw_zone_rule_next_change(const struct cw_zone_rule *rule, int64_t at_s);

#endif
