/* wrong_magic.c - is of a draft of the ABI. */
#define MAGIC 0x30504d49u
#include "broken.h"
