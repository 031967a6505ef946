/* opens_socket.c - what a plugin has no business with: talks to others. 1 by the Internet, 2 on this machine. */
#include <errno.h>
#include <impasto/impasto.h>
#include <string.h>
#include <sys/socket.h>
static int deed(int64_t how)
{
    return socket(how == 1 ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
}
#define HOW "1 by the Internet, 2 on this machine."
#include "deed.h"
