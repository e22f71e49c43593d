/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/inhibition.h"

#include <stdlib.h>

void cw_inhibition_deinit(struct cw_inhibition *inhibition)
{
        cw_filter_deinit(&inhibition->source);
        cw_filter_deinit(&inhibition->target);
        for (size_t i = 0; i < inhibition->n_equal; i++)
                free(inhibition->equal[i].label);
        free(inhibition->equal);
        free(inhibition->reason);
        *inhibition = (struct cw_inhibition){0};
}
