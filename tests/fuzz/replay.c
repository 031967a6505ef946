/* replay.c - a fuzz target over its corpus without libFuzzer: replay FOLDER. One TAP case a file; a crash is seen
 * as cases that never come. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Runs the target over a copy that ends where the file ends, so that reading on is seen by a sanitizer. */
static int replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    enum { MOST = 16 << 20 };
    uint8_t *room = malloc(MOST);
    const size_t size = room ? fread(room, 1, MOST, file) : 0;
    const int failed = !room || ferror(file);
    fclose(file);
    uint8_t *data = malloc(size ? size : 1);
    if (data && !failed) {
        memcpy(data, room, size);
        LLVMFuzzerTestOneInput(data, size);
    }
    const int status = data && !failed ? 0 : -1;
    free(room);
    free(data);
    return status;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    const int n = argc == 2 ? scandir(argv[1], &entries, is_file, alphasort) : -1;
    int bad = 0;
    if (n < 0) {
        fprintf(stderr, "usage: replay FOLDER (of corpus files)\n");
        return 2;
    }
    printf("1..%d\n", n);
    for (int i = 0; i < n; i++) {
        fflush(stdout);
        const int status = replay(argv[1], entries[i]->d_name);
        printf("%s %d - %s\n", status ? "not ok" : "ok", i + 1, entries[i]->d_name);
        bad |= status;
        free(entries[i]);
    }
    free(entries);
    return bad ? 1 : 0;
}
