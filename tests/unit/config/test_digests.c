/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of digests: read, and refused. */
#include "loading.h"

#define PAGER "notifiers: [{name: log, type: syslog}, {name: p, type: pagerduty, routing_key: plain:k}]\n"

static void test_what_is_meant(void **state)
{
        const struct cw_digest_plan *plan;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, BASE "timezone: Europe/Berlin\ndigests:\n"
                                "  - {name: daily, at: \"08:05\", days: [mon-wed, sun], notify: log}\n"
                                "  - {name: each, at: \"23:59\", notify: [log], per_customer: true}\n");
        assert_int_equal(loaded.result, 0);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_int_equal(loaded.config->rules->n_digests, 2);
        plan = loaded.config->rules->digests;
        assert_string_equal(plan[0].name, "daily");
        assert_int_equal(plan[0].at_min, 8 * 60 + 5);
        assert_int_equal(plan[0].days, 0x47);
        assert_true(plan[0].n_notify == 1 && plan[0].notify[0] == 0 && !plan[0].per_customer);
        assert_int_equal(plan[1].days, CW_EVERY_DAY);
        assert_true(plan[1].per_customer);
        assert_non_null(loaded.config->rules->zone);
        loaded_deinit(&loaded);
}

static void test_mistakes(void **state)
{
        static const struct diagnosis cases[] = {
                {"a day has no 25 hours", BASE "digests: [{name: d, at: \"25:00\", notify: log}]\n",
                 "cardwatch.yaml:7:25: error: \"at\" must be a time of day such as \"07:30\", up to \"24:00\"\n"
                 "    7 | digests: [{name: d, at: \"25:00\", notify: log}]\n"
                 "      |                         ^~~~~~~\n"},
                {"its end is the next day's", BASE "digests: [{name: d, at: \"24:00\", notify: log}]\n",
                 "cardwatch.yaml:7:25: error: \"at\" must be a time of day up to \"23:59\"\n"
                 "    7 | digests: [{name: d, at: \"24:00\", notify: log}]\n"
                 "      |                         ^~~~~~~\n"},
                {"whom to tell must be there", BASE "digests: [{name: d, at: \"08:00\", notify: lgo}]\n",
                 "cardwatch.yaml:7:42: error: there is no notifier \"lgo\" (did you mean \"log\"?)\n"
                 "    7 | digests: [{name: d, at: \"08:00\", notify: lgo}]\n"
                 "      |                                          ^~~\n"},
                {"somebody must be", BASE "digests: [{name: d, at: \"08:00\", notify: []}]\n",
                 "cardwatch.yaml:7:42: error: \"notify\" must name at least one notifier\n"
                 "    7 | digests: [{name: d, at: \"08:00\", notify: []}]\n"
                 "      |                                          ^\n"},
                {"a pager is told of alerts only",
                 SOURCES RULES PAGER "digests: [{name: d, at: \"08:00\", notify: [log, p]}]\n",
                 "cardwatch.yaml:7:42: warning: \"p\" takes alerts only: it gets no digest\n"
                 "    7 | digests: [{name: d, at: \"08:00\", notify: [log, p]}]\n"
                 "      |                                          ^\n"},
        };

        (void)state;
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_meant),
                cmocka_unit_test(test_mistakes),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
