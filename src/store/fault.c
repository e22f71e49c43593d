/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the environment says which transaction, the handle counts; nothing global, and nothing at all in a release. */
#include "fault.h"

#ifdef CARDWATCH_FAULTS

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cardwatch/cleanup.h"

/* What a shell shows for a process that was killed. */
#define EXIT_KILLED 137

static const struct {
        const char *prefix;
        enum cw_fault_kind kind;
} names[] = {
        {"-fail:", CW_FAULT_FAIL},
        {"-exit:before:", CW_FAULT_EXIT_BEFORE},
        {"-exit:after:", CW_FAULT_EXIT_AFTER},
};

void cw_fault_init(struct cw_fault *fault, const char *point)
{
        const char *text = getenv("CARDWATCH_FAULT");

        *fault = (struct cw_fault){.kind = CW_FAULT_NONE};
        if (!text || strncmp(text, point, strlen(point)) != 0)
                return;
        text += strlen(point);
        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++) {
                size_t len = strlen(names[i].prefix);
                char *end;

                if (strncmp(text, names[i].prefix, len) != 0)
                        continue;
                fault->kind = names[i].kind;
                fault->first = strtoull(text + len, &end, 10);
                fault->last = *end == '-' ? strtoull(end + 1, NULL, 10) : UINT64_MAX;
        }
}

int cw_fault_before(struct cw_fault *fault)
{
        fault->n++;
        if (fault->kind == CW_FAULT_EXIT_BEFORE && fault->n == fault->first)
                _exit(EXIT_KILLED);
        if (fault->kind == CW_FAULT_FAIL && fault->n >= fault->first && fault->n <= fault->last)
                return -ENOSPC;
        return 0;
}

void cw_fault_after(const struct cw_fault *fault)
{
        if (fault->kind == CW_FAULT_EXIT_AFTER && fault->n == fault->first)
                _exit(EXIT_KILLED);
}

#else

void cw_fault_init(struct cw_fault *fault, const char *point)
{
        (void)point;
        *fault = (struct cw_fault){.kind = CW_FAULT_NONE};
}

int cw_fault_before(struct cw_fault *fault)
{
        (void)fault;
        return 0;
}

void cw_fault_after(const struct cw_fault *fault)
{
        (void)fault;
}

#endif
