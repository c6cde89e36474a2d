/* SPDX-License-Identifier: MIT */
/* tests/fuzz/replay.c: feeds every file of the given directories to a fuzz target, so that the
 * corpus runs as an ordinary test wherever libFuzzer is not linked. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "re");
    if (!file || fstat(fileno(file), &st) < 0 || st.st_size < 0) {
        perror(path);
        return -1;
    }
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size ? size : 1); /* no byte to spare: an overrun is seen */
    int r = data && fread(data, 1, size, file) == size ? 0 : -1;
    if (r == 0)
        (void)LLVMFuzzerTestOneInput(data, size); /* speaks by aborting */
    else
        (void)fprintf(stderr, "%s: cannot be read\n", path);
    free(data);
    (void)fclose(file);
    return r;
}

static int replay_directory(const char *path, unsigned *n)
{
    int r = 0;
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return -1;
    }
    for (struct dirent *entry; r == 0 && (entry = readdir(dir));) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        r = replay_file(file);
        (*n)++;
    }
    (void)closedir(dir);
    return r;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (int i = 1; i < argc; i++)
        if (replay_directory(argv[i], &n) < 0)
            return EXIT_FAILURE;
    (void)printf("%u inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus proves nothing */
}
