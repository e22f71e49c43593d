/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: the vectors that the authors of SipHash published: the key counts up from 0, and so does the message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"

static const struct cw_hash_key key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

/* By the length of the message. */
static const uint64_t vectors64[64] = {
        0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au, 0x85676696d7fb7e2du, 0xcf2794e0277187b7u,
        0x18765564cd99a68du, 0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u, 0x9e0082df0ba9e4b0u,
        0x7a5dbbc594ddb9f3u, 0xf4b32f46226bada7u, 0x751e8fbc860ee5fbu, 0x14ea5627c0843d90u, 0xf723ca908e7af2eeu,
        0xa129ca6149be45e5u, 0x3f2acc7f57c29bdbu, 0x699ae9f52cbe4794u, 0x4bc1b3f0968dd39cu, 0xbb6dc91da77961bdu,
        0xbed65cf21aa2ee98u, 0xd0f2cbb02e3b67c7u, 0x93536795e3a33e88u, 0xa80c038ccd5ccec8u, 0xb8ad50c6f649af94u,
        0xbce192de8a85b8eau, 0x17d835b85bbb15f3u, 0x2f2e6163076bcfadu, 0xde4daaaca71dc9a5u, 0xa6a2506687956571u,
        0xad87a3535c49ef28u, 0x32d892fad841c342u, 0x7127512f72f27cceu, 0xa7f32346f95978e3u, 0x12e0b01abb051238u,
        0x15e034d40fa197aeu, 0x314dffbe0815a3b4u, 0x027990f029623981u, 0xcadcd4e59ef40c4du, 0x9abfd8766a33735cu,
        0x0e3ea96b5304a7d0u, 0xad0c42d6fc585992u, 0x187306c89bc215a9u, 0xd4a60abcf3792b95u, 0xf935451de4f21df2u,
        0xa9538f0419755787u, 0xdb9acddff56ca510u, 0xd06c98cd5c0975ebu, 0xe612a3cb9ecba951u, 0xc766e62cfcadaf96u,
        0xee64435a9752fe72u, 0xa192d576b245165au, 0x0a8787bf8ecb74b2u, 0x81b3e73d20b49b6fu, 0x7fa8220ba3b2eceau,
        0x245731c13ca42499u, 0xb78dbfaf3a8d83bdu, 0xea1ad565322a1a0bu, 0x60e61c23a3795013u, 0x6606d7e446282b93u,
        0x6ca4ecb15c5f91e1u, 0x9f626da15c9625f3u, 0xe51b38608ef25f57u, 0x958a324ceb064572u,
};

static const struct {
        size_t len;
        struct cw_hash128 expected;
} vectors128[] = {
        {0, {0x930255c71472f66du, 0xe6a825ba047f81a3u}},  {1, {0x45fc229b11597634u, 0x44af996bd8c187dau}},
        {7, {0x3982f01fa64ab8c0u, 0x53c1dbd8beebf1a1u}},  {8, {0xb49714f364e2830fu, 0x61f55862baa9623bu}},
        {15, {0xd9c3cf970fec087eu, 0x11a8b03399e99354u}}, {16, {0x77052385bf1533fdu, 0xbb54b067caa4e26eu}},
        {63, {0x7cbd3f979a063e50u, 0x4a83502f77d15051u}},
};

static void message(unsigned char text[64])
{
        for (unsigned i = 0; i < 64; i++)
                text[i] = (unsigned char)i;
}

static void test_the_published_vectors_of_64_bits(void **state)
{
        unsigned char text[64];

        (void)state;
        message(text);
        for (size_t len = 0; len < 64; len++) {
                uint64_t got = cw_hash64(key, text, len);

                if (got != vectors64[len])
                        fail_msg("length %zu", len);
        }
}

static void test_the_published_vectors_of_128_bits(void **state)
{
        unsigned char text[64];

        (void)state;
        message(text);
        for (size_t i = 0; i < CW_ARRAY_SIZE(vectors128); i++) {
                struct cw_hash hash;
                struct cw_hash128 got;

                cw_hash_init128(&hash, key);
                cw_hash_bytes(&hash, text, vectors128[i].len);
                got = cw_hash_end128(&hash);
                if (got.high != vectors128[i].expected.high || got.low != vectors128[i].expected.low)
                        fail_msg("length %zu", vectors128[i].len);
        }
}

static void test_pieces_do_not_matter(void **state)
{
        unsigned char text[64];

        (void)state;
        message(text);
        for (size_t first = 0; first < 64; first++) {
                for (size_t second = 0; second + first < 64; second++) {
                        struct cw_hash hash;

                        cw_hash_init(&hash, key);
                        cw_hash_bytes(&hash, text, first);
                        cw_hash_bytes(&hash, text + first, second);
                        cw_hash_bytes(&hash, text + first + second, 63 - first - second);
                        if (cw_hash_end(&hash) != vectors64[63])
                                fail_msg("split at %zu and %zu", first, first + second);
                }
        }
}

static uint64_t of_two(const char *a, const char *b)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, a);
        cw_hash_string(&hash, b);
        return cw_hash_end(&hash);
}

static void test_fields_are_kept_apart(void **state)
{
        (void)state;
        assert_true(of_two("ab", "c") != of_two("a", "bc"));
        assert_true(of_two("", "a") != of_two("a", ""));
        assert_true(of_two(NULL, "a") != of_two("", "a"));
        assert_true(of_two("a", "b") == of_two("a", "b"));
}

static void test_a_number_is_its_bytes_from_the_lowest(void **state)
{
        static const unsigned char bytes[8] = {8, 7, 6, 5, 4, 3, 2, 1};
        struct cw_hash hash;

        (void)state;
        cw_hash_init(&hash, key);
        cw_hash_u64(&hash, UINT64_C(0x0102030405060708));
        assert_true(cw_hash_end(&hash) == cw_hash64(key, bytes, sizeof(bytes)));
}

static void test_hexadecimal(void **state)
{
        char text[33];

        (void)state;
        cw_hash_hex64(0xabcu, text);
        assert_string_equal(text, "0000000000000abc");
        cw_hash_hex128((struct cw_hash128){.high = 1, .low = UINT64_MAX - 1}, text);
        assert_string_equal(text, "0000000000000001fffffffffffffffe");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_published_vectors_of_64_bits),
                cmocka_unit_test(test_the_published_vectors_of_128_bits),
                cmocka_unit_test(test_pieces_do_not_matter),
                cmocka_unit_test(test_fields_are_kept_apart),
                cmocka_unit_test(test_a_number_is_its_bytes_from_the_lowest),
                cmocka_unit_test(test_hexadecimal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
