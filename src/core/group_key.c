/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a key says what its alerts have in common, so that it outlives the rules by which it was made. */
#include "group_key.h"

#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/digits.h"
#include "group.h"

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
