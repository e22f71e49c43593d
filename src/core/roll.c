/* SPDX-License-Identifier: Apache-2.0 */
#include "roll.h"

/* Poll numbers begin at 1, so that no packed value is NULL. A customer that is only known has a number no poll has. */
#define GONE  ((uintptr_t)1)
#define KNOWN (UINTPTR_MAX & ~GONE)

static void *packed(uint32_t poll)
{
        return (void *)((uintptr_t)poll << 1);
}

static uintptr_t value_of(const struct cw_roll *roll, int64_t customer)
{
        return (uintptr_t)cw_map_get(&roll->customers, (uint64_t)customer);
}

void cw_roll_deinit(struct cw_roll *roll)
{
        cw_map_deinit(&roll->customers);
        *roll = (struct cw_roll){0};
}

void cw_roll_begin(struct cw_roll *roll)
{
        roll->n_seen = 0;
}

int cw_roll_know(struct cw_roll *roll, int64_t customer)
{
        if (value_of(roll, customer))
                return 0;
        return cw_map_put(&roll->customers, (uint64_t)customer, (void *)KNOWN);
}

int cw_roll_seen(struct cw_roll *roll, int64_t customer, uint32_t poll)
{
        uintptr_t before = value_of(roll, customer);

        if ((void *)before == packed(poll))
                return 0;
        roll->n_gone -= before & GONE;
        roll->n_seen++;
        return cw_map_put(&roll->customers, (uint64_t)customer, packed(poll));
}

int cw_roll_all_seen(struct cw_roll *roll, uint32_t poll)
{
        size_t cursor = 0;
        uint64_t customer;
        void *value;
        int r = 0;

        /* Replacing what is there moves nothing. */
        while (r == 0 && cw_map_next(&roll->customers, &cursor, &customer, &value))
                if (!((uintptr_t)value & GONE))
                        r = cw_roll_seen(roll, (int64_t)customer, poll);
        return r;
}

int cw_roll_gone(struct cw_roll *roll, int64_t customer)
{
        uintptr_t before = value_of(roll, customer);

        if (before & GONE)
                return 0;
        roll->n_gone++;
        return cw_map_put(&roll->customers, (uint64_t)customer, (void *)(before | GONE));
}

void cw_roll_forget(struct cw_roll *roll, int64_t customer)
{
        roll->n_gone -= (uintptr_t)cw_map_remove(&roll->customers, (uint64_t)customer) & GONE;
}

bool cw_roll_is_seen(const struct cw_roll *roll, int64_t customer, uint32_t poll)
{
        return (void *)value_of(roll, customer) == packed(poll);
}

bool cw_roll_is_gone(const struct cw_roll *roll, int64_t customer)
{
        return value_of(roll, customer) & GONE;
}

size_t cw_roll_absent(const struct cw_roll *roll, uint32_t poll, uint32_t turn, int64_t *ret_customers, size_t most)
{
        size_t cursor = 0, n = 0, chosen = 0, skip;
        uint64_t customer;
        void *value;

        /* The usual poll brought everybody. */
        if (roll->n_seen + roll->n_gone >= roll->customers.used)
                return 0;
        while (cw_map_next(&roll->customers, &cursor, &customer, &value))
                n += value != packed(poll) && !((uintptr_t)value & GONE);
        skip = n > most && most > 0 ? (size_t)turn * most % n : 0;
        for (size_t round = 0; round < 2 && chosen < most; round++) {
                size_t position = 0;

                cursor = 0;
                while (chosen < most && chosen < n && cw_map_next(&roll->customers, &cursor, &customer, &value)) {
                        bool before_skip = position < skip;

                        if (value == packed(poll) || ((uintptr_t)value & GONE))
                                continue;
                        position++;
                        if (before_skip == (round == 1))
                                ret_customers[chosen++] = (int64_t)customer;
                }
        }
        return n;
}
