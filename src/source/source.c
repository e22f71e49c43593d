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
#include "cardwatch/decoder.h"
#include "cardwatch/loop.h"
#include "cardwatch/secret.h"

#include "again.h"
#include "block.h"
#include "pump.h"
#include "request.h"
#include "source_private.h"
#include "totp.h"

static void source_destroy(struct cw_source *source)
{
        if (!source)
                return;
        cw_auth_deinit(&source->auth);
        cw_decoder_free(source->decoder);
        for (size_t i = 0; i < source->n_lanes; i++) {
                free(source->lanes[i]->customers);
                free(source->lanes[i]->waiting);
                free(source->lanes[i]);
        }
        free(source->lanes);
        cw_secret_free(source->password);
        cw_secret_free(source->api_key);
        cw_secret_free(source->totp_key);
        cw_secret_free(source->otp);
        free(source->name);
        free(source->url);
        free(source->username);
        free(source->proxy);
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

struct cw_source_memory cw_source_memory_now(const struct cw_source *source)
{
        struct cw_source_memory memory = source->auth.memory;

        memory.blocked_until_at = cw_block_stamp(memory.blocked_until_at, source->locked ? 0 : source->credentials);
        return memory;
}

static void recall(struct cw_source *source, const struct cw_source_options *options)
{
        struct cw_source_memory memory = options->memory;

        source->credentials = cw_block_credentials(options);
        source->locked = cw_block_is_for_all(memory.blocked_until_at);
        memory.blocked_until_at = cw_block_until(memory.blocked_until_at, source->credentials);
        cw_auth_init(&source->auth, source->api_key, &memory, cw_source_now());
        source->login_failed = source->auth.memory.blocked_until_at != 0;
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

static int copy_watch(const struct cw_source_watch *watch, struct cw_source_lane **ret_lane)
{
        struct cw_source_lane *lane = calloc(1, sizeof(*lane));

        if (!lane)
                return -ENOMEM;
        lane->customers = calloc(watch->n_customers, sizeof(*lane->customers));
        if (!lane->customers) {
                free(lane);
                return -ENOMEM;
        }
        memcpy(lane->customers, watch->customers, watch->n_customers * sizeof(*lane->customers));
        lane->n_customers = watch->n_customers;
        lane->every_ms = watch->every_ms;
        *ret_lane = lane;
        return 0;
}

static int copy_watches(struct cw_source *source, const struct cw_source_options *options)
{
        int r;

        source->lanes = calloc(options->n_watches + 2, sizeof(struct cw_source_lane *)); /* with again.c's */
        if (!source->lanes)
                return -ENOMEM;
        for (size_t i = 0; i < options->n_watches; i++) {
                if (options->watches[i].every_ms <= 0)
                        return -EINVAL;
                if (options->watches[i].n_customers == 0)
                        continue;
                r = copy_watch(&options->watches[i], &source->lanes[source->n_lanes]);
                if (r < 0)
                        return r;
                source->n_lanes++;
        }
        return 0;
}

static int copy_options(struct cw_source *source, const struct cw_source_options *options)
{
        int r = copy_text(options->name, &source->name);

        r = r < 0 ? r : copy_text(options->url, &source->url);
        r = r < 0 ? r : copy_text(options->username, &source->username);
        r = r < 0 ? r : copy_text(options->proxy, &source->proxy);
        r = r < 0 ? r : copy_text(options->tls.ca, &source->tls_ca);
        r = r < 0 ? r : copy_text(options->tls.cert, &source->tls_cert);
        r = r < 0 ? r : copy_text(options->tls.key, &source->tls_key);
        r = r < 0 ? r : copy_secret(options->password, &source->password);
        r = r < 0 ? r : copy_secret(options->api_key, &source->api_key);
        r = r < 0 ? r : copy_secret(options->otp, &source->otp);
        if (r == 0 && options->totp_secret)
                r = cw_totp_key_new(options->totp_secret, &source->totp_key);
        r = r < 0 ? r : copy_watches(source, options);
        r = r < 0 ? r : cw_again_new(source);
        if (r < 0)
                return r;
        source->options = *options;
        source->options.name = source->name;
        source->options.url = source->url;
        source->options.username = source->username;
        source->options.proxy = source->proxy;
        source->options.password = source->password;
        source->options.api_key = source->api_key;
        source->options.totp_secret = source->totp_key;
        source->options.otp = source->otp;
        source->options.watches = NULL;
        source->options.n_watches = 0;
        source->options.tls = (struct cw_http_tls){source->tls_ca, source->tls_cert, source->tls_key};
        return 0;
}

static void on_pump(void *data)
{
        cw_source_pump(data);
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
        r = r < 0 ? r : cw_decoder_new(options->reference_decoder, &source->decoder);
        if (r < 0)
                return r;
        recall(source, options);
        cw_gate_init(&source->gate, options->otp_single_use ? 1 : options->concurrency, options->n_watches > 0);
        r = cw_timer_new(loop, on_pump, source, &source->pump);
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
        cw_source_cancel_all(source);
        cw_source_unref(source);
}

void cw_source_start(struct cw_source *source, bool once)
{
        source->once = once;
        source->lanes_open = false;
        source->first_mono = cw_clock_mono_ms();
        source->beat_mono = source->first_mono + source->options.every_ms;
        cw_source_enter(source, CW_PHASE_START);
        cw_source_wake(source);
}

void cw_source_poll_now(struct cw_source *source)
{
        cw_source_enter(source, CW_PHASE_WANT);
        cw_source_wake(source);
}

void cw_source_unblock(struct cw_source *source)
{
        cw_auth_unblock(&source->auth);
        cw_source_wake(source);
}

void cw_source_pause(struct cw_source *source)
{
        cw_source_enter(source, CW_PHASE_PAUSE);
        for (size_t i = 0; i < source->n_lanes; i++) {
                source->lanes[i]->running = false;
                source->lanes[i]->n_waiting = 0;
        }
        cw_source_cancel_all(source);
        cw_source_wake(source);
}
