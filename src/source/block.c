/* SPDX-License-Identifier: Apache-2.0 */
#include "block.h"

#include <string.h>

#include "cardwatch/clock.h"
#include "cardwatch/hash.h"
#include "cardwatch/secret.h"

static void add_secret(struct cw_hash *hash, const struct cw_secret *secret)
{
        cw_hash_u64(hash, secret ? cw_secret_len(secret) : UINT64_MAX);
        if (secret)
                cw_hash_bytes(hash, cw_secret_reveal(secret), cw_secret_len(secret));
}

unsigned cw_block_credentials(const struct cw_source_options *options)
{
        struct cw_hash hash;
        uint64_t end;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, options->url);
        cw_hash_string(&hash, options->username);
        add_secret(&hash, options->password);
        add_secret(&hash, options->totp_secret);
        add_secret(&hash, options->otp);
        end = cw_hash_end(&hash);
        explicit_bzero(&hash, sizeof(hash));
        return (unsigned)(end % (CW_SECOND_MS - 1)) + 1;
}

int64_t cw_block_stamp(int64_t until, unsigned credentials)
{
        return until > 0 ? (until + CW_SECOND_MS - 1) / CW_SECOND_MS * CW_SECOND_MS + credentials : 0;
}

int64_t cw_block_until(int64_t stamp, unsigned credentials)
{
        int64_t whose = stamp % CW_SECOND_MS;

        return stamp > 0 && (whose == 0 || whose == credentials) ? stamp - whose : 0;
}

bool cw_block_is_for_all(int64_t stamp)
{
        return stamp > 0 && stamp % CW_SECOND_MS == 0;
}

struct cw_source_memory cw_source_memory_of(const struct cw_source_options *options,
                                            const struct cw_source_memory *memory)
{
        struct cw_source_memory mine = *memory;

        if (cw_block_until(memory->blocked_until_at, cw_block_credentials(options)) == 0)
                mine.blocked_until_at = 0;
        return mine;
}
