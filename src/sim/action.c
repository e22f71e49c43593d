/* SPDX-License-Identifier: Apache-2.0 */
#include "action.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>

#include "fields.h"
#include "sim.h"
#include "sim_json.h"

/* A script says these beside what the action itself reads. */
#define SCRIPT_ROWS                                                                                                    \
        {.name = "do", .type = CW_SIM_TYPE_SKIP},                                                                      \
        {                                                                                                              \
                .name = "at", .type = CW_SIM_TYPE_SKIP                                                                 \
        }

#define CARDS_OF_ONE_CALL 10000

static int missing(struct cw_buf *why, const char *name)
{
        cw_buf_printf(why, "\"%s\" is missing", name);
        return -EINVAL;
}

/* Amounts are served as they were given: what is no number at all belongs under "raw". */
static int check_amount(const char *text, const char *name, struct cw_buf *why)
{
        if (!text || (*text && text[strspn(text, "0123456789+-.eE")] == '\0'))
                return 0;
        cw_buf_printf(why, "\"%s\" must be a number; \"raw\" takes any text", name);
        return -EINVAL;
}

/* Replaces a given text by the same as a JSON string. */
static int quote_text(char **text)
{
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        char *quoted;
        int r;

        if (!*text)
                return 0;
        cw_sim_json_quote(&buf, *text, strlen(*text));
        r = cw_buf_take(&buf, &quoted);
        if (r < 0)
                return r;
        free(*text);
        *text = quoted;
        return 0;
}

/* {"availableBalance": "<JSON text>"}; null leaves the member out of the answer. */
static int read_raw(const struct cw_sim_json *raw, struct cw_sim_card_change *change, struct cw_buf *why)
{
        struct cw_sim_row rows[CW_SIM_N_FIELDS];
        int r;

        for (size_t i = 0; i < CW_SIM_N_FIELDS; i++)
                rows[i] = (struct cw_sim_row){
                        .name = cw_sim_field_names[i], .type = CW_SIM_TYPE_STRING, .place = &change->texts[i]};
        r = cw_sim_fields_read(raw, rows, CW_SIM_N_FIELDS, why);
        for (size_t i = 0; r == 0 && i < CW_SIM_N_FIELDS; i++) {
                const struct cw_sim_json *value;

                if (!cw_sim_json_member(raw, cw_sim_field_names[i], &value) || value)
                        continue;
                free(change->texts[i]);
                change->texts[i] = strdup("");
                r = change->texts[i] ? 0 : -ENOMEM;
        }
        return r;
}

static int finish_change(struct cw_sim_card_change *change, int64_t suppressed, const struct cw_sim_json *raw,
                         struct cw_buf *why)
{
        int r;

        r = check_amount(change->texts[CW_SIM_FIELD_AVAILABLE], "available", why);
        if (r == 0)
                r = check_amount(change->texts[CW_SIM_FIELD_PENDING], "pending", why);
        if (r == 0)
                r = check_amount(change->texts[CW_SIM_FIELD_TOTAL], "total", why);
        if (r == 0)
                r = quote_text(&change->texts[CW_SIM_FIELD_CURRENCY]);
        if (r == 0)
                r = quote_text(&change->texts[CW_SIM_FIELD_CARD_NUMBER]);
        if (r == 0 && suppressed >= 0) {
                change->texts[CW_SIM_FIELD_SUPPRESSED] = strdup(suppressed ? "true" : "false");
                r = change->texts[CW_SIM_FIELD_SUPPRESSED] ? 0 : -ENOMEM;
        }
        /* What is spoilt on purpose spoils nothing beside it: raw members make no total follow. */
        return r == 0 && raw ? read_raw(raw, change, why) : r;
}

static int read_change(const struct cw_sim_json *json, struct cw_buf *why, struct cw_sim_card_change *ret_change)
{
        struct cw_sim_card_change change cw_cleanup(cw_sim_card_change_deinit) = {.card = -1, .customer = -1};
        const struct cw_sim_json *raw = NULL;
        int64_t suppressed = -1;
        char **texts = change.texts;
        const struct cw_sim_row rows[] = {
                {.name = "card", .type = CW_SIM_TYPE_INT, .place = &change.card, .least = 0, .most = INT64_MAX},
                {.name = "customer", .type = CW_SIM_TYPE_INT, .place = &change.customer, .least = 0, .most = INT64_MAX},
                {.name = "available", .type = CW_SIM_TYPE_TEXT, .place = &texts[CW_SIM_FIELD_AVAILABLE]},
                {.name = "pending", .type = CW_SIM_TYPE_TEXT, .place = &texts[CW_SIM_FIELD_PENDING]},
                {.name = "total", .type = CW_SIM_TYPE_TEXT, .place = &texts[CW_SIM_FIELD_TOTAL]},
                {.name = "currency", .type = CW_SIM_TYPE_STRING, .place = &texts[CW_SIM_FIELD_CURRENCY]},
                {.name = "cardNumber", .type = CW_SIM_TYPE_STRING, .place = &texts[CW_SIM_FIELD_CARD_NUMBER]},
                {.name = "suppressed", .type = CW_SIM_TYPE_BOOL, .place = &suppressed},
                {.name = "raw", .type = CW_SIM_TYPE_JSON, .place = &raw},
                SCRIPT_ROWS,
        };
        int r;

        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r < 0)
                return r;
        if (change.card < 0)
                return missing(why, "card");
        change.has_customer = change.customer >= 0;
        change.total_follows = texts[CW_SIM_FIELD_AVAILABLE] || texts[CW_SIM_FIELD_PENDING];
        r = finish_change(&change, suppressed, raw, why);
        if (r < 0)
                return r;
        change.total_follows = change.total_follows && !texts[CW_SIM_FIELD_TOTAL];
        *ret_change = change;
        change = (struct cw_sim_card_change){0};
        return 0;
}

static int apply_change(struct cw_sim *sim, const struct cw_sim_card_change *change, struct cw_buf *why)
{
        int r = cw_sim_world_change_card(&sim->world, change);

        if (r == -ENOENT && change->has_customer)
                cw_buf_printf(why, "there is no customer %" PRId64, change->customer);
        else if (r == -ENOENT)
                cw_buf_printf(why, "there is no card %" PRId64 "; with a \"customer\" it is added", change->card);
        else if (r == -EEXIST)
                cw_buf_printf(why, "card %" PRId64 " is another customer's", change->card);
        return r;
}

static int act_card(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        struct cw_sim_card_change change cw_cleanup(cw_sim_card_change_deinit) = {0};
        int r;

        (void)result;
        r = read_change(json, why, &change);
        return r == 0 && sim ? apply_change(sim, &change, why) : r;
}

/* Each card of the call, checked and then applied to the customer. */
static int put_cards(struct cw_sim *sim, const struct cw_sim_json *cards, int64_t customer, struct cw_buf *why)
{
        for (size_t i = 0; i < cw_sim_json_length(cards); i++) {
                struct cw_sim_card_change change cw_cleanup(cw_sim_card_change_deinit) = {0};
                struct cw_sim_card *card;
                int r;

                r = read_change(cw_sim_json_at(cards, i), why, &change);
                if (r < 0)
                        return r;
                if (change.has_customer && change.customer != customer) {
                        cw_buf_puts(why, "a card names another customer");
                        return -EINVAL;
                }
                change.customer = customer;
                change.has_customer = true;
                if (!sim)
                        continue;
                card = cw_sim_world_card(&sim->world, change.card);
                if (card && card->customer->id == customer)
                        cw_sim_world_remove_card(&sim->world, change.card);
                r = apply_change(sim, &change, why);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void remove_cards_of(struct cw_sim_world *world, int64_t id)
{
        struct cw_sim_customer *customer = cw_sim_world_customer(world, id);

        while (customer && customer->n_cards > 0)
                cw_sim_world_remove_card(world, customer->cards[customer->n_cards - 1]->id);
}

static int act_customer(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        const struct cw_sim_json *cards = NULL, *reference_json;
        char *reference cw_autofree = NULL;
        int64_t id = -1;
        const struct cw_sim_row rows[] = {
                {.name = "customer", .type = CW_SIM_TYPE_INT, .place = &id, .least = 0, .most = INT64_MAX},
                {.name = "reference", .type = CW_SIM_TYPE_STRING, .place = &reference},
                {.name = "cards", .type = CW_SIM_TYPE_JSON, .place = &cards},
                SCRIPT_ROWS,
        };
        int r;

        (void)result;
        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r < 0)
                return r;
        if (id < 0)
                return missing(why, "customer");
        if (cards && (cw_sim_json_kind(cards) != CW_SIM_JSON_ARRAY || cw_sim_json_length(cards) > CARDS_OF_ONE_CALL)) {
                cw_buf_printf(why, "\"cards\" must be an array of at most %d", CARDS_OF_ONE_CALL);
                return -EINVAL;
        }
        r = put_cards(NULL, cards, id, why);
        if (r < 0 || !sim)
                return r;
        if (!cw_sim_world_customer(&sim->world, id) || cw_sim_json_member(json, "reference", &reference_json))
                r = cw_sim_world_put_customer(&sim->world, id, reference);
        if (r == 0 && cards)
                remove_cards_of(&sim->world, id);
        return r == 0 ? put_cards(sim, cards, id, why) : r;
}

/* Actions that take one id and nothing else. */
static int read_id(const struct cw_sim_json *json, const char *name, struct cw_buf *why, int64_t *ret_id)
{
        int64_t id = -1;
        const struct cw_sim_row rows[] = {
                {.name = name, .type = CW_SIM_TYPE_INT, .place = &id, .least = 0, .most = INT64_MAX},
                SCRIPT_ROWS,
        };
        int r;

        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r == 0 && id < 0)
                r = missing(why, name);
        if (r == 0)
                *ret_id = id;
        return r;
}

static int not_there(struct cw_buf *why, const char *what, int64_t id)
{
        cw_buf_printf(why, "there is no %s %" PRId64, what, id);
        return -ENOENT;
}

static int act_remove_card(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                           struct cw_buf *result)
{
        int64_t id = -1;
        int r;

        (void)result;
        r = read_id(json, "card", why, &id);
        if (r < 0 || !sim)
                return r;
        return cw_sim_world_remove_card(&sim->world, id) ? 0 : not_there(why, "card", id);
}

static int act_remove_customer(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                               struct cw_buf *result)
{
        int64_t id = -1;
        int r;

        (void)result;
        r = read_id(json, "customer", why, &id);
        if (r < 0 || !sim)
                return r;
        return cw_sim_world_remove_customer(&sim->world, id) ? 0 : not_there(why, "customer", id);
}

static int act_fault(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        struct cw_sim_fault fault cw_cleanup(cw_sim_fault_deinit) = {0};
        int64_t id;
        int r;

        r = cw_sim_fault_read(json, why, &fault);
        if (r < 0 || !sim)
                return r;
        r = cw_sim_faults_add(&sim->faults, &fault, &id);
        if (r == -ENOSPC) {
                cw_buf_puts(why, "there are too many faults");
                return -EINVAL;
        }
        if (r == 0)
                cw_buf_printf(result, "{\"id\":%" PRId64 "}", id);
        return r;
}

static int act_clear_fault(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                           struct cw_buf *result)
{
        int64_t id = -1;
        int r;

        (void)result;
        r = read_id(json, "fault", why, &id);
        if (r < 0 || !sim)
                return r;
        return cw_sim_faults_clear(&sim->faults, id) ? 0 : not_there(why, "fault", id);
}

/* Actions that take nothing. */
static int read_nothing(const struct cw_sim_json *json, struct cw_buf *why)
{
        const struct cw_sim_row rows[] = {SCRIPT_ROWS};

        return json ? cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why) : 0;
}

static int act_clear_faults(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                            struct cw_buf *result)
{
        int r = read_nothing(json, why);

        (void)result;
        if (r == 0 && sim)
                cw_sim_faults_clear_all(&sim->faults);
        return r;
}

static int act_expire_tokens(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                             struct cw_buf *result)
{
        int r = read_nothing(json, why);

        (void)result;
        if (r == 0 && sim)
                cw_sim_access_expire_tokens(&sim->access);
        return r;
}

static int act_unlock(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        int r = read_nothing(json, why);

        (void)result;
        if (r == 0 && sim)
                cw_sim_access_unlock(&sim->access);
        return r;
}

static int act_clock(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        int64_t offset_ms = INT64_MIN;
        const struct cw_sim_row rows[] = {
                {.name = "offset_ms",
                 .type = CW_SIM_TYPE_INT,
                 .place = &offset_ms,
                 .least = -3650 * CW_DAY_MS,
                 .most = 3650 * CW_DAY_MS},
                SCRIPT_ROWS,
        };
        int r;

        (void)result;
        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r == 0 && offset_ms == INT64_MIN)
                r = missing(why, "offset_ms");
        if (r == 0 && sim) {
                sim->access.clock_offset_ms = offset_ms;
                /* A clock set back must not make every password of the next minutes one that was used. */
                sim->access.last_step = 0;
        }
        return r;
}

static int act_move(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        int64_t ticks = 1;
        const struct cw_sim_row rows[] = {
                {.name = "ticks", .type = CW_SIM_TYPE_INT, .place = &ticks, .least = 1, .most = 10000},
                SCRIPT_ROWS,
        };
        int r;

        r = json ? cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why) : 0;
        if (r < 0 || !sim)
                return r;
        for (int64_t i = 0; i < ticks; i++)
                cw_sim_world_move(&sim->world, sim->move_share);
        cw_buf_printf(result, "{\"tick\":%" PRIu64 "}", sim->world.tick);
        return 0;
}

static int act_settings(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why, struct cw_buf *result)
{
        int64_t page_cap = -1, still = -1, single_use = -1, anybody = -1, no_pages_count = -1, share = -1;
        const struct cw_sim_row rows[] = {
                {.name = "page_cap", .type = CW_SIM_TYPE_INT, .place = &page_cap, .least = 1, .most = 1000000},
                {.name = "move_share", .type = CW_SIM_TYPE_INT, .place = &share, .least = 0, .most = 100},
                {.name = "still", .type = CW_SIM_TYPE_BOOL, .place = &still},
                {.name = "otp_single_use", .type = CW_SIM_TYPE_BOOL, .place = &single_use},
                {.name = "unauthenticated", .type = CW_SIM_TYPE_BOOL, .place = &anybody},
                {.name = "no_pages_count", .type = CW_SIM_TYPE_BOOL, .place = &no_pages_count},
                SCRIPT_ROWS,
        };
        int r;

        (void)result;
        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r < 0 || !sim)
                return r;
        sim->page_cap = page_cap >= 0 ? page_cap : sim->page_cap;
        sim->move_share = share >= 0 ? (unsigned)share : sim->move_share;
        sim->still = still >= 0 ? still : sim->still;
        sim->no_pages_count = no_pages_count >= 0 ? no_pages_count : sim->no_pages_count;
        sim->access.single_use = single_use >= 0 ? single_use : sim->access.single_use;
        sim->access.anybody = anybody >= 0 ? anybody : sim->access.anybody;
        return 0;
}

int cw_sim_act(struct cw_sim *sim, const char *name, const struct cw_sim_json *json, struct cw_buf *why,
               struct cw_buf *result)
{
        static const struct {
                const char *name;
                int (*act)(struct cw_sim *sim, const struct cw_sim_json *json, struct cw_buf *why,
                           struct cw_buf *result);
        } actions[] = {
                {"card", act_card},
                {"customer", act_customer},
                {"remove-card", act_remove_card},
                {"remove-customer", act_remove_customer},
                {"fault", act_fault},
                {"clear-fault", act_clear_fault},
                {"clear-faults", act_clear_faults},
                {"expire-tokens", act_expire_tokens},
                {"unlock", act_unlock},
                {"clock", act_clock},
                {"move", act_move},
                {"settings", act_settings},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(actions); i++)
                if (strcmp(actions[i].name, name) == 0)
                        return actions[i].act(sim, json, why, result);
        cw_buf_printf(why, "\"%.64s\" is nothing that can be done", name);
        return -EINVAL;
}
