/* SPDX-License-Identifier: Apache-2.0 */
/* The card API, the store and the process around the engine, played. */
#include "world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes_cards.h"
#include "cardwatch/changes_order.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/engine_view.h"
#include "cardwatch/recall.h"
#include "model_store.h"
#include "readings.h"

#define MANY_CARDS 3 /* in one commit: then they are packed, as thousands are */

static void must(int r, const char *what)
{
        if (r == 0)
                return;
        fprintf(stderr, "%s: %s\n", what, strerror(-r));
        abort();
}

static void recall(struct world *world)
{
        int64_t back_ms = cw_recall_ms(world->rules);

        if (back_ms == 0)
                return;
        cw_recall_begin(world->engine);
        for (size_t i = 0; i < world->journal.cards.n; i++) {
                const struct cw_card_row *row = &world->journal.cards.rows[i];

                if (back_ms == INT64_MAX || row->observed_at >= world->now - back_ms)
                        must(cw_recall_card(world->engine, row), "recalling a card");
        }
        must(cw_recall_end(world->engine), "recalling");
}

static void load_model(struct world *world)
{
        struct cw_changes loaded = CW_CHANGES_NULL;

        model_store_load(&world->stored, &loaded);
        must(cw_engine_load(world->engine, &loaded, world->now, &world->pending), "loading");
        cw_changes_deinit(&loaded);
        recall(world);
}

static void load(struct world *world)
{
        must(cw_engine_new(world->rules, &world->engine), "a new engine");
        if (world->disk)
                world->disk->load(world->disk->data, world);
        else
                load_model(world);
        world_commit(world);
}

void world_init(struct world *world, struct cw_ruleset *rules)
{
        *world = (struct world){.rules = rules, .now = WORLD_START};
        load(world);
}

void world_deinit(struct world *world)
{
        cw_engine_free(world->engine);
        cw_changes_deinit(&world->pending);
        cw_changes_deinit(&world->stored);
        cw_changes_deinit(&world->journal);
        cw_ruleset_unref(world->rules);
        cw_buf_deinit(&world->told);
        free(world->told_before);
        for (size_t i = 0; i < world->n_customers; i++)
                free(world->customers[i].page);
}

struct world_customer *world_customer(struct world *world, size_t source, int64_t id)
{
        for (size_t i = 0; i < world->n_customers; i++)
                if (world->customers[i].source == source && world->customers[i].id == id)
                        return &world->customers[i];
        if (world->n_customers == WORLD_CUSTOMERS)
                abort();
        world->customers[world->n_customers] = (struct world_customer){.source = source, .id = id};
        return &world->customers[world->n_customers++];
}

struct world_card *world_card(struct world *world, int64_t customer, int64_t id, const char *available)
{
        struct world_card *card = NULL;

        for (size_t i = 0; i < world->n_cards; i++)
                if (world->cards[i].card.id == id)
                        card = &world->cards[i];
        if (!card) {
                if (world->n_cards == WORLD_CARDS)
                        abort();
                card = &world->cards[world->n_cards++];
                *card = (struct world_card){.card = {.id = id, .reference = "acme", .currency = "USD"}};
                strcpy(card->card.last4, "1234");
        }
        card->card.customer = customer;
        world_customer(world, card->source, customer);
        if (available)
                must(cw_amount_parse(available, strlen(available), &card->card.available), available);
        card->card.total = card->card.available;
        return card;
}

void world_step(struct world *world, const struct cw_event *event)
{
        must(cw_engine_step(world->engine, event, world->now, &world->pending), "a step");
}

static int write_change(void *data, const struct cw_card_row *row)
{
        struct cw_changes *journal = data;

        if (row->changed)
                cw_changes_card(journal, row);
        return journal->error;
}

void world_commit(struct world *world)
{
        if (world->disk_full)
                return;
        if (world->pending.cards.n >= MANY_CARDS)
                cw_changes_pack_cards(&world->pending);
        must(cw_changes_walk_cards(&world->pending, write_change, &world->journal), "the journal");
        if (world->disk && !cw_changes_empty(&world->pending))
                world->disk->commit(world->disk->data, &world->pending, world->now);
        must(cw_changes_merge(&world->stored, &world->pending), "a commit");
        must(cw_changes_sort(&world->stored), "a commit");
}

void world_set_clock(struct world *world, int64_t by_ms)
{
        world->now += by_ms;
        world_step(world, &(struct cw_event){.kind = CW_EVENT_CLOCK_SET, .set_by_ms = by_ms});
        world_commit(world);
}

static void bring_card(struct world *world, const struct world_card *card)
{
        struct cw_event event = {.kind = CW_EVENT_CARD_SEEN, .source = card->source, .at = world->now};

        if (card->bad) {
                event.kind = CW_EVENT_CARD_BAD;
                event.bad.customer = card->card.customer;
                event.bad.card = card->card.id;
                event.bad.field = "available";
                event.bad.reason = "is no number";
        } else {
                event.card = &card->card;
        }
        world_step(world, &event);
}

static bool is_on(const struct world_card *card, const struct world_customer *customer)
{
        return card->source == customer->source && card->card.customer == customer->id && !card->absent;
}

static void bring_customer(struct world *world, const struct world_customer *customer)
{
        world_step(world, &(struct cw_event){.kind = CW_EVENT_CUSTOMER_SEEN,
                                             .source = customer->source,
                                             .at = world->now,
                                             .customer = customer->id});
        for (size_t i = 0; i < world->n_cards; i++)
                if (is_on(&world->cards[i], customer))
                        bring_card(world, &world->cards[i]);
}

/* The bytes of a part. */
static char *write_part(const struct world *world, const struct world_customer *customer)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *text = NULL;

        cw_buf_printf(&buf, "%" PRId64 "\n", customer->id);
        for (size_t i = 0; i < world->n_cards; i++) {
                const struct cw_card *card = &world->cards[i].card;

                if (is_on(&world->cards[i], customer))
                        cw_buf_printf(&buf, "%" PRId64 " %d %" PRId64 " %" PRId64 " %" PRId64 " %s %d %s\n", card->id,
                                      world->cards[i].bad, card->available, card->pending, card->total, card->currency,
                                      card->suppressed, card->reference ? card->reference : "-");
        }
        must(cw_buf_take(&buf, &text), "a part");
        return text;
}

/* A page while it is told: customers who are there, each a part of it; what the parts say, and what they said last. */
struct telling {
        const struct world_customer *readers[WORLD_PAGE];
        char *says[WORLD_PAGE];
        char **said[WORLD_PAGE];
        struct cw_page_part parts[WORLD_PAGE];
        struct cw_page_customer customers[WORLD_PAGE];
        struct cw_card cards[WORLD_CARDS];
        struct cw_page_told page;
};

static bool any_bad(const struct world *world, const struct world_customer *customer)
{
        for (size_t i = 0; i < world->n_cards; i++)
                if (is_on(&world->cards[i], customer) && world->cards[i].bad)
                        return true;
        return false;
}

static void tell_part(const struct world *world, struct telling *telling, size_t i, bool alike)
{
        struct cw_page_part *part = &telling->parts[i];
        struct cw_page_told *page = &telling->page;

        *part = (struct cw_page_part){.n_customers = 1, .alike = alike};
        if (alike)
                return;
        telling->customers[page->n_customers++] = (struct cw_page_customer){.id = telling->readers[i]->id};
        for (size_t k = 0; k < world->n_cards; k++) {
                const struct world_card *card = &world->cards[k];

                if (!is_on(card, telling->readers[i]) || card->bad)
                        continue;
                telling->cards[page->n_cards++] = card->card;
                part->n_cards++;
        }
}

/* A page with a card that cannot be trusted is told whole and in one. */
static void tell_parts(const struct world *world, struct telling *telling, uint32_t number, uint64_t known)
{
        size_t n = telling->page.n_parts;

        telling->page = (struct cw_page_told){.number = number,
                                              .customers = telling->customers,
                                              .cards = telling->cards,
                                              .parts = telling->parts,
                                              .n_parts = n,
                                              .whole = true};
        for (size_t i = 0; i < n; i++)
                telling->page.whole &= !any_bad(world, telling->readers[i]);
        for (size_t i = 0; i < n; i++)
                tell_part(world, telling, i,
                          telling->page.whole && (known & (UINT64_C(1) << i)) && *telling->said[i] &&
                                  strcmp(telling->says[i], *telling->said[i]) == 0);
        if (!telling->page.whole)
                telling->page.n_parts = 0;
}

static void keep_said(struct telling *telling, size_t n, size_t n_now)
{
        for (size_t i = 0; i < n; i++) {
                free(*telling->said[i]);
                *telling->said[i] = NULL;
                if (i < n_now && telling->page.whole)
                        *telling->said[i] = cw_take(telling->says[i]);
                free(telling->says[i]);
        }
}

static void bring_page(struct world *world, struct world_customer **customers, size_t n, uint32_t number)
{
        struct telling telling = {.page.n_parts = 0};
        struct cw_event event = {.kind = CW_EVENT_PAGE_SEEN, .source = customers[0]->source, .at = world->now};
        uint64_t known = cw_engine_knows_page(world->engine, event.source, number, world->now);
        size_t n_parts = 0;

        for (size_t i = 0; i < n; i++) {
                telling.said[i] = &customers[i]->page; /* a part's, whoever it is of */
                if (customers[i]->absent || customers[i]->unread)
                        continue;
                telling.readers[n_parts] = customers[i];
                telling.says[n_parts++] = write_part(world, customers[i]);
        }
        if (n_parts == 0)
                return;
        telling.page.n_parts = n_parts;
        tell_parts(world, &telling, number, known);
        if (cw_engine_repeats(world->engine, event.source, &telling.page))
                tell_parts(world, &telling, number, 0);
        event.page = telling.page;
        world_step(world, &event);
        for (size_t i = 0; i < event.page.n_parts; i++)
                world->n_alike += telling.parts[i].alike;
        for (size_t i = 0; i < n_parts; i++)
                for (size_t k = 0; k < world->n_cards; k++)
                        if (is_on(&world->cards[k], telling.readers[i]) && world->cards[k].bad)
                                bring_card(world, &world->cards[k]);
        keep_said(&telling, n, n_parts);
}

static void bring_pages(struct world *world, size_t source)
{
        struct world_customer *customers[WORLD_PAGE];
        uint32_t number = 0;
        size_t n = 0;

        for (size_t i = 0; i < world->n_customers; i++) {
                if (world->customers[i].source != source)
                        continue;
                customers[n++] = &world->customers[i];
                if (n < WORLD_PAGE)
                        continue;
                bring_page(world, customers, n, ++number);
                n = 0;
        }
        if (n > 0)
                bring_page(world, customers, n, ++number);
}

void world_poll(struct world *world, const struct world_poll *poll)
{
        struct cw_event event = {.kind = CW_EVENT_POLL_ENDED, .source = poll->source, .at = world->now};

        event.poll.pages_bad = poll->pages_bad;
        event.poll.auth = poll->auth ? poll->auth : CW_AUTH_OK;
        event.poll.took_ms = 100;
        event.poll.reason = "connection refused";
        world_step(world, &(struct cw_event){.kind = CW_EVENT_POLL_BEGAN, .source = poll->source, .at = world->now});
        for (size_t i = 0; i < world->n_customers && !poll->failed; i++) {
                const struct world_customer *customer = &world->customers[i];

                if (customer->source != poll->source || customer->absent)
                        continue;
                event.poll.pages_bad += customer->unread;
                event.poll.pages_good += !customer->unread;
                if (!customer->unread && !world->by_pages)
                        bring_customer(world, customer);
        }
        if (world->by_pages && !poll->failed)
                bring_pages(world, poll->source);
        if (poll->failed)
                event.poll.pages_bad++;
        else if (!event.poll.pages_bad)
                event.poll.pages_good++; /* an empty list is a page too */
        if (poll->unfinished)
                return;
        world_step(world, &event);
        world_commit(world);
        world_read_again(world, poll->source);
}

void world_restart(struct world *world, struct cw_ruleset *rules)
{
        cw_changes_deinit(&world->pending);
        cw_engine_free(world->engine);
        if (rules) {
                cw_ruleset_unref(world->rules);
                world->rules = rules;
        }
        load(world);
}

void world_reload(struct world *world, struct cw_ruleset *rules)
{
        world_step(world, &(struct cw_event){.kind = CW_EVENT_RULES, .rules = rules});
        cw_ruleset_unref(world->rules);
        world->rules = rules;
        recall(world);
        world_commit(world);
}
