/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: customers stand under their numbers, which nobody can mistype into an address. */
#include "customers.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cardwatch/config_notifier.h"
#include "cardwatch/hash.h"

static int by_id(const void *left, const void *right)
{
        int64_t a = ((const struct cw_config_customer *)left)->id, b = ((const struct cw_config_customer *)right)->id;

        return (a > b) - (a < b);
}

/* "007" is 7, and both may stand there. */
static void refuse_twins(struct cw_reader *reader, const struct cw_node *node,
                         const struct cw_config_customer *customers, size_t n)
{
        for (size_t i = 1; i < n; i++)
                if (customers[i].id == customers[i - 1].id)
                        cw_reader_complain(reader, node, "customer %" PRId64 " stands twice", customers[i].id);
}

void cw_customers_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       struct cw_config_customer **ret_customers, size_t *ret_n)
{
        struct cw_config_customer *customers;
        struct cw_row addresses = *row;

        if (node->kind != CW_NODE_MAPPING || node->n_items == 0) {
                cw_reader_complain(reader, node, "\"%s\" must be a mapping of customers' numbers to addresses",
                                   row->name);
                return;
        }
        addresses.type = CW_ROW_TEXTS;
        customers = cw_reader_alloc(reader, node->n_items, sizeof(*customers));
        *ret_customers = customers;
        for (size_t i = 0; customers && i < node->n_items; i++) {
                struct cw_config_customer *customer = &customers[*ret_n];

                if (node->items[i]->bad)
                        continue;
                if (!cw_value_digits(node->keys[i]->text, node->keys[i]->len, &customer->id)) {
                        cw_reader_complain(reader, node->keys[i], "\"%s\" is no customer's number",
                                           node->keys[i]->text);
                        continue;
                }
                cw_value_read(reader, &addresses, node->items[i], &customer->to, &customer->n_to);
                (*ret_n)++;
        }
        if (*ret_n > 1)
                qsort(customers, *ret_n, sizeof(*customers), by_id);
        refuse_twins(reader, node, customers, *ret_n);
}

void cw_customers_deinit(struct cw_config_customer *customer)
{
        for (size_t i = 0; i < customer->n_to; i++)
                free(customer->to[i]);
        free(customer->to);
}

void cw_customers_hash(const struct cw_config_customer *customer, struct cw_hash *hash)
{
        cw_hash_u64(hash, (uint64_t)customer->id);
        cw_hash_u64(hash, customer->n_to);
        for (size_t i = 0; i < customer->n_to; i++)
                cw_hash_string(hash, customer->to[i]);
}
