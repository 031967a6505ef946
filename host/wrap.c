/* wrap.c - breaks lines between words. */
#include "wrap.h"
#include <stdbool.h>
#include <string.h>

static void new_line(struct text *out, size_t indent, const char *prefix)
{
    const size_t n = strlen(prefix);
    text_addf(out, "\n%s%*s", prefix, (int)(indent > n ? indent - n : 0), "");
}

void wrap_add(struct text *out, size_t at, size_t indent, const char *prefix, const char *words)
{
    bool fresh = true; /* nothing on this line of ours yet */
    for (const char *s = words; *s;) {
        const size_t n = strcspn(s, " \n");
        if (!fresh && at + 1 + n > WRAP_WIDTH) {
            new_line(out, indent, prefix);
            at = indent;
        } else if (!fresh) {
            text_add(out, " ");
            at++;
        }
        text_addn(out, s, n);
        at += n;
        fresh = false;
        s += n;
        const size_t blanks = strspn(s, " \n");
        if (blanks > 1 && s[0] == '\n' && s[1] == '\n' && s[blanks]) {
            text_addf(out, "\n%s", prefix);
            new_line(out, indent, prefix);
            at = indent;
            fresh = true;
        }
        s += blanks;
    }
    text_add(out, "\n");
}
