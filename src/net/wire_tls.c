/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: OpenSSL on a descriptor that never blocks. Its queue of errors is emptied before each call and turned into one
 * line after it.
 */
#include "wire_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"

enum { DROPPED_MAX = 65536, WORDS_MAX = 160 };

struct cw_wire_tls {
        SSL_CTX *context;
        SSL *ssl;
        bool wants_to_read, greeted;
        char reason[WORDS_MAX];
};

CW_DEFINE_CLEANUP(struct cw_wire_tls *, cw_wire_tls_free);

static void say_error(char *reason, size_t size, const char *what)
{
        unsigned long error = ERR_peek_last_error();
        const char *words = error ? ERR_reason_error_string(error) : NULL;

        snprintf(reason, size, "%s%s%s", what, words ? ": " : "", words ?: "");
        ERR_clear_error();
}

/* Files are read at each connection, so that renewed ones are used. */
static int load_files(SSL_CTX *context, const struct cw_wire_target *target, char *reason, size_t size)
{
        if (target->ca ? SSL_CTX_load_verify_locations(context, target->ca, NULL) != 1
                       : SSL_CTX_set_default_verify_paths(context) != 1) {
                say_error(reason, size, "the certificates to trust cannot be read");
                return -EINVAL;
        }
        if (target->cert && SSL_CTX_use_certificate_chain_file(context, target->cert) != 1) {
                say_error(reason, size, "the client's certificate cannot be read");
                return -EINVAL;
        }
        if (target->key && SSL_CTX_use_PrivateKey_file(context, target->key, SSL_FILETYPE_PEM) != 1) {
                say_error(reason, size, "the client's key cannot be used");
                return -EINVAL;
        }
        return 0;
}

/* An address is proven by the certificate's addresses, a name by its names, and only a name is told the server. */
static int expect_host(SSL *ssl, const char *host)
{
        unsigned char address[sizeof(struct in6_addr)];
        bool is_address = inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

        SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
        if (is_address)
                return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0 : -ENOMEM;
        SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (SSL_set1_host(ssl, host) != 1 || SSL_set_tlsext_host_name(ssl, host) != 1)
                return -ENOMEM;
        return 0;
}

int cw_wire_tls_new(const struct cw_wire_target *target, int fd, char *reason, size_t size,
                    struct cw_wire_tls **ret_tls)
{
        cw_cleanup(cw_wire_tls_free_cleanup) struct cw_wire_tls *tls = calloc(1, sizeof(*tls));
        int r;

        if (!tls)
                return -ENOMEM;
        ERR_clear_error();
        tls->context = SSL_CTX_new(TLS_client_method());
        if (!tls->context || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1)
                return -ENOMEM;
        (void)SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        r = load_files(tls->context, target, reason, size);
        if (r < 0)
                return r;
        tls->ssl = SSL_new(tls->context);
        if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1)
                return -ENOMEM;
        r = expect_host(tls->ssl, target->host);
        if (r < 0)
                return r;
        *ret_tls = cw_take(tls);
        return 0;
}

void cw_wire_tls_free(struct cw_wire_tls *tls)
{
        if (!tls)
                return;
        ERR_clear_error();
        if (tls->greeted)
                (void)SSL_shutdown(tls->ssl);
        SSL_free(tls->ssl);
        SSL_CTX_free(tls->context);
        ERR_clear_error();
        free(tls);
}

/* What a call that came to nothing means. */
static int outcome(struct cw_wire_tls *tls, int returned)
{
        long verified = SSL_get_verify_result(tls->ssl);
        int error = SSL_get_error(tls->ssl, returned), system = errno;

        tls->wants_to_read = error == SSL_ERROR_WANT_READ;
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
                return -EAGAIN;
        tls->greeted = false; /* after an error there are no goodbyes */
        if (error == SSL_ERROR_ZERO_RETURN)
                return -ECONNRESET;
        if (error == SSL_ERROR_SYSCALL && !ERR_peek_last_error())
                return system > 0 ? -system : -ECONNRESET;
        if (verified != X509_V_OK)
                snprintf(tls->reason, sizeof(tls->reason), "TLS: the server's certificate is refused: %s",
                         X509_verify_cert_error_string(verified));
        else
                say_error(tls->reason, sizeof(tls->reason), "TLS");
        ERR_clear_error();
        return -EPROTO;
}

int cw_wire_tls_greet(struct cw_wire_tls *tls)
{
        int n;

        ERR_clear_error();
        errno = 0;
        n = SSL_connect(tls->ssl);
        if (n != 1)
                return outcome(tls, n);
        tls->greeted = true;
        return 0;
}

ssize_t cw_wire_tls_write(struct cw_wire_tls *tls, const char *bytes, size_t len)
{
        size_t written = 0;
        int n;

        ERR_clear_error();
        errno = 0;
        n = SSL_write_ex(tls->ssl, bytes, len, &written);
        return n == 1 ? (ssize_t)written : outcome(tls, n);
}

int cw_wire_tls_hear(struct cw_wire_tls *tls)
{
        char dropped[4096];
        size_t n, total = 0;
        int r;

        for (; total < DROPPED_MAX; total += n) {
                ERR_clear_error();
                errno = 0;
                r = SSL_read_ex(tls->ssl, dropped, sizeof(dropped), &n);
                if (r != 1) {
                        r = outcome(tls, r);
                        return r == -EAGAIN ? 0 : r;
                }
        }
        return 0;
}

bool cw_wire_tls_answers_late(const struct cw_wire_tls *tls)
{
        return SSL_version(tls->ssl) >= TLS1_3_VERSION;
}

bool cw_wire_tls_wants_to_read(const struct cw_wire_tls *tls)
{
        return tls->wants_to_read;
}

const char *cw_wire_tls_reason(const struct cw_wire_tls *tls)
{
        return tls->reason;
}
