/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: nothing can be wrong any more except memory; values move, nodes are left behind, the meaning is hashed. */
#include "finish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "cardwatch/text.h"

CW_DEFINE_CLEANUP(struct cw_config *, cw_config_free);

static void hash_labels(struct cw_hash *hash, const struct cw_label *labels, size_t n)
{
        cw_hash_u64(hash, n);
        for (size_t i = 0; i < n; i++) {
                cw_hash_string(hash, labels[i].name);
                cw_hash_string(hash, labels[i].value);
        }
}

static void hash_flap(struct cw_hash *hash, const struct cw_flap *flap)
{
        cw_hash_u64(hash, flap->limit);
        cw_hash_u64(hash, (uint64_t)flap->window_ms);
}

static void hash_places(struct cw_hash *hash, const size_t *places, size_t n)
{
        cw_hash_u64(hash, n);
        for (size_t i = 0; i < n; i++)
                cw_hash_u64(hash, places[i]);
}

static void hash_route(struct cw_hash *hash, const struct cw_route *route)
{
        cw_filter_hash(&route->match, hash);
        cw_hash_u64(hash, route->goes_on);
        hash_places(hash, route->notify, route->n_notify);
        hash_places(hash, route->mute, route->n_mute);
        hash_places(hash, route->only, route->n_only);
        cw_hash_u64(hash, (uint64_t)route->group_wait_ms);
        cw_hash_u64(hash, (uint64_t)route->group_interval_ms);
        cw_hash_u64(hash, (uint64_t)route->repeat_every_ms);
        cw_hash_u64(hash, route->n_group_by);
        for (size_t i = 0; i < route->n_group_by; i++) {
                cw_hash_u64(hash, route->group_by[i].key);
                cw_hash_string(hash, route->group_by[i].label);
        }
        cw_hash_u64(hash, route->n_escalate);
        for (size_t i = 0; i < route->n_escalate; i++) {
                cw_hash_u64(hash, (uint64_t)route->escalate[i].after_ms);
                hash_places(hash, route->escalate[i].notify, route->escalate[i].n_notify);
        }
        cw_hash_u64(hash, route->n_routes);
        for (size_t i = 0; i < route->n_routes; i++)
                hash_route(hash, &route->routes[i]);
}

static void hash_digests(struct cw_hash *hash, const struct cw_ruleset *rules)
{
        cw_hash_u64(hash, rules->n_digests);
        for (size_t i = 0; i < rules->n_digests; i++) {
                cw_hash_u64(hash, rules->digests[i].n_notify);
                for (size_t k = 0; k < rules->digests[i].n_notify; k++)
                        cw_hash_u64(hash, rules->digests[i].notify[k]);
        }
}

static void hash_inhibitions(struct cw_hash *hash, const struct cw_ruleset *rules)
{
        cw_hash_u64(hash, rules->n_inhibitions);
        for (size_t i = 0; i < rules->n_inhibitions; i++) {
                cw_filter_hash(&rules->inhibitions[i].source, hash);
                cw_filter_hash(&rules->inhibitions[i].target, hash);
        }
}

/* What the tables leave to code: rules, built-in alerts, routes and what alerts they match. */
static void hash_rules(struct cw_hash *hash, const struct cw_ruleset *rules)
{
        for (size_t i = 0; i < rules->n_rules; i++) {
                const struct cw_rule *rule = &rules->rules[i];

                cw_hash_string(hash, rule->name);
                cw_hash_u64(hash, rule->enabled);
                cw_hash_u64(hash, rule->severity);
                cw_hash_u64(hash, rule->meaning);
                hash_flap(hash, &rule->flap);
                hash_flap(hash, &rule->flap_critical);
                cw_hash_u64(hash, rule->confirm);
                hash_labels(hash, rule->labels, rule->n_labels);
                cw_hash_string(hash, rule->summary);
                cw_hash_string(hash, rule->description);
        }
        for (size_t i = 0; i < CW_BUILTIN_COUNT; i++) {
                cw_hash_u64(hash, rules->builtins[i].enabled);
                cw_hash_u64(hash, rules->builtins[i].severity);
                cw_hash_u64(hash, rules->builtins[i].after_polls);
                cw_hash_u64(hash, (uint64_t)rules->builtins[i].after_ms);
        }
        hash_route(hash, &rules->route);
        hash_inhibitions(hash, rules);
        hash_digests(hash, rules);
}

static void hash_all(const struct cw_draft *draft, const struct cw_ruleset *rules, char ret_hash[static 33])
{
        struct cw_hash hash;

        cw_hash_init128(&hash, CW_HASH_KEY_DERIVED);
        cw_schema_hash(&cw_schema_top, draft, &hash);
        hash_rules(&hash, rules);
        cw_hash_hex128(cw_hash_end128(&hash), ret_hash);
}

static int move_lists(struct cw_draft *draft, struct cw_config *config)
{
        config->sources = calloc(draft->n_sources + 1, sizeof(*config->sources));
        config->notifiers = calloc(draft->n_notifiers + 1, sizeof(*config->notifiers));
        if (!config->sources || !config->notifiers)
                return -ENOMEM;
        for (size_t i = 0; i < draft->n_sources; i++) {
                config->sources[config->n_sources++] = draft->sources[i].source;
                draft->sources[i].source = (struct cw_config_source){0};
        }
        for (size_t i = 0; i < draft->n_notifiers; i++) {
                config->notifiers[config->n_notifiers++] = draft->notifiers[i].notifier;
                draft->notifiers[i].notifier = (struct cw_config_notifier){0};
        }
        return 0;
}

int cw_finish(struct cw_draft *draft, struct cw_ruleset **rules, const char *path, struct cw_config **ret_config)
{
        cw_cleanup(cw_config_free_cleanup) struct cw_config *config = calloc(1, sizeof(*config));
        char hash[33];

        if (!config)
                return -ENOMEM;
        for (size_t i = 0; i < (*rules)->n_rules; i++)
                cw_rule_seal(&(*rules)->rules[i]);
        if (draft->config.control_socket && strcmp(draft->config.control_socket, "none") == 0) {
                free(draft->config.control_socket);
                draft->config.control_socket = NULL;
        }
        hash_all(draft, *rules, hash);
        *config = draft->config;
        draft->config = (struct cw_config){0};
        memcpy(config->hash, hash, sizeof(hash));
        config->path = strdup(path);
        if (!config->path || move_lists(draft, config) < 0)
                return -ENOMEM;
        config->rules = cw_take(*rules);
        *ret_config = cw_take(config);
        return 0;
}

void cw_config_free(struct cw_config *config)
{
        struct cw_draft rest = {0};

        if (!config)
                return;
        for (size_t i = 0; i < config->n_sources; i++) {
                struct cw_source_draft source = {.source = config->sources[i]};

                cw_schema_deinit(&cw_schema_source, &source);
        }
        for (size_t i = 0; i < config->n_notifiers; i++) {
                struct cw_notifier_draft notifier = {.notifier = config->notifiers[i]};

                cw_schema_deinit(&cw_schema_notifier, &notifier);
        }
        free(config->sources);
        free(config->notifiers);
        free(config->path);
        cw_ruleset_unref(config->rules);
        rest.config = *config;
        cw_schema_deinit(&cw_schema_top, &rest);
        free(config);
}
