/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "intent.h"

CW_DEFINE_CLEANUP(struct cw_group *, cw_group_free);

/* Reads one name="value" in place; returns what follows, or NULL. */
static char *parse_value(char *text, struct cw_group_value *ret_value)
{
        char *equals = strchr(text, '=');
        char *in, *out;

        if (!equals || equals == text || equals[1] != '"')
                return NULL;
        *equals = '\0';
        for (in = out = equals + 2; *in && *in != '"'; in++, out++) {
                if (*in == '\\' && in[1])
                        *out = *++in == 'n' ? '\n' : *in;
                else
                        *out = *in;
        }
        if (*in != '"')
                return NULL;
        *out = '\0';
        *ret_value = (struct cw_group_value){.name = text, .value = equals + 2};
        return in + 1;
}

static int parse_key(struct cw_group *group)
{
        char *rest = strchr(group->values_text, '{');

        if (!rest)
                return -EBADMSG;
        for (rest++; *rest != '}'; rest += *rest == ',') {
                struct cw_group_value *values = reallocarray(group->values, group->n_values + 1,
                                                             sizeof(*group->values));

                if (!values)
                        return -ENOMEM;
                group->values = values;
                rest = parse_value(rest, &group->values[group->n_values]);
                if (!rest || (*rest != ',' && *rest != '}'))
                        return -EBADMSG;
                group->n_values++;
        }
        if (rest[1] == '@')
                group->route_id = strtoull(rest + 2, NULL, 16);
        return 0;
}

int cw_group_new(const char *notifier, const char *key, struct cw_group **ret_group)
{
        cw_cleanup(cw_group_free_cleanup) struct cw_group *group = calloc(1, sizeof(*group));
        int r;

        if (!group)
                return -ENOMEM;
        group->notifier_index = SIZE_MAX;
        group->hash = cw_group_hash(notifier, key);
        group->notifier = notifier;
        group->key = strdup(key);
        group->values_text = strdup(key);
        if (!group->key || !group->values_text)
                return -ENOMEM;
        r = parse_key(group);
        if (r < 0)
                return r;
        *ret_group = cw_take(group);
        return 0;
}

void cw_group_free(struct cw_group *group)
{
        if (!group)
                return;
        free(group->key);
        free(group->values);
        free(group->values_text);
        free(group->members);
        free(group->lane);
        free(group);
}

uint64_t cw_group_hash(const char *notifier, const char *key)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, notifier);
        cw_hash_string(&hash, key);
        return cw_hash_end(&hash);
}

/* Room for one more in an array of pointers. */
static int make_room(void **array, size_t n, size_t *capacity)
{
        size_t wanted = *capacity ? *capacity * 2 : 4;
        void *grown;

        if (n < *capacity)
                return 0;
        grown = reallocarray(*array, wanted, sizeof(void *));
        if (!grown)
                return -ENOMEM;
        *array = grown;
        *capacity = wanted;
        return 0;
}

int cw_group_add_member(struct cw_group *group, struct cw_alert *alert)
{
        if (make_room((void **)&group->members, group->n_members, &group->members_capacity) < 0)
                return -ENOMEM;
        group->members[group->n_members++] = alert;
        if (group->most_members < group->n_members)
                group->most_members = group->n_members;
        return 0;
}

void cw_group_remove_member(struct cw_group *group, const struct cw_alert *alert)
{
        size_t i = 0;

        while (i < group->n_members && group->members[i] != alert)
                i++;
        if (i == group->n_members)
                return;
        group->n_members--;
        memmove(&group->members[i], &group->members[i + 1], (group->n_members - i) * sizeof(struct cw_alert *));
}

int cw_group_lane_insert(struct cw_group *group, struct cw_intent *intent, size_t at)
{
        struct cw_intent **lane;

        if (make_room((void **)&group->lane, group->n_lane, &group->lane_capacity) < 0)
                return -ENOMEM;
        lane = group->lane;
        memmove(&lane[at + 1], &lane[at], (group->n_lane - at) * sizeof(*lane));
        lane[at] = intent;
        group->n_lane++;
        if (at == 0 && group->n_lane > 1)
                lane[1]->n_first--;
        if (at > 0 && at + 1 == group->n_lane)
                lane[at - 1]->n_followed++;
        intent->n_first += at == 0;
        intent->n_followed += at + 1 < group->n_lane;
        return 0;
}

void cw_group_lane_remove(struct cw_group *group, struct cw_intent *intent)
{
        struct cw_intent **lane = group->lane;
        size_t at = 0;

        while (at < group->n_lane && lane[at] != intent)
                at++;
        if (at == group->n_lane)
                return;
        group->n_lane--;
        memmove(&lane[at], &lane[at + 1], (group->n_lane - at) * sizeof(*lane));
        intent->n_first -= at == 0;
        intent->n_followed -= at < group->n_lane;
        if (at == 0 && group->n_lane > 0)
                lane[0]->n_first++;
        if (at > 0 && at == group->n_lane)
                lane[at - 1]->n_followed--;
}

static void remember(const struct cw_group *group, bool gone, struct cw_changes *changes)
{
        struct cw_group_row row = {
                .notifier = (char *)group->notifier,
                .key = group->key,
                .begun_at = group->begun_at,
                .told_at = group->told_at,
                .due_at = group->due_at,
                .repeat = group->repeat,
                .gone = gone,
        };

        memcpy(row.thread, group->thread, sizeof(row.thread));
        cw_changes_group(changes, &row);
}

void cw_group_remember(const struct cw_group *group, struct cw_changes *changes)
{
        if (group->begun_at)
                remember(group, false, changes);
}

void cw_group_forget(const struct cw_group *group, struct cw_changes *changes)
{
        if (group->begun_at)
                remember(group, true, changes);
}
