/* note.h - how provider.c and consumer.c tell a test in which order they are called. */
#ifndef IMP_NOTE_H
#define IMP_NOTE_H
#include <impasto/impasto.h>
#define NOTE_1 "org.example.note/1"
struct note_1 {
    uint32_t struct_size, reserved0;
    void (*add)(const char *word) IMP_NX;
};
static inline void note(const imp_host *host, const char *word)
{
    const struct note_1 *n = host->get_interface(host, NOTE_1);
    if (n)
        n->add(word);
}
#endif
