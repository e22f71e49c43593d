/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/group.h"
#include "../../../src/core/group_key.h"
#include "../../../src/core/intent.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"

static const struct cw_group_by everything[] = {
        {CW_GROUP_RULE, NULL},     {CW_GROUP_SEVERITY, NULL}, {CW_GROUP_CUSTOMER, NULL},
        {CW_GROUP_CURRENCY, NULL}, {CW_GROUP_CARD, NULL},     {CW_GROUP_LABEL, (char *)"team"},
};

static struct cw_entry sample(const struct cw_label *label)
{
        struct cw_entry entry = {
                .rule = "low",
                .source = "main",
                .severity = CW_SEVERITY_WARNING,
                .has_card = true,
                .card = {.id = 7, .customer = 11057, .currency = "USD"},
                .labels = label,
                .n_labels = label ? 1 : 0,
        };

        return entry;
}

static void test_keys(void **state)
{
        static const struct cw_label label = {(char *)"team", (char *)"treasury"},
                                     other = {(char *)"desk", (char *)"1"};
        static const struct {
                const char *name;
                const struct cw_label *label;
                bool no_card;
                size_t first, n;
                const char *expected;
        } cases[] = {
                {"nothing", &label, false, 0, 0, "main{}"},
                {"rule", &label, false, 0, 1, "main{rule=\"low\"}"},
                {"everything", &label, false, 0, 6,
                 "main{rule=\"low\",severity=\"warning\",customer=\"11057\",currency=\"USD\",card=\"7\",team="
                 "\"treasury\"}"},
                {"what the daemon's own alerts do not have is left out", &label, true, 0, 6,
                 "main{rule=\"low\",severity=\"warning\",team=\"treasury\"}"},
                {"a label that is not there is left out", &other, false, 4, 2, "main{card=\"7\"}"},
                {"nothing of what is asked for is there", NULL, true, 4, 2, "main{}"},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_entry entry = sample(cases[i].label);
                struct cw_buf key = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                entry.has_card = !cases[i].no_card;
                cw_group_key(&entry, everything + cases[i].first, cases[i].n, &key);
                assert_string_equal(cw_buf_text(&key), cases[i].expected);
                cw_buf_deinit(&key);
        }
}

static void test_keys_made_alike(void **state)
{
        static const struct cw_label label = {(char *)"team", (char *)"treasury"};
        static const struct {
                const char *name, *key, *expected;
                bool no_card;
        } cases[] = {
                {"nothing", "main{}", "main{}", false},
                {"the root's", "main{rule=\"x\",card=\"1\"}", "main{rule=\"low\",card=\"7\"}", false},
                {"a route's", "main{customer=\"9\"}@00000000000000af", "main{customer=\"11057\"}@00000000000000af",
                 false},
                {"a label", "main{team=\"x\",severity=\"critical\",currency=\"EUR\"}",
                 "main{team=\"treasury\",severity=\"warning\",currency=\"USD\"}", false},
                {"a label that is not there", "main{desk=\"x\"}", "main{}", false},
                {"no card", "second{customer=\"9\",rule=\"x\"}", "main{rule=\"low\"}", true},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_group *group;
                struct cw_entry entry = sample(&label);
                struct cw_buf key = CW_BUF_NULL;

                print_message("  %s\n", cases[i].name);
                entry.has_card = !cases[i].no_card;
                assert_int_equal(cw_group_new("chat", cases[i].key, &group), 0);
                cw_group_key_like(&entry, group, &key);
                assert_string_equal(cw_buf_text(&key), cases[i].expected);
                cw_group_free(group);
                cw_buf_deinit(&key);
        }
}

static void test_what_is_alike(void **state)
{
        static const struct {
                const char *one, *other;
                bool alike;
        } cases[] = {
                {"main{}", "second{}", true},
                {"main{card=\"1\"}", "main{card=\"2\"}", true},
                {"main{card=\"1\"}", "main{customer=\"1\"}", false},
                {"main{card=\"1\"}", "main{}", false},
                {"main{card=\"1\",rule=\"x\"}", "main{rule=\"x\",card=\"1\"}", false},
                {"main{card=\"1\"}@00000000000000af", "main{card=\"2\"}@00000000000000af", true},
                {"main{card=\"1\"}@00000000000000af", "main{card=\"1\"}", false},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_group *one, *other;

                print_message("  %s, %s\n", cases[i].one, cases[i].other);
                assert_int_equal(cw_group_new("chat", cases[i].one, &one), 0);
                assert_int_equal(cw_group_new("mail", cases[i].other, &other), 0);
                assert_int_equal(cw_group_is_like(one, other), cases[i].alike);
                cw_group_free(one);
                cw_group_free(other);
        }
}

static void test_odd_values_make_the_round_trip(void **state)
{
        static const char *const values[] = {
                "plain", "",  " ",   "\"",      "\\",     "\\\\",   "\\n",         "\n",       "a\nb\n", "\\\"",
                "\"\\",  "=", ",",   "{",       "}",      "{\"",    "\",x=\"1\"}", "a=\"b\"",  "\t\r",   "\x01",
                "ä€💳",   "n", "\"}", "\\n\n\\", "tail\\", "main{}", "'single'",    "\xff\xfe",
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(values); i++) {
                struct cw_label label = {(char *)"team", (char *)values[i]};
                struct cw_entry entry = sample(&label);
                struct cw_buf key = CW_BUF_NULL;
                struct cw_group *group;

                print_message("  value %zu\n", i);
                cw_group_key(&entry, everything, CW_ARRAY_SIZE(everything), &key);
                assert_null(strchr(cw_buf_text(&key), '\n'));
                assert_int_equal(cw_group_new("chat", cw_buf_text(&key), &group), 0);
                assert_int_equal(group->n_values, 6);
                assert_string_equal(group->values[0].name, "rule");
                assert_string_equal(group->values[0].value, "low");
                assert_string_equal(group->values[5].name, "team");
                assert_string_equal(group->values[5].value, values[i]);
                assert_string_equal(group->key, cw_buf_text(&key));
                cw_group_free(group);
                cw_buf_deinit(&key);
        }
}

static void test_damaged_keys(void **state)
{
        static const char *const keys[] = {
                "",
                "main",
                "main{",
                "main{rule",
                "main{rule=",
                "main{rule=\"",
                "main{rule=\"a",
                "main{rule=\"a\"",
                "main{rule=\"a\",",
                "main{rule=a}",
                "main{=\"a\"}",
                "main{rule=\"a\"x}",
                "main{rule=\"a\\",
                "main{rule=\"a\\\"}",
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(keys); i++) {
                struct cw_group *group = NULL;

                print_message("  %s\n", keys[i]);
                assert_int_equal(cw_group_new("chat", keys[i], &group), -EBADMSG);
                assert_null(group);
        }
        cw_group_free(NULL);
}

static void test_hashes_tell_notifiers_and_keys_apart(void **state)
{
        (void)state;
        assert_int_equal(cw_group_hash("a", "main{}"), cw_group_hash("a", "main{}"));
        assert_int_not_equal(cw_group_hash("a", "main{}"), cw_group_hash("b", "main{}"));
        assert_int_not_equal(cw_group_hash("a", "main{}"), cw_group_hash("a", "other{}"));
        assert_int_not_equal(cw_group_hash("ab", "c"), cw_group_hash("a", "bc"));
}

static void test_members(void **state)
{
        struct cw_alert *alert = (struct cw_alert *)(void *)state;
        struct cw_group *group;

        assert_int_equal(cw_group_new("chat", "main{}", &group), 0);
        for (int i = 0; i < 9; i++)
                assert_int_equal(cw_group_add_member(group, (struct cw_alert *)(void *)((char *)alert + i)), 0);
        cw_group_remove_member(group, (struct cw_alert *)(void *)((char *)alert + 3));
        cw_group_remove_member(group, (struct cw_alert *)(void *)((char *)alert + 30));
        assert_int_equal(group->n_members, 8);
        assert_ptr_equal(group->members[3], (char *)alert + 4);

        cw_group_free(group);
}

enum { LANES = 5, MESSAGES = 7 };

static size_t place(const struct cw_group *group, const struct cw_intent *intent)
{
        size_t at = 0;

        while (at < group->n_lane && group->lane[at] != intent)
                at++;
        return at;
}

static void assert_counts(struct cw_group *const *groups, const struct cw_intent *intent)
{
        size_t n_first = 0, n_followed = 0;

        for (size_t i = 0; i < LANES; i++) {
                size_t at = place(groups[i], intent);

                n_first += at == 0 && groups[i]->n_lane > 0;
                n_followed += at + 1 < groups[i]->n_lane;
        }
        assert_int_equal(intent->n_first, n_first);
        assert_int_equal(intent->n_followed, n_followed);
}

/* Messages come to any place of random lanes and leave them again, in every order. */
static void test_a_message_counts_where_it_is_first_and_where_others_wait(void **state)
{
        struct cw_intent intents[MESSAGES] = {0};
        struct cw_group *groups[LANES];
        unsigned long chance = 1;

        (void)state;
        for (size_t i = 0; i < LANES; i++)
                assert_int_equal(cw_group_new("chat", "main{}", &groups[i]), 0);
        for (int step = 0; step < 5000; step++) {
                struct cw_group *group;
                struct cw_intent *intent;

                chance = chance * 1103515245 + 12345;
                group = groups[(chance >> 16) % LANES];
                intent = &intents[(chance >> 24) % MESSAGES];
                if (place(group, intent) < group->n_lane)
                        cw_group_lane_remove(group, intent);
                else
                        assert_int_equal(cw_group_lane_insert(group, intent, (chance >> 8) % (group->n_lane + 1)), 0);
                for (size_t i = 0; i < MESSAGES; i++)
                        assert_counts(groups, &intents[i]);
        }
        for (size_t i = 0; i < LANES; i++)
                cw_group_free(groups[i]);
}

static void test_only_groups_that_have_begun_are_stored(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct cw_group *group;

        (void)state;
        assert_int_equal(cw_group_new("chat", "main{}", &group), 0);
        cw_group_remember(group, &changes);
        cw_group_forget(group, &changes);
        assert_true(cw_changes_empty(&changes));
        group->begun_at = 5;
        group->repeat = 2;
        strcpy(group->thread, "abc");
        cw_group_remember(group, &changes);
        cw_group_forget(group, &changes);
        assert_int_equal(changes.groups.n, 2);
        assert_int_equal(changes.groups.rows[0].repeat, 2);
        assert_string_equal(changes.groups.rows[0].thread, "abc");
        assert_false(changes.groups.rows[0].gone);
        assert_true(changes.groups.rows[1].gone);
        cw_group_free(group);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_keys),
                cmocka_unit_test(test_keys_made_alike),
                cmocka_unit_test(test_what_is_alike),
                cmocka_unit_test(test_odd_values_make_the_round_trip),
                cmocka_unit_test(test_damaged_keys),
                cmocka_unit_test(test_hashes_tell_notifiers_and_keys_apart),
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_a_message_counts_where_it_is_first_and_where_others_wait),
                cmocka_unit_test(test_only_groups_that_have_begun_are_stored),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
