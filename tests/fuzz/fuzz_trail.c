/* SPDX-License-Identifier: Apache-2.0 */
/* Trails: whatever happens to a card, by whatever clock, windows stay sane, bounded, and the same when recalled. */
#include "../../src/core/trail.h"
#include "cardwatch/cleanup.h"
#include "fuzz.h"

#define SIZE_MAX_SEEN 200000 /* bytes of a trail */

struct input {
        const uint8_t *data;
        size_t left;
};

struct life {
        struct cw_trail *trail, *other; /* the other is folded whenever it may be */
        struct cw_trail_needs needs;
        struct cw_card before, now;
        int64_t at, folded_at;
};

static uint8_t take(struct input *input)
{
        if (input->left == 0)
                return 0;
        input->left--;
        return *input->data++;
}

/* Small numbers and huge ones, of either sign. */
static int64_t take_number(struct input *input)
{
        uint8_t shape = take(input);
        uint64_t value = take(input);

        value = value << (shape & 0x1f) | (shape & 0x40 ? (UINT64_C(1) << (shape & 0x1f)) - 1 : 0);
        return shape & 0x80 ? -(int64_t)value : (int64_t)value;
}

static void check(const struct life *life, enum cw_field field, int64_t window_ms, int64_t at)
{
        struct cw_trail_window window, other;

        cw_trail_look(life->trail, field, window_ms, at, &life->now, &window);
        cw_trail_look(life->other, field, window_ms, at, &life->now, &other);
        must(window.begins_at <= at && window.moves_at > at);
        must(window.least <= window.first && window.first <= window.greatest);
        must(window.least <= window.last && window.last <= window.greatest);
        must(window.least <= window.average && window.average <= window.greatest);
        must(window.fell >= -1 && window.rose >= -1 && (window.changes > 0 || window.fell + window.rose == 0));
        must(window.last == other.last && other.changes >= window.changes);
        must(cw_trail_since(life->trail, field) == cw_trail_since(life->other, field));
}

static void change(struct life *life, struct input *input)
{
        struct cw_trail_change news = {.at = life->at, .changed = (uint16_t)(take(input) & 0x0f)};

        life->before = life->now;
        life->now.available = take_number(input);
        if (news.changed & 1u << CW_FIELD_PENDING)
                life->now.pending = take_number(input);
        news.changed |= 1u << CW_FIELD_AVAILABLE;
        news.before = take(input) % 16 == 0 ? NULL : &life->before;
        news.now = &life->now;
        must(cw_trail_add(life->trail, &life->needs, &news, &life->folded_at) == 0);
        must(cw_trail_add(life->other, &life->needs, &news, &life->folded_at) == 0);
        must(cw_trail_fold(life->other, life->at) == 0);
        must(cw_trail_size(life->trail) < SIZE_MAX_SEEN);
}

static void live(struct life *life, struct input *input)
{
        while (input->left > 0) {
                switch (take(input) % 8) {
                case 0:
                        life->at += take_number(input);
                        cw_trail_clock(life->trail, life->at);
                        cw_trail_clock(life->other, life->at);
                        break;
                case 1:
                        check(life, CW_FIELD_AVAILABLE, 1 + (int64_t)take(input) * take(input), life->at);
                        check(life, CW_FIELD_PENDING, INT64_MAX, life->at);
                        break;
                case 2:
                        check(life, CW_FIELD_AVAILABLE, 1 + (int64_t)take(input) * take(input), life->at + take(input));
                        break;
                default:
                        life->at += take(input);
                        change(life, input);
                        break;
                }
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {.data = data, .left = size < 4096 ? size : 4096};
        struct life life = {.at = INT64_C(1700000000000), .now = {.currency = "EUR"}};

        life.needs.window_ms[CW_FIELD_AVAILABLE] = 1 + (int64_t)take(&input) * take(&input) * take(&input);
        life.needs.window_ms[CW_FIELD_PENDING] = (int64_t)take(&input) << 20;
        life.needs.kept = take(&input);
        must(cw_trail_new(life.at, &life.trail) == 0);
        must(cw_trail_new(life.at, &life.other) == 0);
        live(&life, &input);
        cw_trail_free(life.trail);
        cw_trail_free(life.other);
        return 0;
}
