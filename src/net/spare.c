/* SPDX-License-Identifier: Apache-2.0 */
#include "spare.h"

#include <stdbool.h>
#include <string.h>

#include "wipe.h"

#define BODY_MOST  (9u << 17) /* what is larger is not kept: a megabyte that was aimed at takes so much */
#define GIVEN_MOST 64 /* where something is always under way, so many answers wait for being wiped at most */

struct cw_buf cw_spare_take_body(struct cw_spare *spare)
{
        spare->n_taken++;
        if (spare->n_bodies == 0)
                return (struct cw_buf)CW_BUF_NULL;
        return spare->bodies[--spare->n_bodies];
}

void cw_spare_give_body(struct cw_spare *spare, struct cw_buf *body)
{
        spare->n_taken--;
        spare->given++;
        if (!body->data || body->capacity > BODY_MOST || spare->n_bodies == CW_SPARE_MOST) {
                cw_buf_wipe(body);
                return;
        }
        if (body->len > spare->longest)
                spare->longest = body->len;
        body->limit = body->aim = 0;
        cw_buf_clear(body);
        spare->bodies[spare->n_bodies++] = *body;
        *body = (struct cw_buf)CW_BUF_NULL;
}

static void wipe_bodies(const struct cw_spare *spare)
{
        for (size_t i = 0; i < spare->n_bodies; i++) {
                const struct cw_buf *body = &spare->bodies[i];

                explicit_bzero(body->data, spare->longest < body->capacity ? spare->longest : body->capacity);
        }
}

/* While some are under way, what they have was not reached: then the longest may be in there. */
void cw_spare_rest(struct cw_spare *spare)
{
        bool idle = spare->n_taken == 0;

        if (spare->given == 0 || (!idle && spare->given < GIVEN_MOST))
                return;
        spare->given = 0;
        cw_keep_deinit(&spare->handles);
        wipe_bodies(spare);
        if (idle)
                spare->longest = 0;
        cw_wipe_stack();
}

void cw_spare_deinit(struct cw_spare *spare)
{
        cw_keep_deinit(&spare->handles);
        while (spare->n_bodies > 0)
                cw_buf_wipe(&spare->bodies[--spare->n_bodies]);
}
