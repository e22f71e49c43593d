/* SPDX-License-Identifier: Apache-2.0 */
#include "chance.h"

uint64_t chance_draw(struct chance *chance)
{
        uint64_t x = chance->state += UINT64_C(0x9e3779b97f4a7c15);

        x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
        return x ^ (x >> 31);
}

unsigned chance_below(struct chance *chance, unsigned n)
{
        return (unsigned)(chance_draw(chance) % n);
}

bool chance_one_in(struct chance *chance, unsigned n)
{
        return chance_below(chance, n) == 0;
}
