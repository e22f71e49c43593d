/* SPDX-License-Identifier: Apache-2.0 */
/* What comes again byte for byte is told so, where the listener knows it; anything else is decoded. */
#include "source_fixture.c"

struct skips {
        struct fixture f;
        bool knows; /* what the engine would say */
        unsigned forgets_at; /* when it is asked so many times; 0: never */
        unsigned asked, alike, told;
        struct cw_buf cards; /* of the page told last */
        size_t at; /* byte of the body to change, from 1 */
        size_t len; /* of the body */
        size_t cards_begin, cards_end; /* in it */
        char was;
};

static uint64_t on_knows(void *data, struct cw_source *source, uint32_t number, int64_t sent_at)
{
        struct skips *skips = data;

        (void)source;
        assert_int_not_equal(number, 0);
        assert_true(sent_at > 0);
        skips->asked++;
        return skips->knows && !(skips->forgets_at && skips->asked >= skips->forgets_at) ? UINT64_MAX : 0;
}

static bool on_repeats(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page)
{
        (void)data;
        (void)source;
        (void)number;
        (void)page;
        return false;
}

static void on_told(void *data, struct cw_source *source, uint32_t number, const struct cw_page *page, int64_t sent_at)
{
        struct skips *skips = data;

        if (page->n_parts == 1 && page->parts[0].alike) {
                assert_int_equal(page->n_cards + page->n_customers + page->n_bad, 0);
                assert_int_equal(page->n_listed, 2);
                skips->alike++;
                skips->f.pages_of_poll++;
                return;
        }
        skips->told++;
        cw_buf_clear(&skips->cards);
        for (size_t i = 0; i < page->n_cards; i++)
                cw_buf_printf(&skips->cards, "%d of %d: %lld %lld %lld\n", (int)page->cards[i].id,
                              (int)page->cards[i].customer, (long long)page->cards[i].total,
                              (long long)page->cards[i].available, (long long)page->cards[i].pending);
        for (size_t i = 0; i < page->n_bad; i++)
                cw_buf_printf(&skips->cards, "%d: %s\n", (int)page->bad[i].card, page->bad[i].reason);
        on_page(&skips->f, source, number, page, sent_at);
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static void change_body(void *data, char *body)
{
        struct skips *skips = data;

        if (!strstr(body, "\"pageNumber\":1,")) /* another one, which a changed count made the source ask for */
                return;
        skips->len = strlen(body);
        skips->cards_begin = (size_t)(strchr(body, '[') - body);
        skips->cards_end = (size_t)(strstr(body, "],\"pageSize\"") - body);
        if (skips->at == 0)
                return;
        skips->was = body[skips->at - 1];
        if (is_digit(skips->was))
                body[skips->at - 1] = skips->was == '9' ? '8' : (char)(skips->was + 1);
        else
                body[skips->at - 1] = skips->was == '~' ? '!' : '~';
}

static void setup_skips(struct skips *skips)
{
        struct cw_source_options options = usual_options();
        struct cw_source_listener listener = all_listener;

        *skips = (struct skips){0};
        listener.page = on_told;
        listener.knows_page = on_knows;
        listener.repeats = on_repeats;
        options.retries = 0;
        setup_with(&skips->f, &(struct fake_script){.customers = 2}, options, &listener);
        skips->f.api.with_body = change_body;
        skips->f.api.with_data = skips;
        run(&skips->f, false);
        assert_int_equal(skips->told, 1);
        assert_int_equal(skips->asked, 0); /* there was nothing to be known again */
}

static void teardown_skips(struct skips *skips)
{
        cw_buf_deinit(&skips->cards);
        teardown(&skips->f);
}

static void test_the_listener_is_asked(void **state)
{
        struct skips skips;

        (void)state;
        setup_skips(&skips);
        poll_again(&skips.f, 1);
        assert_int_equal(skips.asked, 2);
        assert_int_equal(skips.told, 2);
        skips.knows = true;
        poll_again(&skips.f, 3);
        assert_int_equal(skips.alike, 3);
        assert_int_equal(skips.told, 2);
        assert_int_equal(skips.f.summary.pages_good, 1);
        assert_int_equal(skips.f.summary.pages_bad, 0);
        skips.knows = false;
        poll_again(&skips.f, 1);
        assert_int_equal(skips.told, 3);
        teardown_skips(&skips);
}

/* Whatever byte changes: the page is decoded, or refused; and what it says of cards is told. What stands around the
 * customers is read all the same. */
static void test_no_byte_changes_unseen(void **state)
{
        struct skips skips;
        cw_autofree char *before = NULL;

        (void)state;
        setup_skips(&skips);
        skips.knows = true;
        before = strdup(cw_buf_text(&skips.cards));
        for (size_t at = 1; at <= skips.len; at++) {
                unsigned told = skips.told;

                skips.at = at;
                poll_again(&skips.f, 1);
                if ((skips.alike > 0 && at > skips.cards_begin + 1 && at <= skips.cards_end) ||
                    skips.alike + skips.told + skips.f.summary.pages_bad <= told)
                        fail_msg("byte %zu, '%c', changed and the page was skipped", at, skips.was);
                if (skips.told > told && is_digit(skips.was) && at > skips.cards_begin && at <= skips.cards_end)
                        assert_string_not_equal(cw_buf_text(&skips.cards), before);
                skips.at = 0; /* and back: again another page than that told last */
                told = skips.told;
                skips.alike = 0;
                poll_again(&skips.f, 1);
                assert_int_equal(skips.alike, skips.told == told);
                if (skips.told > told)
                        assert_string_equal(cw_buf_text(&skips.cards), before);
                skips.alike = 0;
        }
        assert_true(skips.told > skips.len / 4);
        teardown_skips(&skips);
}

/* It was not told, so nobody knows it; that it comes again makes it no better. */
static void test_a_refused_page_is_refused_again(void **state)
{
        static const struct {
                const char *name;
                enum fault fault;
        } cases[] = {
                {"no JSON", FAULT_GARBAGE},
                {"an error of the API", FAULT_REFUSED},
                {"another page", FAULT_NUMBER},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct skips skips;

                print_message("  %s\n", cases[i].name);
                setup_skips(&skips);
                skips.knows = true;
                skips.f.api.script.fault = cases[i].fault;
                skips.f.api.script.fault_page = 1;
                skips.f.api.script.fault_times = 2;
                for (int times = 0; times < 2; times++) {
                        poll_again(&skips.f, 1);
                        assert_int_equal(skips.f.summary.pages_bad, 1);
                }
                assert_int_equal(skips.told, 1);
                assert_int_equal(skips.alike, 0);
                poll_again(&skips.f, 1);
                assert_int_equal(skips.alike, 1); /* as the listener was told last */
                teardown_skips(&skips);
        }
}

/* Left out as known, and told in full after all: that costs a request and nothing else. */
static void test_what_is_needed_after_all_is_asked_for_again(void **state)
{
        struct skips skips;
        cw_autofree char *before = NULL;

        (void)state;
        setup_skips(&skips);
        before = strdup(cw_buf_text(&skips.cards));
        skips.knows = true;
        skips.forgets_at = skips.asked + 2; /* between the request and the answer */
        skips.f.api.order[0] = '\0';
        poll_again(&skips.f, 1);
        assert_string_equal(skips.f.api.order, "1 1");
        assert_int_equal(skips.f.summary.pages_good, 1);
        assert_int_equal(skips.f.summary.pages_bad, 0);
        assert_int_equal(skips.told, 2);
        assert_int_equal(skips.alike, 0);
        assert_string_equal(cw_buf_text(&skips.cards), before);
        skips.forgets_at = 0;
        skips.f.api.order[0] = '\0';
        poll_again(&skips.f, 1); /* the next one is left out again */
        assert_string_equal(skips.f.api.order, "1");
        assert_int_equal(skips.alike, 1);
        teardown_skips(&skips);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_listener_is_asked),
                cmocka_unit_test(test_no_byte_changes_unseen),
                cmocka_unit_test(test_a_refused_page_is_refused_again),
                cmocka_unit_test(test_what_is_needed_after_all_is_asked_for_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
