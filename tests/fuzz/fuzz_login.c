/* SPDX-License-Identifier: Apache-2.0 */
/* The card API's answer to a log-in. */
#include "cardwatch/provider.h"
#include "cardwatch/secret.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cw_provider_error error = {0};
        struct cw_secret *token = NULL;
        int64_t expires_ms = -2;
        char *bytes = fuzz_copy(data, size, 0);
        int r = cw_provider_decode_login(bytes, size, &token, &expires_ms, &error);

        must(r >= 0 && r <= CW_PROVIDER_REFUSED);
        if (r == CW_PROVIDER_OK) {
                must(cw_secret_len(token) > 0 && expires_ms >= -1);
                /* It goes into a header. */
                for (const char *c = cw_secret_reveal(token); *c; c++)
                        must(*c != '\r' && *c != '\n');
        } else {
                must(!token && expires_ms == -2);
        }
        cw_secret_free(token);
        free(bytes);
        return 0;
}
