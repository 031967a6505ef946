/* opens_file.c - what a plugin has no business with: 1 reads a file of the user's, 2 writes one, 3 reads another
 * process's memory. Sound only where it is refused: then it says so. */
#include <errno.h>
#include <fcntl.h>
#include <impasto/impasto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int deed(int64_t how)
{
    char path[4096];
    const char *home = getenv("HOME");
    if (how == 3)
        snprintf(path, sizeof path, "/proc/%ld/mem", (long)getppid());
    else
        snprintf(path, sizeof path, "%s/%s", home ? home : "", how == 1 ? "secret" : "planted");
    return how == 2 ? open(path, O_WRONLY | O_CREAT, 0600) : open(path, O_RDONLY);
}
#define HOW "1 reads, 2 writes, 3 looks at its parent."
#include "deed.h"
