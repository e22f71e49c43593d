/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the surer it is that the receiver is to blame, the fewer different messages have to fail before the circuit
 * opens, and the fewer are spent on finding out. A message is spent by its first attempt: its bytes are fixed then, and
 * it cannot tell any more what happens meanwhile.
 */
#include "circuit.h"

#define FIRST_MS   1000
#define LONGEST_MS (15 * 60 * 1000)
#define EAGER_MS   10000 /* a message that was never tried waits no longer, while there may be poisoned ones */
#define POISONED   10 /* so many different messages are not all at fault */

static const uint32_t opens_at[] = {
        [CW_MISHAP_ANSWER] = 3,
        [CW_MISHAP_SILENCE] = 2,
        [CW_MISHAP_UNREACHABLE] = 1,
};

bool cw_circuit_is_open(const struct cw_circuit *circuit)
{
        return circuit->probes > 0;
}

bool cw_circuit_succeeded(struct cw_circuit *circuit)
{
        bool was_open = cw_circuit_is_open(circuit);
        uint32_t era = circuit->failing_since_at ? circuit->era + 1 : circuit->era;

        *circuit = (struct cw_circuit){.era = era};
        return was_open;
}

static void wait(struct cw_circuit *circuit, int64_t now, uint32_t chance)
{
        const struct cw_backoff_policy policy = {
                .first_ms = FIRST_MS, .longest_ms = LONGEST_MS, .give_up_ms = INT64_MAX};
        struct cw_backoff backoff = {.failures = circuit->probes, .since_at = now};
        int64_t wait_ms = LONGEST_MS;

        if (cw_backoff_failed(&backoff, &policy, now, 0, chance, &wait_ms) == 0)
                circuit->probes = backoff.failures;
        circuit->next_at = now + wait_ms;
}

void cw_circuit_failed(struct cw_circuit *circuit, const struct cw_circuit_failure *failure, int64_t now)
{
        bool open = cw_circuit_is_open(circuit);

        if (!circuit->failing_since_at || circuit->failing_since_at > now)
                circuit->failing_since_at = now;
        if (!failure->counted)
                circuit->n_failed++;
        if (open && !failure->probe)
                return; /* it was on its way already */
        if (!open && (!failure->alone || circuit->n_failed < opens_at[failure->kind]))
                return;
        circuit->failed_at = now;
        circuit->unreachable = failure->kind == CW_MISHAP_UNREACHABLE;
        wait(circuit, now, failure->chance);
}

static bool may_be_poisoned(const struct cw_circuit *circuit)
{
        return !circuit->unreachable && circuit->n_failed < POISONED;
}

int64_t cw_circuit_probe_at(const struct cw_circuit *circuit, bool unwritten)
{
        int64_t eager_at = circuit->failed_at + EAGER_MS;

        return unwritten && may_be_poisoned(circuit) && eager_at < circuit->next_at ? eager_at : circuit->next_at;
}

bool cw_circuit_wants_unwritten(const struct cw_circuit *circuit, bool all_had_turn)
{
        return may_be_poisoned(circuit) || (!circuit->unreachable && all_had_turn);
}
