/* SPDX-License-Identifier: Apache-2.0 */
/* What opens an alert, how long it lives, and what of that is refused or doubted. */
#include "cardwatch/clock.h"
#include "cardwatch/expr.h"
#include "loading.h"

#define RULE(rest) SOURCES NOTIFIERS "rules:\n" rest
#define LEVELS     "levels: [{severity: info, when: available < 5}]"

static void test_mistakes(void **state)
{
        static const struct diagnosis cases[] = {
                {"levels beside a condition", RULE("  - {name: a, when: available < 1, " LEVELS "}\n"),
                 "cardwatch.yaml:7:36: error: \"when\" and \"levels\" exclude each other: write the condition as one "
                 "of the levels\n"
                 "    7 |   - {name: a, when: available < 1, levels: [{severity: info, when: available < 5}]}\n"
                 "      |                                    ^~~~~~\n"},
                {"levels beside an event", RULE("  - {name: a, on: changed(total), " LEVELS "}\n"),
                 "cardwatch.yaml:7:35: error: \"levels\" and \"on\" exclude each other: an event has one severity\n"
                 "    7 |   - {name: a, on: changed(total), levels: [{severity: info, when: available < 5}]}\n"
                 "      |                                   ^~~~~~\n"},
                {"levels and a severity", RULE("  - {name: a, severity: info, " LEVELS "}\n"),
                 "cardwatch.yaml:7:15: error: \"severity\" says nothing beside \"levels\": each of them has its own\n"
                 "    7 |   - {name: a, severity: info, levels: [{severity: info, when: available < 5}]}\n"
                 "      |               ^~~~~~~~\n"},
                {"no level", RULE("  - {name: a, levels: []}\n"),
                 "cardwatch.yaml:7:23: error: \"levels\" must not be empty\n"
                 "    7 |   - {name: a, levels: []}\n"
                 "      |                       ^\n"},
                {"no list", RULE("  - {name: a, levels: {severity: info, when: available < 1}}\n"),
                 "cardwatch.yaml:7:23: error: \"levels\" must be a list\n"
                 "    7 |   - {name: a, levels: {severity: info, when: available < 1}}\n"
                 "      |                       ^\n"},
                {"a level without a severity, one without a condition, one with something else",
                 RULE("  - name: a\n"
                      "    levels:\n"
                      "      - {when: available < 1}\n"
                      "      - {severity: info}\n"
                      "      - {severity: critical, when: available < 0, for: 2m}\n"),
                 "cardwatch.yaml:9:9: error: rules[0].levels[0] needs \"severity\"\n"
                 "    9 |       - {when: available < 1}\n"
                 "      |         ^\n"
                 "cardwatch.yaml:10:9: error: rules[0].levels[1] needs \"when\"\n"
                 "   10 |       - {severity: info}\n"
                 "      |         ^\n"
                 "cardwatch.yaml:11:51: error: unknown key \"for\" in rules[0].levels[2]\n"
                 "   11 |       - {severity: critical, when: available < 0, for: 2m}\n"
                 "      |                                                   ^~~\n"},
                {"two levels of one severity",
                 RULE("  - name: a\n"
                      "    levels:\n"
                      "      - {severity: info, when: available < 1}\n"
                      "      - {severity: info, when: available < 0}\n"),
                 "cardwatch.yaml:10:20: error: there is another level \"info\" (line 9): join their conditions with "
                 "`or`\n"
                 "   10 |       - {severity: info, when: available < 0}\n"
                 "      |                    ^~~~\n"},
                {"no severity is none", RULE("  - {name: a, levels: [{severity: none, when: available < 1}]}\n"),
                 "cardwatch.yaml:7:35: error: \"severity\" must be one of info, warning, critical\n"
                 "    7 |   - {name: a, levels: [{severity: none, when: available < 1}]}\n"
                 "      |                                   ^~~~\n"},
                {"all that an event cannot have",
                 RULE("  - name: a\n"
                      "    on: changed(total)\n"
                      "    for: 2m\n"
                      "    keep_firing_for: 2m\n"
                      "    arm: always\n"
                      "    confirm: true\n"
                      "    flap: off\n"),
                 "cardwatch.yaml:9:5: error: \"for\" goes with \"when\" or \"levels\": an event is told when it is "
                 "seen, and lasts no time\n"
                 "    9 |     for: 2m\n"
                 "      |     ^~~\n"
                 "cardwatch.yaml:10:5: error: \"keep_firing_for\" goes with \"when\" or \"levels\": an event does not "
                 "go on firing\n"
                 "   10 |     keep_firing_for: 2m\n"
                 "      |     ^~~~~~~~~~~~~~~\n"
                 "cardwatch.yaml:11:5: error: \"arm\" goes with \"when\" or \"levels\": an event has no state that "
                 "could be clear\n"
                 "   11 |     arm: always\n"
                 "      |     ^~~\n"
                 "cardwatch.yaml:12:5: error: \"confirm\" goes with \"when\" or \"levels\": what has happened cannot "
                 "be seen happening a second time\n"
                 "   12 |     confirm: true\n"
                 "      |     ^~~~~~~\n"
                 "cardwatch.yaml:13:5: error: \"flap\" goes with \"when\" or \"levels\": an event does not come and "
                 "go; to hear of fewer, say more in \"on\"\n"
                 "   13 |     flap: off\n"
                 "      |     ^~~~\n"},
                {"values out of bounds and of other types",
                 RULE("  - name: a\n"
                      "    when: available < 1\n"
                      "    for: 2\n"
                      "    keep_firing_for: soon\n"
                      "    arm: never\n"
                      "    confirm: yes\n"
                      "    flap: {limit: 101, window: 0s}\n"),
                 "cardwatch.yaml:9:10: error: \"for\" must be a duration such as 500ms, 30s, 5m or 1h30m: the unit is "
                 "missing\n"
                 "    9 |     for: 2\n"
                 "      |          ^\n"
                 "cardwatch.yaml:10:22: error: \"keep_firing_for\" must be a duration such as 500ms, 30s, 5m or 1h30m\n"
                 "   10 |     keep_firing_for: soon\n"
                 "      |                      ^~~~\n"
                 "cardwatch.yaml:11:10: error: \"arm\" must be one of always, after_clear\n"
                 "   11 |     arm: never\n"
                 "      |          ^~~~~\n"
                 "cardwatch.yaml:12:14: error: \"confirm\" must be true or false\n"
                 "   12 |     confirm: yes\n"
                 "      |              ^~~\n"
                 "cardwatch.yaml:13:19: error: \"limit\" must be a whole number from 1 to 100\n"
                 "   13 |     flap: {limit: 101, window: 0s}\n"
                 "      |                   ^~~\n"
                 "cardwatch.yaml:13:32: error: \"window\" must be from 1ms to 365000d\n"
                 "   13 |     flap: {limit: 101, window: 0s}\n"
                 "      |                                ^~\n"},
                {"a flap that is neither", RULE("  - {name: a, when: available < 1, flap: false}\n"),
                 "cardwatch.yaml:7:42: error: \"flap\" must be off, or a mapping such as {limit: 5, window: 1h}\n"
                 "    7 |   - {name: a, when: available < 1, flap: false}\n"
                 "      |                                          ^~~~~\n"},
                {"a misspelt key of it", RULE("  - {name: a, when: available < 1, flap: {limits: 3}}\n"),
                 "cardwatch.yaml:7:43: error: unknown key \"limits\" in rules[0].flap (did you mean \"limit\"?)\n"
                 "    7 |   - {name: a, when: available < 1, flap: {limits: 3}}\n"
                 "      |                                           ^~~~~~\n"},
        };

        (void)state;
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

/* The caret stands below the unknown word of the level that holds it. */
static void test_places_in_levels(void **state)
{
        struct loaded loaded;

        (void)state;
        load_text(&loaded, RULE("  - name: a\n"
                                "    levels:\n"
                                "      - {severity: critical, when: 'available < 0 or nope'}\n"
                                "      - severity: info\n"
                                "        when: available < 1\n"
                                "          or nope\n"));
        assert_int_equal(loaded.report.n_items, 2);
        assert_non_null(strstr(loaded.report.items[0].message, "`nope`"));
        assert_int_equal(loaded.report.items[0].line, 9);
        assert_int_equal(loaded.report.items[0].column, 54);
        assert_int_equal(loaded.report.items[1].line, 12);
        assert_int_equal(loaded.report.items[1].column, 14);
        loaded_deinit(&loaded);
}

static void test_what_is_written_is_what_is_meant(void **state)
{
        static const struct {
                const char *name, *rule;
                struct cw_rule expected;
        } cases[] = {
                {"the defaults", "when: available < 1", {.flap = {5, CW_HOUR_MS}}},
                {"times",
                 "when: available < 1, for: 2m, keep_firing_for: 1h30m",
                 {.for_ms = 120000, .keep_firing_for_ms = 5400000, .flap = {5, CW_HOUR_MS}}},
                {"arming and confirming",
                 "when: available < 1, arm: after_clear, confirm: true",
                 {.arm_after_clear = true, .confirm = true, .flap = {5, CW_HOUR_MS}}},
                {"arming as it is", "when: available < 1, arm: always", {.flap = {5, CW_HOUR_MS}}},
                {"no flapping", "when: available < 1, flap: off", {.flap = {0, 0}}},
                {"flapping that is written counts when it is critical too",
                 "when: available < 1, flap: {limit: 100, window: 50ms}",
                 {.flap = {100, 50}, .flap_critical = {100, 50}}},
                {"half of it is written",
                 "when: available < 1, flap: {limit: 1}",
                 {.flap = {1, CW_HOUR_MS}, .flap_critical = {1, CW_HOUR_MS}}},
                {"nothing of it is written",
                 "when: available < 1, flap: {}",
                 {.flap = {5, CW_HOUR_MS}, .flap_critical = {5, CW_HOUR_MS}}},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                const struct cw_rule *rule, *expected = &cases[i].expected;
                struct loaded loaded;
                char yaml[600];

                print_message("  %s\n", cases[i].name);
                snprintf(yaml, sizeof(yaml), SOURCES NOTIFIERS "rules: [{name: a, %s}]\n", cases[i].rule);
                load_text(&loaded, yaml);
                assert_string_equal(cw_buf_text(&loaded.text), "");
                rule = &loaded.config->rules->rules[0];
                assert_int_equal(rule->for_ms, expected->for_ms);
                assert_int_equal(rule->keep_firing_for_ms, expected->keep_firing_for_ms);
                assert_int_equal(rule->arm_after_clear, expected->arm_after_clear);
                assert_int_equal(rule->confirm, expected->confirm);
                assert_int_equal(rule->flap.limit, expected->flap.limit);
                if (rule->flap.limit > 0)
                        assert_int_equal(rule->flap.window_ms, expected->flap.window_ms);
                assert_int_equal(rule->flap_critical.limit, expected->flap_critical.limit);
                if (rule->flap_critical.limit > 0)
                        assert_int_equal(rule->flap_critical.window_ms, expected->flap_critical.window_ms);
                loaded_deinit(&loaded);
        }
}

static void test_levels_stand_the_least_severe_first(void **state)
{
        const struct cw_rule *rule;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, RULE("  - name: ladder\n"
                                "    params: {floor: 100}\n"
                                "    levels:\n"
                                "      - {severity: critical, when: available < 0}\n"
                                "      - {severity: info, when: available < floor * 5}\n"
                                "      - {severity: warning, when: available < floor}\n"
                                "    clear: available >= floor * 6\n"));
        assert_string_equal(cw_buf_text(&loaded.text), "");
        rule = &loaded.config->rules->rules[0];
        assert_null(rule->when);
        assert_int_equal(rule->n_levels, 3);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(rule->levels[i].severity, CW_SEVERITY_INFO + i);
        assert_string_equal(cw_expr_text(rule->levels[0].when), "available < floor * 5");
        assert_string_equal(cw_expr_text(rule->levels[2].when), "available < 0");
        assert_string_equal(cw_expr_text(rule->clear), "available >= floor * 6");
        assert_false(rule->sees_suppressed);
        loaded_deinit(&loaded);
}

/* What changes the hash of the file, and what of it is the rule's meaning. */
static void test_what_the_hashes_hold(void **state)
{
        static const struct {
                const char *name, *rule;
                bool same_meaning;
        } cases[] = {
                {"for", "for: 2m", false},          {"keep_firing_for", "keep_firing_for: 2m", false},
                {"arm", "arm: after_clear", false}, {"confirm", "confirm: true", true},
                {"flap", "flap: {limit: 4}", true}, {"flap, also when it is critical", "flap: {limit: 5}", true},
                {"no flap", "flap: off", true},
        };
        struct loaded base, other;

        (void)state;
        load_text(&base, RULE("  - {name: a, when: available < 1}\n"));
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                char yaml[600];

                print_message("  %s\n", cases[i].name);
                snprintf(yaml, sizeof(yaml), RULE("  - {name: a, when: available < 1, %s}\n"), cases[i].rule);
                load_text(&other, yaml);
                assert_int_equal(other.result, 0);
                assert_int_equal(base.config->rules->rules[0].meaning == other.config->rules->rules[0].meaning,
                                 cases[i].same_meaning);
                assert_string_not_equal(base.config->hash, other.config->hash);
                loaded_deinit(&other);
        }
        loaded_deinit(&base);
}

#define COMES_AND_GOES "the alert would come and go without end"

static void test_doubts(void **state)
{
        static const struct {
                const char *name, *rule;
                const char *warned; /* part of the one warning, NULL: none */
        } cases[] = {
                {"an end below the limit", "when: available < 100, clear: available > 50",
                 "with available at 75 for one: " COMES_AND_GOES},
                {"an end above it", "when: available < 100, clear: available > 120", NULL},
                {"an end at it", "when: available < 100, clear: available >= 100", NULL},
                {"an end that meets it", "when: available <= 100, clear: available >= 100", "with available at 100 "},
                {"a hair's breadth", "when: available < 100, clear: available > 99.999999", NULL},
                {"two hairs' breadth", "when: available < 100, clear: available > 99.999998",
                 "with available at 99.999999 "},
                {"the other way round", "when: pending > 10, clear: pending < 20", "with pending at 15 "},
                {"in words of its own currency", "when: available < 100 USD, clear: available > 50 USD",
                 "with available at 75 "},
                {"limits in two currencies", "when: available < 100 USD, clear: available > 50 EUR", NULL},
                {"a parameter below zero",
                 "params: {floor: -100}, when: available < floor, clear: available >= floor * 1.2",
                 "with available at -110 "},
                {"a parameter above it",
                 "params: {floor: 100}, when: available < floor, clear: available >= floor * 1.2", NULL},
                {"a part of the condition excludes it",
                 "when: 'available < 100 and suppressed', clear: 'available > 50 and not suppressed'", NULL},
                {"another amount", "when: available < 100, clear: total > 50", NULL},
                {"a limit that moves", "when: available < total * 0.5, clear: available > 50", NULL},
                {"one level",
                 "levels: [{severity: info, when: available < 500}, {severity: critical, when: available < 0}], "
                 "clear: available > 400",
                 "with available at 450 "},
                {"no level",
                 "levels: [{severity: info, when: available < 500}, {severity: critical, when: available < 0}], "
                 "clear: available > 600",
                 NULL},
                {"a level in a currency that no card has",
                 "levels: [{severity: info, when: available < 5 USD}], match: {currency: eur}",
                 "this compares with USD, and no card that the rule matches has that currency"},
                {"a window longer than the history", "when: 'delta(available, 91d) < -100'",
                 "longer than the history is kept (90d, see store.keep_history)"},
                {"a window as long as the history", "when: 'delta(available, 90d) < -100'", NULL},
                {"a window that an override makes longer",
                 "params: {d: 1d}, overrides: [{match: {card: 1}, params: {d: 100d}}], on: 'spent(d) > 5'",
                 "longer than the history is kept"},
                {"how long something stood is no window", "when: 'unchanged(available) > 100d'", NULL},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;
                char yaml[600];

                print_message("  %s\n", cases[i].name);
                snprintf(yaml, sizeof(yaml), SOURCES NOTIFIERS "rules: [{name: a, %s}]\n", cases[i].rule);
                load_text(&loaded, yaml);
                if (!cases[i].warned)
                        assert_string_equal(cw_buf_text(&loaded.text), "");
                assert_int_equal(loaded.result, 0);
                assert_int_equal(loaded.report.n_items, cases[i].warned != NULL);
                if (cases[i].warned && !strstr(loaded.report.items[0].message, cases[i].warned))
                        fail_msg("%s", loaded.report.items[0].message);
                loaded_deinit(&loaded);
        }
}

static void test_parameters(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&yaml, RULE("  - name: a\n    when: available < 1\n    params: {"));
        for (int i = 0; i <= CW_RULE_PARAMS_MAX; i++)
                cw_buf_printf(&yaml, "p%d: 1, ", i);
        cw_buf_puts(&yaml, "}\n");
        load_text(&loaded, cw_buf_text(&yaml));
        assert_int_equal(loaded.result, -EINVAL);
        assert_string_equal(loaded.report.items[0].message, "\"params\" holds 65 values, at most 64 are possible");
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mistakes),
                cmocka_unit_test(test_places_in_levels),
                cmocka_unit_test(test_what_is_written_is_what_is_meant),
                cmocka_unit_test(test_levels_stand_the_least_severe_first),
                cmocka_unit_test(test_what_the_hashes_hold),
                cmocka_unit_test(test_doubts),
                cmocka_unit_test(test_parameters),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
