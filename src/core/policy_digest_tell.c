/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a digest is a message like any other, about everything that fires and about how each thing ended that happened
 * since the last one: channels need to know nothing new. All of it is gathered once, sorted by whose it is and how bad,
 * and cut into messages; what is too much for one is counted in its facts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "policy_copy.h"
#include "policy_digest.h"
#include "policy_groups.h"
#include "policy_silence.h"
#include "policy_tellings.h"

enum {
        ITEMS_MAX = 1000, /* of one message; the worst */
        MESSAGES_MAX = 1000, /* of one digest for a notifier; the last has all others in it */
};

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

/* Something a digest tells of: an alert that fires, something that is over, or both. */
struct piece {
        const char *source;
        int64_t customer;
        bool has_card;
        const struct cw_alert *alert; /* that fires; NULL: none does */
        const struct cw_happening *happening; /* NULL: it fired before the last digest, and does still */
};

struct pieces {
        struct piece *items;
        size_t n;
};

static void pieces_deinit(struct pieces *pieces)
{
        free(pieces->items);
}

static const struct cw_entry *entry_of(const struct piece *piece)
{
        return piece->alert ? piece->alert->entry : piece->happening->entry;
}

/* What fires, the worst first, then what is over, then what is only counted. */
static int by_weight(const struct piece *a, const struct piece *b)
{
        const struct cw_entry *one = entry_of(a), *other = entry_of(b);
        int order = COMPARE(b->alert != NULL, a->alert != NULL);

        if (!order)
                order = COMPARE(other != NULL, one != NULL);
        if (!order && one)
                order = COMPARE(other->severity, one->severity);
        if (!order)
                order = COMPARE(a->alert ? a->alert->fingerprint : a->happening->fingerprint,
                                b->alert ? b->alert->fingerprint : b->happening->fingerprint);
        return order;
}

static int compare_weight(const void *one, const void *other)
{
        return by_weight(one, other);
}

static int compare_customer(const void *one, const void *other)
{
        const struct piece *a = one, *b = other;
        int order = strcmp(a->source, b->source);

        if (!order)
                order = COMPARE(a->customer, b->customer);
        return order ? order : by_weight(a, b);
}

static bool is_wanted(const struct cw_digest *digest, bool has_card)
{
        return has_card || !digest->plan->per_customer;
}

static int gather(const struct cw_policy *policy, const struct cw_digest *digest, struct pieces *ret_pieces)
{
        size_t cursor = 0, most = policy->alerts->map.used + digest->happenings.used;
        void *value;

        ret_pieces->items = calloc(most + 1, sizeof(*ret_pieces->items));
        if (!ret_pieces->items)
                return -ENOMEM;
        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;

                if (alert->state != CW_ALERT_FIRING || !alert->entry || !is_wanted(digest, alert->entry->has_card))
                        continue;
                ret_pieces->items[ret_pieces->n++] = (struct piece){
                        .source = alert->source,
                        .customer = alert->customer,
                        .has_card = alert->entry->has_card,
                        .alert = alert,
                        .happening = cw_map_get(&digest->happenings, alert->fingerprint),
                };
        }
        for (cursor = 0; cw_map_next(&digest->happenings, &cursor, NULL, &value);) {
                const struct cw_happening *happening = value;
                const struct cw_alert *alert = cw_alerts_find(policy->alerts, happening->fingerprint);

                if ((alert && alert->state == CW_ALERT_FIRING) || !is_wanted(digest, happening->has_card))
                        continue;
                ret_pieces->items[ret_pieces->n++] = (struct piece){
                        .source = happening->source,
                        .customer = happening->customer,
                        .has_card = happening->has_card,
                        .happening = happening,
                };
        }
        qsort(ret_pieces->items, ret_pieces->n, sizeof(*ret_pieces->items),
              digest->plan->per_customer ? compare_customer : compare_weight);
        return 0;
}

/* Alerts of the daemon's own that say that the cards are not seen as they are. `source` NULL: of any. */
static bool is_blind(const struct cw_policy *policy, const char *source)
{
        static const enum cw_builtin_kind kinds[] = {CW_BUILTIN_SOURCE_DOWN, CW_BUILTIN_AUTH_FAILED, CW_BUILTIN_STALE};
        size_t cursor = 0;
        void *value;

        while (cw_map_next(&policy->alerts->map, &cursor, NULL, &value)) {
                const struct cw_alert *alert = value;

                if (alert->state != CW_ALERT_FIRING || !alert->entry || alert->entry->has_card ||
                    (source && strcmp(alert->source, source) != 0))
                        continue;
                for (size_t i = 0; i < CW_ARRAY_SIZE(kinds); i++)
                        if (strcmp(alert->rule, cw_builtin_name(kinds[i])) == 0)
                                return true;
        }
        return false;
}

/* One message: some of the pieces, whose they are, and what is said of them all. */
struct share {
        const struct piece *pieces;
        size_t n;
        bool names_customer;
        struct cw_digest_facts facts;
};

static int count_piece(struct cw_digest_facts *facts, const struct piece *piece)
{
        const char *rule = piece->alert ? piece->alert->rule : piece->happening->rule;
        const char *currency = !piece->has_card ? ""
                               : piece->alert   ? piece->alert->entry->card.currency
                                                : piece->happening->currency;
        struct cw_tally *tally;
        size_t i = 0;

        while (i < facts->n_tallies &&
               (strcmp(facts->tallies[i].rule, rule) != 0 || strcmp(facts->tallies[i].currency, currency) != 0))
                i++;
        if (i == facts->n_tallies) {
                tally = reallocarray(facts->tallies, i + 1, sizeof(*tally));
                if (!tally)
                        return -ENOMEM;
                facts->tallies = tally;
                facts->tallies[facts->n_tallies++] = (struct cw_tally){.rule = rule, .currency = currency};
        }
        tally = &facts->tallies[i];
        tally->firing += piece->alert != NULL;
        tally->resolved += !piece->alert && piece->happening->ended > 0;
        tally->events += !piece->alert && piece->happening->ended == 0;
        return 0;
}

static void add_up(const struct cw_policy *policy, struct cw_digest_facts *facts, const struct piece *piece)
{
        if (piece->happening) {
                facts->n_fired += piece->happening->fired;
                facts->n_ended += piece->happening->ended;
                facts->n_events += piece->happening->events;
        }
        if (piece->alert) {
                facts->n_acknowledged += cw_alert_is_acknowledged(piece->alert, policy->now);
                facts->n_silenced += cw_policy_silenced(policy, piece->alert->entry) != NULL;
        }
}

static struct cw_item item_of(const struct cw_policy *policy, const struct piece *piece)
{
        if (piece->alert)
                return (struct cw_item){
                        .entry = piece->alert->entry,
                        .edge = piece->alert->edge,
                        .silenced = cw_policy_silenced(policy, piece->alert->entry) != NULL,
                };
        return (struct cw_item){.entry = piece->happening->entry, .edge = piece->happening->edge};
}

static int fill(struct cw_policy *policy, struct share *share, struct cw_intent *intent)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < share->n; i++) {
                const struct piece *piece = &share->pieces[i];
                struct cw_item item = item_of(policy, piece);

                add_up(policy, &share->facts, piece);
                r = item.entry && intent->n_items < ITEMS_MAX ? cw_intent_add_item(intent, &item)
                                                              : count_piece(&share->facts, piece);
        }
        return r;
}

static int pack_facts(const struct share *share, struct cw_intent *intent)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf packed = CW_BUF_NULL;

        cw_digest_facts_pack(&share->facts, &packed);
        return cw_buf_error(&packed) < 0 ? -ENOMEM : cw_intent_set_digest(intent, packed.data, packed.len);
}

/* A group of its own, for the order of its messages and for whom it is about. */
static void write_key(const struct cw_digest *digest, const struct share *share, struct cw_buf *key)
{
        cw_buf_printf(key, "%s{digest=\"%s\"", share->names_customer ? share->pieces[0].source : "", digest->name);
        if (share->names_customer)
                cw_buf_printf(key, ",customer=\"%" PRId64 "\"", share->pieces[0].customer);
        cw_buf_putc(key, '}');
}

static int queue(struct cw_policy *policy, const struct cw_digest *digest, const char *notifier, struct share share)
{
        struct cw_intent like = {
                .notifier = notifier, .kind = CW_NOTICE_DIGEST, .queued_at = policy->now, .next_at = policy->now};
        cw_cleanup(cw_buf_deinit) struct cw_buf key = CW_BUF_NULL;
        struct cw_intent *intent;
        struct cw_group *group;
        int r;

        write_key(digest, &share, &key);
        if (cw_buf_error(&key) < 0)
                return -ENOMEM;
        group = cw_policy_group(policy, notifier, cw_buf_text(&key));
        if (!group)
                return policy->error;
        cw_policy_visit(policy, group);
        r = cw_outbox_add(&policy->outbox, &like, &group, 1, &intent);
        if (r == 0)
                r = fill(policy, &share, intent);
        if (r == 0)
                r = pack_facts(&share, intent);
        free(share.facts.tallies);
        if (r == 0)
                cw_policy_intent_changed(policy, intent);
        return r;
}

/* One customer's, or everybody's once there are too many. */
static size_t next_share(const struct pieces *pieces, size_t from, bool last)
{
        size_t to = from;

        while (to < pieces->n && (last || (strcmp(pieces->items[to].source, pieces->items[from].source) == 0 &&
                                           pieces->items[to].customer == pieces->items[from].customer)))
                to++;
        return to;
}

/* Customers hear of themselves, when there is something to show. */
static int tell_customers(struct cw_policy *policy, const struct cw_digest *digest, const struct pieces *pieces,
                          const struct cw_notifier_traits *traits, const struct cw_digest_facts *facts)
{
        struct share share = {.names_customer = true, .facts = *facts};
        size_t from = 0, to;
        int r = 0;

        share.facts.n_cards = 0;
        for (; r == 0 && from < pieces->n; from = to) {
                const struct cw_entry *entry = entry_of(&pieces->items[from]);

                to = next_share(pieces, from, false);
                share.pieces = &pieces->items[from];
                share.n = to - from;
                share.facts.blind = is_blind(policy, share.pieces[0].source);
                if (entry && cw_policy_may_hear(traits, entry))
                        r = queue(policy, digest, traits->name, share);
        }
        return r;
}

static int tell_one(struct cw_policy *policy, const struct cw_digest *digest, const struct pieces *pieces,
                    const char *notifier, const struct cw_digest_facts *facts)
{
        struct share share = {.facts = *facts};
        size_t from = 0, to, n = 0;
        int r = 0;

        if (!digest->plan->per_customer || pieces->n == 0) {
                share.pieces = pieces->items;
                share.n = pieces->n;
                share.facts.blind = is_blind(policy, NULL);
                return queue(policy, digest, notifier, share);
        }
        for (; r == 0 && from < pieces->n; from = to) {
                share.names_customer = ++n < MESSAGES_MAX;
                to = next_share(pieces, from, !share.names_customer);
                share.pieces = &pieces->items[from];
                share.n = to - from;
                share.facts.n_cards = 0;
                share.facts.blind = is_blind(policy, share.pieces[0].source);
                r = queue(policy, digest, notifier, share);
        }
        return r;
}

void cw_policy_digest_tell(struct cw_policy *policy, struct cw_digest *digest, int64_t due_at, bool late)
{
        cw_cleanup(pieces_deinit) struct pieces pieces = {0};
        struct cw_digest_facts facts = {
                .name = digest->name,
                .due_at = due_at,
                .since_at = digest->since_at,
                .late = late,
                .n_cards = policy->watch.n_cards,
                .looked_at = policy->watch.looked_at,
        };
        const struct cw_ruleset *rules = policy->rules;
        int r = gather(policy, digest, &pieces);

        for (size_t i = 0; r == 0 && i < digest->plan->n_notify; i++) {
                size_t notifier = digest->plan->notify[i];

                r = tell_one(policy, digest, &pieces, rules->notifiers[notifier].name, &facts);
                for (size_t k = 0; r == 0 && digest->plan->per_customer && k < rules->n_notifiers; k++)
                        if (rules->notifiers[k].copies == notifier + 1)
                                r = tell_customers(policy, digest, &pieces, &rules->notifiers[k], &facts);
        }
        if (r < 0)
                policy->error = r;
}
