/* SPDX-License-Identifier: Apache-2.0 */
#include "render.h"

#include <inttypes.h>
#include <string.h>

#include <cardwatch/buf.h>

#include "sim_json.h"
#include "world.h"

#define PAN_DIGITS 16

/* A full card number that passes the Luhn check (ISO/IEC 7812-1), the same for a card in every run. */
static void card_number(int64_t id, char ret_text[static PAN_DIGITS + 1])
{
        uint64_t body = 453275000000000u + ((uint64_t)id * 7919u) % 1000000000u;
        unsigned sum = 0;

        for (int i = PAN_DIGITS - 2; i >= 0; i--) {
                unsigned digit = (unsigned)(body % 10);
                unsigned weighed = i % 2 == 0 ? 2 * digit : digit;

                ret_text[i] = (char)('0' + digit);
                sum += weighed > 9 ? weighed - 9 : weighed;
                body /= 10;
        }
        ret_text[PAN_DIGITS - 1] = (char)('0' + (10 - sum % 10) % 10);
        ret_text[PAN_DIGITS] = '\0';
}

static void append_cents(struct cw_buf *buf, int64_t cents)
{
        uint64_t magnitude = cents < 0 ? -(uint64_t)cents : (uint64_t)cents;

        cw_buf_printf(buf, "%s%" PRIu64 ".%02" PRIu64, cents < 0 ? "-" : "", magnitude / 100, magnitude % 100);
}

static void append_field(struct cw_buf *buf, const struct cw_sim_card *card, enum cw_sim_field field)
{
        char number[PAN_DIGITS + 1];

        switch (field) {
        case CW_SIM_FIELD_ID:
                cw_buf_printf(buf, "%" PRId64, card->id);
                break;
        case CW_SIM_FIELD_CURRENCY:
                cw_sim_json_quote(buf, card->currency, strlen(card->currency));
                break;
        case CW_SIM_FIELD_CARD_NUMBER:
                card_number(card->id, number);
                cw_buf_printf(buf, "\"%s\"", number);
                break;
        case CW_SIM_FIELD_TOTAL:
                append_cents(buf, card->available_cents + card->pending_cents);
                break;
        case CW_SIM_FIELD_AVAILABLE:
                append_cents(buf, card->available_cents);
                break;
        case CW_SIM_FIELD_PENDING:
                append_cents(buf, card->pending_cents);
                break;
        case CW_SIM_FIELD_SUPPRESSED:
                cw_buf_puts(buf, card->suppressed ? "true" : "false");
                break;
        case CW_SIM_N_FIELDS:
                break;
        }
}

static bool is_balance(enum cw_sim_field field)
{
        return field == CW_SIM_FIELD_TOTAL || field == CW_SIM_FIELD_AVAILABLE || field == CW_SIM_FIELD_PENDING;
}

static void append_card(struct cw_buf *buf, const struct cw_sim_card *card, bool zero)
{
        char separator = '{';

        for (enum cw_sim_field field = 0; field < CW_SIM_N_FIELDS; field++) {
                const char *text = zero && is_balance(field) ? "0.00" : card->texts[field];

                if (text && !*text)
                        continue;
                cw_buf_putc(buf, separator);
                separator = ',';
                cw_buf_putc(buf, '"');
                cw_buf_puts(buf, cw_sim_field_names[field]);
                cw_buf_append(buf, "\":", 2);
                if (text)
                        cw_buf_puts(buf, text);
                else
                        append_field(buf, card, field);
        }
        if (separator == '{')
                cw_buf_putc(buf, '{');
        cw_buf_putc(buf, '}');
}

void cw_sim_render_card(struct cw_buf *buf, const struct cw_sim_card *card)
{
        append_card(buf, card, false);
}

static void append_customer(struct cw_buf *buf, const struct cw_sim_customer *customer, bool zero)
{
        cw_buf_printf(buf, "{\"customersId\":%" PRId64 ",\"customersReference\":", customer->id);
        if (customer->reference)
                cw_sim_json_quote(buf, customer->reference, strlen(customer->reference));
        else
                cw_buf_puts(buf, "null");
        cw_buf_puts(buf, ",\"cards\":[");
        for (size_t i = 0; i < customer->n_cards; i++) {
                if (i > 0)
                        cw_buf_putc(buf, ',');
                append_card(buf, customer->cards[i], zero);
        }
        cw_buf_puts(buf, "]}");
}

void cw_sim_render_page(struct cw_buf *buf, const struct cw_sim_world *world, const struct cw_sim_page *page)
{
        uint64_t n_pages = (world->n_customers + page->size - 1) / page->size;
        uint64_t first = page->served <= n_pages ? (page->served - 1) * page->size : world->n_customers;
        uint64_t rest = world->n_customers - first;
        uint64_t n = rest < page->size ? rest : page->size;

        n = page->empty || n < page->left_out ? 0 : n - page->left_out;
        cw_buf_puts(buf, "{\"id\":0,\"details\":[");
        for (uint64_t i = 0; i < n; i += page->half ? 2 : 1) {
                if (i > 0)
                        cw_buf_putc(buf, ',');
                append_customer(buf, world->customers[first + i], page->zero);
        }
        cw_buf_printf(buf, "],\"pageSize\":%" PRIu64 ",\"pageNumber\":%" PRIu64, page->size, page->number);
        if (!page->no_pages_count)
                cw_buf_printf(buf, ",\"numberOfPages\":%" PRIu64, n_pages);
        cw_buf_puts(buf, ",\"status\":\"1\",\"errors\":[]}");
}

void cw_sim_render_customer(struct cw_buf *buf, const struct cw_sim_customer *customer)
{
        cw_buf_puts(buf, "{\"id\":0,\"details\":");
        append_customer(buf, customer, false);
        cw_buf_puts(buf, ",\"status\":\"1\",\"errors\":[]}");
}

void cw_sim_render_error(struct cw_buf *buf, const char *field, const char *code)
{
        cw_buf_puts(buf, "{\"id\":0,\"details\":null,\"status\":\"0\",\"errors\":[{\"fieldName\":");
        cw_sim_json_quote(buf, field, strlen(field));
        cw_buf_puts(buf, ",\"messageCode\":");
        cw_sim_json_quote(buf, code, strlen(code));
        cw_buf_puts(buf, "}]}");
}
