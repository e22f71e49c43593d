/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_CUSTOMERS_H
#define CARDWATCH_CONFIG_CUSTOMERS_H

#include "schema.h"

struct cw_config_customer;
struct cw_composer;

/*
 * Customers: who is told of a customer's cards besides those who watch.
 */

/* A mapping of ids to addresses, sorted by id; row->check looks at each address. */
void cw_customers_read(struct cw_reader *reader, const struct cw_row *row, const struct cw_node *node,
                       struct cw_config_customer **ret_customers, size_t *ret_n);
void cw_customers_deinit(struct cw_config_customer *customer);
void cw_customers_hash(const struct cw_config_customer *customer, struct cw_hash *hash);

/* Makes of every notifier that has customers a second one that tells them, behind all others. After the routes, which
 * do not know it. */
void cw_compose_customers(struct cw_composer *composer);

#endif
