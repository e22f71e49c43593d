/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a card that does nothing has a trail of a few words; what changes is appended, what is too old is passed over.
 */
#include "trail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trail_private.h"

int cw_trail_new(int64_t first_seen_at, struct cw_trail **ret_trail)
{
        struct cw_trail *trail = malloc(sizeof(*trail));

        if (!trail)
                return -ENOMEM;
        *trail = (struct cw_trail){
                .begins_at = first_seen_at,
                .amounts_at = first_seen_at,
                .newest_at = first_seen_at,
                .folded_at = INT64_MIN,
        };
        *ret_trail = trail;
        return 0;
}

void cw_trail_free(struct cw_trail *trail)
{
        if (!trail)
                return;
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                free(trail->tracks[i].points);
                free(trail->tracks[i].spans);
        }
        free(trail->tracks);
        free(trail);
}

const struct cw_track *cw_trail_track(const struct cw_trail *trail, enum cw_field field)
{
        for (uint32_t i = 0; i < trail->n_tracks; i++)
                if (trail->tracks[i].field == field)
                        return &trail->tracks[i];
        return NULL;
}

static struct cw_track *track_of(struct cw_trail *trail, enum cw_field field)
{
        return (struct cw_track *)(uintptr_t)cw_trail_track(trail, field);
}

static int64_t begin_of(const struct cw_trail *trail, enum cw_field field)
{
        return cw_field_is_amount(field) ? trail->amounts_at : trail->begins_at;
}

int64_t cw_trail_since(const struct cw_trail *trail, enum cw_field field)
{
        const struct cw_track *track = cw_trail_track(trail, field);

        return track ? track->since : begin_of(trail, field);
}

size_t cw_trail_size(const struct cw_trail *trail)
{
        size_t size = sizeof(*trail) + trail->n_tracks * sizeof(*trail->tracks);

        for (uint32_t i = 0; i < trail->n_tracks; i++)
                size += trail->tracks[i].points_room * sizeof(struct cw_point) +
                        trail->tracks[i].spans_room * sizeof(struct cw_span);
        return size;
}

static int64_t value_of(const struct cw_card *card, enum cw_field field)
{
        switch (field) {
        case CW_FIELD_AVAILABLE:
                return card->available;
        case CW_FIELD_PENDING:
                return card->pending;
        case CW_FIELD_TOTAL:
                return card->total;
        default:
                return 0;
        }
}

static void bring_back(int64_t *time, int64_t at)
{
        if (*time > at)
                *time = at;
}

/* How the value ran within a span that is cut is not known: as if it had been its mean all along. */
static void bring_back_span(struct cw_span *span, int64_t at)
{
        if (span->last_at <= at)
                return;
        if (span->first_at >= at)
                span->integral = 0;
        else
                span->integral = span->integral / ((__int128)span->last_at - span->first_at) * (at - span->first_at);
        bring_back(&span->first_at, at);
        span->last_at = at;
}

void cw_trail_clock(struct cw_trail *trail, int64_t at)
{
        if (trail->newest_at <= at)
                return;
        trail->newest_at = at;
        bring_back(&trail->begins_at, at);
        bring_back(&trail->amounts_at, at);
        bring_back(&trail->folded_at, at);
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                struct cw_track *track = &trail->tracks[i];

                bring_back(&track->since, at);
                for (uint32_t j = 0; j < track->n_points; j++)
                        bring_back(&track->points[track->points_head + j].at, at);
                for (uint32_t j = 0; j < track->n_spans; j++)
                        bring_back_span(&track->spans[track->spans_head + j], at);
        }
}

static void forget(struct cw_track *track)
{
        free(track->points);
        free(track->spans);
        track->points = NULL;
        track->spans = NULL;
        track->points_head = track->n_points = track->points_room = 0;
        track->spans_head = track->n_spans = track->spans_room = 0;
}

/* What lies at `edge` or before it is in no window and in no span of one; the value that was in force there is kept. */
static void drop(struct cw_track *track, int64_t edge)
{
        while (track->n_spans > 0 && cw_track_spans(track)->last_at <= edge) {
                track->base = cw_track_spans(track)->last;
                track->spans_head++;
                track->n_spans--;
        }
        while (track->n_spans == 0 && track->n_points > 0 && cw_track_points(track)->at <= edge) {
                track->base = cw_track_points(track)->value;
                track->points_head++;
                track->n_points--;
        }
}

static void drop_old(struct cw_trail *trail, const struct cw_trail_needs *needs, int64_t at)
{
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                struct cw_track *track = &trail->tracks[i];
                int64_t edge;

                if (__builtin_sub_overflow(at, cw_trail_reach_ms(needs->window_ms[track->field]), &edge))
                        edge = INT64_MIN;
                drop(track, edge);
                if (track->n_spans == 0 && track->n_points == 0)
                        forget(track);
        }
}

static int make_track(struct cw_trail *trail, enum cw_field field)
{
        struct cw_track *tracks;

        if (cw_trail_track(trail, field))
                return 0;
        tracks = realloc(trail->tracks, (trail->n_tracks + 1) * sizeof(*tracks));
        if (!tracks)
                return -ENOMEM;
        trail->tracks = tracks;
        tracks[trail->n_tracks++] = (struct cw_track){
                .field = field,
                .since = begin_of(trail, field),
        };
        return 0;
}

int cw_trail_know(struct cw_trail *trail, enum cw_field field, int64_t since, const struct cw_card *now)
{
        int r = make_track(trail, field);

        if (r == 0) {
                track_of(trail, field)->since = since;
                track_of(trail, field)->base = value_of(now, field);
        }
        return r;
}

/* Room for one more item of an array of which `head` were given up and `n` are left. */
static int make_room(void **items, size_t size, uint32_t *head, uint32_t n, uint32_t *room)
{
        uint32_t larger = *room + *room / 2 + 4;
        void *grown;

        if (*head + n < *room)
                return 0;
        if (*head > *room / 4) {
                memmove(*items, (char *)*items + *head * size, n * size);
                *head = 0;
                return 0;
        }
        grown = realloc(*items, larger * size);
        if (!grown)
                return -ENOMEM;
        *items = grown;
        *room = larger;
        return 0;
}

/* Behind what came after the fold nothing can be folded, whatever its time: a clock was set back. */
static bool goes_to_spans(const struct cw_trail *trail, const struct cw_track *track, int64_t at)
{
        return at <= trail->folded_at && track->n_points == 0;
}

static int prepare(struct cw_trail *trail, const struct cw_trail_change *change, enum cw_field field, bool windowed)
{
        struct cw_track *track;
        void *items;
        int r;

        r = make_track(trail, field);
        if (r < 0 || !windowed)
                return r;
        track = track_of(trail, field);
        if (goes_to_spans(trail, track, change->at)) {
                items = track->spans;
                r = make_room(&items, sizeof(*track->spans), &track->spans_head, track->n_spans, &track->spans_room);
                track->spans = items;
        } else {
                items = track->points;
                r = make_room(&items, sizeof(*track->points), &track->points_head, track->n_points,
                              &track->points_room);
                track->points = items;
        }
        return r;
}

static void append(struct cw_trail *trail, const struct cw_trail_change *change, enum cw_field field, bool windowed)
{
        struct cw_track *track = track_of(trail, field);
        struct cw_point point = {.at = change->at, .value = value_of(change->now, field)};

        track->since = change->at;
        if (track->n_points == 0 && track->n_spans == 0)
                track->base = value_of(change->before ? change->before : change->now, field);
        if (!windowed) {
                track->base = point.value;
                return;
        }
        if (goes_to_spans(trail, track, change->at))
                cw_track_add_folded(track, &point, trail->folded_at);
        else
                track->points[track->points_head + track->n_points++] = point;
}

/* Amounts in another currency have nothing to do with those before. */
static void begin_anew(struct cw_trail *trail, const struct cw_trail_change *change)
{
        trail->amounts_at = change->at;
        for (uint32_t i = 0; i < trail->n_tracks; i++) {
                struct cw_track *track = &trail->tracks[i];

                if (!cw_field_is_amount(track->field))
                        continue;
                forget(track);
                track->since = change->at;
                track->base = value_of(change->now, track->field);
        }
}

/* The fields of the change that are to be remembered. */
static uint16_t wanted(const struct cw_trail_needs *needs, const struct cw_trail_change *change)
{
        uint16_t fields = 0;

        for (unsigned field = 0; field < CW_FIELD_COUNT; field++)
                if ((needs->window_ms[field] > 0 || needs->kept & 1u << field) &&
                    (change->before || !cw_field_is_amount((enum cw_field)field)))
                        fields = (uint16_t)(fields | (change->changed & 1u << field));
        return fields;
}

static bool is_full(const struct cw_trail *trail)
{
        for (uint32_t i = 0; i < trail->n_tracks; i++)
                if (trail->tracks[i].n_points >= CW_TRAIL_POINTS_MAX)
                        return true;
        return false;
}

int cw_trail_add(struct cw_trail *trail, const struct cw_trail_needs *needs, const struct cw_trail_change *change,
                 int64_t *ret_folded_at)
{
        uint16_t fields = wanted(needs, change);
        int r = 0;

        cw_trail_clock(trail, change->at);
        drop_old(trail, needs, change->at);
        if (is_full(trail)) {
                r = cw_trail_fold(trail, change->at);
                if (r < 0)
                        return r;
                *ret_folded_at = trail->folded_at;
        }
        for (unsigned field = 0; field < CW_FIELD_COUNT && r == 0; field++)
                if (fields & 1u << field)
                        r = prepare(trail, change, (enum cw_field)field, needs->window_ms[field] > 0);
        if (r < 0)
                return r;
        trail->newest_at = change->at;
        if (!change->before)
                begin_anew(trail, change);
        for (unsigned field = 0; field < CW_FIELD_COUNT; field++)
                if (fields & 1u << field)
                        append(trail, change, (enum cw_field)field, needs->window_ms[field] > 0);
        return 0;
}
