/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two lanes of a page: what the fast one takes, the reference lane takes with the same cards (lanes.h), also when
 * parts of it are known again from the page before (list.h).
 *
 * An input is pages with a NUL between them: the shape learnt from one is what the next is scanned with. Its first byte
 * says whether they are about one customer. Bytes alone would hardly ever be two pages of one API, so they are changed
 * as pages: a value, a key, the order or the space here or there, or two whole new ones of a random style.
 */
#include <inttypes.h>

#include "../../src/codec/prints.h"
#include "../../src/codec/scan.h"
#include "../../src/codec/shape.h"
#include "../support/lanes/lanes.h"
#include "../support/lanes/list.h"
#include "../support/lanes/pages.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "fuzz.h"

#define PAGES_MAX  4
#define TOKENS_MAX 2048

/* Called by the fuzzer; the prototypes are libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* All, taken by the fast lane, taken unlike the page before, and with parts that were known again. */
static uint64_t n_pages, n_scanned, n_changed, n_alike;

static void print_counts(void)
{
        fprintf(stderr,
                "%" PRIu64 " pages, %" PRIu64 " scanned, %" PRIu64 " of them unlike the page before, %" PRIu64
                " with parts like it\n",
                n_pages, n_scanned, n_changed, n_alike);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc;
        (void)argv;
        atexit(print_counts);
        return 0;
}

/* The memory of a list from page to page. */
struct memory {
        struct cw_prints prints;
        struct lanes_list list;
};

static const char *scan_as_list(struct memory *memory, const struct cw_shape *shape, const char *bytes, size_t len)
{
        struct cw_scan_input input = {.shape = shape, .bytes = bytes, .len = len};
        bool alike = false;
        const char *what = lanes_list_scan(&memory->list, &memory->prints, &input, &alike);

        n_alike += alike;
        return what;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *at = (const char *)data + 1, *end = (const char *)data + size, *before = NULL;
        size_t before_len = 0;
        struct cw_shape shape;
        struct memory memory = {0};

        cw_shape_init(&shape);
        cw_prints_init(&memory.prints);
        for (int i = 0; i < PAGES_MAX && at < end; i++) {
                const char *stop = memchr(at, '\0', (size_t)(end - at));
                size_t len = (size_t)((stop ? stop : end) - at);
                bool scanned = false;
                const char *what = data[0] & 1 ? NULL : scan_as_list(&memory, &shape, at, len);

                if (!what)
                        what = lanes_differ(&shape, at, len, data[0] & 1, &scanned);
                if (what)
                        fprintf(stderr, "page %d: %s\n", i, what);
                must(!what);
                n_pages++;
                n_scanned += scanned;
                n_changed += scanned && (!before || before_len != len || memcmp(before, at, len) != 0);
                before = at;
                before_len = len;
                at += len + 1;
        }
        cw_prints_deinit(&memory.prints);
        lanes_list_deinit(&memory.list);
        return 0;
}

/* One page as tokens: what a change is made of. */
struct token {
        size_t start, len;
        char kind; /* '"', '0', 't' for a literal, or the punctuation itself */
};

struct page {
        const char *bytes;
        size_t len;
        struct token tokens[TOKENS_MAX];
        size_t n;
};

static size_t token_len(const char *at, size_t left)
{
        size_t n = 1;

        if (at[0] == '"') {
                while (n < left && at[n] != '"')
                        n += at[n] == '\\' ? 2 : 1;
                return n < left ? n + 1 : left;
        }
        if (strchr("{}[],: \t\r\n", at[0]))
                return 1;
        while (n < left && !strchr("{}[],: \t\r\n\"", at[n]))
                n++;
        return n;
}

static void cut_into_tokens(struct page *page)
{
        page->n = 0;
        for (size_t i = 0; i < page->len && page->n < TOKENS_MAX;) {
                size_t len = token_len(page->bytes + i, page->len - i);
                char c = page->bytes[i];

                if (!strchr(" \t\r\n", c)) {
                        char kind = strchr("{}[],:\"", c) ? c : c == '-' || (c >= '0' && c <= '9') ? '0' : 't';

                        page->tokens[page->n++] = (struct token){.start = i, .len = len, .kind = kind};
                }
                i += len;
        }
}

/* The last token of the value that begins with this one. */
static size_t value_end(const struct page *page, size_t first)
{
        int depth = 0;

        for (size_t i = first; i < page->n; i++) {
                char kind = page->tokens[i].kind;

                depth += kind == '{' || kind == '[';
                depth -= kind == '}' || kind == ']';
                if (depth <= 0)
                        return i;
        }
        return page->n - 1;
}

/* A token of the kind (0: any), from a random place on; page->n if there is none. */
static size_t find(const struct page *page, uint64_t *chance, char kind)
{
        size_t from = pages_chance(chance, (unsigned)page->n);

        for (size_t i = 0; i < page->n; i++) {
                size_t k = (from + i) % page->n;

                if (kind == 0 || page->tokens[k].kind == kind)
                        return k;
        }
        return page->n;
}

static void put(const struct page *page, size_t from, size_t to, struct cw_buf *buf)
{
        cw_buf_append(buf, page->bytes + from, to - from);
}

/* The page with the bytes from..to as this. */
static void splice(const struct page *page, size_t from, size_t to, const char *text, size_t len, struct cw_buf *buf)
{
        put(page, 0, from, buf);
        cw_buf_append(buf, text, len);
        put(page, to, page->len, buf);
}

static void change_number(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        static const char *const forms[] = {"0",
                                            "-0",
                                            "1",
                                            "10",
                                            "01",
                                            "1.",
                                            ".5",
                                            "1.5",
                                            "0.000001",
                                            "0.0000001",
                                            "-1.25",
                                            "1e3",
                                            "1E-2",
                                            "1.5e+3",
                                            "9223372036854.775807",
                                            "9223372036853.999999",
                                            "9223372036854775807",
                                            "12345678.9",
                                            "1234567.89",
                                            "99999999999999999999",
                                            "null",
                                            "true",
                                            "\"1.5\"",
                                            "\"\"",
                                            "1.1234567",
                                            "1234567890.123456",
                                            "12345678901.5",
                                            "-",
                                            "1.0000000",
                                            "[]",
                                            "{}"};
        size_t k = find(page, chance, '0');
        const struct token *token = &page->tokens[k];
        char text[48];
        int len = 0;

        if (k == page->n)
                return;
        if (pages_chance(chance, 2) == 0) {
                const char *form = forms[pages_chance(chance, CW_ARRAY_SIZE(forms))];

                splice(page, token->start, token->start + token->len, form, strlen(form), buf);
                return;
        }
        len = snprintf(text, sizeof(text), "%u%.*s%0*u", pages_chance(chance, 2000000000) >> pages_chance(chance, 31),
                       (int)pages_chance(chance, 2), ".", 1 + (int)pages_chance(chance, 7),
                       pages_chance(chance, 10000));
        splice(page, token->start, token->start + token->len, text, (size_t)len, buf);
}

static void change_text(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        static const char *const pieces[] = {"\\u0041",
                                             "\\u0000",
                                             "\\ud83d\\ude00",
                                             "\\ud800",
                                             "\\\"",
                                             "\\\\",
                                             "\\x",
                                             "\t",
                                             "\xc3\xa9",
                                             "\xc3",
                                             "\xed\xa0\x80",
                                             "\x7f",
                                             "4111111111111111",
                                             "4111 1111 1111 1111",
                                             "1",
                                             "usd",
                                             "a",
                                             "*",
                                             "0123456789abcdef",
                                             " "};
        size_t k = find(page, chance, '"');
        const char *piece = pieces[pages_chance(chance, CW_ARRAY_SIZE(pieces))];
        size_t at;

        if (k == page->n)
                return;
        at = page->tokens[k].start + 1 + pages_chance(chance, (unsigned)page->tokens[k].len);
        if (at > page->len)
                at = page->len;
        splice(page, at, at + (pages_chance(chance, 2) && at < page->len ? 1 : 0), piece, strlen(piece), buf);
}

static void change_key(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        static const char *const keys[] = {"id",
                                           "Id",
                                           "customersId",
                                           "customersReference",
                                           "reference",
                                           "cards",
                                           "Cards",
                                           "cardNumber",
                                           "CARDNUMBER",
                                           "currency",
                                           "totalBalance",
                                           "availableBalance",
                                           "pendingBalance",
                                           "bSuppressed",
                                           "status",
                                           "details",
                                           "errors",
                                           "pageSize",
                                           "numberOfPages",
                                           "x",
                                           "\\u0069d",
                                           "card\xef\xbf\xbdNumber"};
        size_t k = find(page, chance, ':');
        const char *key = keys[pages_chance(chance, CW_ARRAY_SIZE(keys))];
        const struct token *token;

        if (k == page->n || k == 0)
                return;
        token = &page->tokens[k - 1];
        if (token->len > 2 && pages_chance(chance, 3) == 0) {
                char swapped = (char)(page->bytes[token->start + 1] ^ 0x20);

                splice(page, token->start + 1, token->start + 2, &swapped, 1, buf);
        } else if (token->len > 2) {
                splice(page, token->start + 1, token->start + token->len - 1, key, strlen(key), buf);
        }
}

static void change_space(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        static const char *const spaces[] = {" ", "\n", "\r\n  ", "\t", "  ", "\x0b"};
        const char *space = spaces[pages_chance(chance, CW_ARRAY_SIZE(spaces))];
        const struct token *token = &page->tokens[find(page, chance, 0)];
        size_t at = token->start + (pages_chance(chance, 2) ? token->len : 0);

        if (at < page->len && pages_chance(chance, 3) == 0 && strchr(" \n\r\t", page->bytes[at]))
                splice(page, at, at + 1, "", 0, buf);
        else
                splice(page, at, at, space, strlen(space), buf);
}

/* A member or element: from its first token to its value's last. */
static bool find_part(const struct page *page, uint64_t *chance, size_t *ret_first, size_t *ret_last)
{
        size_t k = find(page, chance, pages_chance(chance, 2) ? ':' : '{');

        if (k == page->n || (page->tokens[k].kind == ':' && (k == 0 || k + 1 == page->n)))
                return false;
        *ret_first = page->tokens[k].kind == ':' ? k - 1 : k;
        *ret_last = value_end(page, page->tokens[k].kind == ':' ? k + 1 : k);
        return true;
}

static void change_parts(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        size_t first, last, start, end, to;

        if (!find_part(page, chance, &first, &last))
                return;
        start = page->tokens[first].start;
        end = page->tokens[last].start + page->tokens[last].len;
        switch (pages_chance(chance, 4)) {
        case 0: /* twice */
                put(page, 0, end, buf);
                cw_buf_putc(buf, ',');
                put(page, start, page->len, buf);
                break;
        case 1: /* gone, with the comma behind or before it */
                if (last + 1 < page->n && page->tokens[last + 1].kind == ',')
                        end = page->tokens[last + 1].start + 1;
                else if (first > 0 && page->tokens[first - 1].kind == ',')
                        start = page->tokens[first - 1].start;
                splice(page, start, end, "", 0, buf);
                break;
        case 2: /* in front of another place */
                to = page->tokens[find(page, chance, 0)].start;
                put(page, 0, to, buf);
                put(page, start, end, buf);
                cw_buf_putc(buf, ',');
                put(page, to, page->len, buf);
                break;
        default: /* nested deeper */
                put(page, 0, start, buf);
                cw_buf_puts(buf, "[");
                put(page, start, end, buf);
                cw_buf_puts(buf, "]");
                put(page, end, page->len, buf);
                break;
        }
}

static void change_page(const struct page *page, uint64_t *chance, struct cw_buf *buf)
{
        unsigned what = pages_chance(chance, 16);

        if (what < 8)
                change_number(page, chance, buf);
        else if (what < 12)
                change_text(page, chance, buf);
        else if (what == 12)
                change_key(page, chance, buf);
        else if (what == 13)
                change_space(page, chance, buf);
        else
                change_parts(page, chance, buf);
}

static void new_pages(uint64_t *chance, struct cw_buf *buf)
{
        struct pages_style style;

        pages_style_draw(&style, chance);
        cw_buf_putc(buf, (char)(style.one_customer ? 'o' : 'l'));
        for (unsigned i = 0, n = 2 + pages_chance(chance, PAGES_MAX - 1); i < n; i++) {
                if (i > 0)
                        cw_buf_putc(buf, '\0');
                pages_write(&style, chance, 1 + pages_chance(chance, 3), i > 0 && pages_chance(chance, 2) ? 60 : 0,
                            buf);
        }
}

/* One of the pages changed; or set behind itself, so that its twin is scanned with what it taught. */
static void change_pages(const char *data, size_t size, uint64_t *chance, struct cw_buf *buf)
{
        static struct page page; /* too large for a stack */
        struct cw_buf changed = CW_BUF_NULL;
        const char *at = data + 1, *end = data + size, *stop;

        for (unsigned skip = pages_chance(chance, PAGES_MAX); skip > 0; skip--) {
                stop = memchr(at, '\0', (size_t)(end - at));
                if (!stop || stop + 1 >= end)
                        break;
                at = stop + 1;
        }
        stop = memchr(at, '\0', (size_t)(end - at));
        page.bytes = at;
        page.len = (size_t)((stop ? stop : end) - at);
        cut_into_tokens(&page);
        if (page.n > 0)
                change_page(&page, chance, &changed);
        cw_buf_append(buf, data, (size_t)(at - data));
        if (pages_chance(chance, 2) == 0) {
                cw_buf_append(buf, at, page.len);
                cw_buf_putc(buf, '\0');
        }
        cw_buf_append(buf, changed.len ? changed.data : at, changed.len ? changed.len : page.len);
        cw_buf_append(buf, at + page.len, (size_t)(end - at) - page.len);
        cw_buf_deinit(&changed);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
        struct cw_buf buf = CW_BUF_NULL;
        uint64_t chance = seed;

        for (int i = 0; i < 4; i++)
                pages_chance(&chance, 2);
        if (size < 3 || pages_chance(&chance, 20) == 0)
                new_pages(&chance, &buf);
        else if (pages_chance(&chance, 12) == 0)
                return LLVMFuzzerMutate(data, size, max_size);
        else
                change_pages((const char *)data, size, &chance, &buf);
        if (cw_buf_error(&buf) == 0 && buf.len > 0 && buf.len <= max_size) {
                memcpy(data, buf.data, buf.len);
                size = buf.len;
        }
        cw_buf_deinit(&buf);
        return size;
}
