/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: the calls of the header only set what is wanted and wake the pump; everything happens in callbacks of the loop,
 * so no listener is ever called from inside a call.
 */
#include "cardwatch/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <liboath/oath.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/clock.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"

#include "request.h"
#include "source_private.h"
#include "totp.h"

static void source_destroy(struct cw_source *source)
{
        if (!source)
                return;
        cw_auth_deinit(&source->auth);
        cw_secret_free(source->password);
        cw_secret_free(source->api_key);
        cw_secret_free(source->totp_key);
        cw_secret_free(source->otp);
        free(source->name);
        free(source->url);
        free(source->username);
        free(source->tls_ca);
        free(source->tls_cert);
        free(source->tls_key);
        free(source);
}

CW_DEFINE_CLEANUP(struct cw_source *, cw_source_free);

void cw_source_ref(struct cw_source *source)
{
        source->references++;
}

void cw_source_unref(struct cw_source *source)
{
        if (--source->references == 0)
                source_destroy(source);
}

struct cw_auth_now cw_source_now(void)
{
        return (struct cw_auth_now){.mono = cw_clock_mono_ms(), .wall = cw_clock_wall_ms()};
}

uint32_t cw_source_chance(void)
{
        uint32_t chance = UINT32_MAX;

        /* Without it the wait is the longest of those allowed. */
        (void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
        return chance;
}

static int copy_text(const char *text, char **ret_copy)
{
        if (!text)
                return 0;
        *ret_copy = strdup(text);
        return *ret_copy ? 0 : -ENOMEM;
}

static int copy_secret(const struct cw_secret *secret, struct cw_secret **ret_copy)
{
        return secret ? cw_secret_new(cw_secret_reveal(secret), cw_secret_len(secret), ret_copy) : 0;
}

static int copy_options(struct cw_source *source, const struct cw_source_options *options)
{
        int r = copy_text(options->name, &source->name);

        r = r < 0 ? r : copy_text(options->url, &source->url);
        r = r < 0 ? r : copy_text(options->username, &source->username);
        r = r < 0 ? r : copy_text(options->tls.ca, &source->tls_ca);
        r = r < 0 ? r : copy_text(options->tls.cert, &source->tls_cert);
        r = r < 0 ? r : copy_text(options->tls.key, &source->tls_key);
        r = r < 0 ? r : copy_secret(options->password, &source->password);
        r = r < 0 ? r : copy_secret(options->api_key, &source->api_key);
        r = r < 0 ? r : copy_secret(options->otp, &source->otp);
        if (r == 0 && options->totp_secret)
                r = cw_totp_key_new(options->totp_secret, &source->totp_key);
        if (r < 0)
                return r;
        source->options = *options;
        source->options.name = source->name;
        source->options.url = source->url;
        source->options.username = source->username;
        source->options.password = source->password;
        source->options.api_key = source->api_key;
        source->options.totp_secret = source->totp_key;
        source->options.otp = source->otp;
        source->options.tls = (struct cw_http_tls){source->tls_ca, source->tls_cert, source->tls_key};
        return 0;
}

static void on_pump(void *data)
{
        cw_source_pump(data);
}

/* Beats are counted from the first poll's start, so that none drifts; those that passed meanwhile are left out. */
static void set_beat(struct cw_source *source)
{
        int64_t every_ms = source->options.every_ms, now = cw_clock_mono_ms();
        int64_t beats = (now - source->first_mono) / every_ms + 1;

        source->beat_mono = source->first_mono + beats * every_ms;
        cw_timer_start(source->beat, (uint64_t)(source->beat_mono - now));
}

static void on_beat(void *data)
{
        struct cw_source *source = data;
        int64_t early_ms = source->beat_mono - cw_clock_mono_ms();

        /* The loop's clock is read once a turn: its timers may be early, and one beat must not become two. */
        if (early_ms > 0) {
                cw_timer_start(source->beat, (uint64_t)early_ms);
                return;
        }
        set_beat(source);
        if (source->poll.running)
                return;
        source->wanted = true;
        cw_source_pump(source);
}

int cw_source_new(struct cw_loop *loop, struct cw_http *http, struct cw_log *log,
                  const struct cw_source_options *options, const struct cw_source_listener *listener, void *data,
                  struct cw_source **ret_source)
{
        cw_cleanup(cw_source_free_cleanup) struct cw_source *source = NULL;
        int r;

        if (!options->name || !options->url || options->every_ms <= 0 || (!options->api_key && !options->username))
                return -EINVAL;
        if (oath_init() != OATH_OK)
                return -ENOTSUP;
        source = calloc(1, sizeof(*source));
        if (!source)
                return -ENOMEM;
        source->references = 1;
        source->loop = loop;
        source->http = http;
        source->log = log;
        source->listener = *listener;
        source->data = data;
        source->last_result = -1;
        r = copy_options(source, options);
        if (r < 0)
                return r;
        cw_auth_init(&source->auth, source->api_key);
        r = cw_timer_new(loop, on_pump, source, &source->pump);
        if (r < 0)
                return r;
        r = cw_timer_new(loop, on_beat, source, &source->beat);
        if (r < 0)
                return r;
        *ret_source = cw_take(source);
        return 0;
}

void cw_source_free(struct cw_source *source)
{
        if (!source)
                return;
        source->freed = true;
        cw_timer_free(cw_take(source->pump));
        cw_timer_free(cw_take(source->beat));
        cw_source_cancel_requests(source);
        cw_source_unref(source);
}

const char *cw_source_name(const struct cw_source *source)
{
        return source->name;
}

void cw_source_start(struct cw_source *source, bool once)
{
        source->pausing = false;
        source->paused = false;
        source->wanted = true;
        source->first_mono = cw_clock_mono_ms();
        if (once)
                cw_timer_stop(source->beat);
        else
                set_beat(source);
        cw_timer_start(source->pump, 0);
}

void cw_source_poll_now(struct cw_source *source)
{
        if (source->poll.running || source->paused)
                return;
        source->wanted = true;
        cw_timer_start(source->pump, 0);
}

void cw_source_pause(struct cw_source *source)
{
        source->wanted = false;
        source->pausing = true;
        source->paused = true;
        source->poll.running = false;
        cw_timer_stop(source->beat);
        cw_source_cancel_requests(source);
        cw_timer_start(source->pump, 0);
}
