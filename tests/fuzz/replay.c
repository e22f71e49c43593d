/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds every file of the folders that are named to the target: the corpus as an ordinary test, with any compiler. */
#include <dirent.h>

#include "fuzz.h"

static void feed_file(const char *path)
{
        FILE *file = fopen(path, "rb");
        uint8_t *bytes;
        size_t size;

        must(file);
        must(fseek(file, 0, SEEK_END) == 0);
        size = (size_t)ftell(file);
        rewind(file);
        bytes = malloc(size + 1);
        must(bytes);
        must(fread(bytes, 1, size, file) == size);
        fclose(file);
        must(LLVMFuzzerTestOneInput(bytes, size) == 0);
        free(bytes);
}

static size_t feed_folder(const char *folder)
{
        DIR *dir = opendir(folder);
        const struct dirent *item;
        char path[4096];
        size_t n = 0;

        must(dir);
        while ((item = readdir(dir))) {
                if (item->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
                printf("  %s\n", item->d_name);
                fflush(stdout);
                feed_file(path);
                n++;
        }
        closedir(dir);
        return n;
}

int main(int argc, char **argv)
{
        size_t n = 0;

        for (int i = 1; i < argc; i++)
                n += feed_folder(argv[i]);
        printf("%zu files\n", n);
        return n > 0 ? 0 : 1;
}
