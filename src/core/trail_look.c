/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: one walk over what lies in the window, the oldest first; spans and points are summed up alike. */
#include "trail_private.h"

struct walk {
        struct cw_trail_window *window;
        int64_t at; /* what is dated later counts as of then */
        int64_t until; /* as far as it was walked */
        uint64_t fell, rose;
        __int128 integral;
};

static int64_t at_most(int64_t time, int64_t at)
{
        return time < at ? time : at;
}

static void add_to(uint64_t *sum, uint64_t part)
{
        if (__builtin_add_overflow(*sum, part, sum))
                *sum = UINT64_MAX;
}

static void pass_time(struct walk *walk, int64_t until)
{
        until = at_most(until, walk->at);
        if (until > walk->until)
                walk->integral += (__int128)walk->window->last * (until - walk->until);
        if (until > walk->until)
                walk->until = until;
}

static void pass(struct walk *walk, const struct cw_span *span)
{
        struct cw_trail_window *window = walk->window;

        pass_time(walk, span->first_at);
        walk->integral += span->integral;
        if (at_most(span->last_at, walk->at) > walk->until)
                walk->until = at_most(span->last_at, walk->at);
        window->last = span->last;
        if (span->least < window->least)
                window->least = span->least;
        if (span->greatest > window->greatest)
                window->greatest = span->greatest;
        add_to(&walk->fell, span->fell);
        add_to(&walk->rose, span->rose);
        window->changes = span->changes > UINT32_MAX - window->changes ? UINT32_MAX : window->changes + span->changes;
}

static uint64_t saturated(unsigned __int128 sum)
{
        return sum > UINT64_MAX ? UINT64_MAX : (uint64_t)sum;
}

/* Most of what is ever walked: as if each were a span of its own, without making one. The rises follow from the falls.
 */
static void pass_points(struct walk *walk, const struct cw_point *points, uint32_t n)
{
        struct cw_trail_window *window = walk->window;
        int64_t last = window->last, least = window->least, greatest = window->greatest, until = walk->until;
        __int128 integral = 0, fell = 0;

        for (uint32_t i = 0; i < n; i++) {
                int64_t value = points[i].value, at = at_most(points[i].at, walk->at);

                fell += value < last ? (__int128)last - value : 0;
                integral += (__int128)last * (at - until);
                until = at;
                last = value;
                least = value < least ? value : least;
                greatest = value > greatest ? value : greatest;
        }
        add_to(&walk->fell, saturated((unsigned __int128)fell));
        add_to(&walk->rose, saturated((unsigned __int128)(fell + last - window->last)));
        window->last = last;
        window->least = least;
        window->greatest = greatest;
        window->changes = n > UINT32_MAX - window->changes ? UINT32_MAX : window->changes + n;
        walk->until = until;
        walk->integral += integral;
}

/* The first that is later than `edge`; n: none is. */
static uint32_t first_span(const struct cw_track *track, int64_t edge)
{
        const struct cw_span *spans = cw_track_spans(track);
        uint32_t low = 0, high = track->n_spans;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (spans[middle].last_at <= edge)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static uint32_t first_point(const struct cw_track *track, int64_t edge)
{
        const struct cw_point *points = cw_track_points(track);
        uint32_t low = 0, high = track->n_points;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (points[middle].at <= edge)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* The value in force just before the item. */
static int64_t value_before(const struct cw_track *track, uint32_t span, uint32_t point)
{
        if (point > 0)
                return cw_track_points(track)[point - 1].value;
        return span > 0 ? cw_track_spans(track)[span - 1].last : track->base;
}

static int64_t sum_of(uint64_t sum)
{
        return sum > INT64_MAX ? -1 : (int64_t)sum;
}

/* Half to even, and never outside of what there was: an integral that was cut by a clock is not exact. */
static int64_t mean(const struct walk *walk, int64_t begins_at)
{
        const struct cw_trail_window *window = walk->window;
        __int128 time = (__int128)walk->at - begins_at, quotient, rest;

        if (time <= 0)
                return window->last;
        quotient = walk->integral / time;
        rest = walk->integral % time;
        if (rest < 0) {
                quotient--;
                rest += time;
        }
        if (rest * 2 > time || (rest * 2 == time && (quotient & 1)))
                quotient++;
        if (quotient < window->least)
                return window->least;
        return quotient > window->greatest ? window->greatest : (int64_t)quotient;
}

/* `observed_at`: what lies before was not observed, whatever a span says. */
static void walk_track(const struct cw_track *track, int64_t window_ms, int64_t observed_at, struct walk *walk)
{
        struct cw_trail_window *window = walk->window;
        /* By a wrong clock all may be later than now, and counts as of now: then nothing lies behind the beginning. */
        int64_t edge = window->begins_at < walk->at ? window->begins_at : INT64_MAX;
        uint32_t span = first_span(track, edge), point = first_point(track, edge);
        const struct cw_span *spans = cw_track_spans(track);
        const struct cw_point *points = cw_track_points(track);
        int64_t leaves_at = INT64_MAX, enters_at = INT64_MAX;

        window->first = window->last = window->least = window->greatest = value_before(track, span, point);
        if (span < track->n_spans) {
                leaves_at = spans[span].last_at;
                if (spans[span].first_at < leaves_at && spans[span].first_at > window->begins_at)
                        enters_at = spans[span].first_at;
                if (spans[span].first_at <= window->begins_at && spans[span].first_at > observed_at)
                        window->begins_at = spans[span].first_at - 1;
        } else if (point < track->n_points) {
                leaves_at = points[point].at;
        }
        if (__builtin_add_overflow(leaves_at, window_ms, &window->moves_at))
                window->moves_at = INT64_MAX;
        if (__builtin_add_overflow(enters_at, window_ms, &window->stretches_at))
                window->stretches_at = INT64_MAX;
        if (edge == INT64_MAX)
                window->moves_at = observed_at + 1;
        walk->until = window->begins_at;
        for (; span < track->n_spans; span++)
                pass(walk, &spans[span]);
        if (point < track->n_points)
                pass_points(walk, points + point, track->n_points - point);
        pass_time(walk, walk->at);
        window->average = mean(walk, window->begins_at);
}

static int64_t amount_of(const struct cw_card *card, enum cw_field field)
{
        return field == CW_FIELD_AVAILABLE ? card->available : field == CW_FIELD_PENDING ? card->pending : card->total;
}

void cw_trail_look(const struct cw_trail *trail, enum cw_field field, int64_t window_ms, int64_t at,
                   const struct cw_card *now, struct cw_trail_window *ret_window)
{
        const struct cw_track *track = cw_trail_track(trail, field);
        int64_t value = cw_field_is_amount(field) ? amount_of(now, field) : 0;
        int64_t begins_at = cw_field_is_amount(field) ? trail->amounts_at : trail->begins_at;
        struct cw_trail_window window = {
                .first = value,
                .last = value,
                .least = value,
                .greatest = value,
                .average = value,
                .moves_at = INT64_MAX,
                .stretches_at = INT64_MAX,
        };
        struct walk walk = {.window = &window, .at = at};

        if (__builtin_sub_overflow(at, window_ms, &window.begins_at) || window.begins_at < begins_at)
                window.begins_at = at_most(begins_at, at);
        if (track)
                walk_track(track, window_ms, begins_at, &walk);
        window.fell = sum_of(walk.fell);
        window.rose = sum_of(walk.rose);
        *ret_window = window;
}

void cw_trail_fall(const struct cw_trail *trail, int64_t begins_at, int64_t at, cw_amount now, struct cw_fall *ret_fall)
{
        const struct cw_track *track = trail ? cw_trail_track(trail, CW_FIELD_AVAILABLE) : NULL;
        const struct cw_point *points = track ? cw_track_points(track) : NULL;
        uint32_t point = 0;

        if (trail && trail->amounts_at > begins_at)
                begins_at = trail->amounts_at;
        if (track && track->n_spans > 0 && cw_track_spans(track)[track->n_spans - 1].last_at > begins_at)
                begins_at = cw_track_spans(track)[track->n_spans - 1].last_at;
        if (track) {
                point = first_point(track, begins_at);
                now = value_before(track, track->n_spans, point);
        }
        cw_fall_begin(ret_fall, at_most(begins_at, at), now);
        for (; track && point < track->n_points; point++)
                cw_fall_tell(ret_fall, at_most(points[point].at, at), points[point].value);
}
