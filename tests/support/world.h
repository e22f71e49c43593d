/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_WORLD_H
#define CARDWATCH_TESTS_WORLD_H

#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/engine.h"
#include "ruleset.h"

/*
 * World: the engine with everything around it played: the card API, the store, the clock.
 *
 * Cards are set, polls bring them, customers that are to be read again before an alert fires are, steps gather changes,
 * a commit moves these into a model of the store, and a restart loads an engine from that and recalls the past of its
 * cards, as a reload does. Delivery is played in receivers.h. A step that fails ends the program: the tests are about
 * what is decided.
 */

#define WORLD_CARDS     64
#define WORLD_CUSTOMERS 16
#define WORLD_PAGE      2 /* customers */
#define WORLD_START     INT64_C(1700000000000)

struct world_card {
        size_t source;
        struct cw_card card;
        bool absent; /* not in its customer */
        bool bad; /* comes with a field that cannot be trusted */
        const char *again; /* a decimal: what it shows when it is read again before an alert fires; NULL: the same */
};

enum again_answer { AGAIN_FOUND, AGAIN_GONE, AGAIN_UNREADABLE, AGAIN_SILENT };

struct world_customer {
        size_t source;
        int64_t id;
        bool absent; /* not in the list */
        bool unread; /* its page fails */
        enum again_answer again;
        unsigned n_again; /* how often it was read again */
        char *page; /* what its part of a page said when that was told last */
};

struct message; /* receivers.h */

struct receiver {
        enum { ACCEPTS, FAILS, REFUSES } mood; /* transiently, permanently */
        int64_t asked_ms; /* what it wants us to wait after a failure */
        enum cw_mishap mishap; /* how it fails */
        const char *poison; /* it also fails with every message in whose line this stands */
};

struct world;

/* Where commits also go, and what a restart loads the engine from, its past with it, instead of from the model. */
struct world_disk {
        void (*commit)(void *data, const struct cw_changes *changes, int64_t now);
        void (*load)(void *data, struct world *world); /* into the world's engine, which is new */
        void *data;
};

struct world {
        struct cw_ruleset *rules;
        struct cw_engine *engine;
        int64_t now;
        struct cw_changes pending; /* since the last commit */
        struct cw_changes stored; /* the model of the store */
        struct cw_changes journal; /* every committed change of a card */
        const struct world_disk *disk; /* NULL: there is none */
        bool disk_full; /* commits fail */
        bool by_pages; /* so many customers a page, each a part that is passed over where the engine knows it */
        unsigned n_alike; /* parts that were */
        struct world_card cards[WORLD_CARDS];
        size_t n_cards;
        struct world_customer customers[WORLD_CUSTOMERS];
        size_t n_customers;
        struct receiver receivers[SPEC_NOTIFIERS];
        struct cw_buf told; /* a line for each accepted message */
        char *told_before;
        bool in_full; /* a line names severity and marks of each alert */
        /* Whoever wants to hear of every attempted and every accepted message. */
        void (*attempted)(void *data, const struct message *message);
        void (*accepted)(void *data, const struct message *message);
        void *data;
};

/* Takes the reference to the rules. */
void world_init(struct world *world, struct cw_ruleset *rules);
void world_deinit(struct world *world);

/* The card, made (with its customer) when it is not there. `available` is a decimal, NULL: as it was. */
struct world_card *world_card(struct world *world, int64_t customer, int64_t id, const char *available);
struct world_customer *world_customer(struct world *world, size_t source, int64_t id);

struct world_poll {
        size_t source;
        bool failed; /* no page was good */
        uint32_t pages_bad;
        enum cw_auth_result auth;
        bool unfinished; /* it never ends: the process dies */
};

/* A poll from its beginning to its end and the commit, at `now`; then customers are read again (readings.h). */
void world_poll(struct world *world, const struct world_poll *poll);

/* The wall clock is set, forward or back. */
void world_set_clock(struct world *world, int64_t by_ms);

/* Steps and commits. */
void world_step(struct world *world, const struct cw_event *event);
void world_commit(struct world *world);

/* kill -9, and the next start: what was not committed is lost. Takes the reference; NULL: the rules as they were. */
void world_restart(struct world *world, struct cw_ruleset *rules);
/* A reload. Takes the reference. */
void world_reload(struct world *world, struct cw_ruleset *rules);

/* The lines since the last time it was asked; valid until then. */
const char *world_told(struct world *world);

#endif
