// standalone.c - runs a fuzz target over the files and folders named on the command line, so that
// every corpus is replayed by ordinary compilers in ordinary test runs.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replay_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    uint8_t *data = malloc(1 << 24);
    size_t n = data ? fread(data, 1, 1 << 24, f) : 0;
    (void)fclose(f);
    uint8_t *exact = malloc(n ? n : 1); // so that the sanitizer sees reads past the end
    if (!data || !exact)
        abort();
    for (size_t i = 0; i < n; i++)
        exact[i] = data[i];
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

static unsigned replay(const char *path) {
    struct stat st;
    if (stat(path, &st) != 0)
        return 0;
    if (!S_ISDIR(st.st_mode))
        return replay_file(path);
    unsigned count = 0;
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        char child[4096];
        if (d->d_name[0] != '.' &&
            snprintf(child, sizeof child, "%s/%s", path, d->d_name) < (int)sizeof child)
            count += replay(child);
    }
    if (dir)
        (void)closedir(dir);
    return count;
}

int main(int argc, char **argv) {
    unsigned count = 0;
    for (int i = 1; i < argc; i++)
        count += replay(argv[i]);
    (void)printf("%u inputs replayed\n", count);
    return count ? 0 : 1; // an empty corpus would be a test that cannot fail
}
