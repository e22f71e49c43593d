/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/ledger.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"

#define EDGE 7 /* of the alert's last transition */
#define ANY  -1

/* What there is to know for a decision; each member counts from 0. */
struct situation {
        int fires; /* no, yes */
        int sent; /* enum cw_known_state */
        int severity; /* of what was sent: the present one, another */
        int waits; /* nothing, an item of this transition, of an older one */
        int died; /* nothing, this transition, an older one */
        int ends_wanted; /* no, yes */
};

static const struct situation counts = {2, 3, 2, 3, 3, 2};

static const struct {
        const char *name;
        struct situation when;
        enum cw_due_action expected;
} rows[] = {
        {"who knows that it fires is told nothing", {1, CW_KNOWN_FIRING, 0, 0, ANY, ANY}, CW_DUE_NOTHING},
        {"an end that waits is taken back when it fires after all",
         {1, CW_KNOWN_FIRING, 0, 1, ANY, ANY},
         CW_DUE_TAKE_BACK},
        {"so is an older item", {1, CW_KNOWN_FIRING, 0, 2, ANY, ANY}, CW_DUE_TAKE_BACK},
        {"a change of severity is told", {1, CW_KNOWN_FIRING, 1, 0, 0, ANY}, CW_DUE_FIRING},
        {"... after another died", {1, CW_KNOWN_FIRING, 1, 0, 2, ANY}, CW_DUE_FIRING},
        {"... once", {1, CW_KNOWN_FIRING, 1, 1, ANY, ANY}, CW_DUE_NOTHING},
        {"... in the place of what waits", {1, CW_KNOWN_FIRING, 1, 2, 0, ANY}, CW_DUE_FIRING},
        {"... in the place of what waits, after another died", {1, CW_KNOWN_FIRING, 1, 2, 2, ANY}, CW_DUE_FIRING},
        {"... not when it died", {1, CW_KNOWN_FIRING, 1, 0, 1, ANY}, CW_DUE_NOTHING},
        {"... nor then in the place of what waits", {1, CW_KNOWN_FIRING, 1, 2, 1, ANY}, CW_DUE_NOTHING},

        {"who knows nothing is told that it fires", {1, CW_KNOWN_NOTHING, ANY, 0, 0, ANY}, CW_DUE_FIRING},
        {"... after another transition died", {1, CW_KNOWN_NOTHING, ANY, 0, 2, ANY}, CW_DUE_FIRING},
        {"... not when this one died", {1, CW_KNOWN_NOTHING, ANY, 0, 1, ANY}, CW_DUE_NOTHING},
        {"... once", {1, CW_KNOWN_NOTHING, ANY, 1, ANY, ANY}, CW_DUE_NOTHING},
        {"... in the place of what waits", {1, CW_KNOWN_NOTHING, ANY, 2, 0, ANY}, CW_DUE_FIRING},
        {"... in its place after another died", {1, CW_KNOWN_NOTHING, ANY, 2, 2, ANY}, CW_DUE_FIRING},
        {"... not in its place when this one died", {1, CW_KNOWN_NOTHING, ANY, 2, 1, ANY}, CW_DUE_NOTHING},

        {"who knows of the end before is told that it fires again",
         {1, CW_KNOWN_RESOLVED, ANY, 0, 0, ANY},
         CW_DUE_FIRING},
        {"... after another transition died", {1, CW_KNOWN_RESOLVED, ANY, 0, 2, ANY}, CW_DUE_FIRING},
        {"... not when this one died", {1, CW_KNOWN_RESOLVED, ANY, 0, 1, ANY}, CW_DUE_NOTHING},
        {"... once", {1, CW_KNOWN_RESOLVED, ANY, 1, ANY, ANY}, CW_DUE_NOTHING},
        {"... in the place of what waits", {1, CW_KNOWN_RESOLVED, ANY, 2, 0, ANY}, CW_DUE_FIRING},
        {"... in its place after another died", {1, CW_KNOWN_RESOLVED, ANY, 2, 2, ANY}, CW_DUE_FIRING},
        {"... not in its place when this one died", {1, CW_KNOWN_RESOLVED, ANY, 2, 1, ANY}, CW_DUE_NOTHING},

        {"what was never told and is over is history", {0, CW_KNOWN_NOTHING, ANY, 0, ANY, ANY}, CW_DUE_NOTHING},
        {"... and so is what followed a known end", {0, CW_KNOWN_RESOLVED, ANY, 0, ANY, ANY}, CW_DUE_NOTHING},
        {"an end is owed to who knows that it fired", {0, CW_KNOWN_FIRING, ANY, 0, 0, 1}, CW_DUE_RESOLVED},
        {"... after another transition died", {0, CW_KNOWN_FIRING, ANY, 0, 2, 1}, CW_DUE_RESOLVED},
        {"... not when it died", {0, CW_KNOWN_FIRING, ANY, 0, 1, 1}, CW_DUE_NOTHING},
        {"... once", {0, CW_KNOWN_FIRING, ANY, 1, ANY, 1}, CW_DUE_NOTHING},
        {"... in the place of what waits", {0, CW_KNOWN_FIRING, ANY, 2, 0, 1}, CW_DUE_RESOLVED},
        {"... in its place after another died", {0, CW_KNOWN_FIRING, ANY, 2, 2, 1}, CW_DUE_RESOLVED},
        {"... not in its place when it died", {0, CW_KNOWN_FIRING, ANY, 2, 1, 1}, CW_DUE_NOTHING},
        {"... not to who wants no ends", {0, CW_KNOWN_FIRING, ANY, 0, ANY, 0}, CW_DUE_NOTHING},
        {"what waits for who wants no ends is taken back", {0, ANY, ANY, 1, ANY, 0}, CW_DUE_TAKE_BACK},
        {"... however old it is", {0, ANY, ANY, 2, ANY, 0}, CW_DUE_TAKE_BACK},
        {"a firing that waits folds with its end", {0, CW_KNOWN_NOTHING, ANY, 2, ANY, 1}, CW_DUE_FOLDED},
        {"... and stays so", {0, CW_KNOWN_NOTHING, ANY, 1, ANY, 1}, CW_DUE_NOTHING},
        {"the next episode folds likewise", {0, CW_KNOWN_RESOLVED, ANY, 2, ANY, 1}, CW_DUE_FOLDED},
        {"... and stays so, too", {0, CW_KNOWN_RESOLVED, ANY, 1, ANY, 1}, CW_DUE_NOTHING},
};

static bool one_matches(int wanted, int is)
{
        return wanted == ANY || wanted == is;
}

static bool matches(const struct situation *wanted, const struct situation *is)
{
        return one_matches(wanted->fires, is->fires) && one_matches(wanted->sent, is->sent) &&
               one_matches(wanted->severity, is->severity) && one_matches(wanted->waits, is->waits) &&
               one_matches(wanted->died, is->died) && one_matches(wanted->ends_wanted, is->ends_wanted);
}

static enum cw_due_action decide(const struct situation *is)
{
        static const uint32_t edges[] = {0, EDGE, EDGE - 1};
        struct cw_alert alert = {.edge = EDGE, .severity = CW_SEVERITY_WARNING};
        struct cw_telling telling = {.alert = &alert, .queued_edge = edges[is->waits], .dead_edge = edges[is->died]};

        alert.state = is->fires ? CW_ALERT_FIRING : CW_ALERT_INACTIVE;
        telling.queued = is->waits ? 99 : 0;
        telling.sent.state = (enum cw_known_state)is->sent;
        telling.sent.severity = is->severity ? CW_SEVERITY_INFO : CW_SEVERITY_WARNING;
        return cw_ledger_decide(&telling, &alert, is->ends_wanted);
}

/* Every combination is named by exactly one row. */
static void check(const struct situation *is)
{
        size_t found = 0;

        for (size_t i = 0; i < CW_ARRAY_SIZE(rows); i++) {
                if (!matches(&rows[i].when, is))
                        continue;
                found++;
                if (decide(is) != rows[i].expected)
                        fail_msg("%s: fires %d, sent %d, severity %d, waits %d, died %d, ends %d gives %d",
                                 rows[i].name, is->fires, is->sent, is->severity, is->waits, is->died, is->ends_wanted,
                                 decide(is));
        }
        if (found != 1)
                fail_msg("%zu rows for fires %d, sent %d, severity %d, waits %d, died %d, ends %d", found, is->fires,
                         is->sent, is->severity, is->waits, is->died, is->ends_wanted);
}

static void test_every_combination(void **state)
{
        int all = counts.fires * counts.sent * counts.severity * counts.waits * counts.died * counts.ends_wanted;

        (void)state;
        for (int n = 0; n < all; n++) {
                struct situation is;
                int rest = n;

                is.fires = rest % counts.fires, rest /= counts.fires;
                is.sent = rest % counts.sent, rest /= counts.sent;
                is.severity = rest % counts.severity, rest /= counts.severity;
                is.waits = rest % counts.waits, rest /= counts.waits;
                is.died = rest % counts.died, rest /= counts.died;
                is.ends_wanted = rest;
                check(&is);
        }
}

static void test_items(void **state)
{
        struct cw_entry entry = {.severity = CW_SEVERITY_CRITICAL};
        struct cw_alert alert = {.entry = &entry, .edge = EDGE};
        struct cw_telling telling = {.sent = {CW_KNOWN_FIRING, CW_SEVERITY_INFO}};
        struct cw_item item;

        (void)state;
        item = cw_ledger_item(&telling, &alert, CW_DUE_FIRING);
        assert_ptr_equal(item.entry, &entry);
        assert_int_equal(item.edge, EDGE);
        assert_int_equal(item.previous_severity, CW_SEVERITY_INFO);
        assert_false(item.folded);
        item = cw_ledger_item(&telling, &alert, CW_DUE_RESOLVED);
        assert_int_equal(item.previous_severity, CW_SEVERITY_NONE);
        telling.sent = (struct cw_known){0};
        assert_int_equal(cw_ledger_item(&telling, &alert, CW_DUE_FIRING).previous_severity, CW_SEVERITY_NONE);
        assert_true(cw_ledger_item(&telling, &alert, CW_DUE_FOLDED).folded);
}

static void test_when_it_is_over(void **state)
{
        static const struct {
                const char *name;
                struct cw_telling telling;
                enum cw_alert_state state;
                bool ends_wanted, expected;
        } cases[] = {
                {"not while it fires", {0}, CW_ALERT_FIRING, true, false},
                {"when nobody was told", {0}, CW_ALERT_INACTIVE, true, true},
                {"not while an end is owed", {.sent = {CW_KNOWN_FIRING, 0}}, CW_ALERT_INACTIVE, true, false},
                {"when no end is wanted", {.sent = {CW_KNOWN_FIRING, 0}}, CW_ALERT_INACTIVE, false, true},
                {"when the end died", {.sent = {CW_KNOWN_FIRING, 0}, .dead_edge = EDGE}, CW_ALERT_INACTIVE, true, true},
                {"not when something else died",
                 {.sent = {CW_KNOWN_FIRING, 0}, .dead_edge = EDGE - 1},
                 CW_ALERT_INACTIVE,
                 true,
                 false},
                {"when the end was told", {.sent = {CW_KNOWN_RESOLVED, 0}}, CW_ALERT_INACTIVE, true, true},
                {"not while something waits", {.queued = 1}, CW_ALERT_INACTIVE, false, false},
                {"not while something is under way",
                 {.sent = {CW_KNOWN_RESOLVED, 0}, .under_way = 1},
                 CW_ALERT_INACTIVE,
                 true,
                 false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_alert alert = {.state = cases[i].state, .edge = EDGE};

                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_ledger_over(&cases[i].telling, &alert, cases[i].ends_wanted), cases[i].expected);
        }
}

static void test_rows(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_telling telling = {.notifier = "chat", .fingerprint = 5};

        (void)state;
        print_message("  what was never stored is not forgotten\n");
        cw_ledger_forget(&telling, &changes);
        assert_true(cw_changes_empty(&changes));
        cw_ledger_remember(&telling, &changes);
        assert_int_equal(changes.ledger.rows[0].state, CW_ENTRY_EVENT);
        assert_true(changes.ledger.rows[0].accepted);

        telling.accepted = (struct cw_known){CW_KNOWN_FIRING, CW_SEVERITY_CRITICAL};
        telling.accepted_edge = 3;
        cw_ledger_remember(&telling, &changes);
        assert_int_equal(changes.ledger.rows[1].state, CW_ENTRY_FIRING);
        assert_int_equal(changes.ledger.rows[1].severity, CW_SEVERITY_CRITICAL);
        assert_int_equal(changes.ledger.rows[1].edge, 3);

        print_message("  a dead letter's edge stands beside what was accepted before\n");
        telling.dead_edge = 4;
        cw_ledger_remember(&telling, &changes);
        assert_int_equal(changes.ledger.rows[2].edge, 4);
        assert_false(changes.ledger.rows[2].accepted);
        assert_int_equal(changes.ledger.rows[2].state, CW_ENTRY_FIRING);
        cw_ledger_forget(&telling, &changes);
        assert_true(changes.ledger.rows[3].gone);
        assert_int_not_equal(cw_ledger_key("a", 1), cw_ledger_key("b", 1));
        assert_int_not_equal(cw_ledger_key("a", 1), cw_ledger_key("a", 2));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_combination),
                cmocka_unit_test(test_items),
                cmocka_unit_test(test_when_it_is_over),
                cmocka_unit_test(test_rows),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
