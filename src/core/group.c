/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/digits.h"
#include "cardwatch/hash.h"
#include "intent.h"

CW_DEFINE_CLEANUP(struct cw_group *, cw_group_free);

static void append_name(struct cw_buf *buf, const char *name)
{
        if (buf->len && buf->data[buf->len - 1] != '{')
                cw_buf_putc(buf, ',');
        cw_buf_puts(buf, name);
        cw_buf_puts(buf, "=\"");
}

/* Quoted so that any text fits into a key of one line and can be read back. */
static void append_value(struct cw_buf *buf, const char *name, const char *value)
{
        append_name(buf, name);
        for (const char *c = value; *c; c++) {
                if (*c == '"' || *c == '\\')
                        cw_buf_putc(buf, '\\');
                if (*c == '\n')
                        cw_buf_puts(buf, "\\n");
                else
                        cw_buf_putc(buf, *c);
        }
        cw_buf_putc(buf, '"');
}

static void append_number(struct cw_buf *buf, const char *name, int64_t number)
{
        append_name(buf, name);
        cw_digits_put(buf, number);
        cw_buf_putc(buf, '"');
}

static const char *label_of(const struct cw_entry *entry, const char *name)
{
        for (size_t i = 0; i < entry->n_labels; i++)
                if (strcmp(entry->labels[i].name, name) == 0)
                        return entry->labels[i].value;
        return NULL;
}

/* What does not apply to an entry (the daemon's own alerts have no card) is left out of its key. */
static void append_by(struct cw_buf *buf, const struct cw_entry *entry, const struct cw_group_by *by)
{
        switch (by->key) {
        case CW_GROUP_RULE:
                append_value(buf, "rule", entry->rule);
                break;
        case CW_GROUP_SEVERITY:
                append_value(buf, "severity", cw_severity_name(entry->severity));
                break;
        case CW_GROUP_CUSTOMER:
                if (entry->has_card)
                        append_number(buf, "customer", entry->card.customer);
                break;
        case CW_GROUP_CURRENCY:
                if (entry->has_card)
                        append_value(buf, "currency", entry->card.currency);
                break;
        case CW_GROUP_CARD:
                if (entry->has_card)
                        append_number(buf, "card", entry->card.id);
                break;
        case CW_GROUP_LABEL:
                if (label_of(entry, by->label))
                        append_value(buf, by->label, label_of(entry, by->label));
                break;
        }
}

static void put_key(const struct cw_entry *entry, const struct cw_group_by *by, size_t n_by, bool one_customer,
                    struct cw_buf *buf)
{
        static const struct cw_group_by customer = {.key = CW_GROUP_CUSTOMER};

        cw_buf_puts(buf, entry->source);
        cw_buf_putc(buf, '{');
        for (size_t i = 0; i < n_by; i++) {
                append_by(buf, entry, &by[i]);
                one_customer &= by[i].key != CW_GROUP_CUSTOMER;
        }
        if (one_customer)
                append_by(buf, entry, &customer);
        cw_buf_putc(buf, '}');
}

void cw_group_key(const struct cw_entry *entry, const struct cw_group_by *by, size_t n_by, struct cw_buf *buf)
{
        put_key(entry, by, n_by, false, buf);
}

void cw_group_key_of_route(uint64_t route_id, struct cw_buf *buf)
{
        if (route_id)
                cw_buf_printf(buf, "@%016llx", (unsigned long long)route_id);
}

void cw_group_key_of_customer(const struct cw_entry *entry, const struct cw_group_by *by, size_t n_by,
                              struct cw_buf *buf)
{
        put_key(entry, by, n_by, true, buf);
}

static struct cw_group_by by_of(const struct cw_group_value *value)
{
        static const struct {
                const char *name;
                enum cw_group_key key;
        } names[] = {
                {"rule", CW_GROUP_RULE},         {"severity", CW_GROUP_SEVERITY}, {"customer", CW_GROUP_CUSTOMER},
                {"currency", CW_GROUP_CURRENCY}, {"card", CW_GROUP_CARD},
        };

        for (size_t i = 0; i < CW_ARRAY_SIZE(names); i++)
                if (strcmp(names[i].name, value->name) == 0)
                        return (struct cw_group_by){.key = names[i].key};
        return (struct cw_group_by){.key = CW_GROUP_LABEL, .label = (char *)value->name};
}

void cw_group_key_like(const struct cw_entry *entry, const struct cw_group *group, struct cw_buf *buf)
{
        cw_buf_puts(buf, entry->source);
        cw_buf_putc(buf, '{');
        for (size_t i = 0; i < group->n_values; i++) {
                struct cw_group_by by = by_of(&group->values[i]);

                append_by(buf, entry, &by);
        }
        cw_buf_putc(buf, '}');
        cw_group_key_of_route(group->route_id, buf);
}

bool cw_group_is_like(const struct cw_group *one, const struct cw_group *other)
{
        if (one->route_id != other->route_id || one->n_values != other->n_values)
                return false;
        for (size_t i = 0; i < one->n_values; i++)
                if (strcmp(one->values[i].name, other->values[i].name) != 0)
                        return false;
        return true;
}

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
