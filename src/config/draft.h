/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CONFIG_DRAFT_H
#define CARDWATCH_CONFIG_DRAFT_H

#include "cardwatch/config.h"
#include "draft_route.h"
#include "node.h"
#include "schema.h"

/*
 * Draft: a configuration while it is being read: values where the rows put them, and the nodes they came from, for what
 * is checked after all files are in.
 */

struct cw_source_draft {
        struct cw_config_source source;
        const struct cw_node *node;
};

struct cw_rule_draft {
        struct cw_rule rule;
        const struct cw_node *node, *params, *overrides, *when, *clear, *on, *levels, *flap;
        unsigned arm; /* 1: after_clear */
};

struct cw_override_draft {
        struct cw_match match;
        const struct cw_node *node, *params;
        char *csv;
};

struct cw_level_draft {
        enum cw_severity severity;
        const struct cw_node *node, *when;
};

struct cw_notifier_draft {
        struct cw_config_notifier notifier;
        const struct cw_node *node, *fallback;
};

struct cw_builtin_draft {
        const struct cw_node *node;
        bool enabled;
        enum cw_severity severity;
        uint32_t after_polls;
        int64_t after_ms;
};

struct cw_draft {
        struct cw_config config; /* `sources` and `notifiers` of it stay empty until the end */
        const struct cw_node *include;
        struct cw_source_draft *sources;
        size_t n_sources;
        struct cw_rule_draft *rules;
        size_t n_rules;
        struct cw_notifier_draft *notifiers;
        size_t n_notifiers;
        const struct cw_node *builtin[CW_BUILTIN_COUNT];
        struct cw_route_draft route;
        struct cw_digest_draft *digests;
        size_t n_digests;
        struct cw_window_draft *windows;
        size_t n_windows;
        struct cw_inhibition_draft *inhibitions;
        size_t n_inhibitions;
};

/* Kinds of notifiers, as bits; one whose type is missing has every key. */
#define CW_KIND_OF(type) (1u << (type))

/* The names of notifier types in the order of their enum. */
#define CW_NOTIFIER_TYPES 15
extern const char *const cw_notifier_type_names[];
extern const size_t cw_n_notifier_type_names;

extern const struct cw_table cw_schema_source;
extern const struct cw_table cw_schema_notifier;
extern const struct cw_table cw_schema_tls;
extern const struct cw_table cw_schema_route;
extern const struct cw_table cw_schema_window;
extern const struct cw_table cw_schema_inhibition;
extern const struct cw_table cw_schema_digest;
extern const struct cw_table cw_schema_override;
extern const struct cw_table cw_schema_level;
extern const struct cw_table cw_schema_flap; /* of struct cw_flap */
extern const struct cw_table cw_schema_after_polls; /* builtin: source-down */
extern const struct cw_table cw_schema_after_time; /* builtin: notifier-failing */
extern const struct cw_table cw_schema_graded; /* the other builtins */

#endif
