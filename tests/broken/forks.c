/* forks.c - what a plugin has no business with: 1 makes a process, 2 becomes another program, 3 signals its parent, 4 raises
 * its limits, 5 changes the rights of a file of the user's. */
#define _GNU_SOURCE /* prlimit */
#include <errno.h>
#include <impasto/impasto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static int deed(int64_t how)
{
    char path[4096];
    struct rlimit r;
    const pid_t pid = how == 1 ? fork() : 0;
    switch (how) {
    case 1:
        if (pid == 0)
            _exit(0);
        return pid < 0 ? -1 : waitpid(pid, NULL, 0);
    case 2:
        return execl("/bin/true", "true", (char *)NULL);
    case 3:
        return kill(getppid(), 0);
    case 4:
        return prlimit(getppid(), RLIMIT_NOFILE, NULL, &r);
    default:
        snprintf(path, sizeof path, "%s/secret", getenv("HOME"));
        return chmod(path, 0600);
    }
}
#define HOW "1 forks, 2 executes, 3 signals, 4 asks for its parent's limits, 5 changes a file's rights."
#include "deed.h"
