/* SPDX-License-Identifier: Apache-2.0 */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#include "cardwatch/clock.h"
#include "receivers.h"

struct cw_card listing_card(const struct listing *api, int64_t customer, size_t i, bool zero)
{
        const char *available = zero ? "0" : api->customers[customer].available[i];
        struct cw_card card = {
                .id = customer * 10 + (int64_t)i, .customer = customer, .reference = "acme", .currency = "USD"};

        if (cw_amount_parse(available, strlen(available), &card.available) < 0)
                abort();
        card.total = card.available;
        return card;
}

void listing_bring(struct listing *api, enum cw_event_kind kind, const struct cw_card *card, int64_t at)
{
        world_step(&api->world, &(struct cw_event){.kind = kind, .at = at, .card = card});
}

void listing_bring_customer(struct listing *api, int64_t customer, enum cw_event_kind kind, bool as_listed)
{
        const struct shown *shown = &api->customers[customer];

        for (size_t i = 0; i < CARDS_EACH; i++) {
                struct cw_card card = listing_card(api, customer, i, shown->zero_in_list && as_listed);

                if (i != 1 || !shown->without_second)
                        listing_bring(api, kind, &card, api->world.now);
        }
}

void listing_say(struct listing *api, enum cw_event_kind kind)
{
        world_step(&api->world, &(struct cw_event){.kind = kind, .at = api->world.now});
}

void listing_see(struct listing *api, int64_t customer)
{
        world_step(&api->world,
                   &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN, .at = api->world.now, .customer = customer});
}

void listing_answer_look_ups(struct listing *api)
{
        api->n_look_ups = cw_engine_look_ups(api->world.engine, 0, api->look_ups, 100);
        for (size_t i = 0; i < api->n_look_ups; i++) {
                const struct shown *shown = &api->customers[api->look_ups[i]];
                struct cw_event event = {.kind = CW_EVENT_CUSTOMER_READ, .at = api->world.now};

                event.read.customer = api->look_ups[i];
                event.read.result = api->reads_say_the_list && shown->unlisted ? CW_LOOK_UP_GONE : shown->read;
                if (event.read.result == CW_LOOK_UP_FOUND)
                        listing_bring_customer(api, api->look_ups[i], CW_EVENT_CARD_READ, api->reads_say_the_list);
                world_step(&api->world, &event);
        }
}

void listing_read_pages(struct listing *api)
{
        struct cw_event read = {.kind = CW_EVENT_PAGES_READ, .at = api->world.now};

        listing_say(api, CW_EVENT_POLL_BEGAN);
        for (int64_t id = 1; id <= api->n; id++) {
                if (!api->customers[id].unlisted) {
                        listing_see(api, id);
                        listing_bring_customer(api, id, CW_EVENT_CARD_SEEN, true);
                }
                if (id == api->goes_on_after)
                        listing_say(api, CW_EVENT_POLL_GOES_ON);
        }
        read.poll.pages_good = 1;
        read.poll.pages_bad = api->pages_bad;
        world_step(&api->world, &read);
}

/* The lines that the end of this poll made. */
const char *listing_end_poll(struct listing *api)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_ENDED, .at = api->world.now};

        event.poll.pages_good = 1;
        event.poll.pages_bad = api->pages_bad;
        event.poll.auth = CW_AUTH_OK;
        event.poll.reason = "";
        event.poll.skew_known = api->skew_known;
        event.poll.skew_ms = api->skew_ms;
        world_step(&api->world, &event);
        world_commit(&api->world);
        world_deliver(&api->world);
        return world_told(&api->world);
}

const char *listing_polled(struct listing *api)
{
        world_pass(&api->world, CW_MINUTE_MS);
        listing_read_pages(api);
        listing_answer_look_ups(api);
        return listing_end_poll(api);
}

enum cw_poll_result listing_result(const struct listing *api)
{
        return cw_engine_poll_result(api->world.engine, 0);
}

/* `n` customers with cards of 600 each, known by a quiet baseline. Without `stale`: it has tests of its own. */
void listing_begin(struct listing *api, int64_t n, const struct rule_spec *rules, size_t n_rules)
{
        struct ruleset_spec spec = {
                .builtins_off = 1u << CW_BUILTIN_STALE, .one_group = true, .notifiers = {{.list = 50}}};
        struct cw_ruleset *ruleset;

        for (size_t i = 0; i < n_rules; i++)
                spec.rules[i] = rules[i];
        *api = (struct listing){.n = n};
        for (int64_t id = 1; id <= CUSTOMERS_MAX; id++)
                api->customers[id].available[0] = api->customers[id].available[1] = "600";
        ruleset = ruleset_build(&spec);
        ruleset->sources[0].suspect_above = 10000; /* 10% */
        world_init(&api->world, ruleset);
        if (*listing_polled(api) || listing_result(api) != CW_POLL_COMPLETE)
                abort();
}

void listing_end(struct listing *api)
{
        world_deinit(&api->world);
}

size_t listing_n_cards(const struct listing *api)
{
        struct cw_card card;
        size_t cursor = 0, n = 0;

        while (cw_engine_next_card(api->world.engine, 0, &cursor, &card))
                n++;
        return n;
}

/* What is known of a card's available balance, in whole units; -1: nothing. */
int64_t listing_known(const struct listing *api, int64_t id)
{
        struct cw_card card;
        size_t cursor = 0;
        cw_amount unit;

        if (cw_amount_parse("1", 1, &unit) < 0)
                abort();
        while (cw_engine_next_card(api->world.engine, 0, &cursor, &card))
                if (card.id == id)
                        return card.available / unit;
        return -1;
}

const char *listing_firing_reason(const struct listing *api, const char *rule)
{
        const struct cw_entry *entry;
        size_t cursor = 0;

        while (cw_engine_next_alert(api->world.engine, &cursor, &entry))
                if (strcmp(entry->rule, rule) == 0)
                        return entry->reason;
        return NULL;
}

bool listing_fires(const struct listing *api, const char *rule)
{
        return listing_firing_reason(api, rule) != NULL;
}

/* The reason of the last resolution that was stored. */
const char *listing_last_reason(const struct listing *api)
{
        const struct cw_changes *stored = &api->world.stored;
        const char *reason = "";

        for (size_t i = 0; i < stored->history.n; i++)
                if (strcmp(stored->history.rows[i].what, "resolved") == 0)
                        reason = stored->history.rows[i].reason;
        return reason;
}

void listing_unlist(struct listing *api, int64_t from, int64_t to, bool unlisted)
{
        for (int64_t id = from; id <= to; id++)
                api->customers[id].unlisted = unlisted;
}

void listing_zero(struct listing *api, int64_t from, int64_t to, bool zero)
{
        for (int64_t id = from; id <= to; id++)
                api->customers[id].zero_in_list = zero;
}
