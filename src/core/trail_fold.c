/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: where a change goes follows from its own time and the time of the fold alone: to the largest slot around it
 * that is allowed. Slots nest and only more of them become allowed as time goes on, so that it makes no difference how
 * often and when something was folded before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trail_private.h"

#define SLOT_BITS_MAX 40 /* 34 years, a 32nd of the longest window */

struct slot {
        __int128 end; /* the last ms in it; it begins behind the end of the slot before */
        unsigned bits;
};

static struct slot slot_around(int64_t at, unsigned bits)
{
        __int128 size = (__int128)1 << bits;

        return (struct slot){.end = ((__int128)at + size - 1) & -size, .bits = bits};
}

static bool is_allowed(const struct slot *slot, int64_t folded_at)
{
        return ((__int128)CW_TRAIL_AGE_PER_SLOT << slot->bits) <= folded_at - slot->end;
}

/* Changes of one ms may always be one span: no window tells them apart. */
static struct slot slot_of(int64_t at, int64_t folded_at)
{
        struct slot slot = slot_around(at, 0), larger;

        while (slot.bits < SLOT_BITS_MAX) {
                larger = slot_around(at, slot.bits + 1);
                if (!is_allowed(&larger, folded_at))
                        break;
                slot = larger;
        }
        return slot;
}

bool cw_fold_same_slot(int64_t a, int64_t b, int64_t folded_at)
{
        struct slot slot_a = slot_of(a, folded_at), slot_b = slot_of(b, folded_at);

        return slot_a.bits == slot_b.bits && slot_a.end == slot_b.end;
}

static uint64_t distance(int64_t low, int64_t high)
{
        return (uint64_t)high - (uint64_t)low;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
        uint64_t c;

        return __builtin_add_overflow(a, b, &c) ? UINT64_MAX : c;
}

struct cw_span cw_span_of_point(const struct cw_point *point, int64_t before)
{
        return (struct cw_span){
                .first_at = point->at,
                .last_at = point->at,
                .last = point->value,
                .least = point->value,
                .greatest = point->value,
                .fell = point->value < before ? distance(point->value, before) : 0,
                .rose = point->value > before ? distance(before, point->value) : 0,
                .changes = 1,
        };
}

void cw_span_join(struct cw_span *span, const struct cw_span *later)
{
        span->integral += (__int128)span->last * (later->first_at - span->last_at) + later->integral;
        span->last_at = later->last_at;
        span->last = later->last;
        if (later->least < span->least)
                span->least = later->least;
        if (later->greatest > span->greatest)
                span->greatest = later->greatest;
        span->fell = sum(span->fell, later->fell);
        span->rose = sum(span->rose, later->rose);
        span->changes = later->changes > UINT32_MAX - span->changes ? UINT32_MAX : span->changes + later->changes;
}

/* Appends to an array that has room, or joins with the last one there. Returns how many there are then. */
static uint32_t put(struct cw_span *spans, uint32_t n, const struct cw_span *span, int64_t folded_at)
{
        if (n > 0 && cw_fold_same_slot(spans[n - 1].last_at, span->first_at, folded_at)) {
                cw_span_join(&spans[n - 1], span);
                return n;
        }
        spans[n] = *span;
        return n + 1;
}

void cw_track_add_folded(struct cw_track *track, const struct cw_point *point, int64_t folded_at)
{
        struct cw_span *spans = track->spans + track->spans_head, span;

        span = cw_span_of_point(point, track->n_spans > 0 ? spans[track->n_spans - 1].last : track->base);
        track->n_spans = put(spans, track->n_spans, &span, folded_at);
}

static uint32_t fold_into(const struct cw_track *track, int64_t folded_at, struct cw_span *ret_spans)
{
        const struct cw_span *spans = cw_track_spans(track);
        const struct cw_point *points = cw_track_points(track);
        int64_t before = track->n_spans > 0 ? spans[track->n_spans - 1].last : track->base;
        uint32_t n = 0;

        for (uint32_t i = 0; i < track->n_spans; i++)
                n = put(ret_spans, n, &spans[i], folded_at);
        for (uint32_t i = 0; i < track->n_points && points[i].at <= folded_at; i++) {
                struct cw_span span = cw_span_of_point(&points[i], before);

                n = put(ret_spans, n, &span, folded_at);
                before = points[i].value;
        }
        return n;
}

/* Takes over the folded spans; points that are not older than the fold stay. */
static void adopt(struct cw_track *track, struct cw_span *spans, uint32_t n_spans, int64_t folded_at)
{
        struct cw_span *fitting = n_spans > 0 ? realloc(spans, n_spans * sizeof(*spans)) : NULL;
        const struct cw_point *points = cw_track_points(track);
        uint32_t n_folded = 0;

        if (n_spans == 0) {
                free(spans);
                spans = NULL;
        }
        free(track->spans);
        track->spans = fitting ? fitting : spans;
        track->spans_head = 0;
        track->n_spans = track->spans_room = n_spans;
        while (n_folded < track->n_points && points[n_folded].at <= folded_at)
                n_folded++;
        track->points_head += n_folded;
        track->n_points -= n_folded;
        if (track->n_points == 0) {
                free(track->points);
                track->points = NULL;
                track->points_head = track->points_room = 0;
        }
}

int cw_trail_fold(struct cw_trail *trail, int64_t at)
{
        struct cw_span *spans[CW_FIELD_COUNT] = {0};
        uint32_t n_spans[CW_FIELD_COUNT] = {0};
        bool failed = false;

        if (at <= trail->folded_at)
                return 0;
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                const struct cw_track *track = &trail->tracks[i];
                size_t most = (size_t)track->n_spans + track->n_points;

                spans[i] = most > 0 ? malloc(most * sizeof(**spans)) : NULL;
                failed |= most > 0 && !spans[i];
        }
        if (failed) {
                for (uint32_t i = 0; i < trail->n_tracks; i++)
                        free(spans[i]);
                return -ENOMEM;
        }
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                if (spans[i])
                        n_spans[i] = fold_into(&trail->tracks[i], at, spans[i]);
                adopt(&trail->tracks[i], spans[i], n_spans[i], at);
        }
        trail->folded_at = at;
        return 0;
}
