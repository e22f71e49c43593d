/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CORE_TRAIL_PRIVATE_H
#define CARDWATCH_CORE_TRAIL_PRIVATE_H

#include "trail.h"

/*
 * What a trail is made of: per field a track, oldest first: spans up to the time of the last fold, points after it.
 * Both arrays give up their beginning by moving `head`. A field that never changed has no track.
 */

struct cw_point {
        int64_t at, value; /* of fields that are no amounts: 0 */
};

/* One or more changes. What is said of values is said of those after each change. */
struct cw_span {
        __int128 integral; /* value times ms, from the first to the last change */
        int64_t first_at, last_at;
        int64_t last, least, greatest;
        uint64_t fell, rose; /* stop at their greatest value */
        uint32_t changes; /* likewise */
};

struct cw_track {
        enum cw_field field;
        int64_t since; /* the last change */
        int64_t base; /* the value in force before all that is kept */
        struct cw_point *points;
        struct cw_span *spans;
        uint32_t points_head, n_points, points_room; /* n: behind the head */
        uint32_t spans_head, n_spans, spans_room;
};

struct cw_trail {
        int64_t begins_at;
        int64_t amounts_at; /* where the past of amounts begins: with the present currency */
        int64_t newest_at;
        int64_t folded_at; /* INT64_MIN: never */
        struct cw_track *tracks;
        uint32_t n_tracks;
};

static inline bool cw_field_is_amount(enum cw_field field)
{
        return field <= CW_FIELD_TOTAL;
}

#define CW_TRAIL_AGE_PER_SLOT 32

/* How far back a window can look: where it begins there may be a span, of which nothing must be missing, or it would
 * be another one for whoever recalls it. */
static inline int64_t cw_trail_reach_ms(int64_t window_ms)
{
        int64_t longer_ms = window_ms / CW_TRAIL_AGE_PER_SLOT + 1;

        return window_ms > INT64_MAX - longer_ms ? INT64_MAX : window_ms + longer_ms;
}

/* NULL: it never changed. */
const struct cw_track *cw_trail_track(const struct cw_trail *trail, enum cw_field field);

static inline const struct cw_point *cw_track_points(const struct cw_track *track)
{
        return track->points ? track->points + track->points_head : NULL;
}

static inline const struct cw_span *cw_track_spans(const struct cw_track *track)
{
        return track->spans ? track->spans + track->spans_head : NULL;
}

/* A change from `before` as a span of its own. */
struct cw_span cw_span_of_point(const struct cw_point *point, int64_t before);

/* Makes `later` part of the span before it. */
void cw_span_join(struct cw_span *span, const struct cw_span *later);

/* Whether changes at the two times lie in one slot, as it was at the time of the fold. */
bool cw_fold_same_slot(int64_t a, int64_t b, int64_t folded_at);

/* Adds a change that is not later than the last fold. Room for one more span was made. */
void cw_track_add_folded(struct cw_track *track, const struct cw_point *point, int64_t folded_at);

#endif
