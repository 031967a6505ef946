/* arch_text.h - the words of architecture texts, for their reader and writer.
 *
 * A value is a line of text or a list of words parted by blanks. What such a line cannot hold
 * (blanks at its ends, " ;", control bytes, bytes that are no UTF-8) stands in quotes: "a\nb\x3b",
 * with
 * \" \\ \n \t \xHH. A word may be quoted to hold blanks, and @word or @"word" is a tensor's name.
 */
#ifndef IMP_RT_ARCH_TEXT_H
#define IMP_RT_ARCH_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing text, terminated; zero is an empty one. After a failure nothing is added. */
struct rt_text {
    char *data;
    size_t size, room;
    bool no_memory;
};
void rt_text_add(struct rt_text *, const char *bytes, size_t n);
__attribute__((format(printf, 2, 3))) void rt_text_print(struct rt_text *, const char *fmt, ...);
/* As a line (may hold blanks) or as a word, in quotes where it must be. */
void rt_text_line(struct rt_text *, const char *text);
void rt_text_word(struct rt_text *, const char *text);

struct rt_word {
    const char *text;
    uint32_t at, length; /* where it stands in the value, quotes and @ included */
    uint32_t is_tensor, quoted;
};
struct rt_words {
    struct rt_word *list;
    uint32_t count, reserved0;
    char *memory;
};
/* Cuts a value into words. Answers NULL, or what is wrong with the word at *at ("": no memory).
 * rt_words_free in any case. */
const char *rt_words_read(const char *value, struct rt_words *, uint32_t *at);
/* A value that is one line of text: as it is, or unquoted. words->list[0] is the text. */
const char *rt_line_read(const char *value, struct rt_words *, uint32_t *at);
void rt_words_free(struct rt_words *);

/* Whole text or false, whatever the locale. Reals: inf -inf nan too. */
bool rt_parse_int(const char *text, int64_t *);
bool rt_parse_real(const char *text, double *);
/* Shortest text that reads back as the same double, or as the same float. buf >= 32. */
const char *rt_print_real(double, char *buf);
const char *rt_print_float(float, char *buf);
/* Bytes of the UTF-8 letter at s (n bytes left, n > 0), 0: none. */
size_t rt_utf8_letter(const char *s, size_t n);
bool rt_is_utf8(const char *text);
/* A name for a message: control bytes and bad UTF-8 as '?', cut with "..." to fit. Answers buf. */
const char *rt_shown(const char *name, char *buf, size_t size);

#endif
