/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_DAEMON_PICTURES_H
#define CARDWATCH_DAEMON_PICTURES_H

#include <stddef.h>
#include <stdint.h>

#include "cardwatch/disguise.h"

struct cw_loop;

/*
 * Pictures: charts for a message that is about to be rendered.
 *
 * The past is read and drawn on the worker pool. Whoever asked is told once, from the loop: with what was drawn, or
 * after a moment with nothing, because a message does not wait for its pictures. While a job that was given up is still
 * at it, no other begins: a store that does not answer keeps one worker, not all of them.
 */

struct cw_painter;
struct cw_pictures;

int cw_painter_new(struct cw_loop *loop, struct cw_painter **ret_painter) __attribute__((warn_unused_result));
/* What is under way must have been told. */
void cw_painter_free(struct cw_painter *painter);

/* The pictures live for the call. */
typedef void (*cw_pictures_fn)(void *data, const struct cw_picture *pictures, size_t n);

enum { CW_PICTURES_NONE = 1 };

/* Of the worst cards of the notice, read from the store at `path`. CW_PICTURES_NONE: there are none to draw, and `done`
 * will not be called. -ENOMEM. */
int cw_pictures_start(struct cw_painter *painter, const char *path, const struct cw_notice *notice,
                      enum cw_detail detail, cw_pictures_fn done, void *data, struct cw_pictures **ret_pictures)
        __attribute__((warn_unused_result));

/* Tells with nothing, soon. */
void cw_pictures_give_up(struct cw_pictures *pictures);

#endif
