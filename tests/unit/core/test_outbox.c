/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/core/outbox_private.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/strpool.h"
#include "ruleset.h"

/* Two notifiers, chat and mail; groups a, b and c of chat, d of mail. */
struct fixture {
        struct cw_strpool *pool;
        struct cw_ruleset *rules;
        struct cw_outbox outbox;
        struct cw_group *a, *b, *c, *d;
};

static void begin(struct fixture *fixture)
{
        static const struct ruleset_spec spec = {.notifiers = {{.name = "chat", .list = 2}, {.name = "mail"}}};

        fixture->rules = ruleset_build(&spec);
        assert_int_equal(cw_strpool_new(&fixture->pool), 0);
        cw_outbox_init(&fixture->outbox, fixture->pool);
        assert_int_equal(cw_outbox_set_rules(&fixture->outbox, fixture->rules), 0);
        assert_int_equal(cw_group_new("chat", "main{rule=\"a\"}", &fixture->a), 0);
        assert_int_equal(cw_group_new("chat", "main{rule=\"b\"}", &fixture->b), 0);
        assert_int_equal(cw_group_new("chat", "main{rule=\"c\"}", &fixture->c), 0);
        assert_int_equal(cw_group_new("mail", "main{rule=\"d\"}", &fixture->d), 0);
}

static void end(struct fixture *fixture)
{
        cw_outbox_deinit(&fixture->outbox);
        cw_group_free(fixture->a);
        cw_group_free(fixture->b);
        cw_group_free(fixture->c);
        cw_group_free(fixture->d);
        cw_ruleset_unref(fixture->rules);
        cw_strpool_free(fixture->pool);
}

static struct cw_intent *add(struct fixture *fixture, int64_t next_at, struct cw_group *one, struct cw_group *other)
{
        struct cw_group *groups[] = {one, other};
        struct cw_intent like = {.notifier = one->notifier, .kind = CW_NOTICE_ALERT, .next_at = next_at};
        struct cw_intent *intent;

        assert_int_equal(cw_outbox_add(&fixture->outbox, &like, groups, other ? 2 : 1, &intent), 0);
        assert_int_equal(cw_outbox_offer(&fixture->outbox, intent), 0);
        return intent;
}

/* The sequence of what is handed out next, 0: nothing. */
static uint64_t next(struct fixture *fixture, size_t notifier, int64_t now)
{
        struct cw_outgoing outgoing;

        return cw_outbox_next(&fixture->outbox, notifier, now, &outgoing) ? outgoing.sequence : 0;
}

static void done(struct fixture *fixture, uint64_t sequence)
{
        assert_int_equal(cw_outbox_remove(&fixture->outbox, cw_outbox_find(&fixture->outbox, sequence)), 0);
}

static void test_order_within_a_group_and_nowhere_else(void **state)
{
        struct fixture fixture;
        uint64_t a1, a2, b1, d1;

        (void)state;
        begin(&fixture);
        a1 = add(&fixture, 0, fixture.a, NULL)->sequence;
        a2 = add(&fixture, 0, fixture.a, NULL)->sequence;
        b1 = add(&fixture, 0, fixture.b, NULL)->sequence;
        d1 = add(&fixture, 0, fixture.d, NULL)->sequence;
        assert_int_equal(cw_outbox_waiting(&fixture.outbox, 0), 3);
        assert_int_equal(cw_outbox_waiting(&fixture.outbox, 1), 1);
        assert_int_equal(next(&fixture, 0, 0), a1);
        assert_int_equal(next(&fixture, 0, 0), b1);
        assert_int_equal(next(&fixture, 0, 0), 0);
        assert_int_equal(next(&fixture, 1, 0), d1);
        print_message("  what is handed out is not handed out again\n");
        assert_int_equal(next(&fixture, 1, 0), 0);
        assert_int_equal(cw_outbox_wake_at(&fixture.outbox, 0), 0);
        done(&fixture, b1);
        assert_int_equal(next(&fixture, 0, 0), 0);
        done(&fixture, a1);
        assert_int_equal(next(&fixture, 0, 0), a2);
        end(&fixture);
}

static void test_a_message_of_many_groups_stands_in_each_lane(void **state)
{
        struct fixture fixture;
        uint64_t a1, ab, b2, c1, bc;

        (void)state;
        begin(&fixture);
        a1 = add(&fixture, 0, fixture.a, NULL)->sequence;
        ab = add(&fixture, 0, fixture.a, fixture.b)->sequence;
        b2 = add(&fixture, 0, fixture.b, NULL)->sequence;
        c1 = add(&fixture, 0, fixture.c, NULL)->sequence;
        bc = add(&fixture, 0, fixture.b, fixture.c)->sequence;
        assert_int_equal(next(&fixture, 0, 0), a1);
        assert_int_equal(next(&fixture, 0, 0), c1);
        assert_int_equal(next(&fixture, 0, 0), 0);
        done(&fixture, a1);
        done(&fixture, c1);
        assert_int_equal(next(&fixture, 0, 0), ab);
        assert_int_equal(next(&fixture, 0, 0), 0);
        done(&fixture, ab);
        assert_int_equal(next(&fixture, 0, 0), b2);
        done(&fixture, b2);
        assert_int_equal(next(&fixture, 0, 0), bc);
        print_message("  one in the middle of a lane may go as well\n");
        add(&fixture, 0, fixture.b, NULL);
        b2 = add(&fixture, 0, fixture.b, NULL)->sequence;
        done(&fixture, b2 - 1);
        done(&fixture, bc);
        assert_int_equal(next(&fixture, 0, 0), b2);
        assert_int_equal(fixture.c->n_lane, 0);
        end(&fixture);
}

static void test_times(void **state)
{
        struct fixture fixture;
        struct cw_intent *late, *early;
        uint64_t sequence;

        (void)state;
        begin(&fixture);
        assert_int_equal(cw_outbox_wake_at(&fixture.outbox, 0), 0);
        late = add(&fixture, 500, fixture.a, NULL);
        early = add(&fixture, 200, fixture.b, NULL);
        assert_int_equal(cw_outbox_wake_at(&fixture.outbox, 0), 200);
        assert_int_equal(next(&fixture, 0, 199), 0);
        sequence = early->sequence;
        assert_int_equal(next(&fixture, 0, 200), sequence);
        assert_int_equal(cw_outbox_wake_at(&fixture.outbox, 0), 500);
        print_message("  a failed one comes again at its new time, whatever the heap still says of the old\n");
        early->in_hand = false;
        early->next_at = 900;
        assert_int_equal(cw_outbox_offer(&fixture.outbox, early), 0);
        assert_int_equal(cw_outbox_offer(&fixture.outbox, early), 0);
        assert_int_equal(next(&fixture, 0, 899), late->sequence);
        assert_int_equal(cw_outbox_wake_at(&fixture.outbox, 0), 900);
        assert_int_equal(next(&fixture, 0, 900), sequence);
        assert_int_equal(next(&fixture, 0, 900), 0);
        end(&fixture);
}

static void test_other_notifiers(void **state)
{
        static const struct ruleset_spec mail_only = {.notifiers = {{.name = "mail"}}};
        struct cw_ruleset *rules = ruleset_build(&mail_only);
        struct fixture fixture;
        struct cw_intent *gone, *kept;

        (void)state;
        begin(&fixture);
        gone = add(&fixture, 0, fixture.a, NULL);
        kept = add(&fixture, 0, fixture.d, NULL);
        assert_int_equal(cw_outbox_set_rules(&fixture.outbox, rules), 0);
        assert_true(gone->notifier_index == SIZE_MAX);
        assert_int_equal(kept->notifier_index, 0);
        assert_int_equal(next(&fixture, 0, 0), kept->sequence);
        assert_int_equal(cw_outbox_waiting(&fixture.outbox, 0), 1);
        end(&fixture);
        cw_ruleset_unref(rules);
}

static struct cw_item item_of(uint64_t fingerprint, enum cw_entry_state entry_state, uint32_t edge)
{
        struct cw_entry entry = {.fingerprint = fingerprint,
                                 .state = entry_state,
                                 .severity = CW_SEVERITY_WARNING,
                                 .rule = fingerprint % 2 ? "odd" : "even",
                                 .source = "main",
                                 .reason = "r",
                                 .has_card = true,
                                 .current = {(cw_amount)fingerprint, true},
                                 .card = {.id = 1, .currency = "USD"}};
        struct cw_item item = {.edge = edge};

        assert_int_equal(cw_entry_new(&entry, &item.entry), 0);
        return item;
}

static void put(struct cw_intent *intent, struct cw_item item)
{
        assert_int_equal(cw_intent_add_item(intent, &item), 0);
        cw_entry_unref(item.entry); /* the message has its own reference */
}

static void test_ids(void **state)
{
        struct fixture fixture;
        struct cw_intent *one, *other;
        char id[33];

        (void)state;
        begin(&fixture);
        one = add(&fixture, 0, fixture.a, NULL);
        other = add(&fixture, 0, fixture.a, NULL);
        put(one, item_of(1, CW_ENTRY_FIRING, 1));
        put(one, item_of(2, CW_ENTRY_FIRING, 5));
        put(other, item_of(2, CW_ENTRY_FIRING, 5));
        put(other, item_of(1, CW_ENTRY_FIRING, 1));
        cw_intent_derive_id(one);
        cw_intent_derive_id(other);
        print_message("  the same items in another order, and at another time, are the same message\n");
        assert_string_equal(one->id, other->id);
        assert_int_equal(strlen(one->id), 32);
        memcpy(id, one->id, sizeof(id));

        print_message("  another edge, fold, repeat, kind or one item less is another message\n");
        other->items[0].edge++;
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        other->items[0].edge--;
        other->items[0].folded = true;
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        other->items[0].folded = false;
        other->repeat = 1;
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        other->repeat = 0;
        other->kind = CW_NOTICE_EVENT;
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        other->kind = CW_NOTICE_ALERT;
        cw_intent_derive_id(other);
        assert_string_equal(other->id, id);
        cw_intent_remove_item(other, &other->items[1]);
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        print_message("  so is the same to another notifier\n");
        other = add(&fixture, 0, fixture.d, NULL);
        put(other, item_of(1, CW_ENTRY_FIRING, 1));
        put(other, item_of(2, CW_ENTRY_FIRING, 5));
        cw_intent_derive_id(other);
        assert_string_not_equal(other->id, id);
        end(&fixture);
}

static void test_items(void **state)
{
        struct fixture fixture;
        struct cw_intent *intent;
        struct cw_item item;

        (void)state;
        begin(&fixture);
        intent = add(&fixture, 0, fixture.a, NULL);
        for (uint64_t i = 1; i <= 20; i++)
                put(intent, item_of(i, CW_ENTRY_FIRING, 1));
        assert_null(cw_intent_find_item(intent, 21));
        for (uint64_t i = 1; i <= 20; i += 3)
                cw_intent_remove_item(intent, cw_intent_find_item(intent, i));
        for (uint64_t i = 1; i <= 20; i++)
                assert_int_equal(cw_intent_find_item(intent, i) == NULL, i % 3 == 1);
        item = item_of(2, CW_ENTRY_RESOLVED, 2);
        cw_intent_set_item(cw_intent_find_item(intent, 2), &item);
        cw_entry_unref(item.entry);
        assert_int_equal(cw_intent_find_item(intent, 2)->entry->state, CW_ENTRY_RESOLVED);
        cw_intent_set_item(cw_intent_find_item(intent, 2), cw_intent_find_item(intent, 2)); /* with itself */
        assert_int_equal(cw_intent_find_item(intent, 2)->edge, 2);
        end(&fixture);
}

static void test_the_notice(void **state)
{
        struct fixture fixture;
        struct cw_intent *intent;
        const struct cw_notice *notice;

        (void)state;
        begin(&fixture);
        assert_int_equal(cw_outbox_notice(&fixture.outbox, 12345, 0, false, &notice), -ENOENT);
        intent = add(&fixture, 0, fixture.a, NULL);
        put(intent, item_of(5, CW_ENTRY_RESOLVED, 2));
        put(intent, item_of(3, CW_ENTRY_FIRING, 1));
        put(intent, item_of(4, CW_ENTRY_FIRING, 1));
        put(intent, item_of(1, CW_ENTRY_FIRING, 1));
        put(intent, item_of(7, CW_ENTRY_RESOLVED, 1));
        intent->items[3].entry->severity = CW_SEVERITY_INFO;
        intent->items[1].entry->current.known = false;
        cw_intent_derive_id(intent);
        assert_int_equal(cw_outbox_notice(&fixture.outbox, intent->sequence, 77, false, &notice), 0);
        print_message("  the worst first: severity, what still fires, the smallest amount, the unknown last\n");
        assert_int_equal(notice->items[0].entry->fingerprint, 4);
        assert_int_equal(notice->items[1].entry->fingerprint, 3);
        assert_int_equal(notice->items[2].entry->fingerprint, 5);
        assert_int_equal(notice->items[3].entry->fingerprint, 7);
        assert_int_equal(notice->items[4].entry->fingerprint, 1);
        assert_int_equal(notice->sent_at, 77);
        assert_true(notice->firing);
        assert_int_equal(notice->severity, CW_SEVERITY_WARNING);
        assert_int_equal(notice->n_firing, 3);
        assert_int_equal(notice->n_resolved, 2);
        assert_int_equal(notice->n_group, 1);
        assert_string_equal(notice->group[0].value, "a");
        print_message("  what is not listed is counted by rule and currency\n");
        assert_int_equal(notice->n_listed, 2);
        assert_int_equal(notice->n_tallies, 1);
        assert_string_equal(notice->tallies[0].rule, "odd");
        assert_string_equal(notice->tallies[0].currency, "USD");
        assert_int_equal(notice->tallies[0].firing, 1);
        assert_int_equal(notice->tallies[0].resolved, 2);
        assert_int_equal(cw_outbox_notice(&fixture.outbox, intent->sequence, 77, true, &notice), 0);
        assert_int_equal(notice->n_listed, 5);
        assert_int_equal(notice->n_tallies, 0);

        print_message("  who is first in a thread opens it\n");
        assert_true(notice->opens_thread);
        assert_string_equal(notice->thread, intent->id);
        strcpy(fixture.a->thread, "an older one");
        assert_int_equal(cw_outbox_notice(&fixture.outbox, intent->sequence, 77, true, &notice), 0);
        assert_false(notice->opens_thread);
        assert_string_equal(notice->thread, "an older one");
        end(&fixture);
}

static void test_rows_name_their_groups(void **state)
{
        cw_cleanup(cw_changes_deinit) struct cw_changes changes = CW_CHANGES_NULL;
        struct fixture fixture;
        struct cw_intent *intent;

        (void)state;
        begin(&fixture);
        intent = add(&fixture, 5, fixture.a, fixture.b);
        put(intent, item_of(5, CW_ENTRY_FIRING, 2));
        intent->backoff.since_at = 9;
        cw_intent_remember(intent, false, &changes);
        intent->backoff.failures = 1;
        cw_intent_remember(intent, true, &changes);
        assert_string_equal(changes.intents.rows[0].groups, "main{rule=\"a\"}\nmain{rule=\"b\"}");
        assert_int_equal(changes.intents.rows[0].failing_since_at, 0);
        assert_int_equal(changes.intents.rows[1].failing_since_at, 9);
        assert_int_equal(changes.intents.rows[0].items[0].edge, 2);
        assert_true(changes.intents.rows[1].gone);
        end(&fixture);
}

/* Messages of random groups come and go; none is ever handed out before an earlier one that shares a group with it. */
static void test_lanes_at_random(void **state)
{
        struct fixture fixture;
        struct cw_group *groups[3];
        uint64_t in_hand[64];
        size_t n = 0;
        unsigned random = 7;

        (void)state;
        begin(&fixture);
        groups[0] = fixture.a, groups[1] = fixture.b, groups[2] = fixture.c;
        for (int step = 0; step < 20000; step++) {
                uint64_t sequence;

                random = random * 1103515245 + 12345;
                if ((random >> 16) % 3 == 0 && fixture.outbox.intents.used < 60) {
                        size_t one = (random >> 18) % 3, other = (random >> 20) % 3;

                        add(&fixture, 0, groups[one], one == other ? NULL : groups[other]);
                } else if ((random >> 16) % 3 == 1 && n > 0) {
                        size_t which = (random >> 18) % n;

                        done(&fixture, in_hand[which]);
                        in_hand[which] = in_hand[--n];
                } else if ((sequence = next(&fixture, 0, 0))) {
                        const struct cw_intent *intent = cw_outbox_find(&fixture.outbox, sequence);

                        for (size_t i = 0; i < intent->n_groups; i++)
                                for (size_t j = 0; j < intent->groups[i]->n_lane; j++)
                                        assert_true(intent->groups[i]->lane[j]->sequence >= sequence);
                        in_hand[n++] = sequence;
                }
        }
        while (fixture.outbox.intents.used > 0) {
                uint64_t sequence = n > 0 ? in_hand[--n] : next(&fixture, 0, 0);

                assert_int_not_equal(sequence, 0);
                done(&fixture, sequence);
        }
        end(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order_within_a_group_and_nowhere_else),
                cmocka_unit_test(test_a_message_of_many_groups_stands_in_each_lane),
                cmocka_unit_test(test_times),
                cmocka_unit_test(test_other_notifiers),
                cmocka_unit_test(test_ids),
                cmocka_unit_test(test_items),
                cmocka_unit_test(test_the_notice),
                cmocka_unit_test(test_rows_name_their_groups),
                cmocka_unit_test(test_lanes_at_random),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
