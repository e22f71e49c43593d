/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: walk the decoded characters but remember where each began, since a digit may be written as \u0034. */
#include "card_number.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "json_text.h"

#define KEPT       4
#define DIGITS_MIN 13
#define DIGITS_MAX 19

static bool is_digit(uint32_t c)
{
        return c >= '0' && c <= '9';
}

void cw_card_number_mask(char *text, size_t len)
{
        size_t starts[KEPT] = {0}; /* of the last characters, in turns */
        size_t characters = 0, digits_in_a_row = 0, i = 0;
        uint32_t character;

        while (i < len) {
                starts[characters++ % KEPT] = i;
                i += cw_json_text_next(text + i, len - i, &character);
                digits_in_a_row = is_digit(character) ? digits_in_a_row + 1 : 0;
        }
        memset(text, '*', digits_in_a_row >= KEPT ? starts[characters % KEPT] : len);
}

/* Doubles every second digit from the right; with the parity unknown until the end, both sums are carried. */
static bool luhn_holds(const unsigned sums[2], unsigned digits)
{
        return sums[digits % 2] % 10 == 0;
}

static bool is_one(const char *text, size_t len)
{
        unsigned digits = 0, sums[2] = {0, 0};
        uint32_t character;
        size_t i = 0;

        while (i < len) {
                i += cw_json_text_next(text + i, len - i, &character);
                if (is_digit(character)) {
                        unsigned digit = character - '0', doubled = digit < 5 ? digit * 2 : digit * 2 - 9;

                        if (++digits > DIGITS_MAX)
                                return false;
                        sums[digits % 2] += digit;
                        sums[!(digits % 2)] += doubled;
                } else if (character != ' ' && character != '-') {
                        return false;
                }
        }
        return digits >= DIGITS_MIN && luhn_holds(sums, digits);
}

void cw_card_number_mask_if_one(char *text, size_t len)
{
        if (is_one(text, len))
                cw_card_number_mask(text, len);
}

void cw_card_number_blot(char *number, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (is_digit((unsigned char)number[i]))
                        number[i] = '1';
}
