/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: a key that sounds like a secret's makes everything below it one, unless it is a reference. */
#include "secrecy.h"

#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/text.h"
#include "node.h"

#define WORD_MAX 63

bool cw_secrecy_is_reference(const char *text, size_t len)
{
        static const char *const schemes[] = {"env:", "file:", "credential:"};

        for (size_t i = 0; i < CW_ARRAY_SIZE(schemes); i++)
                if (len > strlen(schemes[i]) && memcmp(text, schemes[i], strlen(schemes[i])) == 0)
                        return true;
        return false;
}

static bool sounds_secret(const char *text, size_t len)
{
        static const char *const parts[] = {"pass",       "pwd",      "secret",     "token",   "key",   "otp",
                                            "credential", "authoriz", "postgresql", "headers", "cookie"};
        static const char *const whole[] = {"password", "api_key",   "secret",     "totp_secret", "token",
                                            "headers",  "heartbeat", "postgresql", "routing_key", "user"};
        char word[WORD_MAX + 1];

        if (len == 0 || len > WORD_MAX)
                return len > 0;
        for (size_t i = 0; i < len; i++)
                word[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
        word[len] = '\0';
        if (strcmp(word, "otp_single_use") == 0)
                return false;
        for (size_t i = 0; i < CW_ARRAY_SIZE(parts); i++)
                if (strstr(word, parts[i]))
                        return true;
        for (size_t i = 0; i < CW_ARRAY_SIZE(whole); i++) {
                unsigned slips = strlen(whole[i]) > 6 ? 2 : 1;

                if (cw_text_distance(word, whole[i], slips) <= slips)
                        return true;
        }
        return false;
}

/* A source's address is none; the address of a chat's hook is all that it takes to write there. */
bool cw_secrecy_is_key(const struct cw_node *key, const char *top)
{
        if (strcmp(key->text, "url") == 0)
                return strcmp(top, "sources") != 0;
        return sounds_secret(key->text, key->len);
}

/* An address with a name and a password in it. */
static bool has_userinfo(const char *text)
{
        const char *authority = strstr(text, "://");

        return authority && strchr(authority, '@');
}

bool cw_secrecy_conceals(const char *text, size_t len, bool secret)
{
        return (secret && !cw_secrecy_is_reference(text, len)) || has_userinfo(text);
}

static int hide(struct cw_document *document, const struct cw_node *node, bool secret, const char *top)
{
        int r = 0;

        if (node->kind == CW_NODE_SCALAR) {
                if (cw_secrecy_conceals(node->text, node->len, secret))
                        return cw_document_hide(document, node->span);
                return 0;
        }
        for (size_t i = 0; r == 0 && i < node->n_items; i++) {
                const struct cw_node *key = node->kind == CW_NODE_MAPPING ? node->keys[i] : NULL;

                r = hide(document, node->items[i], secret || (key && cw_secrecy_is_key(key, top ? top : key->text)),
                         top   ? top
                         : key ? key->text
                               : "");
        }
        return r;
}

int cw_secrecy_hide(struct cw_document *document)
{
        return document->root ? hide(document, document->root, false, NULL) : 0;
}

int cw_secrecy_hide_pair(struct cw_document *document, const struct cw_node *key, const struct cw_node *item)
{
        if (key->kind != CW_NODE_SCALAR)
                return hide(document, item, true, "");
        return hide(document, item, cw_secrecy_is_key(key, key->text), key->text);
}

static bool is_word(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The next `word:` from *at on: where its value begins, and whether that is to be hidden. False: there is none. */
static bool next_key(const char *text, size_t len, size_t *at, bool *ret_secret)
{
        for (size_t colon = *at; colon < len; colon++) {
                size_t end = colon, begin, value = colon + 1;

                if (text[colon] != ':')
                        continue;
                while (end > *at && strchr("\"' \t", text[end - 1]))
                        end--;
                for (begin = end; begin > *at && is_word(text[begin - 1]); begin--)
                        ;
                if (begin == end)
                        continue;
                while (value < len && strchr(" \t\"'", text[value]))
                        value++;
                *ret_secret = (sounds_secret(text + begin, end - begin) ||
                               (end - begin == 3 && memcmp(text + begin, "url", 3) == 0)) &&
                              !cw_secrecy_is_reference(text + value, len - value);
                *at = value;
                return true;
        }
        return false;
}

unsigned cw_secrecy_guess(const struct cw_document *document, unsigned line)
{
        size_t len, at = 0;
        const char *text = cw_document_line(document, line, &len);
        bool secret = false, any = false;

        while (next_key(text, len, &at, &secret)) {
                unsigned column = 1;

                any = true;
                for (size_t i = 0; secret && i < at; column++)
                        i += cw_text_prefix(text + i, len - i, 1);
                if (secret)
                        return column;
        }
        /* A line without a key goes on with what the one above it began. */
        for (unsigned above = line; !any && above > 1; above--) {
                at = 0;
                text = cw_document_line(document, above - 1, &len);
                while (next_key(text, len, &at, &secret))
                        any = true;
        }
        return any && secret ? 1 : 0;
}
