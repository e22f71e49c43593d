/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that libcurl costs: the same bytes over the same number of connections, and nothing done with them.
 *
 *   bench_client pages URL PAGES AT_ONCE     for each line of input all pages of URL?pageNumber=N, then `done BYTES`
 *   bench_client posts URL FILE AT_ONCE      for each line of input all bodies of FILE, then `done COUNT`
 *
 * A handle for each connection, kept for the next request: cheaper it cannot be had.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define AT_ONCE_MAX 64

struct body {
        const char *text;
        size_t len;
};

struct client {
        CURLM *multi;
        CURL *handles[AT_ONCE_MAX];
        unsigned n_handles;
        const char *url;
        struct body *bodies; /* NULL: pages are fetched */
        size_t n, next, under_way, bytes;
};

static void need(bool good, const char *what)
{
        if (good)
                return;
        fprintf(stderr, "bench_client: %s\n", what);
        exit(1);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
        struct client *client = data;

        (void)bytes;
        client->bytes += size * n;
        return size * n;
}

static void begin(struct client *client, CURL *easy)
{
        char url[256];

        if (client->bodies) {
                const struct body *body = &client->bodies[client->next++];

                curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->text);
                curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body->len);
        } else {
                snprintf(url, sizeof(url), "%s?pageNumber=%zu", client->url, ++client->next);
                curl_easy_setopt(easy, CURLOPT_URL, url);
        }
        need(curl_multi_add_handle(client->multi, easy) == CURLM_OK, "add");
        client->under_way++;
}

static void collect(struct client *client)
{
        CURLMsg *message;
        int left;

        while ((message = curl_multi_info_read(client->multi, &left))) {
                CURL *easy = message->easy_handle;

                need(message->data.result == CURLE_OK, curl_easy_strerror(message->data.result));
                curl_multi_remove_handle(client->multi, easy);
                client->under_way--;
                if (client->next < client->n)
                        begin(client, easy);
        }
}

static void run(struct client *client)
{
        int running;

        client->next = client->bytes = 0;
        for (unsigned i = 0; i < client->n_handles && client->next < client->n; i++)
                begin(client, client->handles[i]);
        while (client->under_way > 0) {
                need(curl_multi_perform(client->multi, &running) == CURLM_OK, "perform");
                collect(client);
                need(curl_multi_poll(client->multi, NULL, 0, running > 0 ? 1000 : 0, NULL) == CURLM_OK, "poll");
        }
}

static char *read_file(const char *path, size_t *ret_len)
{
        FILE *file = fopen(path, "rb");
        char *text;

        need(file, path);
        fseek(file, 0, SEEK_END);
        *ret_len = (size_t)ftell(file);
        rewind(file);
        text = malloc(*ret_len + 1);
        need(text && fread(text, 1, *ret_len, file) == *ret_len, path);
        text[*ret_len] = '\0';
        fclose(file);
        return text;
}

/* As the server keeps them: eight digits of length, then the body. */
static void load_bodies(struct client *client, const char *path)
{
        size_t len, at = 0;
        char *text = read_file(path, &len);

        client->bodies = calloc(len / 8 + 1, sizeof(*client->bodies));
        need(client->bodies, "out of memory");
        while (at + 8 <= len) {
                char digits[9] = "";

                memcpy(digits, text + at, 8);
                client->bodies[client->n] = (struct body){text + at + 8, strtoul(digits, NULL, 10)};
                at += 8 + client->bodies[client->n++].len;
        }
}

static void set_up(struct client *client, struct curl_slist *headers)
{
        client->multi = curl_multi_init();
        need(client->multi, "curl_multi_init");
        for (unsigned i = 0; i < client->n_handles; i++) {
                CURL *easy = curl_easy_init();

                need(easy, "curl_easy_init");
                curl_easy_setopt(easy, CURLOPT_URL, client->url);
                curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
                curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
                client->handles[i] = easy;
        }
}

int main(int argc, char **argv)
{
        struct client client = {0};
        struct curl_slist *headers = NULL;
        char line[16];

        need(argc == 5, "pages|posts URL PAGES|FILE AT_ONCE");
        client.url = argv[2];
        client.n_handles = (unsigned)atoi(argv[4]);
        need(client.n_handles > 0 && client.n_handles <= AT_ONCE_MAX, "AT_ONCE");
        if (strcmp(argv[1], "posts") == 0) {
                load_bodies(&client, argv[3]);
                headers = curl_slist_append(headers, "Content-Type: application/json");
                headers = curl_slist_append(headers, "Expect:");
        } else {
                client.n = strtoul(argv[3], NULL, 10);
                headers = curl_slist_append(headers, "Accept: application/json");
                headers = curl_slist_append(headers, "otp: 123456");
        }
        set_up(&client, headers);
        while (fgets(line, sizeof(line), stdin)) {
                run(&client);
                printf("done %zu\n", client.bodies ? client.n : client.bytes);
                fflush(stdout);
        }
        for (unsigned i = 0; i < client.n_handles; i++)
                curl_easy_cleanup(client.handles[i]);
        curl_multi_cleanup(client.multi);
        curl_slist_free_all(headers);
        return 0;
}
