/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a beat, and the ways in which a case is played. */
#include "beats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/engine_private.h"
#include "cardwatch/clock.h"
#include "cardwatch/text.h"
#include "readings.h"

enum way { AS_IT_IS, RESTARTED, FORCED, BY_PAGES, WAYS };

static const char *const ways[] = {"as it is", "with restarts", "with forced looks", "by pages"};

struct play {
        const struct beats_case *what;
        enum way way;
        size_t beat;
        struct world world;
        struct world_card *card;
        /* of the beat under way */
        int64_t wait_ms, clock_ms;
        unsigned times;
        bool idle, fails, watch;
        bool failed; /* it told something else */
};

static void wrong(const struct play *play, const char *problem)
{
        fprintf(stderr, "%s (%s), beat %zu \"%s\": %s\n", play->what->name, ways[play->way], play->beat + 1,
                play->what->beats[play->beat].what, problem);
        abort();
}

static struct cw_ruleset *rules_of(const struct ruleset_spec *from)
{
        struct ruleset_spec spec = *from;

        spec.builtins_off = UINT32_MAX;
        for (size_t i = 0; i < SPEC_RULES && spec.rules[i].name; i++)
                spec.rules[i].only_customer = 1;
        return ruleset_build(&spec);
}

static int64_t duration(const struct play *play, const char *text)
{
        static const struct {
                char unit;
                int64_t ms;
        } units[] = {{'s', CW_SECOND_MS}, {'m', CW_MINUTE_MS}, {'h', CW_HOUR_MS}, {'d', CW_DAY_MS}};
        char *end;
        long n = strtol(text, &end, 10);

        if (strcmp(end, "ms") == 0)
                return n;
        for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
                if (end[0] == units[i].unit && !end[1])
                        return n * units[i].ms;
        wrong(play, "no duration");
        return 0;
}

static void take_again(struct play *play, const char *answer)
{
        static const char *const answers[] = {[AGAIN_FOUND] = "same",
                                              [AGAIN_GONE] = "gone",
                                              [AGAIN_UNREADABLE] = "unreadable",
                                              [AGAIN_SILENT] = "silent"};
        struct world_customer *customer = world_customer(&play->world, 0, 1);

        customer->again = AGAIN_FOUND;
        play->card->again = NULL;
        for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
                if (strcmp(answers[i], answer) != 0)
                        continue;
                customer->again = (enum again_answer)i;
                return;
        }
        /* The word stands in a copy; what the table says lives on. */
        play->card->again = strstr(play->what->beats[play->beat].what, "again=") + strlen("again=");
        if (strchr(play->card->again, ' '))
                wrong(play, "an amount for again= must be the last word");
}

static bool take_switch(struct play *play, const char *word)
{
        bool *const flags[] = {&play->card->card.suppressed, &play->card->absent, &play->card->bad,
                               &world_customer(&play->world, 0, 1)->unread};
        static const char *const on[] = {"suppressed", "gone", "bad", "unread"};
        static const char *const off[] = {"active", "back", "good", "read"};

        for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
                if (strcmp(word, on[i]) != 0 && strcmp(word, off[i]) != 0)
                        continue;
                *flags[i] = strcmp(word, on[i]) == 0;
                return true;
        }
        return false;
}

static bool take_process_word(struct play *play, const char *word)
{
        if (strcmp(word, "restart") == 0)
                world_restart(&play->world, NULL);
        else if (strcmp(word, "reload") == 0)
                world_reload(&play->world, rules_of(&play->what->spec));
        else if (strcmp(word, "other") == 0)
                world_reload(&play->world, rules_of(&play->what->other));
        else if (strcmp(word, "mute") == 0 || strcmp(word, "loud") == 0)
                play->world.receivers[0].mood = *word == 'm' ? FAILS : ACCEPTS;
        else if (strcmp(word, "refuse") == 0)
                play->world.receivers[0].mood = REFUSES;
        else
                return false;
        return true;
}

static void take_word(struct play *play, const char *word)
{
        if (take_switch(play, word) || take_process_word(play, word))
                return;
        if (strncmp(word, "again=", 6) == 0)
                take_again(play, word + 6);
        else if (strncmp(word, "clock", 5) == 0)
                play->clock_ms = duration(play, word + 5);
        else if (*word == '+')
                play->wait_ms = duration(play, word + 1);
        else if (*word == 'x')
                play->times = (unsigned)atoi(word + 1);
        else if (strcmp(word, "idle") == 0)
                play->idle = true;
        else if (strcmp(word, "fails") == 0)
                play->fails = true;
        else if (strcmp(word, "watch") == 0)
                play->watch = true;
        else if (strcmp(word, "partial") == 0)
                world_customer(&play->world, 0, 2)->unread = true;
        else if (strlen(word) == 3 && word[0] >= 'A' && word[0] <= 'Z')
                strcpy(play->card->card.currency, word);
        else if (cw_amount_parse(word, strlen(word), &play->card->card.available) == 0)
                play->card->card.total = play->card->card.available;
        else
                wrong(play, word);
}

static void take_words(struct play *play, const char *what)
{
        char *words = strdup(what), *rest = words, *word;

        if (!words)
                abort();
        play->wait_ms = CW_MINUTE_MS;
        play->clock_ms = 0;
        play->times = 1;
        play->idle = play->fails = play->watch = false;
        world_customer(&play->world, 0, 2)->unread = false;
        while ((word = strsep(&rest, " ")))
                if (*word)
                        take_word(play, word);
        free(words);
}

static void force_looks(struct world *world)
{
        for (size_t s = 0; s < world->engine->n_sources; s++) {
                struct cw_source_state *state = &world->engine->sources[s];

                for (size_t i = 0; i < state->snapshot.n; i++)
                        if (cw_attention_call(&state->attentions, cw_snapshot_at(&state->snapshot, i)->id, 0) < 0)
                                abort();
        }
}

static void play_once(struct play *play)
{
        struct world *world = &play->world;

        if (play->way == RESTARTED && !play->what->as_it_is)
                world_restart(world, NULL);
        world_pass(world, play->wait_ms);
        if (play->clock_ms)
                world_set_clock(world, play->clock_ms);
        if (play->way == RESTARTED && !play->what->as_it_is)
                world_restart(world, NULL);
        if (play->way == FORCED)
                force_looks(world);
        if (play->watch)
                world_watch(world, 1);
        if (!play->idle)
                world_poll(world, &(struct world_poll){.failed = play->fails});
        world_deliver(world);
}

/* From lines of receivers.h to what a table says. */
static void put_told(struct cw_buf *buf, const char *told)
{
        for (const char *line = told, *end; *line; line = end + 1) {
                const char *kind = strstr(line, "baseline") ? "baseline " : strstr(line, " event: ") ? "event " : "";
                const char *repeat = strstr(line, " repeat "), *after;

                end = strchr(line, '\n');
                after = strstr(line, "/1 ");
                cw_buf_puts(buf, buf->len ? "; " : "");
                if (kind[0] && strstr(line, kind[0] == 'b' ? "baseline" : " event: ") < end)
                        cw_buf_puts(buf, kind);
                if (repeat && repeat < end)
                        cw_buf_puts(buf, "repeat ");
                if (!after || after > end)
                        after = line;
                else
                        after += 3;
                cw_buf_append(buf, after, (size_t)(end - after));
        }
}

static void play_beat(struct play *play)
{
        const struct beat *beat = &play->what->beats[play->beat];
        struct cw_buf told = CW_BUF_NULL;

        take_words(play, beat->what);
        for (unsigned i = 0; i < play->times; i++) {
                play_once(play);
                put_told(&told, world_told(&play->world));
        }
        if (strcmp(cw_buf_text(&told), beat->told) != 0) {
                fprintf(stderr, "%s (%s), beat %zu \"%s\": told \"%s\", not \"%s\"\n", play->what->name,
                        ways[play->way], play->beat + 1, beat->what, cw_buf_text(&told), beat->told);
                play->failed = true;
        }
        cw_buf_deinit(&told);
}

static bool play_case(const struct beats_case *what, enum way way, unsigned *alike)
{
        struct play play = {.what = what, .way = way};

        world_init(&play.world, rules_of(&what->spec));
        play.world.in_full = true;
        play.world.by_pages = way == BY_PAGES;
        world_card(&play.world, 2, 2, "500");
        play.card = world_card(&play.world, 1, 1, "500");
        if (!what->baseline && *world_polled(&play.world))
                wrong(&play, "the baseline told something");
        for (; play.beat < BEATS_MOST && what->beats[play.beat].what && !play.failed; play.beat++)
                play_beat(&play);
        *alike += play.world.n_alike;
        world_deinit(&play.world);
        return !play.failed;
}

size_t beats_play(const struct beats_case *cases, size_t n)
{
        unsigned alike = 0;
        size_t failed = 0;

        for (size_t i = 0; i < n; i++)
                for (int way = 0; way < WAYS; way++)
                        failed += !play_case(&cases[i], (enum way)way, &alike);
        if (n > 0 && alike == 0) {
                fprintf(stderr, "no page was ever as it was: what is skipped was not tested\n");
                failed++;
        }
        return failed;
}
