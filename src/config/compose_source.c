/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: an account can be asked when it is clear where, as whom, and with what; anything between is a mistake. */
#include <errno.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "compose.h"
#include "url.h"

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->sources[i].node, "name");
}

static void check_url(struct cw_composer *composer, const struct cw_source_draft *draft)
{
        struct cw_config_url url;

        if (!draft->source.url || cw_config_url_split(draft->source.url, &url) != NULL)
                return;
        if (cw_config_url_is_scheme(&url, "http") && !cw_config_url_is_loopback(&url))
                cw_reader_warn(composer->reader, cw_node_get(draft->node, "url"),
                               "credentials and balances go over the network unencrypted (http)");
}

/* `a` and `b` exclude each other. */
static bool check_either(struct cw_reader *reader, const struct cw_node *mapping, const char *a, const char *b)
{
        const struct cw_node *key = cw_node_key(mapping, b);

        if (!key || !cw_node_key(mapping, a))
                return true;
        cw_reader_complain(reader, key, "\"%s\" and \"%s\" exclude each other", a, b);
        return false;
}

static void check_pair(struct cw_reader *reader, const struct cw_node *mapping, const char *a, const char *b)
{
        const struct cw_node *first = cw_node_key(mapping, a), *second = cw_node_key(mapping, b);

        if (first && !cw_node_key_meant(mapping, b))
                cw_reader_complain(reader, first, "\"%s\" needs \"%s\"", a, b);
        if (second && !cw_node_key_meant(mapping, a))
                cw_reader_complain(reader, second, "\"%s\" needs \"%s\"", b, a);
}

static void check_auth(struct cw_composer *composer, const struct cw_source_draft *draft, size_t i)
{
        const struct cw_node *auth = cw_node_get(draft->node, "auth"), *single;
        struct cw_reader *reader = composer->reader;
        bool key, login;

        if (!auth || auth->kind != CW_NODE_MAPPING)
                return;
        key = cw_node_key_meant(auth, "api_key");
        login = cw_node_key_meant(auth, "username") || cw_node_key_meant(auth, "password");
        if (!key && !login)
                cw_reader_complain(reader, auth,
                                   "sources[%zu].auth needs \"username\" and \"password\", or \"api_key\"", i);
        if (!key ||
            (check_either(reader, auth, "api_key", "username") && check_either(reader, auth, "api_key", "password")))
                check_pair(reader, auth, "username", "password");
        (void)check_either(reader, auth, "totp_secret", "otp");
        single = cw_node_key(auth, "otp_single_use");
        if (single && draft->source.otp_single_use && !cw_node_key(auth, "totp_secret"))
                cw_reader_warn(reader, single, "\"otp_single_use\" has no effect without \"totp_secret\"");
}

static void check_every(struct cw_composer *composer, const struct cw_source_draft *draft)
{
        const struct cw_config_source *source = &draft->source;
        const struct cw_node *single = cw_node_get(cw_node_get(draft->node, "auth"), "otp_single_use");

        /* One page every 30 s is all that one-time passwords allow. */
        if (single && source->otp_single_use && source->concurrency > 1 && cw_node_key(draft->node, "concurrency"))
                cw_reader_warn(composer->reader, cw_node_key(draft->node, "concurrency"),
                               "\"concurrency\" has no effect with \"otp_single_use\"");
}

void cw_compose_sources(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;

        cw_compose_unique(composer, "source", draft->n_sources, name_of);
        rules->sources = cw_reader_alloc(composer->reader, draft->n_sources, sizeof(*rules->sources));
        for (size_t i = 0; rules->sources && i < draft->n_sources; i++) {
                struct cw_source_draft *source = &draft->sources[i];
                struct cw_source_traits *traits = &rules->sources[i];

                check_url(composer, source);
                check_auth(composer, source, i);
                check_every(composer, source);
                cw_compose_tls(composer, cw_node_get(source->node, "tls"), &source->source.tls);
                traits->name = cw_reader_dup(composer->reader, source->source.name ? source->source.name : "");
                traits->every_ms = source->source.every_ms;
                traits->stale_after = source->source.stale_after;
                traits->missing_after = source->source.missing_after;
                traits->suspect_above = source->source.suspect_above;
                rules->n_sources++;
        }
        if (draft->n_sources == 0 && cw_compose_is_absent(composer, "sources"))
                cw_compose_complain(composer, false, "there is no source: \"sources\" must list at least one");
}
