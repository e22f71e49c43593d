/* SPDX-License-Identifier: Apache-2.0 */
/* Why an alert is in its state: what its conditions were worth when the card was observed last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/fingerprint.h"
#include "receivers.h"

static const struct cw_explain_style style = {.write_time = cw_clock_format_utc,
                                              .write_duration = cw_duration_format_human};

/* Polls of card 1, in turn; NULL: there are no more. */
static const struct {
        const char *name;
        const char *when;
        const char *available[4];
        bool restarts; /* before it is explained */
        const char *says;
        const char * not ;
} cases[] = {
        {"at the first observation nothing was before",
         "delta(available) < -50",
         {"500"},
         false,
         "when: delta(available) < -50: unknown < -50 is unknown",
         "not kept"},
        {"an observation that changes nothing has a difference of zero",
         "delta(available) < -50",
         {"500", "500"},
         false,
         "when: delta(available) < -50: 0.00 USD < -50 is false",
         "not kept"},
        {"so has the one after a change",
         "delta(available) < -50",
         {"500", "400", "400"},
         false,
         "when: delta(available) < -50: 0.00 USD < -50 is false",
         "not kept"},
        {"so has one after a restart",
         "delta(available) < -50",
         {"500", "500"},
         true,
         "when: delta(available) < -50: 0.00 USD < -50 is false",
         "not kept"},
        {"nothing changed",
         "changed(available)",
         {"500", "400", "400"},
         false,
         "when: changed(available) is false",
         "not kept"},
        {"before it was as it is",
         "previous.available < 450",
         {"500", "400", "400"},
         false,
         "when: previous.available < 450: 400.00 USD < 450 is true",
         "not kept"},
        {"what a change came from is not kept, and that is said",
         "delta(available) < -50",
         {"500", "400"},
         false,
         "it changed then, and what it was before is not kept",
         NULL},
        {"who does not look back does not hear of it",
         "available < 450",
         {"500", "400"},
         false,
         "when: available < 450: 400.00 USD < 450 is true",
         "not kept"},
};

static void test_what_conditions_were_worth(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct ruleset_spec spec = {.rules = {{.name = "rule", .when = cases[i].when}}};
                cw_cleanup(cw_buf_deinit) struct cw_buf words = CW_BUF_NULL;
                struct world world;

                print_message("  %s\n", cases[i].name);
                world_init(&world, ruleset_build(&spec));
                for (size_t j = 0; j < CW_ARRAY_SIZE(cases[i].available) && cases[i].available[j]; j++) {
                        world_card(&world, 7, 1, cases[i].available[j]);
                        world_polled(&world);
                        world.now += CW_MINUTE_MS;
                }
                if (cases[i].restarts)
                        world_restart(&world, NULL);
                assert_int_equal(cw_engine_explain(world.engine, cw_fingerprint("rule", "main", 7, 1), &style, &words),
                                 0);
                print_message("%s", cw_buf_text(&words));
                assert_non_null(strstr(cw_buf_text(&words), cases[i].says));
                if (cases[i].not )
                        assert_null(strstr(cw_buf_text(&words), cases[i].not ));
                world_deinit(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_conditions_were_worth),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
